"""Shards: the TFRecord files of a split, and what becomes of an image on its way into one."""

from __future__ import annotations

import array
import dataclasses
import itertools
import operator
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median_low

from inputs.dataset import SplitFacts
from inputs.images import BadImage, EncodedImage, encode_for_record, encode_halves
from inputs.layouts import DOMAINS, class_of, readable
from inputs.record_index import index_path, write_index
from inputs.records import FRAME_BYTES, image_record, pair_record, write_record
from inputs.splits import Split
from inputs.trees import Folder

Encode = Callable[[tuple[Folder, ...]], list[EncodedImage]]  # from the paths of the files of one record
MakeRecord = Callable[[tuple[str, ...], Sequence[EncodedImage]], bytes]  # names of the files, images


def encode_record(splits: Mapping[str, Split], encode: Encode, name: str, number: int) -> list[EncodedImage]:
    """Encodes the images of a record of a split by `encode`: what worker processes do."""
    return encode(splits[name].paths(number))


def encode_image(paths: tuple[Folder, ...], max_side: int | None = None) -> list[EncodedImage]:
    """Encodes the one image of a record, of the one path given; see `inputs.images.encode_for_record`."""
    return [encode_for_record(paths[0], max_side)]


def encode_pair(paths: tuple[Folder, ...], max_side: int | None = None) -> list[EncodedImage]:
    """Encodes a pair for a record as `inputs.images.encode_for_record` does one image.

    Args:
      paths: (path,) of two images side by side, or (path of A, path of B).
      max_side: longest side of each in pixels that is not downsized; None for any.

    Returns:
      Two EncodedImage.

    Raises:
      BadImage: a file cannot be read, is no whole image, or cannot be halved.
    """
    if len(paths) == 1:
        return encode_halves(paths[0], max_side)
    encoded = []
    for half, path in zip(DOMAINS, paths, strict=True):
        try:
            encoded.append(encode_for_record(path, max_side))
        except BadImage as reason:
            raise BadImage(f"its image {half} {reason}") from reason
    return encoded


def make_image_record(names: tuple[str, ...], images: Sequence[EncodedImage], classes: Sequence[str] = ()) -> bytes:
    """Serialises an image, with its class, the first part of its name, where there are classes."""
    (name,), (image,) = names, images
    class_name = class_of(name, name) if classes else None
    label = classes.index(class_name) if class_name is not None else None
    return image_record(image.data, image.format, os.fsencode(name), image.height, image.width, label, class_name)


def make_pair_record(names: tuple[str, ...], images: Sequence[EncodedImage]) -> bytes:
    """Serialises a pair; two images of one file have its name."""
    return pair_record(images, [os.fsencode(names[0]), os.fsencode(names[-1])])


@dataclasses.dataclass
class Tally:
    """What is counted of the records of a split, or of some of them."""

    heights: array.array = dataclasses.field(default_factory=lambda: array.array("I"))
    widths: array.array = dataclasses.field(default_factory=lambda: array.array("I"))
    left_out: list[dict[str, str]] = dataclasses.field(default_factory=list)

    def records(
        self, split: Split, images: Iterable[Sequence[EncodedImage] | BadImage], make_record: MakeRecord
    ) -> Iterator[bytes]:
        """Serialises the records whose images can be used, and counts them; arguments as of `write_split`."""
        for names, found in zip(split.names, images, strict=True):
            if isinstance(found, BadImage):
                self.left_out.append({"file": readable(names[0]), "reason": str(found)})
                continue
            self.heights.append(found[0].height)
            self.widths.append(found[0].width)
            yield make_record(names, found)

    def add(self, other: Tally) -> None:
        """Counts records that come after these."""
        self.heights.extend(other.heights)
        self.widths.extend(other.widths)
        self.left_out.extend(other.left_out)

    def facts(self, split: Split, shards: int) -> SplitFacts:
        """What is said about the split in so many shards, whose records these are."""
        return SplitFacts(
            source=readable("/".join(Path(os.path.realpath(str(split.folder))).parts[-2:])),
            images=len(self.heights),
            shards=shards,
            height=_summary(self.heights),
            width=_summary(self.widths),
            left_out=[*split.left_out, *self.left_out],
        )


def write_split(
    folder: Path,
    name: str,
    split: Split,
    images: Iterable[Sequence[EncodedImage] | BadImage],
    shard_bytes: int,
    make_record: MakeRecord,
) -> SplitFacts:
    """Writes the shards of a split, its records in their order, and beside each shard its index.

    Args:
      folder: where to write.
      name: name of the split.
      split: what it is made of.
      images: those of each record, or why it has none, in the order of the split.
      shard_bytes: size above which a shard has no more than one record.
      make_record: serialises the images of one record.

    Raises:
      OSError: they cannot be written.
    """
    tally = Tally()
    shards = _write_shards(folder, name, tally.records(split, images, make_record), shard_bytes)
    return tally.facts(split, shards)


def _write_shards(folder: Path, name: str, records: Iterable[bytes], shard_bytes: int) -> int:
    """Writes records to as many shards as it takes; gives the number of these."""
    shards = 0
    measured, written = itertools.tee(records)
    numbered = zip(shard_numbers((len(record) + FRAME_BYTES for record in measured), shard_bytes), written)
    for number, group in itertools.groupby(numbered, key=operator.itemgetter(0)):
        shards, path = number + 1, folder / f"{name}.{number}.tfrecord"
        with open(path, "wb") as file:
            for _, record in group:
                write_record(file, record)
        write_index(path)
    for number in range(shards):
        path, whole = folder / f"{name}.{number}.tfrecord", shard_path(folder, name, number, shards)
        path.rename(whole)
        index_path(path).rename(index_path(whole))
    return shards


def shard_path(folder: Path, name: str, number: int, shards: int) -> Path:
    """Path of one of the shards of a split."""
    return folder / f"{name}-{number:05d}-of-{shards:05d}.tfrecord"


def shard_numbers(sizes: Iterable[int], shard_bytes: int) -> Iterator[int]:
    """Gives the number of the shard that each record belongs to, by their bytes with their frames."""
    number, filled = 0, 0
    for size in sizes:
        if filled and filled + size > shard_bytes:
            number, filled = number + 1, 0
        filled += size
        yield number


def _summary(sides: Sequence[int]) -> dict[str, int] | None:
    """Summarises pixels."""
    return {"min": min(sides), "median": median_low(sides), "max": max(sides)} if sides else None
