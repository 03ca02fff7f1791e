"""What is judged: sets of images with what they are judged beside, and the verdicts of classifiers."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from base.errors import DataError
from evaluation.features import Features
from inference.jobs import is_thumbnail
from inputs.data_dir import find_source
from inputs.images import resize, to_unit
from inputs.layouts import match_names

TRAINING_IMAGES = "TRAINING images"  # how an origin begins that should be test images


@dataclasses.dataclass(frozen=True, eq=False)
class ImageSet:
    """Images, and where they come from; features and hash are computed once.

    Attributes:
      images: uint8 arrays [height, width, channels].
      origin: in words, for the record.
    """

    images: Sequence[np.ndarray]
    origin: str
    _features: dict[str, np.ndarray] = dataclasses.field(default_factory=dict, init=False)  # by what gave them

    @property
    def values(self) -> list[np.ndarray]:
        """The images as float32 arrays in [-1, 1]."""
        return [self[[index]][0] for index in range(len(self))]

    @functools.cached_property
    def record(self) -> dict[str, Any]:
        """What tells this set from another, as JSON has it: the hash is of every shape and pixel, in order."""
        digest = hashlib.sha256()
        for image in self.images:
            digest.update(f"{image.shape}".encode() + np.ascontiguousarray(image).data)
        sizes = sorted({f"{image.shape[1]} x {image.shape[0]}" for image in self.images})
        return {"origin": self.origin, "images": len(self.images), "sizes": sizes[:10], "sha256": digest.hexdigest()}

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, indices: Sequence[int]) -> np.ndarray:
        """Images of one size as a network takes them, float32 [len(indices), height, width, channels] in [-1, 1]."""
        return to_unit(np.stack([self.images[index] for index in indices]).astype(np.float32))

    def features(self, features: Features) -> np.ndarray:
        """Features of the images, float32 [images, dimensions]."""
        if features.name not in self._features:
            self._features[features.name] = features.of(self.images)
        return self._features[features.name]


class Judged(NamedTuple):
    """Images of one kind, and what belongs to them; what is not there is None.

    Attributes:
      name: the direction of a translation, or "".
      fakes: what is judged.
      reals: what it should look like; of other images, unless `paired`.
      sources: what each fake was made from.
      cycled: what comes back when the first few fakes are translated back.
      noised: what comes back of some of them, with noise of one grey level on them.
      train: what `reals` were to a network that was trained: its training images.
      paired: whether each of `reals` is what the fake of the same index should be.
    """

    name: str
    fakes: ImageSet
    reals: ImageSet
    sources: ImageSet | None = None
    cycled: ImageSet | None = None
    noised: ImageSet | None = None
    train: ImageSet | None = None
    paired: bool = False

    @property
    def record(self) -> dict[str, Any]:
        """What tells the fakes from others, as JSON has it."""
        return self.fakes.record


class Classified(NamedTuple):
    """A classifier's verdicts: shares float64 [images, classes], labels int64 [images], and the classes' names."""

    shares: np.ndarray
    labels: np.ndarray
    class_names: Sequence[str]
    origin: str
    name: str = ""

    @property
    def record(self) -> dict[str, Any]:
        """What was classified, as JSON has it."""
        return {"origin": self.origin, "images": len(self.labels)}


def judged_of_folders(real: Path, fake: Path, count: int, side: int | None, paired: bool = False) -> Judged:
    """Takes two folders, such as another program's results beside what they should look like.

    Args:
      real, fake: folders, archives or record files, as `--data_dir` takes them for one set of images; the thumbnails
        that scripts/translate.py puts beside its results are left out.
      count: images of each, at most.
      side: pixels to which all are resized; None: as they are.
      paired: whether images of one name (without extension) belong together; reals without a fake are then left out.

    Raises:
      DataError: one of them cannot be read; a fake has no counterpart, or one of another size.
    """
    sources = [find_source(str(folder), "train") for folder in (real, fake)]
    chosen = [
        [index for index in range(len(source)) if not (source.holds_files and is_thumbnail(source.name(index)))]
        for source in sources
    ]
    if paired:
        if not all(source.holds_files for source in sources):
            raise DataError(f"{real}, {fake}: only images that are files can be matched by name")
        by_name = [{source.name(i): i for i in indices} for source, indices in zip(sources, chosen, strict=True)]
        pairs, _, alone = match_names(*by_name)
        if alone:
            raise DataError(f"{fake}: {alone[0]} has no counterpart: no image in {real} has its name")
        chosen = [[known[name] for name in names] for known, names in zip(by_name, zip(*pairs), strict=True)]
    sets = []
    for folder, source, indices in zip((real, fake), sources, chosen, strict=True):
        images = [source.pixels(index, 3) for index in indices[:count]]
        fitted = images if side is None else [resize(image, side, side) for image in images]
        sets.append(ImageSet(fitted, str(folder)))
    reals, fakes = sets
    for index, image in enumerate(fakes.images if paired else ()):
        if image.shape != reals.images[index].shape:
            where = sources[1].where(chosen[1][index])
            raise DataError(f"{where}: has another size than its counterpart; --size=PIXELS resizes all images to one")
    return Judged("", fakes, reals, paired=paired)
