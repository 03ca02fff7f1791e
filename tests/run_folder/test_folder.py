"""Run folders: new, continued, overwritten, foreign, locked."""

import errno
import json
import os
from pathlib import Path
from unittest import mock

import pytest

from base.errors import ConfigError, DataError, OutputError, UsageError
from run_folder.folder import RunFolder


@pytest.fixture
def run(tmp_path):
    """A run folder with a config and what looks like a checkpoint."""
    folder = RunFolder(str(tmp_path / "run"))
    folder.claim(folder.config_for({"preset": "demo", "precision": "float32"}))
    (tmp_path / "run" / "checkpoints" / "checkpoint").write_text("")
    folder.release()
    return RunFolder(folder.path)


def test_a_new_run_keeps_its_config(run):
    assert run.config().preset == "demo" and run.config(batch_size=3).batch_size == 3


def test_continuing_takes_the_stored_values(run):
    config = run.config_for({"max_steps": 7})
    assert (config.ngf, config.max_steps, config.run_dir) == (32, 7, str(run.path))


def test_continuing_with_another_architecture_is_refused(run):
    with pytest.raises(ConfigError, match="--ngf=8 differs from this run's 32"):
        run.config_for({"ngf": 8})


def test_overwriting_deletes_the_run_and_nothing_else(run):
    Path(run.path, "notes.txt").write_text("")
    config = run.config_for({"ngf": 8, "overwrite": True})
    assert run.holds_run()  # nothing is deleted before the new run is sure to start
    run.claim(config)
    assert not run.holds_run() and os.path.exists(os.path.join(run.path, "notes.txt"))
    run.release()


def test_a_run_that_never_got_to_a_checkpoint_may_start_with_other_values(run):
    os.remove(os.path.join(run.checkpoints, "checkpoint"))
    assert run.config_for({"ngf": 8}).ngf == 8


def test_a_folder_that_holds_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(UsageError, match="holds thesis.tex but no run"):
        RunFolder(str(tmp_path)).config_for({})


def test_two_processes_cannot_train_in_one_folder(run):
    config = run.config_for({})
    run.claim(config)
    with pytest.raises(UsageError, match="another process is training here"):
        RunFolder(run.path).claim(config)
    run.release()


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "config.json is no JSON"),
        ("{", "config.json is no JSON"),
        ("[]", "config.json is not the config of a run"),
        ('{"name": "other project"}', "config.json is not the config of a run"),
        ('{"model": "cyclegan", "format_version": 2}', "config.json is not the config of a run"),
        ("[" * 100_000, "config.json is no JSON"),
        ('{"program": "cyclegan-graph", "format_version": 9, "model": "cyclegan"}', "has the format version 9"),
    ],
)
def test_a_damaged_config_is_named(run, text, words):
    Path(run.path, "config.json").write_text(text)
    with pytest.raises(DataError, match=words):
        run.config()


def test_an_option_that_is_not_known_is_refused(run):
    path = Path(run.path, "config.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "colour": 1}))
    with pytest.raises(ConfigError, match="colour"):
        run.config()


def test_a_folder_without_a_run_cannot_be_read_from(tmp_path):
    with pytest.raises(UsageError, match="no such run folder"):
        RunFolder(str(tmp_path / "nowhere")).config()
    with pytest.raises(UsageError, match="holds no run with a checkpoint"):
        RunFolder(str(tmp_path)).config()


def test_a_folder_where_no_run_is_to_be_continued_is_named(tmp_path):
    typo = str(tmp_path / "typo")
    with pytest.raises(UsageError, match="typo: no run there to continue; to start one, give --data_dir or --preset"):
        RunFolder(typo).config_for({"run_dir": typo})


def test_a_file_is_no_run_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="file is a file; --run_dir must name a folder"):
        RunFolder(str(tmp_path / "file")).config_for({"preset": "demo"})


def test_a_folder_that_cannot_be_written_is_named():
    folder = RunFolder("/proc/no such folder/run")
    with pytest.raises(OutputError, match="no such folder/run: cannot be written"):
        folder.claim(folder.config_for({"preset": "demo"}))


def test_a_folder_on_a_disk_that_was_full_at_the_start_is_taken_the_next_time(tmp_path):
    folder = RunFolder(str(tmp_path / "run"))
    config = folder.config_for({"preset": "demo"})
    full = mock.patch("os.replace", side_effect=OSError(errno.ENOSPC, "No space left on device"))
    with full, pytest.raises(OutputError, match="run: cannot be written: No space left on device"):
        folder.claim(config)
    folder.release()
    folder.claim(folder.config_for({"preset": "demo"}))
    folder.release()


@pytest.mark.parametrize(
    "given, path",
    [
        ({"run_dir": "mine"}, "mine"),
        ({"preset": "demo"}, "runs/demo"),
        ({"model": "wgan"}, "runs/wgan"),
        ({}, "runs/cyclegan"),
        ({"preset": "recipes/own.py", "model": "wgan"}, "runs/own"),
    ],
)
def test_folder_is_named_after_the_preset_or_the_model_unless_one_is_given(given, path):
    assert str(RunFolder.of(given).path) == path


@pytest.mark.parametrize("values", [{}, {"overwrite": True}, {"preset": "demo", "overwrite": True}])
def test_the_folder_of_another_program_is_left_alone(tmp_path, values):
    files = ["config.json", "samples/photo.png", "checkpoints/weights.pth", "checkpoints/model-1.index"]
    for file in files:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text('{"name": "other project"}')
    with pytest.raises(DataError, match="config.json is not the config of a run"):
        RunFolder(str(tmp_path)).config_for(values)
    assert all((tmp_path / file).exists() for file in files)


def test_overwriting_spares_what_others_put_into_the_folders_of_a_run(run):
    mine = [Path(run.samples, "best.png"), Path(run.checkpoints, "notes.txt"), Path(run.checkpoints, "model-best.pth")]
    ours = [
        Path(run.samples, "step-00000500.png"),
        Path(run.checkpoints, "model-5.index"),
        Path(run.path, "events.out.tfevents.1.x"),
        Path(run.path, "metrics.jsonl"),
        Path(run.path, "best.json"),
    ]
    for file in mine + ours:
        file.write_text("")
    run.claim(run.config_for({"preset": "demo", "overwrite": True}))
    run.release()
    assert all(file.exists() for file in mine) and not any(file.exists() for file in ours)


@pytest.mark.parametrize("name, step", [("last", None), ("7", 7), (7, 7)])
def test_a_checkpoint_is_named_or_a_step(run, name, step):
    assert run.step_of(name) == step


@pytest.mark.parametrize("name", ["newest", "-7", "7.0", ""])
def test_what_is_no_checkpoint_is_refused(run, name):
    with pytest.raises(UsageError, match=f"--checkpoint={name}: must be last, best or a step"):
        run.step_of(name)


def test_a_run_that_is_continued_keeps_its_config_until_it_goes_on(run):
    def stored():
        return run.config().max_steps

    before, config = stored(), run.config_for({"max_steps": 7})
    run.claim(config)
    assert stored() == before != 7
    run.renew(config)
    assert stored() == 7
    run.release()


def test_the_lock_is_not_followed_through_a_link(run, tmp_path):
    (tmp_path / "precious").write_text("precious")
    Path(run.path, ".lock").unlink(missing_ok=True)
    Path(run.path, ".lock").symlink_to(tmp_path / "precious")
    with pytest.raises(OutputError):
        run.claim(run.config_for({}))
    assert (tmp_path / "precious").read_text() == "precious"
