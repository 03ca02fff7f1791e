"""A network cut out of its run: the ops and constants that lead from an input to its result, and nothing else."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import NamedTuple

import numpy as np

from base.errors import UsageError
from base.graph_mode import tf
from inference.load import LoadedRun
from inference.opened import OpenedNetwork, cut_out, fed
from inference.scale import describe_training
from inputs.preprocess import Preprocessing

TRANSLATE, GENERATE, CLASSIFY = "translate", "generate", "classify"
LARGE = 1024  # numbers in a constant, from which on it is a weight that float16 makes smaller


class Tiles(NamedTuple):
    """A translation in two parts, by which an image is translated a tile at a time.

    Attributes:
      statistics: ops and constants from "image:0", a whole image, to "statistics:0", float32 [2, channels]: the means
        and variances that norms take from it.
      part: those from "image:0", a part of the image, and "statistics:0" to "translated:0".
      channels: that are normalised, of all norms together.
      halo: pixels around what is wanted that a part must have, where the image has them.
      multiple, smallest: of which the sides of what is fed are a multiple, and the least that they are, in pixels.
    """

    statistics: tf.GraphDef
    part: tf.GraphDef
    channels: int
    halo: int
    multiple: int
    smallest: int


class Frozen(NamedTuple):
    """A network in float32, as data.

    Attributes:
      task: TRANSLATE: an image of any size to one of the same size; GENERATE: a batch of noise to images; CLASSIFY: an
        image of the training size to the share of each class. It also names the signatures that floats go through.
      name: the direction, or where there is none the task.
      title: for people: the name of the run's folder, and the direction.
      preprocessing: what training did to images; None of a network that makes images of noise.
      graph_def: ops and constants, with one placeholder.
      source, result: names of the tensors that are fed and fetched; float32, images in [-1, 1].
      shape: of the source, None where it is free: [1, None, None, channels], [batch, length] of noise, or
        [1, height, width, channels].
      result_shape: likewise.
      class_names: of CLASSIFY, in the order of the shares.
      half: whether the weights are those of float16, which the forms then store as such.
      tiles: of TRANSLATE; None where the network takes more from the whole image than statistics, as for dropout.
    """

    task: str
    name: str
    title: str
    preprocessing: Preprocessing | None
    graph_def: tf.GraphDef
    source: str
    result: str
    shape: tuple[int | None, ...]
    result_shape: tuple[int | None, ...]
    class_names: tuple[str, ...] = ()
    half: bool = False
    tiles: Tiles | None = None

    @property
    def trained_on(self) -> str:
        """What the network saw, in words; empty of one that makes images of noise."""
        return describe_training(self.preprocessing) if self.preprocessing else ""

    @property
    def source_name(self) -> str:
        """Name of the source, for people and signatures: "image" or "noise"."""
        return self.source.partition(":")[0]

    @property
    def result_name(self) -> str:
        """Name of the result likewise: "translated", "generated" or "shares"."""
        return self.result.partition(":")[0]

    @property
    def shape_in_words(self) -> str:
        """The shape of the source, and what may stand there."""
        if self.task == GENERATE:
            return f"{list(self.shape)} of a normal distribution"
        height, width = (side or name for side, name in zip(self.shape[1:3], ("height", "width"), strict=True))
        return f"[1, {height}, {width}, {self.shape[-1]}] in [-1, 1]"

    @property
    def draws(self) -> bool:
        """Whether the network draws random numbers, as dropout does: a function of the image's size and the run."""
        return any("Random" in node.op for node in self.graph_def.node)


def freeze(run: LoadedRun, direction: str | None, half: bool = False) -> Frozen:
    """Cuts what a run computes out of it, with the ops around it that `LoadedRun` does in NumPy: padding and crop.

    Args:
      run: loaded in float32.
      direction: of a translator; None of other models.
      half: whether to round large weights to float16.

    Raises:
      UsageError: the run computes nothing that can be exported.
    """
    outputs = run.model.outputs
    if direction is not None:
        frozen = _freeze_translation(run, direction)
    elif outputs.generation:
        frozen = _freeze_as_is(run, GENERATE, outputs.generation.noise, outputs.generation.result, "noise", "generated")
    elif outputs.classification:
        images, shares = outputs.classification.images, outputs.classification.shares
        size = run.config.image_size
        frozen = _freeze_as_is(run, CLASSIFY, images, shares, "image", "shares", [1, size, size, images.shape[-1]])
        frozen = frozen._replace(class_names=tuple(outputs.classification.class_names))
    else:
        raise UsageError(f"{run.config.run_dir}: the model {run.config.model} of this run has nothing to export")
    return _halved(frozen) if half else frozen


def _freeze_translation(run, direction):
    signature = run.model.outputs.translations[direction]
    constants = cut_out(run.session, signature.result)
    opened = _opened(constants, signature)
    channels = int(signature.source.shape[-1])
    with tf.Graph().as_default() as graph:
        image = tf.placeholder(tf.float32, [1, None, None, channels], "image")
        height, width = tf.unstack(tf.shape(image)[1:3])
        padded = image
        for axis in (1, 2):
            padded = _reflected(padded, axis, signature.multiple, signature.smallest)
        fetched = [signature.result.name, *(opened.norms if opened else ())]
        result, *normalized = tf.import_graph_def(constants, {signature.source.name: padded}, fetched, name="network")
        translated = tf.identity(result[:, :height, :width], "translated")
        moments = [tf.stack(tf.nn.moments(x, [0, 1, 2])) for x in normalized]
        statistics = tf.identity(tf.concat([tf.zeros([2, 0]), *moments], axis=1), "statistics")
    graph_def, of_whole = (
        tf.graph_util.extract_sub_graph(graph.as_graph_def(), [x.op.name]) for x in (translated, statistics)
    )
    return Frozen(
        TRANSLATE,
        direction,
        f"{_run_name(run)} · {direction}",
        run.config,
        graph_def,
        image.name,
        translated.name,
        tuple(image.shape.as_list()),
        (1, None, None, int(signature.result.shape[-1])),
        tiles=_freeze_tiles(of_whole, opened, signature) if opened else None,
    )


def _opened(constants, signature):
    """The network with its norms opened; None where it cannot be cut into tiles."""
    try:
        return OpenedNetwork(constants, signature)
    except UsageError:
        return None


def _freeze_tiles(of_whole, opened, signature):
    widths = [opened.channels(norm) for norm in opened.norms]
    with tf.Graph().as_default() as graph:
        image = tf.placeholder(tf.float32, [1, None, None, signature.source.shape[-1]], "image")
        statistics = tf.placeholder(tf.float32, [2, sum(widths)], "statistics")
        given = {signature.source.name: image}
        for norm, end in zip(opened.norms, itertools.accumulate(widths), strict=True):
            mean, variance = tf.unstack(statistics[:, end - opened.channels(norm) : end])
            given |= {fed(norm, "mean"): mean, fed(norm, "variance"): variance}
        (result,) = tf.import_graph_def(opened.graph_def, given, [signature.result.name], name="network")
        tf.identity(result, "translated")
        part = tf.graph_util.extract_sub_graph(graph.as_graph_def(), ["translated"])
    halo = opened.halo([signature.source.name], [signature.result.name])
    return Tiles(of_whole, part, sum(widths), halo, signature.multiple, signature.smallest)


def _freeze_as_is(run, task, source, result, source_name, result_name, fed_shape=None):
    constants = cut_out(run.session, result)
    with tf.Graph().as_default() as graph:
        fed = tf.placeholder(source.dtype, fed_shape or source.shape, source_name)
        (fetched,) = tf.import_graph_def(constants, {source.name: fed}, [result.name], name="network")
        fetched = tf.identity(fetched, result_name)
        graph_def = tf.graph_util.extract_sub_graph(graph.as_graph_def(), [fetched.op.name])
    shape, result_shape = (tuple(tensor.shape.as_list()) for tensor in (fed, fetched))
    seen = None if task == GENERATE else run.config
    return Frozen(task, task, _run_name(run), seen, graph_def, fed.name, fetched.name, shape, result_shape)


def _run_name(run):
    return Path(run.config.run_dir).resolve().name


def _reflected(image, axis, multiple, smallest):
    """Pads an axis at its end, as `inference.session.padded` does: by reflection, again and again where it takes it.

    `tf.pad` reflects once only, which is not enough for an image of less than half the size that it is padded to.
    """
    side = tf.shape(image)[axis]
    padded = tf.maximum((side + multiple - 1) // multiple * multiple, smallest)
    place = tf.range(padded) % tf.maximum(2 * side - 2, 1)
    return tf.gather(image, tf.minimum(place, 2 * side - 2 - place), axis=axis)


def _halved(frozen):
    """The network with its large constants rounded to what float16 can hold."""
    tiles = frozen.tiles
    if tiles:
        tiles = tiles._replace(statistics=_rounded(tiles.statistics), part=_rounded(tiles.part))
    return frozen._replace(graph_def=_rounded(frozen.graph_def), half=True, tiles=tiles)


def _rounded(graph_def):
    result = tf.GraphDef()
    result.CopyFrom(graph_def)
    for node in weights(result):
        values = tf.make_ndarray(node.attr["value"].tensor)
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(values.astype(np.float16).astype(np.float32)))
    return result


def weights(graph_def: tf.GraphDef) -> list[tf.NodeDef]:
    """The float32 constants of a graph that are large enough to be worth storing as float16."""
    return [
        node
        for node in graph_def.node
        if node.op == "Const"
        and node.attr["dtype"].type == tf.float32.as_datatype_enum
        and tf.TensorShape(node.attr["value"].tensor.tensor_shape).num_elements() >= LARGE
    ]
