"""Images of the test splits: loaded without chance, when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from inputs.images import BadImage, DamagedImage, located, resize, to_unit
from inputs.order import replacement
from inputs.preprocess import Preprocessing, held_out_image
from inputs.sources import Source

if TYPE_CHECKING:
    from inputs.streams import Input, Load


class InStep:
    """Which test images stand at the indices of streams that go in step.

    Where an image is damaged in one of the streams, another takes its place in all of them.

    Attributes:
      damage: lines about the images that were found damaged.
    """

    def __init__(self, key: int, count: int, config: Any):
        """Takes the streams' key, the number of test images, and the config of `inputs.pipeline.build_pipeline`."""
        self.loads: list[Load] = []  # of all streams of the key
        self.damage: list[str] = []
        self._key, self._count, self._config = key, count, config
        self._intact: dict[int, int] = {}

    def intact(self, index: int) -> int:
        """Gives the index whose image stands at an index; DamagedImage where there is none."""
        if index not in self._intact:
            self._intact[index] = self._find_intact(index)
        return self._intact[index]

    def _find_intact(self, index: int) -> int:
        for attempt in range(self._count):
            found = replacement(self._config.seed, self._key, index, attempt, self._count)
            try:
                for load in self.loads:
                    load([found])
                return found
            except DamagedImage as error:
                if str(error) not in self.damage:
                    self.damage.append(str(error))
                last = error
        raise last


class HeldOut:
    """The images of a test split, or their labels; they are loaded when they are indexed."""

    def __init__(self, stream: Input, source: Source, config: Any, in_step: InStep | None = None):
        """Takes one split.

        Args:
          stream: a Stream or Labels.
          source: of its test split.
          config: as for `inputs.pipeline.build_pipeline`.
          in_step: what it shares with the streams of the same key; None where it is alone.

        Raises:
          DataError: a label is none of the classes that are known.
        """
        self._count, self._load = len(source), stream.loader(source, config)
        self.in_step = in_step or InStep(stream.key, len(source), config)
        self.in_step.loads.append(self._load)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """Loads those of the given indices: what `load_samples` gives, or an int64 array of labels."""
        return self._load([self.in_step.intact(int(index)) for index in indices])


def held_out_sets(streams: Mapping[str, Input], sources: Mapping[str, Source], config: Any) -> dict[str, HeldOut]:
    """Makes the HeldOut of each stream, by name; those of one key go in step.

    Args:
      streams: by name.
      sources: of the test splits, by the streams' split names.
      config: as for `inputs.pipeline.build_pipeline`.

    Raises:
      DataError: a label is none of the classes that are known.
    """
    in_step = {stream.key: InStep(stream.key, len(sources[stream.split]), config) for stream in streams.values()}
    return {
        name: HeldOut(stream, sources[stream.split], config, in_step[stream.key]) for name, stream in streams.items()
    }


def load_samples(
    source: Source, indices: Sequence[int] | np.ndarray, config: Preprocessing, channels: int = 3
) -> np.ndarray:
    """Loads fixed images without chance.

    Args:
      source: where they lie.
      indices: which of its images.
      config: how they are preprocessed.
      channels: 3 for RGB, 1 for luma.

    Returns:
      float32 array [len(indices), height, width, channels] in [-1, 1]; where `preprocess` leaves images of different
      sizes, all take the size of the first.

    Raises:
      DataError: an image cannot be read.
    """
    images = [_load(source, int(index), config, channels) for index in indices]
    height, width, _ = images[0].shape
    return to_unit(np.stack([resize(image, height, width) for image in images]).astype(np.float32))


def _load(source: Source, index: int, config: Preprocessing, channels: int) -> np.ndarray:
    image = source.pixels(index, channels)
    try:
        return held_out_image(image, config)
    except BadImage as reason:
        raise located(reason, source.where(index)) from reason
