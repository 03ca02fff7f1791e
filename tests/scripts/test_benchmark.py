"""scripts/benchmark.py: its command line and its report."""

import json

import pytest

from base.errors import ConfigError, UsageError
from scripts import benchmark


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--sizes=small,tiny"], "'tiny' is none of small, small4, large"),
        (["--precisions=float64"], "'float64' is none of float32, bfloat16, float16"),
        (["--what=everything"], "must be one of training, loop"),
        (["--rounds=0"], "must be at least 1"),
        (["--what=startup", "--sizes=small"], "has no effect with --what=startup"),
        (["--what=loop", "--xla"], "has no effect with --what=loop"),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_wrong_options_are_refused(arguments, message):
    with pytest.raises(ConfigError, match=message):
        benchmark.main(arguments)


def test_report_holds_the_tables_and_their_protocol(tmp_path, monkeypatch, capsys):
    settings = []

    def compare(setting):
        settings.append(setting)
        return {"title": [{"contender": "ours"}]}

    monkeypatch.setitem(benchmark.COMPARISONS, "training", compare)
    arguments = ["--sizes=small4", "--precisions=float32", f"--json={tmp_path / 'report.json'}"]
    assert benchmark.main(arguments) == 0
    (setting,) = settings
    assert (setting.sizes, setting.ours) == (["small4"], "this project float32")
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["tables"] == {"title": [{"contender": "ours"}]}
    assert report["command"] == ["benchmark.py", *arguments]
    assert "tensorflow" in report["versions"] and "cores of" in report["machine"]
    assert report["versions"] in capsys.readouterr().out


def test_report_replaces_a_file_only_where_asked_to(tmp_path, monkeypatch):
    monkeypatch.setattr(benchmark, "COMPARISONS", dict.fromkeys(benchmark.COMPARISONS, lambda setting: {}))
    file = tmp_path / "photo.jpg"
    file.write_text("mine")
    with pytest.raises(UsageError, match=r"photo.jpg exists; --overwrite replaces it"):
        benchmark.main([f"--json={file}"])
    assert file.read_text() == "mine"
    assert benchmark.main([f"--json={file}", "--overwrite"]) == 0
    assert json.loads(file.read_text())["tables"] == {}
