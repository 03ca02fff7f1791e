"""Checkpoints: whole, few, checked against the graph, and never of weights that are not finite."""

import os

import numpy as np
import pytest

from training.checkpoints import Checkpoints
from training.command_line import UsageError
from training.tensorflow_setup import session_config, tf


def make(folder, session=None, keep=2, **shapes):
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


def restore(folder, **shapes):
    with tf.Graph().as_default(), tf.Session(config=session_config()) as session:
        checkpoints, variables = make(folder, session, **shapes)
        checkpoints.restore(session)
        return session.run(variables)


def test_the_newest_is_restored_and_only_the_last_few_are_kept(saved):
    assert restore(saved, w=[2])[0].tolist() == [3, 3]
    assert {name.split(".")[0] for name in os.listdir(saved)} == {"checkpoint", "model-2", "model-3"}


def test_a_moved_folder_still_restores(saved, tmp_path):
    moved = tmp_path.parent / "moved"
    saved.rename(moved)
    assert restore(moved, w=[2])[0].tolist() == [3, 3]


def test_a_missing_variable_is_fatal_and_named(saved):
    with pytest.raises(UsageError, match="has no variable v"):
        restore(saved, w=[2], v=[1])


def test_another_shape_is_fatal_and_named(saved):
    with pytest.raises(UsageError, match=r"variable w has shape \[2\], but the model's has \[3\]"):
        restore(saved, w=[3])


@pytest.mark.parametrize("suffix", [".index", ".data-00000-of-00001"])
def test_a_damaged_checkpoint_is_named_with_the_way_out(saved, suffix):
    path = saved / f"model-3{suffix}"
    path.write_bytes(path.read_bytes()[:4])
    with pytest.raises(UsageError, match="model-3: the checkpoint is damaged \\([^)].*go on from an older one"):
        restore(saved, w=[2])


def test_weights_that_are_not_finite_are_not_saved(saved, session):
    w = tf.global_variables()[0]
    checkpoints = Checkpoints(str(saved), [w], 2)
    session.run(w.assign([1, np.nan]))
    assert not checkpoints.save(session, 4)
    assert checkpoints.latest().endswith("model-3")


def test_what_a_killed_process_left_half_written_is_swept(saved, session):
    (saved / "model-4.data-00000-of-00001.tempstate1").write_text("")
    Checkpoints(str(saved), tf.global_variables(), 2).sweep()
    assert {name.split(".")[0] for name in os.listdir(saved)} == {"checkpoint", "model-2", "model-3"}


def test_a_folder_that_cannot_be_written_is_named_and_the_last_checkpoint_stays(saved, session):
    checkpoints = Checkpoints("/proc/no such folder", tf.global_variables(), 2)
    with pytest.raises(UsageError, match="cannot write the checkpoint of step 4"):
        checkpoints.save(session, 4)
    assert restore(saved, w=[2])[0].tolist() == [3, 3]
