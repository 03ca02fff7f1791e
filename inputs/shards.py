"""Shards: the TFRecord files of a split, and what becomes of an image on its way into one."""

import array
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
    heights, widths = array.array("I"), array.array("I")
    left_out = list(split.left_out)

    def records() -> Iterator[bytes]:
        for names, found in zip(split.names, images, strict=True):
            if isinstance(found, BadImage):
                left_out.append({"file": readable(names[0]), "reason": str(found)})
                continue
            heights.append(found[0].height)
            widths.append(found[0].width)
            yield make_record(names, found)

    shards = _write_shards(folder, name, records(), shard_bytes)
    return SplitFacts(
        source=readable("/".join(Path(os.path.realpath(str(split.folder))).parts[-2:])),
        images=len(heights),
        shards=shards,
        height=_summary(heights),
        width=_summary(widths),
        left_out=left_out,
    )


def _write_shards(folder: Path, name: str, records: Iterable[bytes], shard_bytes: int) -> int:
    """Writes records to as many shards as it takes; gives the number of these."""
    shards = 0
    for number, group in itertools.groupby(_numbered(records, shard_bytes), key=operator.itemgetter(0)):
        shards, path = number + 1, folder / f"{name}.{number}.tfrecord"
        with open(path, "wb") as file:
            for _, record in group:
                write_record(file, record)
        write_index(path)
    for number in range(shards):
        path, whole = folder / f"{name}.{number}.tfrecord", folder / f"{name}-{number:05d}-of-{shards:05d}.tfrecord"
        path.rename(whole)
        index_path(path).rename(index_path(whole))
    return shards


def _numbered(records: Iterable[bytes], shard_bytes: int) -> Iterator[tuple[int, bytes]]:
    """Gives each record with the number of the shard that it belongs to."""
    number, size = 0, 0
    for record in records:
        framed = len(record) + FRAME_BYTES
        if size and size + framed > shard_bytes:
            number, size = number + 1, 0
        size += framed
        yield number, record


def _summary(sides: Sequence[int]) -> dict[str, int] | None:
    """Summarises pixels."""
    return {"min": min(sides), "median": median_low(sides), "max": max(sides)} if sides else None
