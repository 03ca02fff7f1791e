"""A frozen network as an ONNX file: for ONNX Runtime on servers, desktops and in browsers."""

from __future__ import annotations

import importlib.util
import logging
from pathlib import Path
from typing import Any

import numpy as np

from base.errors import UsageError
from base.graph_mode import without_chatter
from exports.frozen import LARGE, Frozen

FILE = "model.onnx"
OPSET = 17
PROGRAM = """\
import onnxruntime

session = onnxruntime.InferenceSession("{file}")


def run(values):  # float32 {shape}
    return session.run(["{result}"], {{"{source}": values}})[0]
"""


def write(frozen: Frozen, folder: Path) -> None:
    """Writes a network; the arguments and errors are those of `convert`.

    Args:
      frozen: the network.
      folder: of the export.
    """
    (folder / FILE).write_bytes(convert(frozen))


def program(frozen: Frozen) -> str:
    """Python that loads it from the export's folder, and defines `run`."""
    return PROGRAM.format(file=FILE, source=frozen.source_name, result=frozen.result_name, shape=frozen.shape_in_words)


def check() -> None:
    """Raises UsageError where what ONNX files are made and checked with is not installed."""
    for module in ("tf2onnx", "onnx", "onnxruntime"):
        if importlib.util.find_spec(module) is None:
            raise UsageError(f"onnx and html need {module}: pip install -e '.[export]'")


def convert(frozen: Frozen) -> bytes:
    """Converts a network.

    Args:
      frozen: the network.

    Returns:
      The bytes of an ONNX file, which `onnx.checker` has checked. Images are [1, height, width, channels], as arrays
      and canvases hold them.

    Raises:
      onnx.checker.ValidationError: it has ops that ONNX has not.
    """
    with without_chatter():
        import onnx
        import tf2onnx

        logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)  # the checker says it better
        model, _ = tf2onnx.convert.from_graph_def(
            frozen.graph_def,
            input_names=[frozen.source],
            output_names=[frozen.result],
            opset=OPSET,
            custom_op_handlers={"FusedBatchNormV3": (_convert_norm, [])} if frozen.shape[0] == 1 else None,
            tensors_to_rename={frozen.source: frozen.source_name, frozen.result: frozen.result_name},
        )
    if frozen.half:
        _store_as_half(model)
    onnx.checker.check_model(model, full_check=True)  # tf2onnx only logs what it cannot convert
    return model.SerializeToString()


def _convert_norm(context: Any, node: Any, name: str, arguments: Any) -> None:
    """Makes a norm by the statistics of its input, which is one image, an InstanceNormalization."""
    from tf2onnx.onnx_opset.nn import BatchNorm

    if not node.get_attr_value("is_training"):
        BatchNorm.version_9(context, node)
        return
    x, scale, offset = node.input[:3]
    y = node.output[0]
    shapes, dtypes = [context.get_shape(y)], [context.get_dtype(y)]
    context.remove_node(node.name)
    channels_first = context.make_node("Transpose", [x], {"perm": [0, 3, 1, 2]})
    inputs, epsilon = [channels_first.output[0], scale, offset], node.get_attr_value("epsilon")
    normalized = context.make_node("InstanceNormalization", inputs, {"epsilon": epsilon})
    perm = {"perm": [0, 2, 3, 1]}
    context.make_node("Transpose", normalized.output, perm, outputs=[y], shapes=shapes, dtypes=dtypes)


def _store_as_half(model: Any) -> None:
    """Stores the large weights of a model as float16, and casts them where it is loaded."""
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    for tensor in list(graph.initializer):
        values = numpy_helper.to_array(tensor)
        if tensor.data_type == TensorProto.FLOAT and values.size >= LARGE:
            stored = f"{tensor.name}/stored"
            graph.node.insert(0, helper.make_node("Cast", [stored], [tensor.name], to=TensorProto.FLOAT))
            graph.initializer.remove(tensor)
            graph.initializer.append(numpy_helper.from_array(values.astype(np.float16), stored))
