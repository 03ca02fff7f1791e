"""Palettes and their mistakes, and maps of labels against the confusion matrix by definition and of scikit-learn."""

import numpy as np
import pytest

from base.errors import DataError
from evaluation.palette import confusion_of_maps, nearest_colors, read_palette, share_beside
from tests.helpers.judged import predictions, stored

STREETS = """\
# Some classes of Cityscapes

128  64 128 road
  0   0   0 void
220  20  60 person
255   0   0 person
 70 130 180 open sky
 81   0  81 void
"""
FIVE = "255 0 0 a\n0 255 0 b\n0 0 255 c\n255 255 0 d\n0 255 255 e"


def palette_of(folder, text):
    path = folder / "palette.txt"
    path.write_text(text)
    return read_palette(path)


@pytest.fixture
def streets(tmp_path):
    return palette_of(tmp_path, STREETS)


def test_palette_is_read_with_void_last(streets):
    assert streets.class_names == ["road", "person", "open sky"]
    assert streets.colors.tolist()[:4] == [[128, 64, 128], [220, 20, 60], [255, 0, 0], [70, 130, 180]]
    assert streets.labels.tolist() == [0, 1, 1, 2, 3, 3]


def test_palette_is_read_as_other_editors_save_it(tmp_path, streets):
    (tmp_path / "other.txt").write_bytes(b"\xef\xbb\xbf" + STREETS.replace("\n", "\r\n").encode())
    assert read_palette(tmp_path / "other.txt").colors.tolist() == streets.colors.tolist()


@pytest.mark.parametrize(
    "text, words",
    [
        ("128 64 road", "line 2: '128 64 road' must be red, green and blue from 0 to 255 and a name"),
        ("128 64 128", "line 2: '128 64 128' must be"),
        ("128, 64, 128 road", "line 2: '128, 64, 128 road' must be"),
        ("128 64 256 road", "line 2: '128 64 256 road' must be"),
        ("-1 64 128 road", "line 2: '-1 64 128 road' must be"),
        ("1 2 3 a\x1b[2J", "line 2: '1 2 3 a\\x1b[2J' must be"),
        ("9" * 100, f"line 2: '{'9' * 40}...' must be"),
        ("0 0 1 sea", "line 2: its colour is that of sky already"),
        ("", "must have colours of two classes at least"),
        ("0 0 0 void", "must have colours of two classes at least"),
    ],
)
def test_mistake_in_a_palette_is_named_with_its_line(tmp_path, text, words):
    with pytest.raises(DataError) as error:
        palette_of(tmp_path, f"0 0 1 sky\n{text}\n")
    assert str(error.value).startswith(f"{tmp_path}/palette.txt") and words in str(error.value)
    assert "\n" not in str(error.value)


def test_file_that_is_no_text_is_no_palette(tmp_path):
    (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff")
    with pytest.raises(DataError, match="line 1: .* must be red, green and blue"):
        read_palette(tmp_path / "x.png")
    with pytest.raises(DataError, match="No such file"):
        read_palette(tmp_path / "none.txt")


def test_nearest_color_is_that_of_the_palette():
    palette = np.array([[0, 0, 0], [255, 0, 0], [250, 250, 250]], np.uint8)
    image = np.array([[[3, 2, 1], [200, 30, 20]], [[255, 255, 255], [128, 0, 0]]], np.uint8)
    assert nearest_colors(image, palette).tolist() == [[0, 1], [2, 1]]


def test_nearest_color_of_many_is_that_of_each_alone():
    random = np.random.RandomState(0)
    image, palette = random.randint(0, 256, [30, 40, 3], np.uint8), random.randint(0, 256, [150, 3], np.uint8)
    squares = ((image[:, :, None].astype(int) - palette.astype(int)) ** 2).sum(axis=3)
    assert (nearest_colors(image, palette) == squares.argmin(axis=2)).all()


def test_of_colors_at_one_distance_the_first_counts():
    palette = np.array([[255, 255, 255], [2, 0, 0], [0, 2, 0], [0, 0, 0]], np.uint8)
    image = np.array([[[1, 1, 0], [0, 1, 0], [1, 0, 0]]], np.uint8)
    assert nearest_colors(image, palette).tolist() == [[1, 2, 1]]


def test_grey_map_is_of_grey_colors():
    palette = np.array([[0, 0, 0], [255, 255, 255]], np.uint8)
    assert nearest_colors(np.array([[[100], [200]]], np.uint8), palette).tolist() == [[0, 1]]


def test_confusion_of_maps_is_that_of_scikit_learn(tmp_path):
    palette = palette_of(tmp_path, FIVE)
    shares, labels = predictions()
    noise = np.random.RandomState(1).randint(0, 60, [2, 15, 20, 3])
    truth, seen = (
        np.abs(palette.colors[each].reshape(15, 20, 3) - part).astype(np.uint8)
        for each, part in zip((labels, shares.argmax(axis=1)), noise, strict=True)
    )
    parts = [seen[:7], seen[7:]], [truth[:7], truth[7:]]
    assert confusion_of_maps(*parts, palette).tolist() == stored()["predictions"]["confusion_matrix"]


def test_what_is_void_in_the_truth_does_not_count_and_nothing_is_taken_for_it(streets):
    black, road, person, red, sky = ([0, 0, 0], [128, 64, 128], [220, 20, 60], [255, 0, 0], [70, 130, 180])
    truth = np.uint8([[black, road, road, person, sky]])
    seen = np.uint8([[road, road, black, red, person]])  # black is nearest to road
    assert confusion_of_maps([seen], [truth], streets).tolist() == [[2, 0, 0], [0, 1, 0], [0, 1, 0]]


def test_truth_that_is_all_void_is_refused(streets):
    black = np.zeros([4, 4, 3], np.uint8)
    with pytest.raises(DataError, match="every pixel of the counterparts is of a colour that the palette calls void"):
        confusion_of_maps([black], [black], streets)


def test_pixels_beside_the_palette_are_those_far_from_all_of_it(tmp_path):
    palette = palette_of(tmp_path, FIVE)
    half = np.uint8([[[255, 0, 0], [240, 5, 0], [0, 255, 17], [128, 128, 128]]])
    assert share_beside([half, half[:, :2], half[:, 2:]], palette) == 0.5
