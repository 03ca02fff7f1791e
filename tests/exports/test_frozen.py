"""A network cut out of its run computes what the run computes, on images of any size."""

import numpy as np
import pytest

from base.graph_mode import session_config, tf
from exports.frozen import weights
from tests.helpers.frozen import NAMES, assert_same, frozen_network


def run(frozen, inputs):
    """Results of a frozen network in the sessions of this project."""
    with tf.Graph().as_default() as graph, tf.Session(graph=graph, config=session_config()) as session:
        tf.import_graph_def(frozen.graph_def, name="")
        return [session.run(frozen.result, {frozen.source: values}) for values in inputs]


@pytest.mark.parametrize("name", [*NAMES, pytest.param("dropout", marks=pytest.mark.slow)])
def test_results_are_those_of_the_run_to_the_bit(name):
    frozen, probes = frozen_network(name)
    for found, probe in zip(run(frozen, [probe.values for probe in probes]), probes, strict=True):
        assert_same(found, probe)


@pytest.mark.parametrize("name", NAMES)
def test_shapes_are_those_of_inputs_and_results(name):
    frozen, probes = frozen_network(name)
    for shape, array in [(frozen.shape, probes[0].values), (frozen.result_shape, probes[0].expected)]:
        assert all(side in (None, length) for side, length in zip(shape, array.shape, strict=True))


def test_inputs_are_six_images_of_the_run_and_six_of_noise():
    _, probes = frozen_network("resnet")
    sizes = [probe.values.shape[1:3] for probe in probes]
    assert len(sizes) == 12 and sizes[6:] == [(64, 64), (61, 50), (100, 131), (9, 8), (3, 1), (255, 257)]


@pytest.mark.slow
def test_only_dropout_draws():
    assert frozen_network("dropout")[0].draws and not frozen_network("unet")[0].draws


@pytest.mark.slow
def test_halved_weights_are_numbers_that_float16_has():
    frozen, _ = frozen_network("unet", half=True)
    large = [tf.make_ndarray(node.attr["value"].tensor) for node in weights(frozen.graph_def)]
    assert large and all((array == array.astype(np.float16)).all() for array in large)
    whole = [tf.make_ndarray(node.attr["value"].tensor) for node in weights(frozen_network("unet")[0].graph_def)]
    assert not all((array == array.astype(np.float16)).all() for array in whole)
