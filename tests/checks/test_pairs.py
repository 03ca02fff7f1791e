"""Pairs: those that are shifted, unlike or unmatched are found, whatever the colours; pairs that fit are not."""

import itertools

import numpy as np
import pytest
from PIL import Image, ImageFilter

from checks.alignment import align
from checks.pairs import shifted, unequal, unlike, unmatched
from inputs.scenes import draw_scene
from tests.helpers.images import save
from tests.helpers.surveys import found, listed, write_set

SIDE = 64
COUNT = 10
PALETTE = np.array([[200, 10, 10], [10, 200, 10], [10, 10, 200], [220, 220, 10]], np.uint8)


@pytest.fixture(scope="module")
def scenes():
    return [draw_scene(seed, "summer", SIDE) for seed in range(COUNT)]


def labels(image):
    """A map of the image: few flat colours that are none of its own."""
    levels = np.asarray(Image.fromarray(image).filter(ImageFilter.MedianFilter(5)).convert("L"))
    return PALETTE[levels // 64]


def sketch(image):
    luma = np.asarray(Image.fromarray(image).convert("L"), np.float32)
    strength = np.hypot(*np.gradient(luma))
    return np.where(strength[..., None] > np.percentile(strength, 88), 0, 255).astype(np.uint8).repeat(3, 2)


def inverted(image):
    return 255 - image


def moved(image, down, right):
    return np.roll(image, (down, right), (0, 1))


def pairs_of(folder, scenes, made=inverted, **others):
    """Pairs of scenes and what is made of them, or of others in their place, by number."""
    seconds = [others.get(f"at{number}", made(scene)) for number, scene in enumerate(scenes)]
    return write_set(folder, {"trainA": scenes, "trainB": seconds})


@pytest.mark.parametrize("made", [inverted, sketch])
@pytest.mark.parametrize("down, right", [(0, 0), (6, -4), (-5, 8)])
def test_shift_of_two_images_is_measured(scenes, made, down, right):
    measured = [align(scene, moved(made(scene), down, right)) for scene in scenes]
    for name, pixels in (("down", down), ("right", right)):
        assert np.median([each[name] for each in measured]) == pytest.approx(pixels / SIDE, abs=1.5 / SIDE)
    assert np.median([each["peak"] for each in measured]) > 12


def test_images_of_other_things_have_no_clear_peak(scenes):
    assert max(align(a, inverted(b))["peak"] for a, b in itertools.pairwise(scenes)) < 12


def test_image_without_edges_has_no_peak(scenes):
    assert align(scenes[0], np.full([SIDE, SIDE, 3], 90, np.uint8))["peak"] == 0


@pytest.mark.parametrize("made", [inverted, labels, sketch])
@pytest.mark.parametrize("check", [shifted, unlike, unequal, unmatched])
def test_pairs_that_fit_are_not_told(tmp_path, scenes, made, check):
    assert not found(check, pairs_of(tmp_path, scenes, made), pairs=True)


def test_shifted_pair_is_listed(tmp_path, scenes):
    folder = pairs_of(tmp_path, scenes, at3=moved(inverted(scenes[3]), 4, -6))
    (finding,) = found(shifted, folder, pairs=True)
    assert finding.what == "shifted pairs: 1 (train 1)" and listed(finding) == [("train/A", 3)] and finding.certain
    assert "-9.4% to the right and +6.2% down" in finding.listed[0][1]


def test_shift_of_all_pairs_is_told_and_none_is_listed(tmp_path, scenes):
    folder = pairs_of(tmp_path, scenes, lambda image: moved(inverted(image), 4, 0))
    (finding,) = found(shifted, folder, pairs=True)
    assert finding.what == f"shifted pairs: {COUNT} (train {COUNT})" and not finding.listed
    assert "mend how they were made" in finding.advice


def test_pair_of_other_things_is_for_a_person_to_look_at(tmp_path, scenes):
    folder = pairs_of(tmp_path, scenes, at5=draw_scene(99, "winter", SIDE))
    (finding,) = found(unlike, folder, pairs=True)
    assert listed(finding) == [("train/A", 5)] and not finding.certain


def test_where_most_pairs_fit_nowhere_nothing_can_be_told(tmp_path, scenes):
    folder = write_set(tmp_path, {"trainA": scenes, "trainB": [*scenes[1:], scenes[0]]})
    assert not found(unlike, folder, pairs=True)


def test_pair_of_unequal_sizes_is_told(tmp_path, scenes):
    folder = pairs_of(tmp_path, scenes, at2=inverted(scenes[2])[:50, :60])
    (finding,) = found(unequal, folder, pairs=True)
    assert finding.what == "pairs of different sizes: 1 (train 1)" and "64 x 64 and 60 x 50 px" in finding.figures[0][1]


def test_image_without_a_partner_is_told(tmp_path, scenes):
    folder = pairs_of(tmp_path, scenes)
    save(folder / "trainB/alone.png", scenes[0])
    (finding,) = found(unmatched, folder, pairs=True)
    assert finding.lines == ["trainB/alone.png: trainA has no image of that name"]
