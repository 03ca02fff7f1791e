"""The sample grid's picture, and the figures of evaluation."""

import numpy as np
import pytest
from PIL import Image

from models.metrics import psnr
from training.samples import draw_grid, save_grid


def test_grid_has_a_row_for_each_caption_and_a_column_for_each_image():
    colours = {"real A": (1, -1, -1), "fake B": (-1, 1, -1)}
    rows = {caption: [np.full([10, 8, 3], colour, "f")] * 4 for caption, colour in colours.items()}
    grid = draw_grid(rows)
    assert grid.dtype == np.uint8
    for caption, colour in colours.items():
        assert (grid == np.array(colour) * 127.5 + 127.5).all(-1).sum() == 4 * 10 * 8, caption


def test_grey_and_colour_images_of_different_sizes_share_a_grid():
    grid = draw_grid({"grey": [np.zeros([4, 20, 1])], "colour": [np.zeros([30, 5, 3])]})
    assert grid.shape[2] == 3 and grid.shape[0] >= 34


def test_grid_is_saved_under_its_step(tmp_path):
    grid = np.zeros([4, 6, 3], np.uint8)
    assert Image.open(save_grid(str(tmp_path), grid, 12)).size == (6, 4)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000012.png"]


def test_psnr_is_that_of_8_bit_images():
    levels = np.zeros([4, 4, 3])
    assert psnr([(levels + 10) / 127.5], [levels / 127.5]) == pytest.approx(20 * np.log10(255 / 10))


def test_long_rows_go_on_in_the_next_line_beside_short_ones():
    rows = {"real": [np.full([6, 6, 3], -1.0)] * 3, "fake": [np.full([6, 6, 3], -1.0)] * 19}
    black = (draw_grid(rows) == 0).all(-1)
    lines = np.diff(np.flatnonzero(black[:, -60:].any(1)))  # of cells, right of the captions
    assert black[:, -3:].any() and (lines > 1).sum() == 3  # three cells; eight, eight and three
