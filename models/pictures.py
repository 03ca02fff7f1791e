"""Pictures that are drawn, not generated."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inputs.images import to_unit

LETTERS = 11  # height, in pixels
CELL = 30  # side of a cell with its count, in pixels
SMALL_CELL = 6  # without, where there are many classes
COUNTED_CLASSES = 20  # with more, counts and names are left out
WHITE, BLUE = np.array([255, 255, 255]), np.array([8, 69, 148])


def draw_confusion(matrix, names):
    """Draws a confusion matrix: true classes down, predicted ones across, a cell the darker the larger its share of the row.

    Args:
      matrix: int array [classes, classes] as from `metrics.confusion_matrix`.
      names: list of the names of the classes.

    Returns:
      float32 array [height, width, 3] in [-1, 1]; counts and names are written beside up to 20 classes.
    """
    written = len(names) <= COUNTED_CLASSES
    cell = CELL if written else SMALL_CELL
    font = ImageFont.load_default(LETTERS)
    margin = max(round(font.getlength(name)) for name in names) + LETTERS if written else 0
    picture = Image.new("RGB", (margin + cell * len(names),) * 2, "white")
    pen = ImageDraw.Draw(picture)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    for (row, column), share in np.ndenumerate(shares):
        left, top = margin + cell * column, margin + cell * row
        colour = tuple(np.rint(WHITE + share * (BLUE - WHITE)).astype(int))
        pen.rectangle((left, top, left + cell - 1, top + cell - 1), fill=colour)
        if written:
            ink = "white" if share > 0.5 else "black"
            pen.text((left + cell / 2, top + cell / 2), str(matrix[row, column]), ink, font, anchor="mm")
    if written:
        for place, name in enumerate(names):
            middle = margin + cell * place + cell / 2
            pen.text((margin - LETTERS / 2, middle), name, "black", font, anchor="rm")
            _write_upward(picture, name, font, middle, margin - LETTERS / 2)
    return to_unit(np.asarray(picture).astype(np.float32))


def _write_upward(picture, text, font, middle, bottom):
    """Writes a text turned by a quarter, from `bottom` up, around the column `middle`."""
    strip = Image.new("RGB", (round(font.getlength(text)) + 2, 2 * LETTERS), "white")
    ImageDraw.Draw(strip).text((0, LETTERS), text, "black", font, anchor="lm")
    turned = strip.rotate(90, expand=True)
    picture.paste(turned, (round(middle - LETTERS), round(bottom - turned.height)))
