"""The input pipeline: images in an order that is a function of seed and step, decoded ahead of the training step."""

import atexit
import functools
import os
import time
import weakref
from typing import NamedTuple

import numpy as np
import tensorflow.compat.v1 as tf

from inputs.errors import DataError
from inputs.images import BadImage, read_image, resize, to_unit
from inputs.preprocess import fixed_size, test_image, training_image

PREFETCH_BATCHES = 2
MAX_THREADS = 16
IDLE_SECONDS = 0.1
ORDER, CHANCE = 0, 1  # what random numbers are drawn for

_readers = weakref.WeakSet()


class Stream(NamedTuple):
    """One of the images that a step takes."""

    split: str  # which split it is drawn from
    channels: int = 3  # 3 for RGB, 1 for luma
    key: int = 0  # streams with different keys are drawn independently; with the same key, in step

    dtype = tf.uint8  # as it is read

    def shape(self, size=(None, None)):
        """Shape of one image of the given height and width."""
        return [*size, self.channels]

    def tensor(self, levels):
        """Turns a batch as it is read into what a model takes: float32 in [-1, 1]."""
        return to_unit(tf.cast(levels, tf.float32))


class Labels(NamedTuple):
    """The classes of the images that a step takes, as numbers: places in the config's `class_names`."""

    split: str  # as that of the images
    key: int = 0  # as that of the images, with which the labels then go in step

    dtype = tf.int64

    def shape(self, size=None):
        """Shape of one label."""
        return []

    def tensor(self, labels):
        """Gives back the batch as it is read."""
        return labels


class Pipeline(NamedTuple):
    """Batches of images as tensors."""

    batch: dict  # stream name: float32 tensor [batch, height, width, channels] in [-1, 1]; of Labels, int64 tensor [batch]
    initializer: tf.Operation  # starts at the pipeline's first step
    reader: "Reader"

    def wait_seconds(self, step, started):
        """How long a step waited for its images, in seconds; to be asked once, after each step in turn.

        Args:
          step: the step that was run, counted from 0 as in `build_pipeline`.
          started: time at which its `Session.run` began, as `time.perf_counter` gives it.
        """
        return max(0.0, self.reader.ready_time(step) - started)

    def error(self, exception, step):
        """Finds the user's error behind an exception of `Session.run`.

        Args:
          exception: what `Session.run` raised.
          step: the step that was run, counted from 0 as in `build_pipeline`.

        Returns:
          DataError naming the file or record, or None if the exception is about something else.
        """
        return self.reader.error(step) if isinstance(exception, tf.errors.OpError) else None


def build_pipeline(streams, sources, config, start_step=0):
    """Adds the input pipeline to the graph, under the name scope `inputs`.

    The batch of step s holds positions s * batch_size, ... of each stream, whatever the first step of the run.

    Args:
      streams: dict from the batch's names to Stream or Labels.
      sources: dict from split name to source, as from `find_source`.
      config: has `seed`, `batch_size` and the fields of `preprocess.training_image`; for Labels `class_names`.
      start_step: first step; an integer, or an int64 scalar that the initializer evaluates (the global step).

    Returns:
      Pipeline.
    """
    reader = Reader(streams, sources, config)
    with tf.name_scope("inputs"):
        with tf.device("/cpu:0"):
            first = tf.cast(start_step, tf.int64) * config.batch_size
            iterator = tf.data.make_initializable_iterator(_dataset(reader, first, config.batch_size))
            levels = iterator.get_next()
        batch = {
            name: tf.identity(stream.tensor(values), name=name)
            for (name, stream), values in zip(streams.items(), levels)
        }
        return Pipeline(batch, iterator.initializer, reader)


def load_samples(source, indices, config, channels=3):
    """Loads fixed images without chance, for the sample grid.

    Args:
      source: FolderSource or RecordSource.
      indices: which of its images.
      config: has the fields of `preprocess.test_image`.
      channels: 3 for RGB, 1 for luma.

    Returns:
      float32 array [len(indices), height, width, channels] in [-1, 1]; where `preprocess` leaves images of different
      sizes, all take the size of the first.

    Raises:
      DataError: an image cannot be read.
    """
    images = [_load(source, index, channels, test_image, config) for index in indices]
    height, width, _ = images[0].shape
    return to_unit(np.stack([resize(image, height, width) for image in images]).astype(np.float32))


class HeldOut:
    """The images of a test split, or their labels, loaded without chance when they are indexed."""

    def __init__(self, stream, source, config):
        """Takes a Stream or Labels, the source of its test split, and what `load_samples` takes."""
        self._stream, self._source, self._config, self._labels = stream, source, config, None
        if isinstance(stream, Labels):  # all at once, so that a class that is not known shows before the run starts
            self._labels = np.array([_label(source, index, config.class_names) for index in range(len(source))])

    def __len__(self):
        return len(self._source)

    def __getitem__(self, indices):
        """Loads those of the given indices: what `load_samples` gives, or an int64 array of labels."""
        if self._labels is not None:
            return self._labels[indices]
        return load_samples(self._source, indices, self._config, self._stream.channels)


class Reader:
    """Reads the images at any position of the streams; the threads of tf.data call it."""

    def __init__(self, streams, sources, config):
        """Takes what `build_pipeline` takes."""
        self.streams = streams
        self.sources = sources
        self.config = config
        self._errors = {}  # position: DataError
        self._busy = set()  # positions being read
        self._ready = {}  # position: when it had been read
        self._last_read = 0.0  # when the last of them ended
        self._stopped = False
        _readers.add(self)

    def read(self, position):
        """Reads one image of each stream.

        Args:
          position: how many images of each stream came before.

        Returns:
          List of uint8 arrays [height, width, channels], or int64 scalars of Labels; one for each stream.

        Raises:
          DataError: an image cannot be read; `error` will find it again.
        """
        position = int(position)
        self._busy.add(position)
        try:
            if self._stopped:
                raise DataError("the program is about to end")
            sizes = {}
            return [self._read_stream(stream, position, sizes) for stream in self.streams.values()]
        except DataError as error:
            self._errors[position] = error
            raise
        finally:
            self._last_read = self._ready[position] = time.perf_counter()
            self._busy.discard(position)

    def ready_time(self, step):
        """When the last image of a step had been read, as `time.perf_counter` gives it; it is forgotten then."""
        end = (step + 1) * self.config.batch_size
        return max(self._ready.pop(position) for position in range(end - self.config.batch_size, end))

    def error(self, step):
        """Gives the DataError that the images of a step cause, or None."""
        start = step * self.config.batch_size
        positions = range(start, start + self.config.batch_size)
        found = [self._errors[position] for position in positions if position in self._errors]
        return found[0] if found else self._size_error(positions)

    def _size_error(self, positions):
        """Gives a DataError if the images at some positions are of different sizes, or None."""
        if fixed_size(self.config):
            return None
        for images in zip(*map(self.read, positions)):
            sizes = sorted({image.shape[:2] for image in images})
            if len(sizes) > 1:
                shown = " and ".join(f"{width}x{height}" for height, width in sizes[:2])
                problem = f"preprocess={self.config.preprocess} leaves images of different sizes ({shown}) in a batch"
                return DataError(f"{problem}; take batch_size=1, or a preprocess that crops")
        return None

    def stop(self):
        """Waits until tf.data's buffers are full of failures, so that none of its threads calls Python any more."""
        self._stopped = True
        while self._busy or time.perf_counter() - self._last_read < IDLE_SECONDS:
            time.sleep(IDLE_SECONDS / 10)

    def _read_stream(self, stream, position, sizes):
        """Reads one image; `sizes` keeps the first (height, width) of each key, which streams in step must share to be cropped alike."""
        source, seed = self.sources[stream.split], self.config.seed
        epoch, place = divmod(position, len(source))
        index = int(epoch_order(seed, stream.key, epoch, len(source))[place])
        if isinstance(stream, Labels):
            return _label(source, index, self.config.class_names)
        chance = random_words(seed, stream.key, CHANCE, position, count=3)

        def prepare(image):
            (height, width), first = image.shape[:2], sizes.setdefault(stream.key, image.shape[:2])
            if (height, width) != first and self.config.preprocess != "resize_and_crop":
                other = f"{first[1]}x{first[0]}"
                raise BadImage(f"is {width}x{height}, but the image it is paired with {other}; preprocess=resize_and_crop makes them equal")
            return training_image(image, self.config, chance)

        return _load(source, index, stream.channels, prepare)


@atexit.register
def stop_readers():
    """Stops all readers: a thread that calls Python while it ends hangs the program, if no one closed the session."""
    for reader in _readers:
        reader.stop()


def random_words(seed, key, purpose, index, count):
    """Draws random 64-bit integers that depend on the arguments alone.

    Args:
      seed, key, purpose, index: integers >= 0 that name the draw.
      count: how many to draw.

    Returns:
      uint64 array [count]: a stretch of the Philox-4x64 stream, which NumPy promises never to change.
    """
    return np.random.Philox(key=[seed, key], counter=[0, 0, purpose, index]).random_raw(count)


@functools.lru_cache(maxsize=16)  # the current and the next epoch of each stream
def epoch_order(seed, key, epoch, count):
    """Shuffles the indices of `count` images for one epoch of one stream; int64 array [count]."""
    return np.argsort(random_words(seed, key, ORDER, epoch, count), kind="stable")


def _load(source, index, channels, prepare, *arguments):
    """Reads and prepares one image; DataError with its place where it cannot be used."""
    data, _ = source.read(index)
    try:
        return prepare(read_image(data, channels), *arguments)
    except BadImage as reason:
        raise DataError(f"{source.where(index)}: {reason}") from reason


def _label(source, index, class_names):
    """Number of the class of one image; DataError where it is none of those that are known."""
    name = source.class_of(index)
    if name not in class_names:
        raise DataError(f"{source.where(index)}: is of the class {name}, which is none of {','.join(class_names)}")
    return np.int64(class_names.index(name))


def _dataset(reader, first, batch_size):
    """Builds the endless dataset of tuples of uint8 batches, from position `first` on."""
    size = fixed_size(reader.config) or (None, None)
    threads = min(os.cpu_count(), MAX_THREADS)

    def read(position):
        images = tf.numpy_function(reader.read, [position], [stream.dtype for stream in reader.streams.values()])
        for image, stream in zip(images, reader.streams.values()):
            image.set_shape(stream.shape(size))
        return tuple(images)

    positions = tf.data.Dataset.range(first, tf.int64.max)
    images = positions.map(read, num_parallel_calls=threads, deterministic=True)
    batches = images.batch(batch_size, drop_remainder=True).prefetch(PREFETCH_BATCHES)
    options = tf.data.Options()
    options.threading.private_threadpool_size = threads
    return batches.with_options(options)
