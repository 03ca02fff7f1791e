"""The data that a run is judged on."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from base.errors import DataError
from config import Config
from evaluation.sets import TRAINING_IMAGES, ImageSet
from inputs import scenes
from inputs.data_dir import Splits, absolute_data_dir, data_place, open_splits
from inputs.held_out import HeldOut, held_out_sets
from inputs.images import to_uint8
from inputs.layouts import held_out_split
from models.registry import find_model


class RunData:
    """The data that a run is judged on; images are read once, for all its checkpoints.

    Attributes:
      streams: of the run's model, by name.
      held_out: the test set of each, by the same names.
    """

    def __init__(self, config: Config, splits: Splits, count: int, built_in: bool):
        """Takes opened data.

        Args:
          config: of the run.
          splits: the data.
          count: images of each set, at most.
          built_in: whether they are the built-in scenes, whose test images correspond.
        """
        self.streams = find_model(config.model).streams(config)
        self.held_out = held_out_sets(self.streams, splits.test, config)
        self._config, self._splits, self._count, self._built_in = config, splits, count, built_in
        self._read: dict[tuple[str, bool], ImageSet] = {}  # by stream, and whether they are for training

    @classmethod
    def find(cls, config: Config, data_dir: str | None, count: int) -> RunData:
        """Opens the data that a run is judged on.

        Args:
          config: of the run.
          data_dir: of other data than the run's; None: its own.
          count: images of each set, at most.

        Raises:
          DataError: there is no such data, or it cannot be read.
        """
        chosen = config.data_dir if data_dir is None else absolute_data_dir(data_dir)
        try:
            splits = open_splits(data_place(chosen, config.image_size), find_model(config.model).streams(config))
        except DataError as error:
            hint = "; if the data has moved, --data_dir says where it is" if data_dir is None else ""
            raise DataError(f"{error}{hint}") from None
        return cls(config, splits, count, chosen == scenes.NAME)

    def origin(self, name: str) -> str:
        """Where the test images of a stream come from, in words."""
        split = self.streams[name].split
        if self._tested_on_training_images(name):
            return f"{TRAINING_IMAGES} of {split}"
        return f"images of {held_out_split(split)}"

    def test(self, name: str) -> ImageSet:
        """The test images of a stream."""
        count = min(len(self.held_out[name]), self._count)
        return self._set(name, False, self.held_out[name], range(count), self.origin(name))

    def train(self, name: str) -> ImageSet | None:
        """Training images of a stream, evenly spread; None where the test images are these."""
        if self._tested_on_training_images(name):
            return None
        images = held_out_sets(self.streams, self._splits.train, self._config)[name]
        indices = np.linspace(0, len(images) - 1, min(len(images), self._count)).astype(int)
        return self._set(name, True, images, indices, f"images of {self.streams[name].split}")

    def corresponding(self, source: str, target: str) -> bool:
        """Whether images of one index in two streams show the same."""
        return self._built_in or self.streams[source].key == self.streams[target].key

    def _tested_on_training_images(self, name: str) -> bool:
        split = self.streams[name].split
        return self._splits.test[split] is self._splits.train[split]

    def _set(self, name: str, training: bool, images: HeldOut, indices: Iterable[int], origin: str) -> ImageSet:
        if (name, training) not in self._read:
            self._read[name, training] = ImageSet([to_uint8(images[[index]][0]) for index in indices], origin)
        return self._read[name, training]
