"""A frozen network as a SavedModel: for TensorFlow, TensorFlow Serving, and what else reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from base.errors import OutputError
from base.graph_mode import tf
from exports.frozen import CLASSIFY, GENERATE, TRANSLATE, Frozen, weights
from exports.pixels import decoded, levels_to_values, values_to_levels

FOLDER = "saved_model/1"  # whose last part is the version that TensorFlow Serving looks for
DEFAULT = "serving_default"
FLOATS_PROGRAM = """\
import tensorflow as tf

signatures = tf.saved_model.load("{folder}").signatures


def run(values):  # float32 {shape}
    return signatures["{task}"](tf.constant(values))["{result}"].numpy()
"""
FILES_PROGRAM = """

def run_files(files):  # a list of the bytes of JPEG or PNG files; gives those of PNG files
    return list(signatures["{default}"](tf.constant(files))["{result}_bytes"].numpy())
"""


def write(frozen: Frozen, folder: Path) -> None:
    """Writes a network, its weights once, with a signature for floats and one for image files.

    Images of a batch go through the network one at a time: norms and dropout then see what they see in
    `LoadedRun.translate`, and files of different sizes may come together.

    Args:
      frozen: the network.
      folder: of the export.

    Raises:
      OutputError: it cannot be written.
    """
    with tf.Graph().as_default(), tf.Session() as session:
        network = _as_function(frozen)
        signatures = {frozen.task: _for_floats(frozen, network), DEFAULT: FOR_FILES[frozen.task](frozen, network)}
        builder = tf.saved_model.Builder(str(folder / FOLDER))
        builder.add_meta_graph_and_variables(session, [tf.saved_model.tag_constants.SERVING], signatures)
        try:
            builder.save()
        except tf.errors.OpError as error:
            raise OutputError(f"{folder / FOLDER}: cannot be written: {error.message}") from None


def program(frozen: Frozen) -> str:
    """Python that loads it from the export's folder, and defines `run` and, of images to images, `run_files`."""
    text = FLOATS_PROGRAM + FILES_PROGRAM * (frozen.task == TRANSLATE)
    return text.format(
        folder=FOLDER, task=frozen.task, default=DEFAULT, shape=frozen.shape_in_words, result=frozen.result_name
    )


def _for_floats(frozen, network):
    name = frozen.source_name
    if frozen.task == GENERATE:
        source = tf.placeholder(tf.float32, frozen.shape, name)
        result = network(source)
    else:
        source = tf.placeholder(tf.float32, [None, *frozen.shape[1:]], name)
        result = _one_by_one(lambda image: network(image[None])[0], source, tf.float32, frozen.result_shape[1:])
    return _signature({name: source}, {frozen.result_name: result})


def _translate_files(frozen, network):
    def translate(data):
        image = levels_to_values(decoded(data, frozen.shape[-1]))
        return tf.io.encode_png(values_to_levels(network(image[None])[0]))

    files = tf.placeholder(tf.string, [None], "image_bytes")
    return _signature({"image_bytes": files}, {"translated_bytes": _one_by_one(translate, files, tf.string)})


def _generate_files(frozen, network):
    noise = tf.placeholder(tf.float32, frozen.shape, "noise_of_files")
    levels = values_to_levels(network(noise))
    return _signature({"noise": noise}, {"generated_bytes": _one_by_one(tf.io.encode_png, levels, tf.string)})


def _classify_files(frozen, network):
    size = frozen.shape[1:]

    def classify(data):
        levels = decoded(data, size[-1])
        message = f"an image must have the {size[1]} x {size[0]} px that the network was trained on"
        with tf.control_dependencies([tf.debugging.assert_equal(tf.shape(levels), size, message=message)]):
            return network(tf.reshape(levels_to_values(levels), frozen.shape))[0]

    files = tf.placeholder(tf.string, [None], "image_bytes")
    scores = _one_by_one(classify, files, tf.float32, frozen.result_shape[1:])
    classes = tf.tile(tf.constant([frozen.class_names]), [tf.size(files), 1])
    return _signature({"image_bytes": files}, {"classes": classes, "scores": scores})


FOR_FILES = {TRANSLATE: _translate_files, GENERATE: _generate_files, CLASSIFY: _classify_files}


def _one_by_one(function, entries, dtype, shape=()):
    """Maps a function over the entries of a tensor, one after the other."""
    return tf.map_fn(function, entries, fn_output_signature=tf.TensorSpec(shape, dtype), parallel_iterations=1)


def _signature(inputs, outputs):
    return tf.saved_model.predict_signature_def(inputs, outputs)


def _as_function(frozen):
    """The network as a function, which a graph holds once however often it is called."""
    graph_def = _with_casts(frozen.graph_def) if frozen.half else frozen.graph_def

    @tf.function(input_signature=[tf.TensorSpec(frozen.shape, tf.float32)], autograph=False)
    def network(values):
        (result,) = tf.import_graph_def(graph_def, {frozen.source: values}, [frozen.result], name="")
        return tf.ensure_shape(result, frozen.result_shape)

    return network


def _with_casts(graph_def):
    """A graph whose weights are stored as float16, and cast when they are used."""
    result = tf.GraphDef()
    result.CopyFrom(graph_def)
    for node in weights(result):
        values = tf.make_ndarray(node.attr["value"].tensor).astype(np.float16)
        with tf.Graph().as_default() as graph:
            tf.cast(tf.constant(values, name="stored"), tf.float32, name=node.name)
        stored, cast = graph.as_graph_def().node
        stored.name = cast.input[0] = f"{node.name}/stored"
        node.CopyFrom(cast)
        result.node.append(stored)
    return result
