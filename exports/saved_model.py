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
TILES_PROGRAM = """

def run_tiles(values, tile=512, most=2**20):  # such an image of any size, by tiles, in bounded memory
    height, width = values.shape[1:3]
    scale = min(1, (most / (height * width)) ** 0.5)  # of what the statistics of norms are taken from
    size = [max(1, round(side * scale)) for side in (height, width)]
    smaller = tf.clip_by_value(tf.image.resize(values, size, "bicubic", antialias=True), -1, 1)
    statistics = signatures["statistics"](smaller)["statistics"]
    rows, columns = (max({smallest}, side + -side % {multiple}) - side for side in (height, width))
    values = np.pad(values, [(0, 0), (0, rows), (0, columns), (0, 0)], "reflect")
    result = np.empty([*values.shape[:3], {channels}], np.float32)
    tile += -tile % {multiple}
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            y, x = max(0, top - {halo}), max(0, left - {halo})  # {halo} px around a tile decide on it
            part = tf.constant(values[:, y : top + tile + {halo}, x : left + tile + {halo}])
            found = signatures["translate_tile"](image=part, statistics=statistics)["translated"].numpy()
            found = found[:, top - y : top - y + tile, left - x : left - x + tile]
            result[:, top : top + tile, left : left + tile] = found
    return result[:, :height, :width]
"""
FILES_PROGRAM = """

def run_files(files):  # a list of the bytes of JPEG or PNG files; gives those of PNG files
    return list(signatures["{default}"](tf.constant(files))["{result}_bytes"].numpy())
"""


def write(frozen: Frozen, folder: Path) -> None:
    """Writes a network, its weights once, with a signature for floats and one for image files; and, of a translator
    that can be cut into tiles, two more for these.

    Images of a batch go through the network one at a time: norms and dropout then see what they see in
    `LoadedRun.translate`, and files of different sizes may come together.

    Args:
      frozen: the network.
      folder: of the export.

    Raises:
      OutputError: it cannot be written.
    """
    with tf.Graph().as_default(), tf.Session() as session:
        held = _weights_as_function(frozen)
        network = _as_function(frozen.graph_def, {frozen.source: frozen.shape}, frozen.result, held)
        signatures = {frozen.task: _for_floats(frozen, network), DEFAULT: FOR_FILES[frozen.task](frozen, network)}
        if frozen.tiles:
            signatures |= _for_tiles(frozen, held)
        builder = tf.saved_model.Builder(str(folder / FOLDER))
        builder.add_meta_graph_and_variables(session, [tf.saved_model.tag_constants.SERVING], signatures)
        try:
            builder.save()
        except tf.errors.OpError as error:
            raise OutputError(f"{folder / FOLDER}: cannot be written: {error.message}") from None


def program(frozen: Frozen) -> str:
    """Python that loads it from the export's folder, and defines `run`; of images to images `run_files`, too, and
    `run_tiles` where it has tiles.
    """
    text = FLOATS_PROGRAM.format(
        folder=FOLDER, task=frozen.task, shape=frozen.shape_in_words, result=frozen.result_name
    )
    if frozen.task == TRANSLATE:
        text += FILES_PROGRAM.format(default=DEFAULT, result=frozen.result_name)
    if frozen.tiles:
        sizes = {name: getattr(frozen.tiles, name) for name in ("halo", "multiple", "smallest")}
        text += TILES_PROGRAM.format(channels=frozen.result_shape[-1], **sizes)
    return text


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


def _for_tiles(frozen, held):
    shape, tiles = frozen.shape, frozen.tiles
    statistics = _as_function(tiles.statistics, {"image:0": shape}, "statistics:0", held)
    translate = _as_function(tiles.part, {"image:0": shape, "statistics:0": (2, tiles.channels)}, "translated:0", held)
    whole, part = (tf.placeholder(tf.float32, shape, name) for name in ("whole_image", "part_of_image"))
    given = tf.placeholder(tf.float32, [2, tiles.channels], "statistics")
    return {
        "statistics": _signature({"image": whole}, {"statistics": statistics(whole)}),
        "translate_tile": _signature({"image": part, "statistics": given}, {"translated": translate(part, given)}),
    }


def _weights_as_function(frozen):
    """A function that gives the weights by name, for the networks of one graph, which hold them once."""
    values = {node.name: tf.make_ndarray(node.attr["value"].tensor) for node in weights(frozen.graph_def)}

    @tf.function(input_signature=[], autograph=False)
    def held():
        if frozen.half:
            return {name: tf.cast(tf.constant(array.astype(np.float16)), tf.float32) for name, array in values.items()}
        return {name: tf.constant(array) for name, array in values.items()}

    return held


def _as_function(graph_def, shapes, result, held):
    """A network as a function, which a graph holds once however often it is called; of float32 tensors with shapes, by
    the names that they have in it.
    """

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32) for shape in shapes.values()], autograph=False)
    def network(*inputs):
        known = {f"{name}:0": array for name, array in held().items()} | dict(zip(shapes, inputs))
        others = tf.GraphDef(versions=graph_def.versions, library=graph_def.library)
        others.node.extend(node for node in graph_def.node if f"{node.name}:0" not in known)
        used = {f"{node.name}:0" for node in graph_def.node} & known.keys()
        (found,) = tf.import_graph_def(others, {name: known[name] for name in used}, [result], name="")
        return found

    return network
