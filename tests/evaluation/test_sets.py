"""What is judged: what runs make of their test images, and folders."""

import numpy as np
import pytest

from base.errors import DataError
from evaluation.sets import ImageSet, RunData, classified_of_run, judged_of_folders, judged_of_run
from inference.load import load_run
from tests.helpers.images import photo, save
from tests.helpers.untrained import make_run


def quietly(items, total, unit):
    return items


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Six images a split: of two domains, in classes, and in pairs."""
    folder = tmp_path_factory.mktemp("data")
    for number in range(6):
        for seed, split in enumerate(("trainA", "trainB", "testA", "testB")):
            save(folder / "domains" / split / f"{number}.png", photo(100 * seed + number, 40, 40))
        for split in ("train", "test"):
            save(
                folder / "classes" / split / ("cat", "dog", "cow")[number % 3] / f"{number}.png", photo(number, 20, 20)
            )
            save(folder / "pairs" / split / f"{number}.png", photo(number, 20, 20), photo(9 + number, 20, 20))
    return folder


def loaded(tmp_path, data, model, kind, **values):
    return load_run(make_run(tmp_path / "run", model, data_dir=str(data / kind), **values), precision="float32")


@pytest.mark.slow
def test_both_directions_of_a_cyclegan_are_judged_on_test_images(tmp_path, data):
    run = loaded(tmp_path, data, "cyclegan", "domains")
    a_to_b, b_to_a = judged_of_run(run, RunData(run.config, None, 4), 0, quietly)
    assert [a_to_b.name, b_to_a.name] == ["AtoB", "BtoA"]
    assert not a_to_b.paired
    assert [len(images.images) for images in (a_to_b.fakes, a_to_b.reals, a_to_b.train)] == [4, 4, 4]
    np.testing.assert_array_equal(a_to_b.reals.images, b_to_a.sources.images)
    for source, fake, cycled in zip(a_to_b.sources.images, a_to_b.fakes.images, a_to_b.cycled.images):
        np.testing.assert_array_equal(fake, run.translate(source, "AtoB"))
        back = run.translate(fake, "BtoA").astype(int)
        assert np.abs(back - cycled).max() <= 3, "but for the rounding of the translation between"


@pytest.mark.slow
def test_pairs_are_judged_with_their_counterparts(tmp_path, data):
    run = loaded(tmp_path, data, "pix2pix", "pairs")
    (judged,) = judged_of_run(run, RunData(run.config, None, 10), 0, quietly)
    assert judged.paired and judged.cycled is None and judged.name == "AtoB"
    assert len(judged.fakes.images) == len(judged.reals.images) == 6


@pytest.mark.slow
def test_noise_becomes_as_many_images_as_there_are_reals(tmp_path, data):
    run = loaded(tmp_path, data, "wgan", "classes")
    (judged,) = judged_of_run(run, RunData(run.config, None, 5), 3, quietly)
    assert len(judged.fakes.images) == 5 and judged.sources is None
    np.testing.assert_array_equal(judged.fakes.images, list(run.generate(5, 3)))


@pytest.mark.slow
@pytest.mark.usefixtures("shallow_darknet")
def test_classifier_judges_every_test_image(tmp_path, data):
    run = loaded(tmp_path, data, "darknet", "classes")
    classified = classified_of_run(run, RunData(run.config, None, 2), quietly)
    assert classified.shares.shape == (6, 3)
    assert sorted(classified.labels.tolist()) == [0, 0, 1, 1, 2, 2]
    assert classified.shares.sum(axis=1) == pytest.approx(1)


@pytest.mark.slow
def test_data_that_has_moved_is_asked_for(tmp_path, data):
    run = loaded(tmp_path, data, "wgan", "nowhere")
    with pytest.raises(DataError, match="--data_dir says where it is"):
        judged_of_run(run, RunData(run.config, None, 5), 0, quietly)
    assert judged_of_run(run, RunData(run.config, str(data / "classes"), 5), 0, quietly)
    with pytest.raises(DataError, match="names no folder"):
        judged_of_run(run, RunData(run.config, "", 5), 0, quietly)


@pytest.mark.slow
def test_without_a_test_split_the_record_says_training_images(tmp_path, data):
    run = loaded(tmp_path, data, "wgan", "classes")
    (judged,) = judged_of_run(run, RunData(run.config, str(data / "domains" / "trainA"), 5), 0, quietly)
    assert judged.reals.origin == "TRAINING images of train"
    assert judged.train is None


def test_folders_are_read_as_they_are_or_in_one_size(data):
    judged = judged_of_folders(data / "domains" / "testA", data / "domains" / "testB", 4, None)
    assert [image.shape for image in judged.fakes.images] == [(40, 40, 3)] * 4
    np.testing.assert_array_equal(judged.reals.images[0], photo(200, 40, 40))
    resized = judged_of_folders(data / "domains" / "testA", data / "domains" / "testB", 4, 16)
    assert resized.reals.images[0].shape == (16, 16, 3)


def test_record_of_a_set_changes_with_every_pixel_and_shape():
    image = photo(1, 8, 4)
    changed = image.copy()
    changed[3, 3, 0] ^= 1
    sets = [[image], [changed], [image.reshape(8, 4, 3)], [image, image], [image[:, ::-1]]]
    assert len({ImageSet(images, "x").record["sha256"] for images in sets}) == len(sets)
    assert ImageSet([image], "x").record == ImageSet([image.copy()], "x").record
    assert ImageSet([image], "x").record["sizes"] == ["8 x 4"]
