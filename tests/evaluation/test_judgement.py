"""Which measures fit what is judged, and that their figures are those of planted faults."""

import dataclasses

import numpy as np
import pytest

from evaluation.features import Features
from evaluation.judgement import FID_IMAGES, MEASURES, Material, cautions, fitting, judge
from evaluation.palette import Palette
from evaluation.sets import Classified, ImageSet, Judged
from tests.helpers.images import photo

PLAIN = Features("darknet of x, step 1", "", lambda image: image[:6, :6].astype(np.float32).reshape(-1))
INCEPTION = Features("inception-original", "ab12", PLAIN.extract)
RED, GREEN, BLUE = np.uint8([[255, 0, 0], [0, 255, 0], [0, 0, 255]])
PALETTE = Palette(["red", "green", "blue"], np.stack([RED, GREEN, BLUE]), np.arange(3), "cd34")


def images(*seeds, side=32, channels=3):
    return ImageSet([photo(seed, side, side)[:, :, :channels] for seed in seeds], "test images of testB")


TWENTY, OTHERS = images(*range(20)), images(*range(20, 40))


def figures(judged, measure, features=None):
    return {figure.name: figure for figure in judge(Material(judged, features), measure)}


def test_unpaired_images_alone_are_judged_by_their_patches():
    assert fitting(Material(Judged("", TWENTY, OTHERS))) == ["swd", "contrast", "variety"]


def test_everything_fits_what_has_everything():
    judged = Judged("AtoB", TWENTY, OTHERS, TWENTY, OTHERS, OTHERS, images(*range(50, 60)), paired=True)
    assert fitting(Material(judged, PLAIN, PALETTE)) == [*MEASURES][:-2]


@pytest.mark.parametrize(
    "judged, lacking",
    [
        (Judged("", images(1, 2, side=15), images(3, 4, side=15)), "swd"),
        (Judged("", images(1, 2), images(3, 4, side=33)), "swd"),
        (Judged("", images(*range(5)), images(*range(5))), "kid"),
    ],
)
def test_measure_that_cannot_be_taken_does_not_fit(judged, lacking):
    assert lacking not in fitting(Material(judged, PLAIN))


def test_counterparts_that_are_met_have_no_difference():
    judged = Judged("AtoB", TWENTY, TWENTY, paired=True)
    assert figures(judged, "l1")["l1"].value == 0
    assert figures(judged, "ssim")["ssim"].value == pytest.approx(1)
    assert figures(judged, "psnr")["psnr"].value > 100


def test_maps_of_labels_are_judged_by_class():
    truth, seen = np.full([16, 16, 3], RED), np.full([16, 16, 3], RED)
    truth[:, 12:], seen[:, 8:] = GREEN, GREEN  # a quarter, and twice as much
    material = Material(Judged("", ImageSet([seen, seen], ""), ImageSet([truth], ""), paired=True), palette=PALETTE)
    found = judge(material, "mean_iou")
    assert {figure.name: figure.value for figure in found} == {
        "mean_iou": pytest.approx((2 / 3 + 1 / 2) / 2),
        "pixel_accuracy": 3 / 4,
        "class_accuracy": pytest.approx((2 / 3 + 1) / 2),
        "iou_red": pytest.approx(2 / 3),
        "iou_green": 1 / 2,
    }
    assert all(figure.depends_on == {"palette_sha256": "cd34"} for figure in found)
    assert cautions(found, material) == []


def test_palette_that_is_not_the_counterparts_is_told():
    material = Material(Judged("", TWENTY, OTHERS, paired=True), palette=PALETTE)
    assert "far from all of the palette" in cautions(judge(material, "mean_iou"), material)[0]


def test_more_images_on_one_side_are_left_out_of_pairs():
    judged = Judged("AtoB", images(1, 2, 3), images(1, 2), paired=True)
    assert figures(judged, "l1")["l1"].value == 0


def test_generator_that_does_nothing_is_seen():
    judged = Judged("AtoB", TWENTY, OTHERS, sources=TWENTY)
    assert figures(judged, "change")["change"].value == 0
    assert figures(judged, "change")["luminance_correlation"].value == pytest.approx(1)


def test_generator_that_inverts_is_seen():
    inverted = ImageSet([255 - image for image in TWENTY.images], "")
    assert figures(Judged("AtoB", inverted, OTHERS, TWENTY), "change")["luminance_correlation"].value < -0.99


def test_change_is_compared_with_that_to_other_images_of_the_same_set():
    judged = Judged("AtoB", OTHERS, TWENTY, sources=TWENTY)
    assert figures(judged, "change")["change_share"].value == pytest.approx(1, rel=0.1)
    halfway = ImageSet([a // 2 + b // 2 for a, b in zip(TWENTY.images, OTHERS.images)], "")
    paired = Judged("AtoB", halfway, OTHERS, TWENTY, paired=True)
    assert figures(paired, "change")["change_share"].value == pytest.approx(0.5, rel=0.02)


def test_grey_fakes_of_coloured_sources_have_a_correlation_and_no_change():
    judged = Judged("AtoB", images(1, 2, channels=1), images(3, 4, channels=1), images(1, 2))
    assert list(figures(judged, "change")) == ["luminance_correlation"]


def test_cycle_compares_what_comes_back_with_the_source():
    judged = Judged("AtoB", OTHERS, OTHERS, sources=TWENTY, cycled=images(*range(5)))
    found = figures(judged, "cycle_psnr")["cycle_psnr"]
    assert found.value > 100 and found.depends_on == {"images": 5}


def test_patch_distance_is_given_for_every_level_and_their_mean():
    found = figures(Judged("", TWENTY, OTHERS), "swd")
    assert list(found) == ["swd", "swd_32", "swd_16"]
    assert found["swd"].value == pytest.approx((found["swd_32"].value + found["swd_16"].value) / 2)
    assert found["swd"].depends_on == {"images": 20, "seed": 0}


def test_figures_of_features_name_what_gave_them():
    found = figures(Judged("", TWENTY, OTHERS), "kid", INCEPTION)["kid"]
    assert found.depends_on == {
        "features": "inception-original",
        "file_sha256": "ab12",
        "subsets": 100,
        "subset_size": 10,
    }
    assert found.std is not None


def test_fakes_that_are_training_images_are_copies():
    judged = Judged("", TWENTY, OTHERS, train=TWENTY)
    found = figures(judged, "copying", PLAIN)
    assert found["copies"].value == 1
    assert found["test_gap"].value > 100


def test_features_are_computed_once_for_each_set():
    calls = []
    counting = Features("counting", "", lambda image: calls.append(1) or PLAIN.extract(image))
    material = Material(Judged("", TWENTY, OTHERS), counting)
    for name in ("kid", "fid", "manifolds", "diversity"):
        judge(material, name)
    assert len(calls) == 40


def test_fid_of_few_images_says_so():
    material = Material(Judged("", TWENTY, OTHERS), INCEPTION)
    (line,) = cautions(judge(material, "fid"), material)
    assert "FID of 20 images depends on their number" in line
    enough = Judged("", ImageSet([TWENTY.images[0]] * FID_IMAGES, ""), ImageSet([TWENTY.images[0]] * FID_IMAGES, ""))
    assert cautions(judge(material, "fid"), Material(enough, INCEPTION)) == []


def test_other_features_than_inceptions_and_training_images_are_told():
    reals = dataclasses.replace(OTHERS, origin="TRAINING images of train")
    lines = cautions([], Material(Judged("", TWENTY, reals), PLAIN))
    assert "compare with no figure of Inception's" in lines[0]
    assert "no test split" in lines[1]


def test_classifier_is_judged_as_a_whole_and_by_class():
    shares = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]])
    classified = Classified(shares, np.array([0, 1, 1, 1]), ["cat", "dog"], "test images of train")
    assert fitting(Material(classified)) == ["accuracy", "calibration_error"]
    found = [figure for name in fitting(Material(classified)) for figure in judge(Material(classified), name)]
    values = {figure.name: figure.value for figure in found}
    assert values["accuracy"] == 3 / 4
    assert values["accuracy_cat"] == 1 and values["accuracy_dog"] == pytest.approx(2 / 3)
    assert values["class_accuracy"] == pytest.approx(5 / 6)
    assert 0 < values["calibration_error"] < 1


@pytest.mark.parametrize("measure", [name for name, measure in MEASURES.items() if measure.needs != ["features"]])
def test_measure_that_tells_better_from_worse_gives_a_figure_of_its_name(measure):
    """By which checkpoints are chosen."""
    classified = Classified(np.array([[0.9, 0.1]]), np.array([0]), ["cat", "dog"], "")
    judged = Judged("AtoB", TWENTY, OTHERS, TWENTY, OTHERS, OTHERS, images(*range(50, 60)), paired=True)
    needs = MEASURES[measure].needs
    found = judge(Material(classified if "verdicts" in needs else judged, PLAIN, PALETTE), measure)
    assert {figure.better for figure in found} == {MEASURES[measure].better}
    assert "features" in needs or found[0].name == measure


def test_luminance_of_pairs_is_compared_with_the_counterparts():
    inverted = ImageSet([255 - image for image in TWENTY.images], "")
    judged = Judged("AtoB", inverted, inverted, TWENTY, paired=True)
    assert figures(judged, "change")["luminance_correlation"].value == pytest.approx(1)


def test_noise_that_the_cycle_amplifies_is_seen_in_grey_levels():
    plain = ImageSet([np.clip(image, 20, 200) for image in TWENTY.images], "")
    moved = ImageSet([image + np.uint8(10) for image in plain.images[:3]], "")
    judged = Judged("AtoB", OTHERS, OTHERS, TWENTY, plain, moved)
    assert figures(judged, "hidden")["hidden"].value == pytest.approx(10)


def test_contrast_and_variety_are_those_of_the_reals_where_nothing_is_wrong():
    assert figures(Judged("", TWENTY, TWENTY), "contrast")["contrast"].value == pytest.approx(1)
    assert figures(Judged("", TWENTY, TWENTY), "variety")["variety"].value == pytest.approx(1)
