"""The abstract Model: what is the same for all models, and the names of what each must supply."""

import abc
import contextlib
from typing import NamedTuple

import numpy as np
import tensorflow.compat.v1 as tf

from ops.initializers import INITIALIZERS
from ops.optimizers import simultaneous_step


class Translation(NamedTuple):
    """A serving signature: feed `source`, fetch `result`; both float32 [batch, height, width, channels] in [-1, 1]."""

    source: tf.Tensor
    result: tf.Tensor


class Generation(NamedTuple):
    """A serving signature: feed `noise`, float32 [batch, length], normally distributed; fetch `result`, images in [-1, 1]."""

    noise: tf.Tensor
    result: tf.Tensor


class Turn(NamedTuple):
    """One kind of optimisation step.

    Attributes:
      moves: op that moves the weights, once all gradients of those who move together are there (see `ops.optimizers.simultaneous_step`).
      terms: dict of scalar tensors to watch, by TensorBoard tag; `loss/...` are also shown while training.
    """

    moves: tf.Operation
    terms: dict


class Model(abc.ABC):
    """A graph: placeholders, networks, and on request the training step.

    A subclass says which Config it takes, which image streams it reads, how its networks are wired and what they pay. This class makes the
    placeholders, the counter of steps, the training ops and the summary of the sample grid.

    Attributes:
      config: Config.
      chains: int, of the class: parts of a training step that can always run side by side, as the two directions of CycleGAN do.
      inputs: dict of placeholders by stream name, float32 [batch_size, height, width, channels] in [-1, 1], or int64 [batch_size] of
        labels. Where a batch was given they feed themselves from it; a notebook, a test or a script feeds NumPy arrays instead.
      step: int64 scalar tensor, steps done before this one.
      translations: dict of Translation by direction ("AtoB"); empty where the model makes no image of an image.
      generation: Generation, set by models that make images of noise; else None.
      samples: dict of tensors, the rows of the sample grid by caption; each row has one image for each one fed.
      looked_at, evaluated: test images that `look` and `evaluate` are given; None for all of them.
      needs_test: whether there must be a test split; without one, others look at training images.
      picture: what `look` shows, in words.
    """

    chains = 1
    generation = None
    looked_at = 4
    evaluated = 100
    needs_test = False
    picture = "sample grid"

    def __init__(self, config, batch=None):
        """Builds the networks in the default graph.

        Args:
          config: Config of the class's own kind.
          batch: dict of tensors by stream name to read where nothing is fed; None where everything will be fed.
        """
        self.config = config
        self.dtype = tf.as_dtype(config.precision)
        tf.set_random_seed(config.seed)
        tf.get_variable_scope().set_initializer(INITIALIZERS[config.init]())
        self.global_step = tf.train.get_or_create_global_step()
        with tf.name_scope("global_step/"):
            self.step = self.global_step.read_value()
        with tf.name_scope("inputs/"):
            self.inputs = {name: self._placeholder(name, stream, batch) for name, stream in self.streams(config).items()}
        with self._compiled():
            self.translations, self.samples = self.build_networks(**self.inputs)

    @classmethod
    @abc.abstractmethod
    def streams(cls, config):
        """Returns a dict of `inputs.pipeline.Stream` or `Labels` by name: what the model reads, and the keyword arguments of `build_networks`."""

    @abc.abstractmethod
    def build_networks(self, **inputs):
        """Wires the networks to the input tensors. Returns (translations, samples), see the class's attributes."""

    @abc.abstractmethod
    def build_turns(self):
        """Builds losses and their optimisers on the networks. Returns a dict of Turn by name: the kinds of steps there are."""

    def turn(self, step):
        """Name of the Turn that step `step` (counted from 0) takes; a model with several kinds says which."""
        return next(iter(self.turns))

    def look(self, session, images):
        """What is shown of a run now and then.

        Args:
          session: tf.Session with the weights.
          images: dict by input name of float32 arrays [count, height, width, channels] and arrays of labels, or of `HeldOut`.

        Returns:
          (rows, figures): dict of lists of float32 arrays [height, width, channels] in [-1, 1] by caption, for the picture; and dict of
          floats by TensorBoard tag. Here the rows are `samples` of the images, and there are no figures.
        """
        return self.run_in_batches(session, self.samples, images), {}

    def evaluate(self, session, images, counterparts):
        """Figures of the trained model on test images, to be printed at the end of a run.

        Args:
          session: tf.Session with the weights.
          images: as for `look`.
          counterparts: bool, whether equal places in the arrays are known to show the same scene.

        Returns:
          dict of str by what it measures; empty where there is nothing to measure.
        """
        return {}

    def build_training(self):
        """Builds the training ops; afterwards there are `turns`, whose `moves` also count the step, and the sample grid's summary."""
        self.turns = {}
        with tf.name_scope("losses/"), self._compiled():
            turns = self.build_turns()
        for name, turn in turns.items():
            # Every step takes its batch, even if it has no use for it: batch and step count together.
            with tf.control_dependencies([turn.moves, *self.inputs.values()]), tf.name_scope("global_step/"):
                self.turns[name] = turn._replace(moves=self.global_step.assign_add(1, read_value=False))
        with tf.name_scope("summaries"):
            self.grid = tf.placeholder(tf.uint8, [1, None, None, 3], "grid")
            self.grid_summary = tf.raw_ops.ImageSummary(tag="samples", tensor=self.grid, max_images=1, name="samples")

    def move(self, *players, also=()):
        """Adds a simultaneous step of `players` to the graph's `optimizers`, see `ops.optimizers.simultaneous_step`. Returns the op."""
        with tf.name_scope("optimizers/"):
            return simultaneous_step(players, also, scale_losses=self.dtype == tf.float16)

    def run_in_batches(self, session, tensors, images):
        """Runs tensors on any number of images, a batch at a time.

        Args:
          session: tf.Session with the weights.
          tensors: dict of tensors with one entry for each image of the batch.
          images: as for `look`.

        Returns:
          dict of lists, with one entry for each image, by the names of `tensors`.
        """
        count, size = min(map(len, images.values())), self.config.batch_size
        results = {name: [] for name in tensors}
        for start in range(0, count, size):
            places = np.minimum(np.arange(start, start + size), count - 1)  # the last batch is filled up with its last image
            values = session.run(tensors, {self.inputs[name]: batch[places] for name, batch in images.items()})
            for name, value in values.items():
                results[name].extend(value[: count - start])
        return results

    def generate(self, session, seed, count):
        """Makes images of noise.

        Args:
          session: tf.Session with the weights.
          seed: int in [0, 2**32), what the noise is drawn from.
          count: int, number of images.

        Yields:
          count float32 arrays [height, width, channels] in [-1, 1]. They are made in whole batches of the run's size, so that norms with the
          statistics of the batch find what they are used to; so image i is a function of seed and i, whatever the count.
        """
        noise, result = self.generation
        draws = np.random.RandomState(seed)  # whose numbers NumPy promises never to change
        size = self.config.batch_size
        for start in range(0, count, size):
            yield from session.run(result, {noise: draws.standard_normal([size, noise.shape[1]])})[: count - start]

    def translate(self, session, image, direction):
        """Translates one image of any size.

        Args:
          session: tf.Session with the weights.
          image: float32 array [height, width, channels] in [-1, 1].
          direction: str, one of `translations`.

        Returns:
          float32 array [height, width, channels of the other domain] in [-1, 1]. The image is padded by reflection to the multiple
          of pixels that the generator takes, and the result is cropped back.
        """
        source, result = self.translations[direction]
        height, width = image.shape[:2]
        multiple, smallest = self.config.size_multiple, self.config.smallest_size
        rows, columns = (max(-(-side // multiple) * multiple, smallest) - side for side in (height, width))
        padded = np.pad(image, [(0, rows), (0, columns), (0, 0)], mode="reflect")
        batch = np.repeat(padded[None], source.shape[0], axis=0)
        return session.run(result, {source: batch})[0, :height, :width]

    def _compiled(self):
        """A context in which ops are marked to be compiled by XLA, where the config asks for it."""
        return tf.xla.experimental.jit_scope() if self.config.xla else contextlib.nullcontext()

    @property
    def images_per_step(self):
        """Training images of all streams that a step takes."""
        return self.config.batch_size * sum(x.shape.rank == 4 for x in self.inputs.values())

    def _placeholder(self, name, stream, batch):
        shape = [self.config.batch_size, *stream.shape()]
        if batch is None:
            return tf.placeholder(tf.float32 if len(shape) == 4 else stream.dtype, shape, name)
        return tf.placeholder_with_default(batch[name], shape, name)
