"""What is judged: folders, and sets of images."""

import numpy as np

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
