"""The input pipeline: tf.data reads ahead of the training step, in an order that is a function of seed and step."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from base.errors import DataError
from base.graph_mode import numpy_function, tf
from inputs.preparation import Prepare
from inputs.reader import Reader
from inputs.sources import Source
from inputs.streams import Input

PREFETCH_PARTS = 2  # of batches
MAX_THREADS = 16


class Pipeline(NamedTuple):
    """Batches as tensors."""

    batch: dict[
        str, tf.Tensor
    ]  # by stream name: float32 [part, height, width, channels] in [-1, 1]; Labels int64 [part]
    initializer: tf.Operation  # starts at the pipeline's first step
    reader: Reader

    def wait_seconds(self, step: int, started: Sequence[float]) -> float:
        """How long a step waited for its images, in seconds; to be asked once, after each step in turn.

        Args:
          step: the step that was run, counted from 0 as in `build_pipeline`.
          started: times at which the `Session.run` of each of its parts began, as `time.perf_counter` gives them.
        """
        return sum(max(0.0, ready - start) for ready, start in zip(self.reader.ready_times(step), started, strict=True))

    def stop(self) -> None:
        """Ends the reading ahead; to be called before the session is closed, which may hang while images are read."""
        self.reader.stop()

    def error(self, step: int) -> DataError | None:
        """Finds the user's error behind a failed step.

        Args:
          step: the step that was run, counted from 0 as in `build_pipeline`.

        Returns:
          DataError naming the file or record, or None where it failed for another reason.
        """
        return self.reader.error(step)

    def new_damage(self, step: int) -> list[str]:
        """Lines about images that cannot be used, which others took the place of; to be asked after each step.

        Args:
          step: the step that was run, counted from 0 as in `build_pipeline`.

        Returns:
          Those first met by now, each given once: file or record, and what is wrong with it.
        """
        return self.reader.new_damage(step)


def build_pipeline(
    streams: Mapping[str, Input],
    sources: Mapping[str, Source],
    config: Any,
    start_step: int | tf.Tensor = 0,
    workers: int = 1,
    worker: int = 0,
    prepare: Prepare | None = None,
) -> Pipeline:
    """Adds the input pipeline to the graph, under the name scope `inputs`.

    The batch of step s holds positions s * batch_size, ... of each stream, whatever the first step of the run. It
    comes in parts of `part_size` images, one after the other.

    Args:
      streams: dict from the batch's names to Stream or Labels.
      sources: dict from split name to source, as from `inputs.data_dir.find_source`.
      config: has `seed`, `batch_size`, `part_size` and what `inputs.preprocess.Preprocessing` lists; for Labels
        `class_names`.
      start_step: first step; an integer, or an int64 scalar that the initializer evaluates (the global step).
      workers: how many share each part, of which each reads as many images, in their order.
      worker: which of them reads here.
      prepare: from `inputs.preparation.preparation`; None: the threads that read prepare, too.
    """
    reader = Reader(streams, sources, config, workers, worker, prepare)
    with tf.name_scope("inputs"):
        with tf.device("/cpu:0"):
            first = tf.cast(start_step, tf.int64) * reader.reads
            iterator = tf.data.make_initializable_iterator(_dataset(reader, first))
            read = iterator.get_next()
        batch = {
            name: tf.identity(stream.tensor(values), name=name)
            for (name, stream), values in zip(streams.items(), read, strict=True)
        }
        return Pipeline(batch, iterator.initializer, reader)


def _dataset(reader: Reader, first: tf.Tensor) -> tf.data.Dataset:
    """Builds the endless dataset of tuples of parts of batches as they are read, from the read of number `first` on."""
    streams, config = list(reader.streams.values()), reader.config
    size = (config.image_size, config.image_size) if config.crops else (None, None)
    threads = max(min(os.cpu_count() or 1, MAX_THREADS), config.read_processes)  # one waits for each process

    def read(number):
        images = numpy_function(reader.function, [number], [tf.as_dtype(stream.read_dtype) for stream in streams])
        for image, stream in zip(images, streams, strict=True):
            image.set_shape([reader.read_size, *stream.shape(size)])
        return tuple(images)

    numbers = tf.data.Dataset.range(first, tf.int64.max)
    images = numbers.map(read, num_parallel_calls=threads, deterministic=True)
    parts = images.rebatch(reader.share_size, drop_remainder=True).prefetch(PREFETCH_PARTS)
    options = tf.data.Options()
    options.threading.private_threadpool_size = threads
    return parts.with_options(options)
