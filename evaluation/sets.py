"""What is judged: sets of images, of a run's own making or of folders, with what they are judged beside."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from base.errors import DataError
from config import Config
from evaluation.features import Features
from inference.load import LoadedRun
from inputs import scenes
from inputs.data_dir import absolute_data_dir, find_source, open_splits
from inputs.held_out import HeldOut, held_out_sets
from inputs.images import resize, to_uint8, to_unit
from inputs.layouts import held_out_split
from models.registry import find_model

TRAINING_IMAGES = "TRAINING images"  # how an origin begins that should be test images

Track = Callable[[Iterable, int, str], Iterator]  # what shows progress: items, how many, and what they are


@dataclasses.dataclass(frozen=True, eq=False)
class ImageSet:
    """Images, and where they come from; what is computed of them is computed once.

    Attributes:
      images: uint8 arrays [height, width, channels].
      origin: in words, for the record.
    """

    images: Sequence[np.ndarray]
    origin: str
    _features: dict[str, np.ndarray] = dataclasses.field(default_factory=dict, init=False)  # by what gave them

    @functools.cached_property
    def values(self) -> list[np.ndarray]:
        """The images as float32 arrays in [-1, 1]."""
        return [to_unit(image.astype(np.float32)) for image in self.images]

    @functools.cached_property
    def record(self) -> dict[str, Any]:
        """What tells this set from another, as JSON has it: the hash is of every shape and pixel, in order."""
        digest = hashlib.sha256()
        for image in self.images:
            digest.update(f"{image.shape}".encode() + np.ascontiguousarray(image).data)
        sizes = sorted({f"{image.shape[1]} x {image.shape[0]}" for image in self.images})
        return {"origin": self.origin, "images": len(self.images), "sizes": sizes[:10], "sha256": digest.hexdigest()}

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
      cycled: what comes back when each fake is translated back.
      train: what `reals` were to a network that was trained: its training images.
      paired: whether each of `reals` is what the fake of the same index should be.
    """

    name: str
    fakes: ImageSet
    reals: ImageSet
    sources: ImageSet | None = None
    cycled: ImageSet | None = None
    train: ImageSet | None = None
    paired: bool = False


class Classified(NamedTuple):
    """A classifier's verdicts: shares float64 [images, classes], labels int64 [images], and the classes' names."""

    shares: np.ndarray
    labels: np.ndarray
    class_names: Sequence[str]
    origin: str


def judged_of_run(run: LoadedRun, data: RunData, seed: int, track: Track) -> list[Judged]:
    """Lets a run translate its test images, or make images of noise.

    Args:
      run: loaded.
      data: that it is judged on.
      seed: of the noise.
      track: shows progress.

    Returns:
      A Judged for each direction, or one.

    Raises:
      DataError: an image cannot be read.
    """
    outputs = run.model.outputs
    if outputs.generation:
        (name,) = data.streams
        reals = data.test(name)
        generated = list(track(run.generate(len(reals.images), seed), len(reals.images), "images"))
        fakes = ImageSet(generated, f"images made of noise, seed {seed}")
        return [Judged("", fakes, reals, train=data.train(name))]
    found = []
    for direction, signature in outputs.translations.items():
        source = _stream_of(run, signature.source)
        target = _stream_of(run, outputs.comparisons[direction].truth)
        sources = data.test(source)
        tensors = {"fake": signature.result}
        if direction in outputs.cycles:
            tensors["cycled"] = outputs.cycles[direction]
        made: dict[str, list[np.ndarray]] = {name: [] for name in tensors}
        for values in track(sources.values, len(sources.values), f"images {direction}"):
            for name, value in run.session.run(tensors, {signature.source: values[None]}).items():
                made[name].append(to_uint8(value[0]))
        fakes, back = (ImageSet(made.get(name, []), f"translations of {sources.origin}") for name in ("fake", "cycled"))
        found.append(
            Judged(
                direction, fakes, data.test(target), sources, back if back.images else None, data.train(target),
                paired=data.corresponding(source, target),
            )
        )  # fmt: skip
    return found


def classified_of_run(run: LoadedRun, data: RunData, track: Track) -> Classified:
    """Lets a classifier judge all test images; arguments and errors as for `judged_of_run`."""
    signature = run.model.outputs.classification
    assert signature is not None, "the run is no classifier"
    name = _stream_of(run, signature.images)
    images = data.held_out[name]
    shares = [
        run.session.run(signature.shares, {signature.images: images[[index]]})[0]
        for index in track(range(len(images)), len(images), "images")
    ]
    labels = data.held_out[signature.labels][np.arange(len(shares))]
    return Classified(np.array(shares, np.float64), labels, signature.class_names, data.origin(name))


def judged_of_folders(real: Path, fake: Path, count: int, side: int | None) -> Judged:
    """Takes two folders, such as another program's results beside what they should look like.

    Args:
      real, fake: folders, archives or record files, as `--data_dir` takes them for one set of images.
      count: images of each, at most.
      side: pixels to which all are resized; None: as they are.

    Raises:
      DataError: one of them cannot be read.
    """
    sets = []
    for folder in (real, fake):
        source = find_source(str(folder), "train")
        images = [source.pixels(index, 3) for index in range(min(count, len(source)))]
        fitted = images if side is None else [resize(image, side, side) for image in images]
        sets.append(ImageSet(fitted, str(folder)))
    return Judged("", sets[1], sets[0])


class RunData:
    """The data that a run is judged on; images are read once, for all its checkpoints.

    Attributes:
      streams: of the run's model, by name.
      held_out: the test set of each, by the same names.
    """

    def __init__(self, config: Config, data_dir: str | None, count: int):
        """Opens the data.

        Args:
          config: of the run.
          data_dir: of other data than the run's; None: its own.
          count: images of each set, at most.

        Raises:
          DataError: there is no such data, or it cannot be read.
        """
        place = (config.data_dir or "") if data_dir is None else absolute_data_dir(data_dir)
        self._built_in = place == scenes.NAME
        if self._built_in:
            place = scenes.draw(config.image_size)
        self._count = count
        self.streams = find_model(config.model).streams(config)
        try:
            self._splits = open_splits(place, self.streams)
        except DataError as error:
            hint = "; if the data has moved, --data_dir says where it is" if data_dir is None else ""
            raise DataError(f"{error}{hint}") from None
        self.held_out = held_out_sets(self.streams, self._splits.test, config)
        self._training = held_out_sets(self.streams, self._splits.train, config)
        self._read: dict[tuple[str, bool], ImageSet] = {}  # by stream, and whether they are for training

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
        images = self._training[name]
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


def _stream_of(run: LoadedRun, tensor: Any) -> str:
    """Name of the stream that a tensor of a run's model is fed from."""
    return next(name for name, placeholder in run.model.inputs.items() if placeholder is tensor)
