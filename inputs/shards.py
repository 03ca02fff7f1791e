"""Shards: the TFRecord files of a split, and what becomes of an image on its way into one."""

import contextlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median_low

from inputs.dataset import SplitFacts
from inputs.images import BadImage, EncodedImage, encode_for_record, encode_halves
from inputs.layouts import DOMAINS, class_of, readable
from inputs.records import image_record, pair_record, write_record
from inputs.splits import Split
from inputs.trees import Folder

MakeRecord = Callable[[tuple[str, ...], Sequence[EncodedImage]], bytes]  # names of the files, images


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
    shards: int,
    make_record: MakeRecord,
) -> SplitFacts:
    """Writes the shards of a split, dealing its images out in turn.

    Args:
      folder: where to write.
      name: name of the split.
      split: what it is made of.
      images: those of each record, or why it has none, in the order of the split.
      shards: number of shards; fewer are written if there are fewer records.
      make_record: serialises the images of one record.

    Raises:
      OSError: they cannot be written.
    """
    sizes: list[tuple[int, int]] = []
    left_out = list(split.left_out)
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(open(folder / f"{name}.{i}", "wb")) for i in range(shards)]
        for names, found in zip(split.names, images, strict=True):
            if isinstance(found, BadImage):
                left_out.append({"file": readable(names[0]), "reason": str(found)})
                continue
            write_record(files[len(sizes) % shards], make_record(names, found))
            sizes.append((found[0].height, found[0].width))
    used = min(shards, len(sizes))
    for i in range(shards):
        part = folder / f"{name}.{i}"
        if i < used:
            part.rename(folder / f"{name}-{i:05d}-of-{used:05d}.tfrecord")
        else:
            part.unlink()
    return SplitFacts(
        source=readable("/".join(Path(os.path.realpath(str(split.folder))).parts[-2:])),
        images=len(sizes),
        shards=used,
        height=_summary([height for height, _ in sizes]),
        width=_summary([width for _, width in sizes]),
        left_out=left_out,
    )


def _summary(sides: list[int]) -> dict[str, int] | None:
    """Summarises a list of pixels."""
    return {"min": min(sides), "median": median_low(sides), "max": max(sides)} if sides else None
