"""Near-copies: planted ones are found in whatever form, and others are none."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from checks.copies import find_groups, near_copies
from checks.survey import Survey, Surveyed
from checks.traits import TRAITS
from tests.helpers.images import painting, photo, save
from tests.helpers.surveys import found, listed, write_set

DOMAINS = {
    "trainA": [painting(seed) for seed in range(6)],
    "trainB": [painting(seed) for seed in range(10, 16)],
    "testA": [painting(seed, 160, 120) for seed in range(20, 23)],
    "testB": [painting(seed) for seed in range(30, 33)],
}


@pytest.fixture
def folder(tmp_path):
    return write_set(tmp_path / "data", DOMAINS)


def test_images_that_differ_are_no_copies(folder):
    assert not found(near_copies, folder)


@pytest.mark.parametrize(
    "copied, name",
    [
        (lambda image: image, "copy.png"),
        (lambda image: image, "copy.jpg"),
        (lambda image: image.resize((40, 30)), "copy.png"),
        (lambda image: image.resize((60, 60)), "copy.png"),
        (ImageOps.mirror, "copy.png"),
        (lambda image: ImageOps.mirror(image).resize((30, 20)), "copy.jpg"),
    ],
    ids=["same", "compressed", "small", "squeezed", "mirrored", "mirrored_small_compressed"],
)
def test_test_image_in_the_training_split_is_found(folder, copied, name):
    copied(Image.fromarray(DOMAINS["testA"][1])).save(folder / "trainA" / name, quality=30)
    (finding,) = found(near_copies, folder)
    assert finding.what == "training images that a test split has, too: 1 (trainA 1)"
    assert listed(finding) == [("trainA", 6)] and finding.certain
    assert finding.listed[0][1] == f"shows what {folder}/testA/1.png shows"
    (((first, second), caption),) = finding.figures
    assert (first, second) == (("trainA", 6), ("testA", 1)) and f"{folder}/trainA/{name} and" in caption


def test_of_copies_in_one_set_the_largest_stays(folder):
    for number, width in enumerate((30, 120, 80)):
        save(
            folder / f"trainB/copy{number}.png",
            np.asarray(Image.fromarray(DOMAINS["trainB"][2]).resize((width, width))),
        )
    (finding,) = found(near_copies, folder)
    assert finding.what == "images that their set has already: 3 (trainB 3)"
    assert listed(finding) == [("trainB", 2), ("trainB", 6), ("trainB", 8)]
    assert {reason for _, reason in finding.listed} == {f"shows what {folder}/trainB/copy1.png shows"}


def test_image_in_both_domains_is_for_a_person_to_look_at(folder):
    save(folder / "trainB/copy.png", DOMAINS["trainA"][4])
    (finding,) = found(near_copies, folder)
    assert finding.what.startswith("images that both domains have: 2 (trainA 1, trainB 1)")
    assert listed(finding) == [("trainA", 4), ("trainB", 6)] and not finding.certain


def test_images_that_show_too_little_are_not_compared(tmp_path):
    shades = [np.full([20, 20, 3], level, np.uint8) for level in (0, 0, 90, 91)]
    assert not found(near_copies, write_set(tmp_path, {"train": shades, "test": shades}))


def test_images_of_one_layout_and_other_details_are_no_copies(tmp_path):
    """Their hashes may be near, but not what they look like at 16 pixels."""
    rng = np.random.RandomState(0)
    frame = 128 + np.kron(np.sign(np.outer(np.arange(4) - 1.5, np.arange(4) - 1.5)), np.full([16, 16], 2.0))
    images = [np.kron(rng.randn(16, 16) * 30, np.ones([4, 4])) + frame for _ in range(8)]
    pixels = [np.clip(image, 0, 255).astype(np.uint8)[:, :, None].repeat(3, 2) for image in images]
    assert not found(near_copies, write_set(tmp_path, {"train": pixels}))


def test_pairs_are_copies_if_both_their_images_are(tmp_path):
    label, other = painting(90), painting(91)
    sets = {
        "trainA": [label, label, label, other],
        "trainB": [painting(1), painting(2), painting(1), painting(1)],
    }
    (finding,) = found(near_copies, write_set(tmp_path, sets), pairs=True)
    assert finding.what == "images that their set has already: 1 (train 1)" and listed(finding) == [("train/A", 2)]


def test_one_image_many_times_is_one_group(tmp_path):
    folder = write_set(tmp_path, {"train": [painting(1)] * 100 + [painting(2)]})
    (finding,) = found(near_copies, folder)
    assert len(listed(finding)) == 99 and len({reason for _, reason in finding.listed}) == 1


def test_images_of_one_hash_are_compared_with_others_than_the_first_too():
    traits = np.zeros(4, TRAITS)
    traits["intact"], traits["hash"] = True, 5
    traits["small"] = [photo(seed, 16, 16)[:, :, 0] for seed in (1, 2, 2, 1)]
    (first, second) = find_groups(Survey({"train": Surveyed(None, traits)}, {}))
    assert {tuple(image.number for image in group) for group in (first, second)} == {(0, 3), (1, 2)}


def test_copies_of_copies_are_of_one_group(tmp_path):
    images = [
        Image.fromarray(painting(3, 128, 96)).point(lambda level, add=add: min(255, level + add))
        for add in (0, 9, 18, 27)
    ]
    (finding,) = found(near_copies, write_set(tmp_path, {"train": [np.asarray(image) for image in images]}))
    assert len(finding.listed) == 3 and len({reason for _, reason in finding.listed}) == 1
