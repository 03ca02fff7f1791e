"""The page of an evaluation: one file that shows figures, their course, and the images behind them."""

import re

import numpy as np
import pytest

from evaluation.features import Features
from evaluation.judgement import Figure, Material
from evaluation.page import NOISE_SHOWN, SHOWN, Result, write_page
from evaluation.records import Record
from evaluation.sets import Classified, ImageSet, Judged
from tests.helpers.images import photo

PIXELS = Features("pixels", "", lambda image: image.astype(np.float32).reshape(-1))


def images(seeds, side=8):
    return ImageSet([photo(seed, side, side) for seed in seeds], "images of testB")


NOTHING = Material(Classified(np.zeros([0, 2]), np.zeros(0, int), ["cat", "dog"], "images of test"))


def shown(path, material=NOTHING, cautions=(), known=(), **changes):
    record = Record("photos, step 30", 30, "AtoB", "", {"images": 9}, {}, [Figure("psnr", 20.0, "PSNR", "dB")])
    write_page(path / "x.html", [Result(record._replace(**changes), cautions, material)], known)
    return (path / "x.html").read_text()


def test_pairs_are_shown_from_the_nearest_and_from_the_farthest(tmp_path):
    truths = images(range(20))
    noise = [np.random.RandomState(i).randint(0, 2 + i, [8, 8, 3]) for i in range(20)]  # ever farther from the truth
    fakes = ImageSet([np.clip(a + b, 0, 255).astype(np.uint8) for a, b in zip(truths.images, noise)], "")
    page = shown(tmp_path, Material(Judged("AtoB", fakes, truths, images(range(50, 70)), paired=True)))
    scores = [float(score) for score in re.findall(r"([\d.]+) dB</figcaption>", page)]
    assert scores[:SHOWN] == sorted(scores, reverse=True)[:SHOWN] and len(scores) == 2 * SHOWN
    assert scores[SHOWN:] == sorted(scores)[:SHOWN]
    assert page.count("<img") == 2 * SHOWN * 3


def test_translations_without_counterparts_are_shown_beside_their_sources(tmp_path):
    page = shown(tmp_path, Material(Judged("AtoB", images(range(9)), images(range(9)), images(range(9)))))
    assert "Source and result" in page and page.count("<img") == SHOWN * 2


def test_images_made_of_noise_are_a_mosaic(tmp_path):
    page = shown(tmp_path, Material(Judged("", images(range(60)), images(range(9)))))
    assert page.count("<img") == NOISE_SHOWN


def test_results_nearest_to_training_images_come_first(tmp_path):
    judged = Judged("", images(range(20)), images(range(30, 40)), train=images([77, 3, 90]))
    page = shown(tmp_path, Material(judged, PIXELS))
    found = [float(distance) for distance in re.findall(r"distance ([\d.]+)</figcaption>", page)]
    assert found[0] == 0 and found == sorted(found) and len(found) == SHOWN


@pytest.mark.parametrize("steps, curves", [((), 0), ((30,), 0), ((10, 30), 1)])
def test_course_over_checkpoints_is_a_curve(tmp_path, steps, curves):
    known = [
        Record(f"photos, step {step}", step, "AtoB", "", {}, {}, [Figure("psnr", float(step), "PSNR", "dB")])
        for step in steps
    ]
    page = shown(tmp_path, known=known)
    assert page.count("<svg") == curves
    assert ("from 10 at step 10 to 30 at step 30" in page) == bool(curves)


def test_figures_made_otherwise_are_in_no_curve(tmp_path):
    other = Figure("psnr", 3.0, "PSNR", "dB", depends_on={"seed": 1})
    known = [Record("photos, step 10", 10, "AtoB", "", {}, {}, [other])]
    assert "<svg" not in shown(tmp_path, known=known)


def test_names_are_text_and_no_markup(tmp_path):
    page = shown(tmp_path, cautions=["<b>bold</b> claim"], subject="<script>alert(1)</script>", name="<i>")
    assert "<script>" not in page and "<b>bold" not in page and "<i>" not in page
    assert "&lt;script&gt;" in page
