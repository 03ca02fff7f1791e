"""What a model is judged by in training: its picture, its figures, and what it has come to at the end."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from base.errors import ConfigError
from base.graph_mode import tf
from evaluation.evaluator import Evaluator
from evaluation.images import l1, psnr
from evaluation.judgement import HIGHER, MEASURES, Material, judge
from evaluation.made import judged_of_model
from evaluation.sets import ImageSet
from tests.helpers.models import build, built, random_images

EVERY = {"evaluate_every": 5}


class RandomData:
    """Test images drawn from a seed, as a RunData has them."""

    def __init__(self, model, count=3, corresponding=False):
        self.streams = model.streams(model.config)
        self.held_out = random_images(model, count=count)
        self._corresponding = corresponding

    def origin(self, name):
        return f"images of {name}"

    def test(self, name):
        pixels = np.rint((self.held_out[name] + 1) * 127.5).astype(np.uint8)
        return ImageSet(list(pixels), self.origin(name))

    def corresponding(self, source, target):
        return self._corresponding or self.streams[source].key == self.streams[target].key


@pytest.fixture
def judged(session):
    """Builds a tiny model with fresh weights in the session; gives it with its Evaluator."""

    def make(name, count=3, corresponding=False, **values):
        model = build(name, **values)
        session.run(tf.global_variables_initializer())
        return model, Evaluator(model, RandomData(model, count, corresponding))

    return make


def test_sample_grid_shows_the_outputs_for_a_few_test_images(session, judged):
    model, evaluator = judged("pix2pix", count=9, batch_size=2)
    rows = evaluator.rows(session)
    assert evaluator.picture == "sample grid"
    assert {caption: len(row) for caption, row in rows.items()} == {"input": 4, "output": 4, "target": 4}
    np.testing.assert_array_equal(rows["input"], random_images(model, count=9)["source"][:4])


def test_sample_grid_shows_the_same_noise_at_every_step(session, judged):
    model, evaluator = judged("wgan", count=9)
    first = evaluator.rows(session)
    session.run(model.global_step.assign(9))
    again = evaluator.rows(session)
    assert {caption: len(row) for caption, row in first.items()} == {"real": 8, "fake": 64}
    np.testing.assert_array_equal(first["fake"], again["fake"])


@pytest.mark.slow
def test_figures_have_a_tag_for_each_direction_and_the_telling_ones_are_said(session, judged):
    _, evaluator = judged("cyclegan", evaluate="swd,cycle_psnr", **EVERY)
    found = evaluator.snapshot(session)
    names = ["swd", "swd_32", "swd_16", "cycle_psnr"]
    assert list(found.values) == [f"test/{name}_{part}" for part in ("AtoB", "BtoA") for name in names]
    value = found.values["test/cycle_psnr_AtoB"]
    assert found.lines[0] == f"AtoB: swd {found.values['test/swd_AtoB']:.4g}, cycle_psnr {value:.4g} dB"


def test_figures_are_those_that_a_run_is_judged_by_afterwards(session, judged):
    model, evaluator = judged("wgan", count=7, **EVERY)
    (material,) = map(Material, judged_of_model(session, model, RandomData(model, 7)))
    found = [figure for name in ("swd", "contrast", "variety") for figure in judge(material, name)]
    assert evaluator.snapshot(session).values == {f"test/{figure.name}": figure.value for figure in found}


def test_what_a_model_makes_is_judged_anew_at_every_step_and_once_at_each(session, judged, monkeypatch):
    calls = []
    monkeypatch.setattr(
        "evaluation.evaluator.judged_of_model", lambda *found: calls.append(1) or judged_of_model(*found)
    )
    model, evaluator = judged("darknet", count=7, **EVERY)
    for _ in range(2):
        evaluator.snapshot(session), evaluator.rows(session), evaluator.results(session)
    assert len(calls) == 1
    session.run(model.global_step.assign(9))
    evaluator.snapshot(session)
    assert len(calls) == 2


def test_classifier_is_judged_on_all_test_images(session, judged):
    _, evaluator = judged("darknet", count=7, **EVERY)  # more than one batch, and not a whole number of them
    share = evaluator.snapshot(session).values["test/accuracy"]
    assert 7 * share == pytest.approx(round(7 * share))
    assert evaluator.results(session) == [f"top-1 accuracy: {share:.2%} of 7 test images"]
    assert evaluator.picture == "confusion matrix" and [len(row) for row in evaluator.rows(session).values()] == [1]


@pytest.mark.slow
@pytest.mark.parametrize("values", [{}, {"colorize": True}])
def test_pairs_end_with_the_distance_to_the_counterparts(session, judged, values):
    model, evaluator = judged("pix2pix", batch_size=2, **values)
    (line,) = evaluator.results(session)
    (found,) = judged_of_model(session, model, RandomData(model))
    truths = found.reals.values
    near, before = ((psnr(each.values, truths), l1(each.values, truths)) for each in (found.fakes, found.sources))
    assert line == (
        f"{found.name}: {near[0]:.2f} dB PSNR against the true counterparts, L1 {near[1]:.4f} "
        f"(untranslated: {before[0]:.2f} dB, L1 {before[1]:.4f}), 3 test images"
    )


@pytest.mark.slow
def test_counterparts_of_other_channels_are_not_compared_untranslated(session, judged):
    _, evaluator = judged("cyclegan", corresponding=True, channels_a=1, lambda_identity=0.0)
    first, second = evaluator.results(session)
    assert first.startswith("AtoB: ") and second.startswith("BtoA: ") and "untranslated" not in first + second


@pytest.mark.slow
def test_images_without_counterparts_end_without_a_word(session, judged):
    assert judged("cyclegan")[1].results(session) == []


@pytest.mark.slow
def test_rule_of_the_best_names_its_figures_and_how_they_are_taken(session, judged):
    _, evaluator = judged("cyclegan", keep_best="cycle_psnr", **EVERY)
    rule = evaluator.rule
    assert rule.higher_is_better == (MEASURES["cycle_psnr"].better == HIGHER)
    assert set(rule.tags) == {"test/cycle_psnr_AtoB", "test/cycle_psnr_BtoA"} <= set(evaluator.snapshot(session).values)
    assert rule.protocol["test"]["real_a"]["images"] == 3 and rule.protocol["precision"] == "float32"


def test_rule_of_a_classifier_counts_all_test_images(judged):
    rule = judged("darknet", count=7, keep_best="accuracy", **EVERY)[1].rule
    assert rule.tags == ["test/accuracy"]
    assert rule.protocol["test"] == {"images": {"origin": "images of images", "images": 7}}


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, values, words",
    [
        ("cyclegan", {"evaluate": "swd,fdi"}, "--evaluate=swd,fdi: fdi must be one of those that fit: swd, cycle_psnr"),
        ("cyclegan", {"evaluate": "psnr"}, "psnr must be one of those that fit"),
        ("cyclegan", {"evaluate": "swd,"}, "nothing must be one of"),
        ("cyclegan", {"evaluate": "change", "keep_best": "change"}, "of which none tells better from worse"),
        ("wgan", {"keep_best": "psnr"}, "--keep_best=psnr: must be one of swd"),
        ("wgan", {"evaluate": "kid"}, "one of those that fit: swd"),
    ],
)
def test_measures_that_do_not_fit_are_refused(name, values, words):
    model = built(name).model
    config = dataclasses.replace(model.config, **EVERY, **values)
    with pytest.raises(ConfigError) as error:
        Evaluator(SimpleNamespace(outputs=model.outputs, inputs=model.inputs, config=config), RandomData(model))
    assert words in str(error.value) and "\n" not in str(error.value)


def test_model_with_nothing_to_judge_is_not_evaluated():
    outputs = SimpleNamespace(classification=None, generation=None, comparisons={}, samples={}, cycles={})
    config = SimpleNamespace(evaluate_every=5, evaluate=None, keep_best=None)
    data = SimpleNamespace(held_out={"x": np.zeros([1, 8, 8, 3])}, streams={})
    with pytest.raises(ConfigError, match="--evaluate_every: there is nothing"):
        Evaluator(SimpleNamespace(outputs=outputs, config=config), data)
