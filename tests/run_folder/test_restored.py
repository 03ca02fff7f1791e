"""Models restored with the weights that one result needs."""

import numpy as np
import pytest

from base.errors import DataError, UserError
from base.graph_mode import tf
from run_folder.folder import RunFolder
from run_folder.restored import open_model
from tests.helpers.untrained import STEP, make_run


def fake_b(model):
    return [model.outputs.translations["AtoB"].result]


def fake_a(model):
    return [model.outputs.translations["BtoA"].result]


def fake(model):
    return [model.outputs.generation.result]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run whose checkpoint holds one direction alone."""
    return RunFolder(str(make_run(tmp_path_factory.mktemp("run"), without="generator_ba")))


@pytest.fixture(scope="module")
def wgan(tmp_path_factory):
    """A run that is quick to open."""
    return RunFolder(str(make_run(tmp_path_factory.mktemp("wgan"), "wgan")))


@pytest.mark.slow
def test_only_what_the_result_needs_is_restored(folder):
    model, session = open_model(folder, folder.config(), fake_b)
    with session:
        assert session.run(model.global_step) == STEP
        image = np.zeros([1, 32, 32, 3])
        assert session.run(fake_b(model), {model.inputs["real_a"]: image})[0].shape == image.shape


@pytest.mark.slow
def test_what_the_checkpoint_lacks_is_named(folder):
    with pytest.raises(DataError, match="has no variable generator_ba/"):
        open_model(folder, folder.config(), fake_a)


def test_graph_is_finalized_and_the_default_one_stays_as_it_was(wgan):
    with tf.Graph().as_default() as before:
        _, session = open_model(wgan, wgan.config(), fake)
        with session:
            assert session.graph.finalized and not before.get_operations()


def test_precision_is_chosen_and_nothing_is_compiled(wgan):
    model, session = open_model(wgan, wgan.config(precision=None, xla=True), fake)
    with session:
        assert model.config.precision in ("float32", "bfloat16") and not model.config.xla


def test_model_without_the_result_is_refused_by_the_one_who_chooses(wgan):
    def choose(model):
        raise UserError("no such result")

    with pytest.raises(UserError, match="no such result"):
        open_model(wgan, wgan.config(), choose)
