"""Domains that differ in more than their content are told, with figures; others are not."""

import numpy as np
import pytest
from PIL import Image

from checks.domains import unlike_domains
from tests.helpers.images import painting, save
from tests.helpers.surveys import found, write_set


def whats(folder, pairs=False):
    return [finding.what for finding in found(unlike_domains, folder, pairs)]


def write_jpegs(folder, **qualities):
    """Writes domains of JPEGs, of the given qualities."""
    for name, quality in qualities.items():
        (folder / name).mkdir(parents=True)
        for seed in range(4):
            Image.fromarray(painting(seed)).save(folder / name / f"{seed}.jpg", quality=quality)
    return folder


def test_domains_that_are_alike_are_not_told(tmp_path):
    images = [painting(seed) for seed in range(9)]
    assert not whats(write_set(tmp_path, {"trainA": images[:3], "trainB": images}))


def test_domain_with_far_fewer_images_is_told(tmp_path):
    images = [painting(seed) for seed in range(8)]
    assert whats(write_set(tmp_path, {"trainA": images[:2], "trainB": images})) == ["images: 2 in trainA, 8 in trainB"]


def test_jpegs_in_one_domain_alone_are_told(tmp_path):
    folder = write_jpegs(tmp_path, trainB=95)
    write_set(folder, {"trainA": [painting(seed) for seed in range(4)]})
    assert whats(folder) == ["JPEGs: 0% in trainA, 100% in trainB"]


@pytest.mark.parametrize("quality, told", [(85, []), (60, ["median JPEG quality: 95 in trainA, 60 in trainB"])])
def test_other_jpeg_quality_is_told_if_it_is_much_lower(tmp_path, quality, told):
    assert whats(write_jpegs(tmp_path, trainA=95, trainB=quality)) == told


def test_larger_images_in_one_domain_are_told_with_a_side_that_makes_them_alike(tmp_path):
    sets = {
        f"train{name}": [painting(seed, *size) for seed in range(4)] for name, size in zip("AB", ((60, 40), (90, 130)))
    }
    (finding,) = found(unlike_domains, write_set(tmp_path, sets))
    assert (
        finding.what == "median longest side: 60 px in trainA, 130 px in trainB" and "--max_side=60" in finding.advice
    )


def test_brighter_domain_is_told(tmp_path):
    dark = [painting(seed) // 2 for seed in range(4)]
    told = whats(write_set(tmp_path, {"trainA": dark, "trainB": [image + 100 for image in dark]}))
    assert len(told) == 1 and told[0].startswith("mean brightness: ")


def test_nothing_is_compared_of_pairs(tmp_path):
    dark = [painting(seed) // 2 for seed in range(4)]
    assert not whats(write_set(tmp_path, {"trainA": dark, "trainB": [image + 100 for image in dark]}), pairs=True)


def test_domain_of_damaged_images_alone_is_not_compared(tmp_path):
    save(tmp_path / "trainA/0.png", np.zeros([9, 9, 3], np.uint8))
    (tmp_path / "trainB").mkdir()
    (tmp_path / "trainB/0.png").touch()
    assert not whats(tmp_path)
