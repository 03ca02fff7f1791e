"""Fingerprints of what models compute: equal for equal runs, and different for the least change."""

import numpy as np
import pytest

from base.graph_mode import tf
from tests.fingerprints import RUNS, fingerprint, hash_variables

VALUES = {"a": np.array([1.0, 2.0, 3.0, 4.0], np.float32), "b": np.array([5], np.int64)}


def hash_of(folder, values):
    with tf.Graph().as_default(), tf.Session() as session:
        variables = [tf.get_variable(name, initializer=value) for name, value in values.items()]
        session.run(tf.global_variables_initializer())
        tf.train.Saver(variables).save(session, str(folder / "model"), write_meta_graph=False)
    return hash_variables(folder)


def test_equal_variables_have_one_hash_whatever_their_order(tmp_path):
    other_order = dict(reversed(VALUES.items()))
    assert hash_of(tmp_path / "first", VALUES) == hash_of(tmp_path / "second", other_order)


@pytest.mark.parametrize(
    "changed",
    [
        {**VALUES, "a": np.array([1.0, 2.0, 3.0, np.nextafter(np.float32(4), np.float32(5))], np.float32)},
        {"c": VALUES["a"], "b": VALUES["b"]},
        {**VALUES, "a": VALUES["a"].reshape(2, 2)},
        {**VALUES, "b": VALUES["b"].astype(np.int32)},
        {"a": VALUES["a"]},
    ],
    ids=["bit", "name", "shape", "dtype", "variable"],
)
def test_the_least_change_changes_the_hash(tmp_path, changed):
    assert hash_of(tmp_path / "first", VALUES) != hash_of(tmp_path / "second", changed)


@pytest.mark.slow
def test_two_runs_of_one_model_have_one_fingerprint(tmp_path):
    first, second = (fingerprint("wgan", tmp_path / name) for name in ("first", "second"))
    assert first == second


def test_every_model_is_covered():
    models = {values.get("model", values.get("preset", "cyclegan")) for _, values in RUNS.values()}
    assert models == {"cyclegan", "pix2pix", "wgan", "darknet", "monet"}
