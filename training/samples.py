"""The sample grid: rows of images, drawn into one picture for TensorBoard and the run folder."""

import os
from itertools import zip_longest

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inputs.images import to_uint8

GAP = 2  # pixels between cells
CAPTION = 12  # height of the captions' letters, in pixels
COLUMNS = 8  # images in a line; longer rows go on in the next


def draw_grid(rows):
    """Draws rows of images with their captions.

    Args:
      rows: dict of lists of float32 arrays [height, width, 1 or 3] in [-1, 1], by caption.

    Returns:
      uint8 array [height, width, 3]; one line of the picture for each row, or several for a long one.
    """
    lines = [(caption if start == 0 else "", row[start : start + COLUMNS]) for caption, row in rows.items() for start in range(0, len(row), COLUMNS)]
    font = ImageFont.load_default(CAPTION)
    margin = max(round(font.getlength(caption)) for caption in rows) + 4 * GAP
    columns = zip_longest(*(line for _, line in lines), fillvalue=np.zeros([0, 0, 3]))
    widths = [max(image.shape[1] for image in column) + GAP for column in columns]
    heights = [max(image.shape[0] for image in line) + GAP for _, line in lines]
    picture = Image.new("RGB", (margin + sum(widths), sum(heights) + GAP), "white")
    pen = ImageDraw.Draw(picture)
    top = GAP
    for (caption, line), height in zip(lines, heights):
        pen.text((2 * GAP, top + height // 2), caption, "black", font, anchor="lm")
        left = margin
        for image, width in zip(line, widths):
            picture.paste(Image.fromarray(np.broadcast_to(to_uint8(image), (*image.shape[:2], 3))), (left, top))
            left += width
        top += height
    return np.asarray(picture)


def save_grid(folder, grid, step):
    """Writes the grid as `step-00000500.png`, whole or not at all, and returns its path."""
    path = os.path.join(folder, f"step-{step:08d}.png")
    Image.fromarray(grid).save(path + ".partial", "PNG")
    os.replace(path + ".partial", path)
    return path
