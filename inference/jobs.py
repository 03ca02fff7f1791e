"""What is to be translated: the images, where each comes from, and the name of its result."""

from __future__ import annotations

import functools
import hashlib
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from typing import NamedTuple

from base.errors import DataError, UsageError
from base.files import free_name, reading
from inputs.images import is_image, list_images, read_bytes
from inputs.layouts import find_shards
from inputs.sources import Source, open_shards

KEPT_FORMATS = (".jpg", ".jpeg", ".jpe", ".jfif", ".png")  # the others are rare, or would lose quality, and become PNG
JPEG_START = b"\xff\xd8"
THUMBNAILS = "inputs"  # folder in the output


class Job(NamedTuple):
    """One image to translate."""

    source: Path  # file that it lies in
    read: Callable[[], bytes]  # gives the bytes of an image file; raises BadImage or DataError
    name: str  # of the source in messages: relative to the input folder
    target: str  # of the result, relative to the output folder, with forward slashes
    thumbnail: str = ""  # likewise, of the page's picture of the image


def find_jobs(source: Path) -> list[Job]:
    """Lists what is to be translated.

    Args:
      source: path of an image, of a folder of images, or of TFRecord files (a file, a folder or a pattern).

    Returns:
      List of Job, sorted by name; no two have one target. Their thumbnails lie in `inputs`, or where results lie there,
      in `inputs-2`.

    Raises:
      UsageError: there is nothing to translate.
      DataError: a folder cannot be read, or a TFRecord file is damaged.
    """
    with reading():
        shards = find_shards(source)
        jobs = record_jobs(open_shards(shards)) if shards else file_jobs(source)
    folder = free_name([THUMBNAILS], {job.target.split("/")[0].lower() for job in jobs})
    return [job._replace(thumbnail=f"{folder}/{_short_name(job.target)}.jpg") for job in jobs]


def is_thumbnail(name: str) -> bool:
    """Whether a path in a folder of results is that of the page's picture of an image."""
    return re.fullmatch(rf"{THUMBNAILS}(-\d+)?/[0-9a-f]{{16}}\.jpg", name) is not None


def file_jobs(source: Path) -> list[Job]:
    """Lists an image, or the images of a folder; without thumbnails, and with the errors of `find_jobs`."""
    if source.is_file():
        names, parent = [source.name], source.parent
    elif source.is_dir():
        names, parent = list_images(source), source
    else:
        there = os.path.lexists(source)
        raise UsageError(f"{source}: {'is neither a file nor a folder' if there else 'no such file or folder'}")
    if not names:
        raise UsageError(f"{source}: no images in it (files named .jpg, .png, .webp, .bmp, .tif, .gif, ...)")
    return [
        Job(parent / name, functools.partial(read_bytes, parent / name), name, target)
        for name, target in zip(names, target_names(names))
    ]


def record_jobs(records: Source) -> list[Job]:
    """Lists the images of records, without thumbnails.

    A result is named as its record says, or else by its index, `00000.jpg`. Every record is read here, since only its
    bytes say whether the result is a JPEG; none is decoded, and none is kept.
    """
    jobs: list[Job] = []
    taken: set[str] = set()
    for index in range(len(records)):
        try:
            name, is_jpeg = records.name(index), records.read(index).startswith(JPEG_START)
        except DataError:  # the same error comes again, and is reported, when the image's turn has come
            name, is_jpeg = "", False
        base = PurePath(name).name.replace("\0", "") or f"{index:05}"
        stem = PurePath(base).stem if is_image(base) else base
        target = f"{stem}{'.jpg' if is_jpeg else '.png'}"
        target = free_name([target, f"{index:05}-{target}"], taken)
        taken.add(target.lower())
        jobs.append(Job(Path(records.file(index)), functools.partial(records.read, index), name or target, target))
    return jobs


def target_names(names: Sequence[str]) -> list[str]:
    """Names the results.

    Args:
      names: the sources' names.

    Returns:
      List of names, no two of them equal, and none that of a folder in which others lie. JPEG and PNG keep theirs,
      `a.gif` becomes `a.png`, or `a.gif.png` where something else is called `a.png`. Upper and lower case count as
      equal there, as some file systems have it: beside `a.jpg`, `A.jpg` becomes `A-2.jpg`.
    """
    taken = {parent.as_posix().lower() for name in names for parent in PurePath(name).parents}
    targets: dict[str, str] = {}
    for name in sorted(names, key=lambda name: not _keeps_format(name)):
        short = PurePath(name).with_suffix("").as_posix()
        targets[name] = free_name([name] if _keeps_format(name) else [f"{short}.png", f"{name}.png"], taken)
        taken.add(targets[name].lower())
    return [targets[name] for name in names]


def _keeps_format(name: str) -> bool:
    return PurePath(name).suffix.lower() in KEPT_FORMATS


def _short_name(target: str) -> str:
    """A name for each target, short enough for every file system."""
    return hashlib.sha256(os.fsencode(target)).hexdigest()[:16]
