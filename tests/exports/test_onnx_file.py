"""The ONNX file: near the run, checked, with real instance norms, in half the room where that is asked for."""

import collections

import numpy as np
import pytest

from exports import onnx_file
from exports.parity import CLOSE, HALF
from tests.helpers.frozen import NAMES, frozen_network, largest_difference

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("tf2onnx")


def run(data, frozen, probes):
    """Results of ONNX Runtime."""
    session = onnxruntime.InferenceSession(data)
    return [session.run([frozen.result_name], {frozen.source_name: probe.values})[0] for probe in probes]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_results_are_near_those_of_the_run(name):
    frozen, probes = frozen_network(name)
    assert largest_difference(run(onnx_file.convert(frozen), frozen, probes), probes) <= CLOSE.values


@pytest.mark.slow
def test_norms_of_one_image_are_instance_norms():
    frozen, _ = frozen_network("resnet")
    norms = sum(node.op == "FusedBatchNormV3" for node in frozen.graph_def.node)
    count = collections.Counter(node.op_type for node in onnx.load_from_string(onnx_file.convert(frozen)).graph.node)
    assert count["InstanceNormalization"] == norms > 0 and not count["BatchNormalization"]


@pytest.mark.slow
def test_what_is_no_model_is_not_given_away():
    frozen, _ = frozen_network("dropout")
    with pytest.raises(onnx.checker.ValidationError):
        onnx_file.convert(frozen)


@pytest.mark.slow
def test_half_takes_half_the_room_and_comes_near():
    frozen, probes = frozen_network("unet", half=True)
    data = onnx_file.convert(frozen)
    assert len(data) < 0.75 * len(onnx_file.convert(frozen._replace(half=False)))
    assert largest_difference(run(data, frozen, probes), probes) <= HALF.values


@pytest.mark.slow
def test_an_image_is_a_float_array_with_its_channels_last():
    (image,) = onnx.load_from_string(onnx_file.convert(frozen_network("resnet")[0])).graph.input
    sizes = [dimension.dim_value for dimension in image.type.tensor_type.shape.dim]
    assert sizes == [1, 0, 0, 3] and image.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    assert np.dtype(np.float32) == onnx.helper.tensor_dtype_to_np_dtype(image.type.tensor_type.elem_type)
