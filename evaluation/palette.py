"""Maps of labels: the palette that they are drawn in, and how the classes of their pixels are told."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from base.errors import DataError
from base.files import read_regular, reading
from evaluation.predictions import confusion_matrix

COMMENT = "#"  # what a line that is none begins with
ENTRY = re.compile(r"\s*(\d{1,3})\s+(\d{1,3})\s+(\d{1,3})\s+(\S.*?)\s*")
VOID = "void"  # the name of what is of no class, as in VOC and Cityscapes
BESIDE = 16  # levels between a pixel and the nearest colour, above which it is none of the palette
MOST_BYTES = 1 << 20  # of a file
SHOWN = 40  # letters of a bad line in a message


class Palette(NamedTuple):
    """Which colours stand for which classes.

    Attributes:
      class_names: in the order of the file.
      colors: uint8 array [colors, 3]; those of void come last.
      labels: int64 array [colors], indices of the classes; of void their number.
      file_hash: SHA-256 of the file.
    """

    class_names: list[str]
    colors: np.ndarray
    labels: np.ndarray
    file_hash: str


def read_palette(path: Path) -> Palette:
    """Reads a text file with a line for each colour: red, green and blue from 0 to 255, and the name of its class.

    Several colours may be of one class; void is none. Empty lines and those that begin with # are comments.

    Raises:
      DataError: it cannot be read, or a line is none of these; the message names it.
    """
    with reading():
        data = read_regular(path, MOST_BYTES)
    colors: dict[tuple[int, ...], str] = {}
    for number, line in enumerate(data.decode("utf-8-sig", "replace").splitlines(), 1):
        if not line.strip() or line.startswith(COMMENT):
            continue
        color, name = _entry(line, f"{path}, line {number}")
        if color in colors:
            raise DataError(f"{path}, line {number}: its colour is that of {colors[color]} already; drop one")
        colors[color] = name
    names = [name for name in dict.fromkeys(colors.values()) if name != VOID]
    if len(names) < 2:
        raise DataError(f"{path}: must have colours of two classes at least, each on a line such as: 128 64 128 road")
    labels = {name: label for label, name in enumerate([*names, VOID])}
    entries = sorted(colors.items(), key=lambda entry: entry[1] == VOID)
    return Palette(
        class_names=names,
        colors=np.array([color for color, _ in entries], np.uint8),
        labels=np.array([labels[name] for _, name in entries]),
        file_hash=hashlib.sha256(data).hexdigest(),
    )


def confusion_of_maps(maps: Sequence[np.ndarray], truths: Sequence[np.ndarray], palette: Palette) -> np.ndarray:
    """Counts how often the pixels of each class were taken for each.

    A pixel is of the class whose colour lies nearest (`nearest_colors`); one that is void in the truth does not count,
    and none is taken for void.

    Args:
      maps, truths: uint8 arrays [height, width, 3], or 1 for grey; the two of an index have one shape.
      palette: of both.

    Returns:
      int64 array [classes, classes] as `confusion_matrix` gives it.

    Raises:
      DataError: every pixel of the truths is void.

    Source: the evaluation of FCN (Long et al. 2015, arXiv 1411.4038, section 5), by which Zhu et al. 2017 (CycleGAN,
    arXiv 1703.10593, section 5.1.1) judge labels made of photographs.
    """
    count = len(palette.class_names)
    real = palette.labels < count
    matrix = np.zeros([count, count], np.int64)
    for image, truth in zip(maps, truths, strict=True):
        labels = palette.labels[nearest_colors(truth, palette.colors)]
        seen = palette.labels[nearest_colors(image, palette.colors[real])]
        counted = labels < count
        matrix += confusion_matrix(labels[counted], seen[counted], count)
    if not matrix.any():
        raise DataError(f"every pixel of the counterparts is of a colour that the palette calls {VOID}")
    return matrix


def share_beside(maps: Sequence[np.ndarray], palette: Palette) -> float:
    """Mean over maps of the share of their pixels that are of no colour of the palette: further than 16 levels from
    each in RGB."""
    differences = (image - palette.colors[nearest_colors(image, palette.colors)].astype(np.float32) for image in maps)
    return float(np.mean([np.mean(np.square(each).sum(axis=2) > BESIDE**2) for each in differences]))


def nearest_colors(image: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """Tells the colours that pixels are meant to have.

    Args:
      image: uint8 array [height, width, 3], or 1 for grey.
      colors: uint8 array [colors, 3].

    Returns:
      int64 array [height, width]: the index of the colour at the least squared distance in RGB, the first of those at
      one distance.
    """
    points = colors.astype(np.float32)
    squares = np.square(points).sum(axis=1)
    rows = np.broadcast_to(image, (*image.shape[:2], 3)).astype(np.float32)
    # The squared distance but for |row|^2: whole numbers below 2^24, which float32 holds as they are
    return np.stack([np.argmin(squares - 2 * row @ points.T, axis=1) for row in rows])


def _entry(line: str, where: str) -> tuple[tuple[int, ...], str]:
    """Colour and name on a line of a palette."""
    found = ENTRY.fullmatch(line)
    color = tuple(map(int, found.groups()[:3])) if found else ()
    if not found or max(color) > 255 or not found[4].isprintable():
        short = line if len(line) <= SHOWN else f"{line[:SHOWN]}..."
        raise DataError(f"{where}: {short!r} must be red, green and blue from 0 to 255 and a name: 128 64 128 road")
    return color, found[4]
