"""The sample grid: rows of images, drawn into one picture for TensorBoard and the run folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from base.files import writing, written_whole
from base.places import AnyPath
from inputs.images import to_uint8

GAP = 2  # pixels between cells
CAPTION = 13  # height of the captions' letters, in pixels
COLUMNS = 8  # images in a line; longer rows go on in the next
SMALLEST = 128  # pixels; images whose longer side is below are enlarged, each pixel to a square


def draw_grid(rows: Mapping[str, Sequence[np.ndarray]]) -> np.ndarray:
    """Draws rows of images with their captions.

    Args:
      rows: lists of float32 arrays [height, width, 1 or 3] in [-1, 1], by caption.

    Returns:
      uint8 array [height, width, 3]; one line of the picture for each row, or several for a long one. Small images
      are enlarged by a whole number, the same for all.
    """
    times = max(1, SMALLEST // max(max(image.shape[:2]) for row in rows.values() for image in row))
    lines = [
        (caption if start == 0 else "", [_picture(image, times) for image in row[start : start + COLUMNS]])
        for caption, row in rows.items()
        for start in range(0, len(row), COLUMNS)
    ]
    font = ImageFont.load_default(CAPTION)
    margin = max(round(font.getlength(caption)) for caption in rows)
    margin += 4 * GAP if margin else GAP
    columns = zip_longest(*(line for _, line in lines), fillvalue=Image.new("RGB", (0, 0)))
    widths = [max(image.width for image in column) + GAP for column in columns]
    heights = [max(image.height for image in line) + GAP for _, line in lines]
    grid = Image.new("RGB", (margin + sum(widths), sum(heights) + GAP), "white")
    pen = ImageDraw.Draw(grid)
    top = GAP
    for (caption, line), height in zip(lines, heights, strict=True):
        pen.text((2 * GAP, top + height // 2), caption, "black", font, anchor="lm")
        left = margin
        for image, width in zip(line, widths, strict=False):
            grid.paste(image, (left, top))
            left += width
        top += height
    return np.asarray(grid)


def save_grid(folder: AnyPath, grid: np.ndarray, step: int) -> AnyPath:
    """Writes the grid as `step-00000500.png`, whole or not at all, and returns its path."""
    path = folder / f"step-{step:08d}.png"
    with writing(path), written_whole(path) as file:
        Image.fromarray(grid).save(file, "PNG")
    return path


def _picture(image: np.ndarray, times: int) -> Image.Image:
    picture = Image.fromarray(np.broadcast_to(to_uint8(image), (*image.shape[:2], 3)))
    return picture.resize((times * picture.width, times * picture.height), Image.Resampling.NEAREST)
