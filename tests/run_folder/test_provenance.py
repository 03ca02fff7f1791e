"""What a run's bits depend on: written down when it is new, told where it differs, and refused where the data does."""

import json

import pytest

from base.errors import ConfigError, DataError, OutputError
from base.machine import available_cores
from inputs.fingerprint import fingerprint
from inputs.order import ALGORITHM
from run_folder.provenance import Provenance, describe_environment

HERE = {"tensorflow": "2.21.0", "cores": 2, "gpu": None}
DATA = {"trainA": fingerprint(2, [("a.png", "10"), ("b.png", "20")])}
OTHER = {"trainA": fingerprint(3, [("a.png", "10"), ("b.png", "20"), ("c.png", "30")])}
CHANGE = "trainA: 3 images, were 2 (c.png is new)"


@pytest.fixture
def path(tmp_path):
    """Of the file of a run that was started here, on the data."""
    path = tmp_path / "provenance.json"
    assert Provenance(str(path), continued=False).record(0, DATA, HERE) == []
    return path


def stored(path):
    """(step, data, environment) of each entry in the file."""
    content = json.loads(path.read_text())
    assert content["format_version"] == 1
    return [(entry["step"], entry["data"], entry["environment"]) for entry in content["entries"]]


def test_a_new_run_writes_down_where_it_starts(path):
    assert stored(path) == [(0, DATA, HERE)]


def test_the_same_again_is_neither_told_nor_written(path):
    before = path.read_bytes()
    run = Provenance(str(path), continued=True)
    run.check_data(DATA, accept_change=False)
    path.unlink()
    assert run.record(5, DATA, HERE) == [] and not path.exists()
    path.write_bytes(before)
    assert Provenance(str(path), continued=True).entries == run.entries


def test_another_machine_is_told_and_recorded_from_its_step_on(path):
    there = {**HERE, "cores": 4, "gpu": "H200"}
    lines = Provenance(str(path), continued=True).record(5, DATA, there)
    told = "not as from step 0 on, so that results may differ: "
    assert lines == [f"{told}cores was 2 and is 4", f"{told}gpu was None and is H200"]
    assert stored(path) == [(0, DATA, HERE), (5, DATA, there)]
    assert Provenance(str(path), continued=True).record(9, DATA, there) == []  # it is compared with the last


def test_something_that_was_not_recorded_before_is_told(path):
    assert len(Provenance(str(path), continued=True).record(5, DATA, {**HERE, "onednn": "1"})) == 1


def test_changed_data_is_refused_and_the_way_out_named(path):
    with pytest.raises(
        DataError, match="data changed since this run .*: trainA: 3 images, were 2 .*accept_changed_data"
    ):
        Provenance(str(path), continued=True).check_data(OTHER, accept_change=False)


def test_accepted_change_of_data_is_told_and_recorded(path):
    run = Provenance(str(path), continued=True)
    run.check_data(OTHER, accept_change=True)
    assert run.record(5, OTHER, HERE) == [f"not as from step 0 on, so that results may differ: data: {CHANGE}"]
    again = Provenance(str(path), continued=True)
    again.check_data(OTHER, accept_change=False)
    with pytest.raises(DataError):
        again.check_data(DATA, accept_change=False)


def test_a_run_that_starts_anew_is_not_held_to_what_was_before(path):
    run = Provenance(str(path), continued=False)
    run.check_data(OTHER, accept_change=False)
    assert run.record(0, OTHER, HERE) == [] and stored(path) == [(0, OTHER, HERE)]


def test_a_run_without_the_file_says_so_goes_on_and_gets_one(tmp_path):
    run = Provenance(str(tmp_path / "provenance.json"), continued=True)
    run.check_data(DATA, accept_change=False)
    lines = run.record(7, DATA, HERE)
    assert lines == ["not recorded what the first 7 steps were made from, so that results may differ"]
    assert stored(tmp_path / "provenance.json") == [(7, DATA, HERE)]


def test_a_run_in_another_order_of_the_images_says_so(path):
    (line,) = Provenance(str(path), continued=True).record(5, DATA, {**HERE, "data_order": ALGORITHM})
    assert line.endswith(f"data_order was not recorded and is {ALGORITHM}")


def test_another_number_of_shares_is_refused_where_it_matters(path):
    run = Provenance(str(path), continued=True)
    run.check_shares(4)  # nothing was recorded
    run.record(5, DATA, {**HERE, "shares_of_batch": 2})
    run.check_shares(2)
    with pytest.raises(ConfigError, match=r"each of 2 shares .* those of 4; go on with as many as before"):
        run.check_shares(4)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        '{"entries": []}',
        '{"format_version": 2, "entries": []}',
        '{"format_version": 1, "entries": [{}]}',
        '{"format_version": 1, "entries": [{"step": 0, "data": [], "environment": {}}]}',
        '{"format_version": 1, "entries": [{"step": 0, "data": {}, "environment": {}, "more": 1}]}',
        '{"format_version": 1, "entries": 3}',
        "\xff",
    ],
)
def test_a_damaged_file_stops_a_continued_run_and_says_what_to_do(path, text):
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(
        DataError, match=r"provenance.json cannot be read \(.*\); put a copy back, or delete it"
    ) as error:
        Provenance(str(path), continued=True)
    assert "\n" not in str(error.value)
    assert path.read_bytes() == text.encode("latin-1")
    Provenance(str(path), continued=False)  # of a run that is overwritten


def test_a_file_that_cannot_be_written_is_named_and_the_old_one_stays(path, monkeypatch):
    before = path.read_bytes()
    run = Provenance(str(path), continued=True)
    monkeypatch.setattr("os.replace", lambda *paths: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OutputError, match="provenance.json: cannot be written: No space left on device"):
        run.record(5, OTHER, HERE)
    assert path.read_bytes() == before and list(path.parent.iterdir()) == [path]


def test_the_environment_is_named_in_values_that_come_back_from_a_file_as_they_were():
    found = describe_environment()
    assert found["cores"] == available_cores() and found["threads_per_op"] >= 1 and found["tensorflow"][0] == "2"
    assert found["data_order"] == ALGORITHM and json.loads(json.dumps(found)) == found


def test_whether_onednn_computes_is_part_of_the_environment(monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    assert describe_environment()["onednn"] == "0"
