"""What a network is tried on: the run's own images where they can be read, and noise."""

import numpy as np
import pytest

from exports.frozen import freeze
from exports.probes import MAX_SIDE, make_probes
from inference.load import load_run
from inputs.images import read_image
from tests.helpers.images import photo, save
from tests.helpers.untrained import make_run

pytestmark = pytest.mark.slow


def probes(run_dir, direction="AtoB"):
    """The probes of a run, and where they come from."""
    run = load_run(run_dir, direction, "float32")
    return make_probes(run, freeze(run, direction))


@pytest.fixture
def photos(tmp_path):
    """Folder of two domains, the first of which has a test split with a damaged image."""
    for index in range(7):
        save(tmp_path / f"photos/testA/{index}.jpg", photo(index))
        save(tmp_path / f"photos/trainA/{index}.png", photo(index))
        save(tmp_path / f"photos/trainB/{index}.png", photo(index))
    (tmp_path / "photos/testA/1.jpg").write_bytes(b"damaged")
    return tmp_path / "photos"


def test_test_images_come_first_as_the_files_they_are_and_damaged_ones_are_passed_over(photos, tmp_path):
    found, origin = probes(make_run(tmp_path / "run", data_dir=str(photos)))
    assert origin == "the run's data (photos)"
    assert [probe.name for probe in found[:6]] == ["0.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg", "6.jpg"]
    assert found[1].file == (photos / "testA/2.jpg").read_bytes() and len(found) == 12


def test_large_images_are_downsized(photos, tmp_path):
    save(photos / "testA/0.jpg", photo(0, 2 * MAX_SIDE, 8))
    found, _ = probes(make_run(tmp_path / "run", data_dir=str(photos)))
    assert found[0].values.shape == (1, 4, MAX_SIDE, 3)


def test_of_pairs_it_is_the_half_that_is_translated(tmp_path):
    for index in range(6):
        save(tmp_path / f"pairs/train/{index}.png", photo(index), photo(index + 6))
    found, _ = probes(make_run(tmp_path / "run", "pix2pix", data_dir=str(tmp_path / "pairs"), direction="BtoA"), "BtoA")
    np.testing.assert_array_equal(read_image(found[2].file), photo(8))


@pytest.mark.parametrize("data_dir", [None, "moved", "scenes"])
def test_where_the_data_is_gone_scenes_take_its_place(tmp_path, data_dir):
    found, origin = probes(make_run(tmp_path / "run", data_dir=data_dir))
    assert origin == "the built-in scenes" and len(found) == 12


def test_fewer_images_than_six_are_all_taken(photos, tmp_path):
    for index in range(2, 7):
        (photos / f"testA/{index}.jpg").unlink()
    found, _ = probes(make_run(tmp_path / "run", data_dir=str(photos)))
    assert len(found) == 7
