"""What is judged: sets of images, of a run's own making or of folders, with what they are judged beside."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from base.errors import DataError
from inference.load import LoadedRun
from inputs import scenes
from inputs.data_dir import absolute_data_dir, find_source, open_splits
from inputs.held_out import HeldOut, held_out_sets
from inputs.images import resize, to_uint8
from inputs.layouts import held_out_split

TRAINING_IMAGES = "TRAINING images"  # how an origin begins that should be test images

Track = Callable[[Iterable, int, str], Iterator]  # what shows progress: items, how many, and what they are


class ImageSet(NamedTuple):
    """Images, and where they come from.

    Attributes:
      images: uint8 arrays [height, width, channels].
      origin: in words, for the record.
    """

    images: Sequence[np.ndarray]
    origin: str

    def record(self) -> dict[str, Any]:
        """What tells this set from another, as JSON has it: the hash is of every shape and pixel, in order."""
        digest = hashlib.sha256()
        for image in self.images:
            digest.update(f"{image.shape}".encode() + np.ascontiguousarray(image).data)
        sizes = sorted({f"{image.shape[1]} x {image.shape[0]}" for image in self.images})
        return {"origin": self.origin, "images": len(self.images), "sizes": sizes[:10], "sha256": digest.hexdigest()}


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


def judged_of_run(run: LoadedRun, data_dir: str | None, count: int, seed: int, track: Track) -> list[Judged]:
    """Lets a run translate its test images, or make images of noise.

    Args:
      run: loaded.
      data_dir: of other data than the run's, which it is judged on; None: its own.
      count: images of each set, at most.
      seed: of the noise.
      track: shows progress.

    Returns:
      A Judged for each direction, or one.

    Raises:
      DataError: there is no such data, or it cannot be read.
    """
    data = _Data(run, data_dir, count)
    outputs = run.model.outputs
    if outputs.generation:
        (name,) = data.streams
        reals = data.test(name)
        generated = list(track(run.generate(len(reals.images), seed), len(reals.images), "images"))
        fakes = ImageSet(generated, f"images made of noise, seed {seed}")
        return [Judged("", fakes, reals, train=data.train(name))]
    found = []
    for direction, signature in outputs.translations.items():
        source = data.stream_of(signature.source)
        target = data.stream_of(outputs.comparisons[direction].truth)
        sources = data.test(source)
        tensors = {"fake": signature.result}
        if direction in outputs.cycles:
            tensors["cycled"] = outputs.cycles[direction]
        made: dict[str, list[np.ndarray]] = {name: [] for name in tensors}
        for values in track(data.values(source), len(sources.images), f"images {direction}"):
            for name, value in run.session.run(tensors, {signature.source: values}).items():
                made[name].append(to_uint8(value[0]))
        fakes, back = (ImageSet(made.get(name, []), f"translations of {sources.origin}") for name in ("fake", "cycled"))
        found.append(
            Judged(
                direction, fakes, data.test(target), sources, back if back.images else None, data.train(target),
                paired=data.corresponding(source, target),
            )
        )  # fmt: skip
    return found


def classified_of_run(run: LoadedRun, data_dir: str | None, track: Track) -> Classified:
    """Lets a classifier judge all test images; arguments and errors as for `judged_of_run`."""
    signature = run.model.outputs.classification
    assert signature is not None, "the run is no classifier"
    data = _Data(run, data_dir, None)
    name = data.stream_of(signature.images)
    shares = [
        run.session.run(signature.shares, {signature.images: values})[0]
        for values in track(data.values(name), data.count(name), "images")
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


class _Data:
    """The data that a run is judged on."""

    def __init__(self, run: LoadedRun, data_dir: str | None, count: int | None):
        config = run.config
        place = (config.data_dir or "") if data_dir is None else absolute_data_dir(data_dir)
        built_in = place == scenes.NAME
        if built_in:
            place = scenes.draw(config.image_size)
        self._model, self._count, self._built_in = run.model, count, built_in
        self.streams = run.model.streams(config)
        try:
            self._splits = open_splits(place, self.streams)
        except DataError as error:
            hint = "; if the data has moved, --data_dir says where it is" if data_dir is None else ""
            raise DataError(f"{error}{hint}") from None
        self.held_out = held_out_sets(self.streams, self._splits.test, config)
        self._training = held_out_sets(self.streams, self._splits.train, config)

    def stream_of(self, tensor: Any) -> str:
        """Name of the stream that a tensor is fed from."""
        return next(name for name, placeholder in self._model.inputs.items() if placeholder is tensor)

    def count(self, name: str) -> int:
        """How many test images of a stream are judged."""
        return min(len(self.held_out[name]), self._count or len(self.held_out[name]))

    def origin(self, name: str) -> str:
        """Where the test images of a stream come from, in words."""
        split = self.streams[name].split
        if self._splits.test[split] is self._splits.train[split]:
            return f"{TRAINING_IMAGES} of {split}"
        return f"images of {held_out_split(split)}"

    def values(self, name: str) -> Iterator[np.ndarray]:
        """The test images of a stream, float32 [1, height, width, channels] each."""
        return (self.held_out[name][[index]] for index in range(self.count(name)))

    def test(self, name: str) -> ImageSet:
        """The test images of a stream."""
        return ImageSet([to_uint8(values[0]) for values in self.values(name)], self.origin(name))

    def train(self, name: str) -> ImageSet | None:
        """Training images of a stream, evenly spread; None where the test images are these."""
        split = self.streams[name].split
        if self._splits.test[split] is self._splits.train[split]:
            return None
        images: HeldOut = self._training[name]
        indices = np.linspace(0, len(images) - 1, min(len(images), self._count or len(images))).astype(int)
        return ImageSet([to_uint8(images[[index]][0]) for index in indices], f"images of {split}")

    def corresponding(self, source: str, target: str) -> bool:
        """Whether images of one index in two streams show the same."""
        return self._built_in or self.streams[source].key == self.streams[target].key
