"""Lists of images to leave out: a path on each line, as seen from the current folder, and why, above it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from base.errors import DataError
from base.files import read_regular, reading, written_whole
from inputs.layouts import readable
from inputs.splits import Split

COMMENT = "#"  # what a line that is none begins with
REASON = "is in the list of --exclude"
MOST_BYTES = 1 << 30  # of a list
HEAD = """\
# Images to leave out, for build_data.py --exclude: a path on each line, as seen from the folder where that is started.
# Above each stands why. Those that stand behind a # are to be looked at first; they count once it is taken away.
"""


class Excluded(NamedTuple):
    """An image on such a list."""

    path: str
    reason: str
    certain: bool  # False: it is only proposed


def write_exclusions(path: Path, images: Iterable[Excluded]) -> None:
    """Writes a list, whole or not at all; OSError where that is not possible."""
    entries = (f"\n{COMMENT} {' '.join(image.reason.split())}\n{_line(image)}\n" for image in images)
    with written_whole(path) as file:
        file.write_text(HEAD + "".join(entries), encoding="utf-8")


def exclude(splits: Mapping[str, Split], path: Path) -> dict[str, Split]:
    """Takes the images on a list out of splits; of a pair both go if one is on it.

    Raises:
      DataError: the list cannot be read, or names what is none of the images.
    """
    wanted = _read(path)
    left, found = {}, set()
    for name, split in splits.items():
        kept, left_out = [], list(split.left_out)
        for number, names in enumerate(split.names):
            listed = {_compared(str(file)) for file in split.paths(number)} & wanted.keys()
            found |= listed
            if listed:
                left_out.append({"file": readable(names[0]), "reason": REASON})
            else:
                kept.append(names)
        left[name] = split._replace(names=kept, left_out=left_out)
    missing = [wanted[name] for name in wanted if name not in found]
    if missing:
        others = f", nor are {len(missing) - 1} others in the list" if len(missing) > 1 else ""
        raise DataError(
            f"{path}: {missing[0]} is none of the images that are converted{others}; "
            "paths must lead to them from the current folder"
        )
    return left


def _read(path: Path) -> dict[str, str]:
    """The paths on a list, by what they are compared by."""
    with reading():
        data = read_regular(path, MOST_BYTES)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is no list of images: {error}") from None
    lines = (line.removesuffix("\r") for line in text.split("\n"))
    return {_compared(line): line for line in lines if line.strip() and not line.startswith(COMMENT)}


def _line(image: Excluded) -> str:
    if "\n" in image.path:
        return f"{COMMENT} {image.path!r}, which no line can hold"
    line = os.path.join(os.curdir, image.path) if image.path.startswith(COMMENT) else image.path
    return line if image.certain else f"{COMMENT} {line}"


def _compared(path: str) -> str:
    """What a path is compared by."""
    return readable(os.path.abspath(path))
