"""The training doctor: rules that know from curves and figures that a run goes wrong, and say what to try."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from base.options import options
from config import Config
from evaluation.judgement import Figure

LONG = 1000  # steps: what passes sooner is part of training
OFTEN = 20  # values of one batch each
TWICE = 2  # values of all test images each


class Rule(NamedTuple):
    """A sign of a run that goes wrong.

    Attributes:
      name: short, for TensorBoard and files.
      signal: TensorBoard tag of the values that it looks at, those with an ending for a direction or network too.
      ill: says of the values of some steps one after the other whether they are a sign.
      lasting, times: how many steps these span, and how many values they are, at least.
      says: what is wrong, in words.
      tries: flags of train.py that may help; each model has some of them.
    """

    name: str
    signal: str
    ill: Callable[[Sequence[float]], bool]
    lasting: int
    times: int
    says: str
    tries: Sequence[str]


def _always(sign: Callable[[float], bool]) -> Callable[[Sequence[float]], bool]:
    return lambda values: all(map(sign, values))


# Thresholds lie between healthy runs and such as were made ill on purpose: docs/working.md has both.
RULES = [
    Rule(
        "discriminator_saturated", "verdict/accuracy", lambda shares: statistics.fmean(shares) > 0.95, LONG, OFTEN,
        "the discriminator tells all images apart, so that the generator learns nothing from it",
        ["--real_label=0.9", "a smaller --ndf", "a larger --ngf", "more images"],
    ),
    Rule(
        "discriminator_collapsed", "verdict/accuracy", _always(lambda share: abs(share - 0.5) < 1e-3), LONG, OFTEN,
        "the discriminator gives one verdict on all images, so that the generator learns nothing from it",
        ["a lower --learning_rate", "a larger --ndf", "--norm=instance"],
    ),
    Rule(
        "copies_source", "test/change_share", _always(lambda share: share < 0.15), LONG, TWICE,
        "translations are copies of their sources",
        ["--lambda_identity=0", "a lower --lambda_a and --lambda_b", "a higher --lambda_gan"],
    ),
    Rule(
        "inverted", "test/luminance_correlation", _always(lambda correlation: correlation < -0.5), LONG, TWICE,
        "translations have light and dark inverted; the cycle brings them back, so that nothing else tells",
        ["another --seed", "--lambda_identity=0.5"],
    ),
    Rule(
        "one_color", "test/contrast", _always(lambda ratio: ratio < 0.1), LONG, TWICE,
        "results are nearly of one colour each",
        ["a lower --learning_rate", "another --seed", "--norm=instance"],
    ),
    Rule(
        "all_the_same", "test/variety", _always(lambda ratio: ratio < 0.1), LONG, TWICE,
        "all results are nearly the same image, whatever they are made of",
        ["a higher --lambda_a and --lambda_b", "a higher --lambda_l1", "--gan_loss=wgangp", "more images"],
    ),
    Rule(  # Chu et al. 2017, arXiv 1712.02950
        "hidden_source", "test/hidden", _always(lambda levels: levels > 4.0), LONG, TWICE,
        "a noise of one grey level on the translation spoils the cycle: the translation hides its source in noise",
        ["a lower --lambda_a and --lambda_b", "--upsampling=resize", "sets of more similar content"],
    ),
    Rule(
        "gradients_vanish", "gradient", _always(lambda norm: norm < 1e-3), LONG, OFTEN,
        "the gradients are nearly 0, so that nothing is learned",
        ["another --seed", "a lower --learning_rate", "--init=normal"],
    ),
    Rule(
        "gradients_explode", "gradient", _always(lambda norm: norm > 1e5), 100, 3,
        "the gradients are huge",
        ["a lower --learning_rate", "--precision=float32"],
    ),
    Rule(
        "waiting_for_data", "speed/waiting_share", _always(lambda share: share > 0.5), 500, 5,
        "more than half of the time is spent waiting for images to be read",
        [
            "--read_processes=4", "python build_data.py --source=... --output=... --max_side=...",
            "data on a faster disk",
        ],
    ),
    Rule(
        "learning_rate_0", "learning_rate", _always(lambda rate: rate <= 0.0), 0, 1,
        "the learning rate is 0, so that nothing is learned",
        ["a larger --max_steps", "another --learning_rate"],
    ),
]  # fmt: skip


class Alarm(NamedTuple):
    """A rule that holds: of which values, by their ending ("AtoB", "a", or ""), their mean, and since which step."""

    rule: Rule
    part: str
    value: float
    since: int

    @property
    def name(self) -> str:
        """Its name in TensorBoard and files."""
        return "_".join(filter(None, [self.rule.name, self.part]))


class Doctor:
    """Looks at a run's values from step to step; what it says is a function of the lines of `metrics.jsonl`."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], list[tuple[int, float]]] = {}  # last steps and values, by rule and part
        self._told: set[tuple[str, str]] = set()

    def examine(self, step: int, values: Mapping[str, Any]) -> list[Alarm]:
        """Takes the values of a step, by TensorBoard tag.

        Returns:
          The rules that hold for long enough, each once in a run for each value that it looks at.
        """
        found = []
        for rule in RULES:
            for part, value in _parts(rule, values):
                window = self._windows.setdefault((rule.name, part), [])
                window.append((step, value))
                while len(window) > rule.times and step - window[1][0] >= rule.lasting:
                    window.pop(0)
                steps, last = zip(*window)
                lasts = step - steps[0] >= rule.lasting and len(window) >= rule.times
                if lasts and (rule.name, part) not in self._told and rule.ill(last):
                    self._told.add((rule.name, part))
                    found.append(Alarm(rule, part, statistics.fmean(last), steps[0]))
        return found


def signs(figures: Sequence[Figure]) -> list[Alarm]:
    """What holds of the figures of one checkpoint, however long it does."""
    values = {f"test/{figure.name}": figure.value for figure in figures}
    return [Alarm(rule, part, value, 0) for rule in RULES for part, value in _parts(rule, values) if rule.ill([value])]


def describe(alarm: Alarm, config: Config | None) -> str:
    """Says what is wrong, by which value, and what to try: of the flags those that the run's model has."""
    known = options(type(config)) if config else {}
    tries = [words for words in alarm.rule.tries if all(flag in known for flag in _flags(words))] if config else []
    where = f"{alarm.part}: " if alarm.part else ""
    since = f" since step {alarm.since}" if alarm.since and alarm.rule.lasting else ""
    advice = f"; try {', or '.join(tries)} (docs/working.md)" if tries else ""
    return f"{where}{alarm.rule.says} ({alarm.rule.signal} {alarm.value:.3g}{since}){advice}"


def _flags(words: str) -> list[str]:
    """Names of the flags of train.py in what may be tried."""
    return [] if words.startswith("python") else re.findall(r"--(\w+)", words)


def _parts(rule: Rule, values: Mapping[str, Any]) -> list[tuple[str, float]]:
    """The values that a rule looks at, by the endings of their tags."""
    return [
        (tag[len(rule.signal) + 1 :], value)
        for tag, value in values.items()
        if (tag == rule.signal or tag.startswith((f"{rule.signal}_", f"{rule.signal}/"))) and isinstance(value, float)
    ]
