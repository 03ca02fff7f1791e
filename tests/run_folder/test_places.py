"""A run at a path with a scheme: what is promised of a folder on this machine, and what stands for its lock."""

from unittest import mock

import pytest

from base.errors import DataError, UsageError
from base.graph_mode import session_config, tf
from run_folder.checkpoints import Checkpoints
from run_folder.folder import RunFolder
from run_folder.provenance import Provenance
from tests.helpers.errors import complaint
from tests.helpers.places import names, put

GIVEN = {"preset": "demo", "precision": "float32"}


@pytest.fixture
def claimed(anywhere):
    """A run folder that this process trains in, with what looks like a checkpoint."""
    folder = RunFolder(anywhere / "run")
    folder.claim(folder.config_for(GIVEN))
    put(folder.checkpoints / "model-3.index", b"")
    yield folder
    folder.release()


@pytest.fixture
def saved(anywhere, session):
    """A folder with checkpoints of steps 2 and 3 of a variable w [2] whose value is the step; and what saved them."""
    w = tf.get_variable("w", [2])
    checkpoints = Checkpoints(anywhere, [w], keep=2)
    for step in (1, 2, 3):
        session.run(w.assign([step, step]))
        assert checkpoints.save(session, step)
    return anywhere, checkpoints


def restored(folder):
    """The variable of the newest checkpoint, and what was said about others."""
    with tf.Graph().as_default(), tf.Session(config=session_config()) as session:
        w = tf.get_variable("w", [2])
        lines = Checkpoints(folder, [w]).restore(session)
        return session.run(w).tolist(), lines


def test_run_is_continued_with_its_values(claimed):
    config = RunFolder(claimed.path).config_for({"max_steps": 7})
    assert (config.ngf, config.max_steps, config.run_dir) == (32, 7, str(claimed.path))


def test_overwriting_deletes_the_run_and_nothing_else(claimed):
    put(claimed.path / "notes.txt", b"")
    claimed.release()
    again = RunFolder(claimed.path)
    again.claim(again.config_for({**GIVEN, "overwrite": True}))
    again.release()
    assert not again.holds_run() and names(again.path) == [
        ".lock",
        "checkpoints",
        "config.json",
        "notes.txt",
        "samples",
    ]


def test_folder_that_holds_something_else_is_refused(anywhere):
    put(anywhere / "thesis.tex", b"")
    assert "holds thesis.tex but no run" in complaint(UsageError, RunFolder(anywhere).config_for, {})


@pytest.mark.parametrize("use", [RunFolder.holds_run, RunFolder.config, lambda folder: folder.config_for(GIVEN)])
def test_folder_that_cannot_be_asked_for_is_not_taken_for_an_empty_one(use):
    unreachable = tf.errors.UnavailableError(None, None, "no network")
    with mock.patch.object(tf.io.gfile, "stat", side_effect=unreachable):
        assert complaint(DataError, use, RunFolder("gs://bucket/run")).endswith(": no network")


def test_the_newer_of_two_processes_trains_on_where_there_are_no_locks():
    older, newer = (RunFolder("ram://owned/run") for _ in range(2))
    older.claim(older.config_for(GIVEN))
    older.check_owned()
    newer.claim(newer.config_for(GIVEN))
    newer.check_owned()
    problem = complaint(UsageError, older.check_owned)
    assert problem.startswith("ram://owned/run: another process trains here now (process ")


def test_newest_checkpoint_is_restored_and_only_the_last_few_are_kept(saved):
    folder, checkpoints = saved
    assert restored(folder) == ([3, 3], []) and checkpoints.steps() == [3, 2]
    assert {name.split(".")[0] for name in names(folder)} == {"checkpoint", "model-2", "model-3"}


def test_damaged_checkpoint_is_passed_over_with_a_word(saved):
    folder, _ = saved
    put(folder / "model-3.index", b"")
    value, (line,) = restored(folder)
    assert value == [2, 2] and line.startswith(f"{folder}/model-3: the checkpoint is damaged")


def test_what_a_killed_process_left_half_written_is_swept(saved):
    folder, checkpoints = saved
    for name in ("model-4.data-00000-of-00001.tempstate1", "model-5.data-00000-of-00001", "model-mine.data"):
        put(folder / name, b"")
    checkpoints.sweep()
    assert {name.split(".")[0] for name in names(folder)} == {"checkpoint", "model-2", "model-3", "model-mine"}


def test_provenance_is_read_as_it_was_written(anywhere):
    data, environment = {"train": {"images": 3}}, {"cores": 2}
    Provenance(anywhere / "provenance.json", continued=False).record(0, data, environment)
    (entry,) = Provenance(anywhere / "provenance.json", continued=True).entries
    assert (entry.data, entry.environment) == (data, environment)
    put(anywhere / "provenance.json", b"[")
    problem = complaint(DataError, Provenance, anywhere / "provenance.json", True)
    assert problem.startswith(f"{anywhere}/provenance.json cannot be read")
