"""The picture of the sample grid."""

import numpy as np
from PIL import Image

from training.samples import GAP, SMALLEST, draw_grid, save_grid


def test_grid_has_a_row_for_each_caption_and_a_column_for_each_image():
    colors = {"real A": (1, -1, -1), "fake B": (-1, 1, -1)}
    rows = {caption: [np.full([130, 140, 3], color, "f")] * 4 for caption, color in colors.items()}
    grid = draw_grid(rows)
    assert grid.dtype == np.uint8
    for caption, color in colors.items():
        assert (grid == np.array(color) * 127.5 + 127.5).all(-1).sum() == 4 * 130 * 140, caption


def test_grey_and_color_images_of_different_sizes_share_a_grid():
    grid = draw_grid({"grey": [np.zeros([4, 200, 1])], "color": [np.zeros([300, 5, 3])]})
    assert grid.shape[2] == 3 and grid.shape[0] >= 304


def test_small_images_are_enlarged_each_pixel_to_a_square():
    image = np.where(np.indices([16, 10]).sum(0)[..., None] % 2, 1.0, -1.0)
    grid = draw_grid({"": [image], "  ": [image[:, :5]]})  # without letters, all that is black is an image's
    times = SMALLEST // 16
    large = image[..., 0].repeat(times, 0).repeat(times, 1)
    left = grid.shape[1] - GAP - large.shape[1]
    np.testing.assert_array_equal(grid[GAP : GAP + len(large), left:-GAP, 0] > 127, large > 0)
    assert (grid == 0).all(-1).sum() == (80 + 40) * times**2


def test_long_rows_go_on_in_the_next_line_beside_short_ones():
    black = np.full([SMALLEST, SMALLEST, 3], -1.0)
    grid = draw_grid({"real": [black] * 3, "fake": [black] * 19})
    cells = (grid[:, -8 * (SMALLEST + GAP) :] == 0).all(-1)  # right of the captions
    lines = [cells[GAP + line * (SMALLEST + GAP) + 5] for line in range(4)]
    assert [line.sum() for line in lines] == [SMALLEST * count for count in (3, 8, 8, 3)]
    assert cells.sum() == 22 * SMALLEST**2


def test_grid_is_saved_under_its_step(tmp_path):
    grid = np.random.RandomState(0).randint(0, 256, [4, 6, 3]).astype(np.uint8)
    path = save_grid(tmp_path, grid, 12)
    assert [file.name for file in tmp_path.iterdir()] == ["step-00000012.png"]
    with Image.open(path) as image:
        np.testing.assert_array_equal(image, grid)
