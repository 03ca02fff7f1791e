"""Checkpoints: whole, few, checked against the graph, and never of weights that are not finite."""

import os

import numpy as np
import pytest

from base.errors import DataError, OutputError, UsageError
from base.graph_mode import session_config, tf
from run_folder.checkpoints import Checkpoints


def make(folder, session, keep=2, **shapes):
    variables = [tf.get_variable(name, shape, initializer=tf.ones_initializer()) for name, shape in shapes.items()]
    checkpoints = Checkpoints(str(folder), variables, keep)
    session.run(tf.global_variables_initializer())
    return checkpoints, variables


@pytest.fixture
def saved(tmp_path, session):
    """Folder with checkpoints of steps 2 and 3 of a variable w [2] whose value is the step."""
    checkpoints, (w,) = make(tmp_path, session, w=[2])
    for step in (1, 2, 3):
        session.run(w.assign([step, step]))
        assert checkpoints.save(session, step)
    return tmp_path


def restore(folder, only=None, **shapes):
    with tf.Graph().as_default(), tf.Session(config=session_config()) as session:
        checkpoints, variables = make(folder, session, **shapes)
        checkpoints.restore(session, only)
        return session.run(variables)


def test_the_newest_is_restored_and_only_the_last_few_are_kept(saved):
    assert restore(saved, w=[2])[0].tolist() == [3, 3]
    assert {name.split(".")[0] for name in os.listdir(saved)} == {"checkpoint", "model-2", "model-3"}


def test_one_that_is_spared_stays_beside_the_last_few(tmp_path, session):
    checkpoints, _ = make(tmp_path, session, w=[2])
    for step in range(1, 6):
        assert checkpoints.save(session, step, spared=2)
    assert checkpoints.steps() == [5, 4, 2]
    checkpoints.save(session, 6, spared=5)
    assert checkpoints.steps() == [6, 5, 4]


def test_a_moved_folder_still_restores(saved, tmp_path):
    moved = tmp_path.parent / "moved"
    saved.rename(moved)
    assert restore(moved, w=[2])[0].tolist() == [3, 3]


def test_a_missing_variable_is_fatal_and_named(saved):
    with pytest.raises(DataError, match="has no variable v"):
        restore(saved, w=[2], v=[1])


def test_another_shape_is_fatal_and_named(saved):
    with pytest.raises(DataError, match=r"variable w has shape \[2\], but the model's has \[3\]"):
        restore(saved, w=[3])


@pytest.mark.parametrize("number, at", [(b"\x7f", -46), (5 * b"\xff", -45)])
def test_an_index_that_points_behind_its_end_is_passed_over(saved, number, at):
    """The number is a place or a length in the footer, the last 48 bytes."""
    path = saved / "model-3.index"
    data = path.read_bytes()
    path.write_bytes(data[:at] + number + data[at + len(number) :])
    assert restore(saved, w=[2])[0].tolist() == [2, 2]


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
@pytest.mark.parametrize("suffix", [".index", ".data-00000-of-00001"])
def test_a_damaged_checkpoint_is_passed_over_with_a_word(saved, suffix, damage):
    path = saved / f"model-3{suffix}"
    data = path.read_bytes()
    damaged = {"cut": data[:4], "flipped": bytes([data[0] ^ 255]) + data[1:], "empty": b""}[damage]
    path.write_bytes(damaged)
    with tf.Graph().as_default(), tf.Session(config=session_config()) as session:
        checkpoints, (w,) = make(saved, session, w=[2])
        (line,) = checkpoints.restore(session)
        assert "model-3: the checkpoint is damaged" in line and session.run(w).tolist() == [2, 2]
    assert path.read_bytes() == damaged


def test_where_no_checkpoint_is_intact_the_way_out_is_named_and_nothing_is_deleted(saved):
    for path in saved.glob("model-*"):
        path.write_bytes(b"")
    before = sorted(os.listdir(saved))
    with pytest.raises(DataError, match="model-3: the checkpoint is damaged .* start anew with --overwrite"):
        restore(saved, w=[2])
    assert sorted(os.listdir(saved)) == before


@pytest.mark.parametrize("state", [None, b"", b"\xff\x00garbage", b'model_checkpoint_path: "model-99"\n'])
def test_a_missing_damaged_or_stale_state_loses_nothing(saved, state):
    before = {path: path.read_bytes() for path in saved.iterdir() if path.name != "checkpoint"}
    (saved / "checkpoint").unlink()
    if state is not None:
        (saved / "checkpoint").write_bytes(state)
    with tf.Graph().as_default(), tf.Session(config=session_config()) as session:
        checkpoints, (w,) = make(saved, session, w=[2])
        checkpoints.sweep()
        assert checkpoints.restore(session) == [] and session.run(w).tolist() == [3, 3]
    assert {path: path.read_bytes() for path in before} == before


def test_a_checkpoint_that_lost_its_index_but_is_listed_is_not_swept(saved):
    (saved / "model-3.index").unlink()
    with tf.Graph().as_default(), tf.Session(config=session_config()) as session:
        checkpoints, (w,) = make(saved, session, w=[2])
        checkpoints.sweep()
        checkpoints.restore(session)
        assert session.run(w).tolist() == [2, 2]
    assert (saved / "model-3.data-00000-of-00001").exists()


@pytest.mark.parametrize("name", ["run [1]", "a\\b", "*?", "ü {x}"])
def test_a_folder_of_any_name_saves_rotates_and_restores(tmp_path, session, name):
    folder = tmp_path / name
    folder.mkdir()
    checkpoints, (w,) = make(folder, session, w=[2])
    for step in (1, 2, 3):
        session.run(w.assign([step, step]))
        assert checkpoints.save(session, step)
    assert checkpoints.steps() == [3, 2]
    assert restore(folder, w=[2])[0].tolist() == [3, 3]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_not_saved(saved, session, value):
    w = tf.global_variables()[0]
    checkpoints = Checkpoints(str(saved), [w], 2)
    session.run(w.assign([1, value]))
    assert not checkpoints.save(session, 4)
    assert checkpoints.steps()[0] == 3


def test_what_a_killed_process_left_half_written_is_swept(saved, session):
    (saved / "model-4.data-00000-of-00001.tempstate1").write_text("")
    (saved / "model-5.data-00000-of-00001").write_text("")
    (saved / "model-mine.data").write_text("")
    Checkpoints(str(saved), tf.global_variables(), 2).sweep()
    assert {name.split(".")[0] for name in os.listdir(saved)} == {"checkpoint", "model-2", "model-3", "model-mine"}


def test_a_folder_that_cannot_be_written_is_named_with_the_reason_and_the_last_checkpoint_stays(saved, session):
    checkpoints = Checkpoints("/proc/no such folder", tf.global_variables(), 2)
    with pytest.raises(OutputError, match=r"checkpoint of step 4: /proc/no such folder.*; No such file"):
        checkpoints.save(session, 4)
    assert restore(saved, w=[2])[0].tolist() == [3, 3]


def test_older_checkpoints_are_still_counted_after_a_restore(saved):
    with tf.Graph().as_default(), tf.Session(config=session_config()) as session:
        checkpoints, _ = make(saved, session, w=[2])
        checkpoints.restore(session)
        assert checkpoints.save(session, 4)
    assert {name.split(".")[0] for name in os.listdir(saved)} == {"checkpoint", "model-3", "model-4"}


def test_folder_without_a_checkpoint_has_no_steps(tmp_path, session):
    checkpoints, _ = make(tmp_path, session, w=[2])
    assert checkpoints.steps() == []


def test_a_damaged_newer_checkpoint_takes_no_place_of_a_new_one(saved):
    (saved / "model-3.index").write_bytes(b"")
    with tf.Graph().as_default(), tf.Session(config=session_config()) as session:
        variables = [tf.get_variable("w", [2], initializer=tf.ones_initializer())]
        checkpoints = Checkpoints(str(saved), variables, keep=1)
        checkpoints.restore(session)
        (saved / "model-2.index").rename(saved / "model-1.index")
        (saved / "model-2.data-00000-of-00001").rename(saved / "model-1.data-00000-of-00001")
        assert checkpoints.save(session, 2)
    assert restore(saved, w=[2])[0].tolist() == [2, 2] and checkpoints.steps() == [3, 2]


def test_the_checkpoint_of_one_step_is_restored_where_it_is_asked_for(saved):
    assert restore(saved, only=2, w=[2])[0].tolist() == [2, 2]


def test_a_step_without_a_checkpoint_is_refused_with_those_there_are(saved):
    with pytest.raises(UsageError, match="has no checkpoint of step 1; there are those of 3, 2$"):
        restore(saved, only=1, w=[2])


def test_no_other_checkpoint_takes_the_place_of_one_that_was_asked_for(saved):
    (saved / "model-3.index").write_bytes(b"")
    with pytest.raises(DataError, match=r"model-3: the checkpoint is damaged .* no other was asked for"):
        restore(saved, only=3, w=[2])
