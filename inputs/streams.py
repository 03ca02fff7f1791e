"""Streams: what a step takes of the data, each from one split. A new kind is a subclass of Input."""

from __future__ import annotations

import abc
import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from base.errors import DataError
from base.graph_mode import tf
from inputs.held_out import load_samples
from inputs.images import BadImage, DamagedImage, located, to_unit
from inputs.preprocess import drawn_images, prepared_image
from inputs.sources import Source

UNKNOWN = -1  # label of an image whose record is damaged
Load = Callable[[Sequence[int] | np.ndarray], np.ndarray]  # from indices to entries


class Prepared(NamedTuple):
    """One entry for training before chance comes in; of nothing but the data and the config."""

    values: np.ndarray
    size: tuple[int, int] | None = None  # of an image: (height, width) as it is stored


class Input(abc.ABC):
    """Something that a step takes.

    Attributes:
      split: str, which split it is drawn from, such as "trainA".
      key: int; streams with different keys are drawn independently; with the same key, in step.
      read_dtype: str, dtype of a batch as it is read.
      feed_dtype: str, dtype of a batch as a model takes it.
      images: int, training images that it adds to a step for each one of the batch.
      needs_test: bool, whether there must be a test split; without one, others look at what they were trained on.
    """

    split: str
    key: int
    read_dtype: str
    feed_dtype: str
    images = 0
    needs_test = False

    @abc.abstractmethod
    def shape(self, size: tuple[int | None, int | None] = (None, None)) -> list[int | None]:
        """Shape of one entry of the batch, where images have the given height and width."""

    @abc.abstractmethod
    def tensor(self, batch: tf.Tensor) -> tf.Tensor:
        """Turns a batch as it is read into what a model takes."""

    @abc.abstractmethod
    def prepare(self, source: Source, index: int, config: Any) -> Prepared:
        """Reads one entry for training.

        Args:
          source: the training split.
          index: which of its images.
          config: as for `inputs.pipeline.build_pipeline`.

        Returns:
          Prepared, for `draw`.

        Raises:
          DamagedImage: it cannot be used, whenever it is read; another may take its place.
          DataError: it cannot be read; the message says where it lies.
        """

    @abc.abstractmethod
    def draw(self, entries: Sequence[Prepared], config: Any, chances: Sequence[Sequence[int]]) -> np.ndarray:
        """Makes of entries what chance asks for.

        Args:
          entries: from `prepare`; they stay as they are.
          config: as for `prepare`.
          chances: for each three random integers >= 0, for crop and flip; the same for all streams of a key.

        Returns:
          Array of `read_dtype` [len(entries), *shape].
        """

    @abc.abstractmethod
    def loader(self, source: Source, config: Any) -> Load:
        """Makes the function that loads entries of a test split, without chance, by their indices.

        Args:
          source: the test split.
          config: as for `prepare`.

        Returns:
          Function from indices to an array [len(indices), *shape] of `feed_dtype`, as a model takes it.

        Raises:
          DataError: something is wrong that can be told before the run starts.
        """


@dataclasses.dataclass(frozen=True)
class Stream(Input):
    """Images; for training, preprocessed with chance."""

    split: str
    channels: Literal[1, 3] = 3  # 3 for RGB, 1 for luma
    key: int = 0

    read_dtype = "uint8"
    feed_dtype = "float32"
    images = 1

    def shape(self, size: tuple[int | None, int | None] = (None, None)) -> list[int | None]:
        """[height, width, channels]."""
        return [*size, self.channels]

    def tensor(self, batch: tf.Tensor) -> tf.Tensor:
        """Maps grey levels to [-1, 1]."""
        return to_unit(tf.cast(batch, self.feed_dtype))

    def prepare(self, source: Source, index: int, config: Any) -> Prepared:
        """Reads and resizes one image."""
        image = source.pixels(index, self.channels)
        try:
            return Prepared(prepared_image(image, config), image.shape[:2])
        except BadImage as reason:
            raise located(reason, source.where(index)) from reason

    def draw(self, entries: Sequence[Prepared], config: Any, chances: Sequence[Sequence[int]]) -> np.ndarray:
        """Crops and flips images."""
        return drawn_images([entry.values for entry in entries], config, chances)

    def loader(self, source: Source, config: Any) -> Load:
        """Loads images when they are asked for."""
        return lambda indices: load_samples(source, indices, config, self.channels)


@dataclasses.dataclass(frozen=True)
class Labels(Input):
    """The classes of the images of a stream of the same split and key, as indices in the config's `class_names`."""

    split: str
    key: int = 0

    read_dtype = "int64"
    feed_dtype = "int64"
    needs_test = True  # how many of the images that it learned by heart a classifier knows says nothing

    def shape(self, size: tuple[int | None, int | None] = (None, None)) -> list[int | None]:
        """[]: a label is a scalar."""
        return []

    def tensor(self, batch: tf.Tensor) -> tf.Tensor:
        """Gives back the batch as it is."""
        return batch

    def prepare(self, source: Source, index: int, config: Any) -> Prepared:
        """Reads one label; DataError where the class is none of the config's."""
        return Prepared(np.array(_label(source, index, config.class_names), self.read_dtype))

    def draw(self, entries: Sequence[Prepared], config: Any, chances: Sequence[Sequence[int]]) -> np.ndarray:
        """Gives the labels, which are left to no chance."""
        return np.stack([entry.values for entry in entries])

    def loader(self, source: Source, config: Any) -> Load:
        """Reads all labels at once, so that a class that is not known shows before the run starts."""
        labels = np.full(len(source), UNKNOWN, self.feed_dtype)
        for index in range(len(source)):
            with contextlib.suppress(DamagedImage):
                labels[index] = _label(source, index, config.class_names)

        def load(indices):
            for index in np.flatnonzero(labels[indices] == UNKNOWN):
                _label(source, indices[index], config.class_names)  # raises the error again
            return labels[indices]

        return load


def check_pair(entry: Prepared, others: Iterable[Prepared], config: Any) -> None:
    """Checks that an entry goes with others of its position, in the streams of the same key.

    Raises:
      BadImage: it is an image of another size than theirs, so that it would not be cropped as they are.
    """
    sizes = [other.size for other in others if other.size]
    if entry.size and sizes and entry.size != sizes[0] and config.preprocess != "resize_and_crop":
        (height, width), (other_height, other_width) = entry.size, sizes[0]
        raise BadImage(
            f"is {width}x{height}, but the image it is paired with {other_width}x{other_height}; "
            "preprocess=resize_and_crop makes them equal"
        )


def _label(source: Source, index: int, class_names: list[str]) -> int:
    name = source.class_of(index)
    if name not in class_names:
        raise DataError(f"{source.where(index)}: is of the class {name}, which is none of {','.join(class_names)}")
    return class_names.index(name)
