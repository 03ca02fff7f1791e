"""Run folders: new, continued, overwritten, foreign, locked."""

import os

import pytest

from config import ConfigError
from training.command_line import UsageError
from training.run_folder import RunFolder


@pytest.fixture
def run(tmp_path):
    """A run folder with a config and what looks like a checkpoint."""
    folder = RunFolder(str(tmp_path / "run"))
    folder.claim(folder.config_for({"preset": "demo", "precision": "float32"}))
    (tmp_path / "run" / "checkpoints" / "checkpoint").write_text("")
    folder._lock.close()
    return RunFolder(folder.path)


def test_a_new_run_keeps_its_config(run):
    assert run.config().preset == "demo" and run.config(batch_size=3).batch_size == 3


def test_continuing_takes_the_stored_values(run):
    config = run.config_for({"max_steps": 7})
    assert (config.ngf, config.max_steps, config.run_dir) == (32, 7, run.path)


def test_continuing_with_another_architecture_is_refused(run):
    with pytest.raises(ConfigError, match="--ngf=8 differs from this run's 32"):
        run.config_for({"ngf": 8})


def test_overwriting_deletes_the_run_and_nothing_else(run):
    open(os.path.join(run.path, "notes.txt"), "w").close()
    config = run.config_for({"ngf": 8, "overwrite": True})
    assert run.holds_run()  # nothing is deleted before the new run is sure to start
    run.claim(config)
    assert not run.holds_run() and os.path.exists(os.path.join(run.path, "notes.txt"))


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


@pytest.mark.parametrize("text", ["", "{", "[]", '{"model": "cyclegan", "colour": 1}'])
def test_a_damaged_config_is_named(run, text):
    open(os.path.join(run.path, "config.json"), "w").write(text)
    with pytest.raises((UsageError, ConfigError)):
        run.config()


def test_a_folder_without_a_run_cannot_be_read_from(tmp_path):
    with pytest.raises(UsageError, match="no such run folder"):
        RunFolder(str(tmp_path / "nowhere")).config()
    with pytest.raises(UsageError, match="holds no run with a checkpoint"):
        RunFolder(str(tmp_path)).config()
