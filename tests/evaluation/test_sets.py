"""What is judged: folders, and sets of images."""

import numpy as np
import pytest

from base.errors import DataError
from evaluation.sets import ImageSet, judged_of_folders
from tests.helpers.images import photo, save


def test_folders_are_read_as_they_are_or_in_one_size(tmp_path):
    for number in range(6):
        for seed, name in enumerate(("real", "fake")):
            save(tmp_path / name / f"{number}.png", photo(100 * seed + number, 40, 40))
    judged = judged_of_folders(tmp_path / "real", tmp_path / "fake", 4, None)
    assert [image.shape for image in judged.fakes.images] == [(40, 40, 3)] * 4
    np.testing.assert_array_equal(judged.reals.images[0], photo(0, 40, 40))
    resized = judged_of_folders(tmp_path / "real", tmp_path / "fake", 4, 16)
    assert resized.reals.images[0].shape == (16, 16, 3)


def test_images_of_one_name_are_pairs_whatever_else_lies_there(tmp_path):
    for number in range(6):
        save(tmp_path / "real" / f"{number}.png", photo(number, 8, 8))
    for number in (5, 2):
        save(tmp_path / "fake" / f"{number}.bmp", photo(number, 8, 8))
        save(tmp_path / "fake" / "inputs" / f"{number:016x}.jpg", photo(100 + number, 8, 8))  # as translate.py does
    judged = judged_of_folders(tmp_path / "real", tmp_path / "fake", 10, None, paired=True)
    assert judged.paired and len(judged.fakes) == 2
    for index, number in enumerate((2, 5)):
        np.testing.assert_array_equal(judged.reals.images[index], photo(number, 8, 8))
        np.testing.assert_array_equal(judged.fakes.images[index], photo(number, 8, 8))
    assert len(judged_of_folders(tmp_path / "real", tmp_path / "fake", 10, None).fakes) == 2


def test_fake_without_a_counterpart_of_its_name_and_size_is_refused(tmp_path):
    for name, side in (("real/0.png", 8), ("fake/0.png", 8), ("odd/0.png", 9), ("alone/0.png", 8), ("alone/1.png", 8)):
        save(tmp_path / name, photo(0, side, side))
    with pytest.raises(DataError, match=r"alone: 1\.png has no counterpart"):
        judged_of_folders(tmp_path / "real", tmp_path / "alone", 10, None, paired=True)
    with pytest.raises(DataError, match=r"odd/0\.png: has another size than its counterpart; --size=PIXELS"):
        judged_of_folders(tmp_path / "real", tmp_path / "odd", 10, None, paired=True)
    assert judged_of_folders(tmp_path / "real", tmp_path / "odd", 10, 16, paired=True).paired


def test_set_gives_the_images_that_are_asked_for_as_a_network_takes_them():
    images = ImageSet([np.full([2, 2, 3], level, np.uint8) for level in (0, 255)], "x")
    np.testing.assert_array_equal(images[[1, 1, 0]][:, 0, 0, 0], [1, 1, -1])


def test_record_of_a_set_changes_with_every_pixel_and_shape():
    image = photo(1, 8, 4)
    changed = image.copy()
    changed[3, 3, 0] ^= 1
    sets = [[image], [changed], [image.reshape(8, 4, 3)], [image, image], [image[:, ::-1]]]
    assert len({ImageSet(images, "x").record["sha256"] for images in sets}) == len(sets)
    assert ImageSet([image], "x").record == ImageSet([image.copy()], "x").record
    assert ImageSet([image], "x").record["sizes"] == ["8 x 4"]
