"""The sample grid: fixed images through the networks, drawn into one picture for TensorBoard and the run folder."""

import os

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inputs.images import to_uint8

GAP = 2  # pixels between cells
CAPTION = 12  # height of the captions' letters, in pixels


def sample_rows(session, model, images):
    """Runs fixed images through the model.

    Args:
      session: tf.Session with the weights.
      model: Model.
      images: dict of float32 arrays [count, height, width, channels] by input name; all of one count.

    Returns:
      dict of float32 arrays [count, height, width, channels] by caption, in the order of `model.samples`.
    """
    count = len(next(iter(images.values())))
    size = model.config.batch_size
    rows = {caption: [] for caption in model.samples}
    for start in range(0, count, size):
        places = np.minimum(np.arange(start, start + size), count - 1)  # the last batch is filled up with its last image
        values = session.run(model.samples, {model.inputs[name]: batch[places] for name, batch in images.items()})
        for caption, value in values.items():
            rows[caption].extend(value[: count - start])
    return rows


def draw_grid(rows):
    """Draws rows of images with their captions.

    Args:
      rows: dict of lists of float32 arrays [height, width, 1 or 3] in [-1, 1], by caption.

    Returns:
      uint8 array [height, width, 3]; one row of the picture for each row, one column for each image.
    """
    font = ImageFont.load_default(CAPTION)
    margin = max(round(font.getlength(caption)) for caption in rows) + 4 * GAP
    widths = [max(image.shape[1] for image in column) + GAP for column in zip(*rows.values())]
    heights = [max(image.shape[0] for image in row) + GAP for row in rows.values()]
    picture = Image.new("RGB", (margin + sum(widths), sum(heights) + GAP), "white")
    pen = ImageDraw.Draw(picture)
    top = GAP
    for (caption, row), height in zip(rows.items(), heights):
        pen.text((2 * GAP, top + height // 2), caption, "black", font, anchor="lm")
        left = margin
        for image, width in zip(row, widths):
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
