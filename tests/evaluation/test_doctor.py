"""The training doctor: each rule finds the series that are ill, says what to try, and leaves healthy ones alone."""

import re

import numpy as np
import pytest

from base.options import options
from evaluation.doctor import OFTEN, RULES, Doctor, describe, signs
from evaluation.judgement import Figure, Material, fitting, judge
from evaluation.sets import ImageSet, Judged
from models.registry import MODELS, find_model
from tests.helpers.images import photo
from tests.helpers.models import tiny_config

ILL = {  # values that are signs, by rule
    "discriminator_saturated": [1.0, 0.92],
    "discriminator_collapsed": [0.5],
    "copies_source": [0.0, 0.1],
    "inverted": [-0.99, -0.6],
    "one_color": [0.0, 0.05],
    "all_the_same": [0.0, 0.05],
    "hidden_source": [4.5, 20.0],
    "gradients_vanish": [0.0, 2e-6],
    "gradients_explode": [1e6, 1e9],
    "waiting_for_data": [0.9, 0.6],
    "learning_rate_0": [0.0],
}
HEALTHY = {  # what healthy runs have had, from their first steps to their last (docs/working.md)
    "verdict/accuracy_a": [0.25, 0.62, 0.75, 0.9],
    "test/change_share_AtoB": [0.57, 0.9, 1.15],
    "test/luminance_correlation_AtoB": [-0.1, 0.56, 0.81],
    "test/contrast_AtoB": [0.58, 0.83, 1.12],
    "test/variety_AtoB": [0.56, 0.78, 1.11],
    "test/hidden_AtoB": [0.3, 1.8],
    "gradient/generators": [0.01, 3.0, 200.0],
    "speed/waiting_share": [0.0, 0.02, 0.3],
    "learning_rate": [2e-4, 3e-7],
    "loss/generators": [5.0, 1.9],
}
EVERY = 100  # steps between values


def alarms(tag, values, every=EVERY):
    """What is said of a series, with the step at which it is."""
    doctor = Doctor()
    return [
        (alarm.rule.name, step * every)
        for step, value in enumerate(values, 1)
        for alarm in doctor.examine(step * every, {tag: value, "step": step, "alarms": ["text"]})
    ]


def test_every_rule_has_its_ill_series():
    assert list(ILL) == [rule.name for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rule_finds_its_series_once_when_it_has_lasted(rule):
    values = ILL[rule.name] * 60
    first = max(1 + rule.lasting // EVERY, rule.times)
    assert alarms(f"{rule.signal}_AtoB", values) == [(rule.name, first * EVERY)]
    assert alarms(rule.signal, values) == [(rule.name, first * EVERY)]


@pytest.mark.parametrize("tag", HEALTHY)
def test_healthy_values_raise_no_alarm(tag):
    for value in HEALTHY[tag]:
        assert alarms(tag, [value] * 100) == []


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.lasting], ids=lambda rule: rule.name)
def test_what_passes_is_no_alarm(rule):
    (healthy,) = (values for tag, values in HEALTHY.items() if tag.startswith(rule.signal))
    often = max(rule.lasting // EVERY, rule.times) // 2
    ill, passing = [ILL[rule.name][0]] * often, [healthy[1]] * often
    assert alarms(rule.signal, (ill + passing) * 5) == []


def test_few_verdicts_are_none():
    assert alarms("verdict/accuracy", [1.0] * (OFTEN - 1), every=1000) == []


def test_directions_are_told_apart_and_each_says_since_when():
    doctor = Doctor()
    found = []
    for step in (100, 600, 1200, 1300):
        values = {"test/contrast_AtoB": 0.0, "test/contrast_BtoA": 1.0, "test/contrast_x": 0.9 if step < 200 else 0.0}
        found += doctor.examine(step, values)
    assert [(alarm.name, alarm.since) for alarm in found] == [("one_color_AtoB", 100)]


def test_run_that_goes_on_is_not_told_twice():
    lines = [{"step": step, "seconds": 1.0, "test/contrast": 0.0} for step in (100, 1100, 2100)]
    doctor = Doctor()
    assert [len(doctor.examine(line["step"], line)) for line in lines] == [0, 1, 0]
    again = Doctor()
    assert [len(again.examine(line["step"], line)) for line in lines[:2]] == [0, 1]
    assert again.examine(2100, lines[2]) == []


def test_figures_of_one_checkpoint_are_seen_at_once():
    figures = [Figure("contrast", 0.02, ""), Figure("variety", 0.9, ""), Figure("swd", 0.0, "")]
    (found,) = signs(figures)
    assert describe(found, None) == "results are nearly of one colour each (test/contrast 0.02)"


def test_alarm_says_what_it_saw_and_what_the_model_can_try():
    doctor = Doctor()
    doctor.examine(500, {"test/variety_AtoB": 0.0123})
    (alarm,) = doctor.examine(1500, {"test/variety_AtoB": 0.0123})
    words = (
        "AtoB: all results are nearly the same image, whatever they are made of (test/variety 0.0123 since step 500)"
    )
    assert describe(alarm, tiny_config("cyclegan")) == (
        f"{words}; try a higher --lambda_a and --lambda_b, or --gan_loss=wgangp, or more images (docs/working.md)"
    )
    assert "a higher --lambda_l1" in describe(alarm, tiny_config("pix2pix"))
    assert "--lambda" not in describe(alarm, tiny_config("wgan"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_flag_to_try_is_one_of_a_model(rule):
    known = {name for model in MODELS for name in options(find_model(model).config_class)}
    flags = {flag for words in rule.tries if not words.startswith("python") for flag in re.findall(r"--(\w+)", words)}
    assert flags <= known


@pytest.fixture(scope="module")
def pictures():
    return [ImageSet([photo(10 * seed + number, 32, 32) for number in range(6)], "") for seed in range(2)]


def figures_of(fakes, reals, sources, noised=None):
    material = Material(Judged("AtoB", fakes, reals, sources, sources, noised or sources))
    return [figure for name in fitting(material) for figure in judge(material, name)]


def test_every_figure_that_a_rule_looks_at_is_taken_without_a_network_of_features(pictures):
    taken = {f"test/{figure.name}" for figure in figures_of(*pictures, pictures[0])}
    assert {rule.signal for rule in RULES if rule.signal.startswith("test/")} <= taken


def test_translations_that_are_planted_ill_are_found(pictures):
    sources, reals = pictures
    planted = {
        "copies_source": sources,
        "inverted": ImageSet([255 - image for image in sources.images], ""),
        "one_color": ImageSet([np.full_like(image, 50 * number) for number, image in enumerate(reals.images)], ""),
        "all_the_same": ImageSet([reals.images[0]] * 6, ""),
    }
    for name, fakes in planted.items():
        assert [alarm.rule.name for alarm in signs(figures_of(fakes, reals, sources))] == [name]
    assert [alarm.rule.name for alarm in signs(figures_of(reals, reals, sources, noised=reals))] == ["hidden_source"]
    assert signs(figures_of(reals, reals, sources)) == []
