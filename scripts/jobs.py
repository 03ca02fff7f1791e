"""What translate.py is given to do: the images, where each comes from, and the name of its result."""

import functools
from pathlib import Path, PurePath
from typing import Callable, NamedTuple

from inputs.errors import DataError
from inputs.images import BadImage, is_image, list_images, read_bytes
from inputs.sources import find_shards, open_shards
from training.command_line import UsageError

KEPT_FORMATS = (".jpg", ".jpeg", ".jpe", ".jfif", ".png")  # the others are rare, or would lose quality, and become PNG


class Job(NamedTuple):
    """One image to translate."""

    source: Path  # file to read
    read: Callable  # gives the bytes of the image; raises BadImage
    name: str  # of the source in messages: relative to the input folder
    target: str  # of the result, relative to the output folder, with forward slashes


def find_jobs(source):
    """Lists what is to be translated.

    Args:
      source: path of an image, of a folder of images, or of TFRecord files (a file, a folder or a pattern).

    Returns:
      List of Job, sorted by name; no two have one target.

    Raises:
      UsageError: there is nothing to translate.
      DataError: a folder cannot be read.
    """
    shards = find_shards(source)
    if shards:
        return record_jobs(open_shards(shards))
    if source.is_file():
        names, parent = [source.name], source.parent
    elif source.is_dir():
        names, parent = list_images(source), source
    else:
        raise UsageError(f"{source}: no such file or folder")
    if not names:
        raise UsageError(f"{source}: no images in it (files named .jpg, .png, .webp, .bmp, .tif, .gif, ...)")
    files = [parent / name for name in names]
    return [Job(file, functools.partial(read_bytes, file), *pair) for file, *pair in zip(files, names, target_names(names))]


def record_jobs(records):
    """Lists the images of a RecordSource; a result is named as its record says, or else by its place, `00000.jpg`."""
    jobs, taken = [], set()
    for place in range(len(records)):
        try:
            data, name = records.read(place)
        except DataError:  # the same error comes again, and is reported, when the image's turn has come
            data, name = b"", ""
        base = PurePath(name).name or f"{place:05}"
        stem = PurePath(base).stem if is_image(base) else base
        target = stem + (".jpg" if data.startswith(b"\xff\xd8") else ".png")
        if target.lower() in taken:
            target = f"{place:05}-{target}"
        taken.add(target.lower())
        jobs.append(Job(Path(records.where(place).rpartition(": ")[0]), functools.partial(read_from, records, place), name or target, target))
    return jobs


def read_from(records, place):
    """Reads the bytes of one image of a RecordSource; BadImage where it is damaged."""
    try:
        return records.read(place)[0]
    except DataError as error:
        raise BadImage(str(error)) from error


def target_names(names):
    """Names the results.

    Args:
      names: list of the sources' names.

    Returns:
      List of str. JPEG and PNG keep their names, `a.gif` becomes `a.png`, or `a.gif.png` where something else is called `a.png`; upper
      and lower case count as equal there, as some file systems have it.
    """
    kept = [name if Path(name).suffix.lower() in KEPT_FORMATS else None for name in names]
    taken = {name.lower() for name in kept if name}
    for place, name in enumerate(names):
        if not kept[place]:
            stem = Path(name).with_suffix("").as_posix()
            candidates = (f"{base}.png" for base in (stem, name, *(f"{name}-{count}" for count in range(2, len(names) + 2))))
            kept[place] = next(candidate for candidate in candidates if candidate.lower() not in taken)
            taken.add(kept[place].lower())
    return kept
