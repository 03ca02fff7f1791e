"""The abstract Model: a graph. What is the same for all models, and the names of what each must supply."""

from __future__ import annotations

import abc
import contextlib
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

from base.graph_mode import tf
from config import Config
from inputs.streams import Labels, Stream
from ops.initializers import INITIALIZERS
from ops.parts import part_count, part_done


class Translation(NamedTuple):
    """A serving signature: feed `source`, fetch `result`; both float32 [batch, height, width, channels] in [-1, 1]."""

    source: tf.Tensor
    result: tf.Tensor
    multiple: int  # of which height and width of the source must be multiples, in pixels
    smallest: int  # least height and width of the source, in pixels; a multiple, too

    def padded_side(self, side: int) -> int:
        """The least height or width of the source, in pixels, that is no less than `side`."""
        return max(side + -side % self.multiple, self.smallest)


class Generation(NamedTuple):
    """A serving signature: feed `noise`, float32 [batch, length] of a normal distribution; fetch `result`, images."""

    noise: tf.Tensor
    result: tf.Tensor


class Classification(NamedTuple):
    """A serving signature: feed `images`, float32 [batch, height, width, channels]; fetch `predictions`, int64 [batch],
    or `shares`, float32 [batch, classes], which add up to 1; or `features`, float32 [batch, n], what the last layer
    sees.

    `labels` is the name of the input that says what they should be, and `class_names` what the numbers mean.
    """

    images: tf.Tensor
    predictions: tf.Tensor
    shares: tf.Tensor
    features: tf.Tensor
    labels: str
    class_names: list[str]


class Comparison(NamedTuple):
    """Results beside what they should be: tensors of images, float32 [batch, height, width, channels] in [-1, 1]."""

    before: tf.Tensor  # what the result was made of, as a person would see it
    after: tf.Tensor
    truth: tf.Tensor


class Outputs(NamedTuple):
    """What a model's networks give: all that others may fetch.

    Attributes:
      samples: tensors of images by caption, the rows of the sample grid; each has one image for each one fed.
      translations: Translation by direction ("AtoB").
      generation: Generation of a model that makes images of noise; else None.
      classification: Classification of a classifier; else None.
      comparisons: Comparison by direction; where the model's streams are drawn independently, they hold for test sets
        whose images correspond, as those of the built-in scenes do.
      cycles: by direction, what comes back of a translation when it is translated back; of models that do both.
    """

    samples: Mapping[str, tf.Tensor] = {}
    translations: Mapping[str, Translation] = {}
    generation: Generation | None = None
    classification: Classification | None = None
    comparisons: Mapping[str, Comparison] = {}
    cycles: Mapping[str, tf.Tensor] = {}


class TrainOp(NamedTuple):
    """One kind of training step. Of a batch in parts each is computed by a `Session.run`, of which the last counts.

    Attributes:
      op: moves the weights, once all gradients of those that move together are there (see `ops.train_step`).
      scalars: scalar tensors to watch, by TensorBoard tag, of whole batches (`ops.totals.batch_means`); `loss/...` are
        also shown while training.
    """

    op: tf.Operation
    scalars: Mapping[str, tf.Tensor]


class Model(abc.ABC):
    """A graph: placeholders, networks, and on request the train ops.

    A subclass names its Config and its streams of images, wires its networks, and makes train ops of its losses. This
    class makes the placeholders, the counter of steps and the summary of the sample grid.

    Attributes:
      config_class: subclass of Config, of the class: the model's options.
      config: Config of that class.
      part_size: int, images of each stream that the graph takes at a time: a batch, or a part of it (`ops.parts`).
      inputs: dict of placeholders by stream name, float32 [part_size, height, width, channels] in [-1, 1], or int64
        [part_size] of labels. Where a batch was given they feed themselves from it; a notebook, a test or a script
        feeds NumPy arrays instead.
      step: int64 scalar tensor, steps done before this one.
      outputs: Outputs of the networks.
      train_ops: dict of TrainOp by name, after `build_training`.
    """

    config_class: ClassVar[type[Config]]

    def __init__(self, config: Config, batch: Mapping[str, tf.Tensor] | None = None):
        """Builds the networks in the default graph.

        Args:
          config: of the class's own kind; its precision is chosen.
          batch: tensors by stream name to read where nothing is fed, a part of a batch where the graph computes one at
            a time; None where everything will be fed.
        """
        self.config = config
        self.dtype = tf.as_dtype(config.precision)
        self.part_size = config.batch_size // part_count()
        tf.set_random_seed(config.seed)
        tf.get_variable_scope().set_initializer(INITIALIZERS[config.init]())
        self.global_step = tf.train.get_or_create_global_step()
        with tf.name_scope("global_step/"):
            self.step = self.global_step.read_value()
        with tf.name_scope("inputs/"):
            streams = self.streams(config)
            self.inputs = {name: self._placeholder(name, stream, batch) for name, stream in streams.items()}
        with self._compiled():
            self.outputs = self.build_networks(**self.inputs)

    @classmethod
    @abc.abstractmethod
    def streams(cls, config: Config) -> Mapping[str, Stream | Labels]:
        """Returns what the model reads, by name: the keyword arguments of `build_networks`."""

    @abc.abstractmethod
    def build_networks(self, *args: tf.Tensor, **inputs: tf.Tensor) -> Outputs:
        """Wires the networks to the input tensors, which come by name; a subclass names them (`real_a`, `real_b`)."""

    @abc.abstractmethod
    def build_train_ops(self) -> Mapping[str, TrainOp]:
        """Builds losses and train ops on the networks. Returns the kinds of steps there are, by name."""

    def train_op_of(self, step: int) -> str:
        """Name of the TrainOp that step `step` (counted from 0) runs; a model with several kinds says which."""
        (name,) = self.train_ops
        return name

    def build_training(self) -> None:
        """Builds the train ops, which also count the step, and the sample grid's summary."""
        self.train_ops = {}
        with tf.name_scope("losses/"), self._compiled():
            train_ops = self.build_train_ops()
        for name, train_op in train_ops.items():
            # Every step takes its batch, even if it has no use for it: batch and step count together.
            with tf.control_dependencies([train_op.op, *self.inputs.values()]), tf.name_scope("global_step/"):
                counted = part_done(lambda: self.global_step.assign_add(1, read_value=False))
                self.train_ops[name] = train_op._replace(op=counted)
        with tf.name_scope("summaries"):
            self.grid = tf.placeholder(tf.uint8, [1, None, None, 3], "grid")
            self.grid_summary = tf.raw_ops.ImageSummary(tag="samples", tensor=self.grid, max_images=1, name="samples")

    def _compiled(self):
        """A context in which ops are marked to be compiled by XLA, where the config asks for it."""
        return tf.xla.experimental.jit_scope() if self.config.xla else contextlib.nullcontext()

    def _placeholder(self, name, stream, batch):
        shape = [self.part_size, *stream.shape()]
        if batch is None:
            return tf.placeholder(stream.feed_dtype, shape, name)
        return tf.placeholder_with_default(batch[name], shape, name)
