"""Damaged, empty and odd images are found, and usual ones are not."""

import numpy as np
import pytest

from checks.outliers import damaged, unusual_sizes, without_content
from tests.helpers.images import painting, photo, save
from tests.helpers.surveys import found, listed, write_set


@pytest.fixture
def folder(tmp_path):
    """Photographs, upright ones too, of somewhat different sizes."""
    sides = ((60, 48), (48, 60), (80, 60), (50, 50), (90, 50), (55, 70), (60, 48), (64, 48))
    return write_set(tmp_path, {"train": [painting(seed, *size) for seed, size in enumerate(sides)]})


@pytest.mark.parametrize("check", [damaged, without_content, unusual_sizes])
def test_usual_images_are_not_told(folder, check):
    assert not found(check, folder)


def test_damaged_images_are_told_with_the_reason(folder):
    save(folder / "train/cut.png", photo(0))
    (folder / "train/cut.png").write_bytes((folder / "train/cut.png").read_bytes()[:-100])
    (folder / "train/none.jpg").touch()
    (finding,) = found(damaged, folder)
    assert finding.what == "images that cannot be used: 2 (train 2)" and not finding.listed
    assert finding.lines[0].startswith(f"{folder}/train/cut.png: is damaged: ")
    assert finding.lines[1] == f"{folder}/train/none.jpg: is empty"


def test_damaged_images_are_in_no_other_finding(folder):
    (folder / "train/none.jpg").touch()
    assert not found(without_content, folder) and not found(unusual_sizes, folder)


@pytest.mark.parametrize(
    "image, reason",
    [
        (np.full([48, 60, 3], (0, 128, 128), np.uint8), "is of one colour, or nearly"),
        (np.full([48, 60, 3], 255, np.uint8), "is of one colour, or nearly"),
        (painting(1) // 40, "is black, or nearly"),
        (np.zeros([48, 60, 3], np.uint8), "is black, or nearly"),
    ],
    ids=["teal", "white", "faint", "black"],
)
def test_image_without_content_is_listed(folder, image, reason):
    save(folder / "train/empty.png", image)
    (finding,) = found(without_content, folder)
    assert listed(finding) == [("train", 8)] and finding.listed[0][1] == reason and finding.certain


def test_dark_image_with_a_light_in_it_has_content(folder):
    night = painting(1) // 40
    night[20:24, 30:34] = 250
    save(folder / "train/night.png", night)
    assert not found(without_content, folder)


@pytest.mark.parametrize("size", [(15, 12), (300, 240), (200, 40), (20, 100)])
def test_image_of_another_size_or_shape_is_for_a_person_to_look_at(folder, size):
    save(folder / "train/odd.png", painting(9, *size))
    (finding,) = found(unusual_sizes, folder)
    assert listed(finding) == [("train", 8)] and not finding.certain
    assert f"is {size[0]} x {size[1]} px, usual are" in finding.figures[0][1]


def test_where_sizes_vary_widely_a_large_image_is_not_told(tmp_path):
    images = [painting(seed, side, side) for seed, side in enumerate((12, 18, 27, 40, 60, 90, 135, 200, 300))]
    assert not found(unusual_sizes, write_set(tmp_path, {"train": images}))


def test_where_nearly_all_have_one_size_a_little_larger_is_not_told(tmp_path):
    images = [painting(seed) for seed in range(9)] + [painting(9, 90, 72)]
    assert not found(unusual_sizes, write_set(tmp_path, {"train": images}))
