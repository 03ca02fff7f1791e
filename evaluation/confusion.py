"""The picture of a confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from evaluation.predictions import accuracy
from inputs.images import to_unit

LETTERS = 13  # height, in pixels
LINE = 22  # height of a line of text, in pixels
CELL = 36  # side of a cell with its count, in pixels
SMALL_CELL = 6  # without, where there are many classes
COUNTED_CLASSES = 20  # with more, counts and names are left out
WHITE, BLUE = np.array([255, 255, 255]), np.array([8, 69, 148])


def draw_confusion(matrix: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Draws a confusion matrix: true classes down, predicted ones across, darker where the share of the row is larger.

    Args:
      matrix: int array [classes, classes] as from `predictions.confusion_matrix`.
      names: names of the classes.

    Returns:
      float32 array [height, width, 3] in [-1, 1]; counts and names are written beside up to 20 classes.
    """
    written = len(names) <= COUNTED_CLASSES
    cell = CELL if written else SMALL_CELL
    font = ImageFont.load_default(LETTERS)
    title = f"{accuracy(matrix):.1%} of {matrix.sum():,} test images right; true classes down, predicted across"
    margin = max(round(font.getlength(name)) for name in names) + LETTERS if written else LETTERS
    top = LINE + margin
    side = cell * len(names)
    width = max(margin + side, round(font.getlength(title))) + LETTERS
    picture = Image.new("RGB", (width, top + side + LETTERS), "white")
    pen = ImageDraw.Draw(picture)
    pen.text((LETTERS / 2, LINE / 2), title, "black", font, anchor="lm")
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    for (row, column), share in np.ndenumerate(shares):
        x, y = margin + cell * column, top + cell * row
        color = tuple(np.rint(WHITE + share * (BLUE - WHITE)).astype(int))
        pen.rectangle((x, y, x + cell - 1, y + cell - 1), fill=color)
        if written:
            ink = "white" if share > 0.5 else "black"
            pen.text((x + cell / 2, y + cell / 2), str(matrix[row, column]), ink, font, anchor="mm")
    if written:
        for index, name in enumerate(names):
            middle = cell * index + cell / 2
            pen.text((margin - LETTERS / 2, top + middle), name, "black", font, anchor="rm")
            _write_upward(picture, name, font, margin + middle, top - LETTERS / 2)
    return to_unit(np.asarray(picture).astype(np.float32))


def _write_upward(picture, text, font, middle, bottom):
    """Writes a text turned by a quarter, from `bottom` up, around the column `middle`."""
    strip = Image.new("RGB", (round(font.getlength(text)) + 2, 2 * LETTERS), "white")
    ImageDraw.Draw(strip).text((0, LETTERS), text, "black", font, anchor="lm")
    turned = strip.rotate(90, expand=True)
    picture.paste(turned, (round(middle - LETTERS), round(bottom - turned.height)))
