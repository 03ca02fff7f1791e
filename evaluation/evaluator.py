"""The evaluator: judges a model while it is trained and at the end, and shows what it makes of a few test images."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from base.errors import ConfigError
from base.graph_mode import tf
from evaluation.confusion import draw_confusion
from evaluation.images import l1, psnr
from evaluation.judgement import HIGHER, LOWER, MEASURES, Figure, Material, confusion_of, fitting, judge
from evaluation.made import has_counterparts, judged_of_model, planned_of_model
from evaluation.predictions import accuracy
from evaluation.records import describe_protocol, value_in_words
from evaluation.run_data import RunData
from evaluation.sets import Classified, Judged
from inference.session import generate, run_in_batches
from models.model import Model
from run_folder.best import Rule

TEST_IMAGES = 100  # of each set that figures are taken of, at most; of a classifier all
SAMPLES = 4  # test images in the sample grid
NOISE_SAMPLES = 64  # images of fixed noise there
NOISE_COLUMNS = 8  # real images beside them, as many as lie in one line


class Snapshot(NamedTuple):
    """Figures of one step: by TensorBoard tag, and the most telling of them in lines."""

    values: dict[str, float]
    lines: list[str]


class Evaluator:
    """Judges one model on its test images; it fits every model whose `outputs` have something to judge.

    Nothing of it moves a variable or draws from what training draws from.

    Attributes:
      picture: str, what `rows` show, in words.
      measures: list of MEASURES that `snapshot` takes.
      rule: Rule by which the best checkpoint is chosen; None where none is.
    """

    def __init__(self, model: Model, data: RunData):
        """Takes what the model's config asks for.

        Args:
          model: whose inputs are fed.
          data: that it is judged on.

        Raises:
          ConfigError: naming a measure that is not there or does not fit.
          DataError: a test image cannot be read.
        """
        self._model, self._data = model, data
        self._judged: tuple[int, list[Judged | Classified]] = (-1, [])  # of a step
        outputs, config = model.outputs, model.config
        self.picture = "confusion matrix" if outputs.classification else "sample grid"
        count = min(NOISE_COLUMNS if outputs.generation else SAMPLES, *map(len, data.held_out.values()))
        self._samples = {name: images[range(count)] for name, images in data.held_out.items()}
        self.measures: list[str] = []
        self.rule: Rule | None = None
        if config.evaluate_every:
            able = {judged.name: fitting(Material(judged)) for judged in planned_of_model(model, data)}
            self.measures = _chosen(config.evaluate, [name for name in MEASURES if name in set().union(*able.values())])
            if config.keep_best:
                parts = [part for part, measures in able.items() if config.keep_best in measures]
                self.rule = self._rule_of(config.keep_best, parts)

    def rows(self, session: tf.Session) -> dict[str, list[np.ndarray]]:
        """Rows of the picture: float32 arrays [height, width, channels] in [-1, 1] by caption.

        They show what the networks make of the same few test images, and of the same noise; of a classifier the
        confusion matrix over all test images.
        """
        outputs = self._model.outputs
        rows: dict[str, list[np.ndarray]] = {caption: [] for caption in outputs.samples}
        for images in run_in_batches(session, self._model, outputs.samples, self._samples) if rows else ():
            for caption, image in images.items():
                rows[caption].append(image)
        if outputs.generation:
            rows["fake"] = list(generate(session, outputs.generation, self._model.config.seed, NOISE_SAMPLES))
        for judged in self._judge(session) if outputs.classification else ():
            if isinstance(judged, Classified):
                rows[""] = [draw_confusion(confusion_of(judged), judged.class_names)]
        return rows

    def snapshot(self, session: tf.Session) -> Snapshot:
        """Takes the figures."""
        values: dict[str, float] = {}
        lines = []
        for judged in self._judge(session):
            material = Material(judged)
            able = fitting(material)
            figures = [figure for name in self.measures if name in able for figure in judge(material, name)]
            values |= {_tag(figure.name, judged.name): figure.value for figure in figures}
            telling = ", ".join(_in_words(figure) for figure in figures if figure.name in MEASURES)
            lines.append(": ".join(filter(None, [judged.name, telling])))
        return Snapshot(values, lines)

    def results(self, session: tf.Session) -> list[str]:
        """Says what a run has come to, where that can be said in a line: beside true counterparts, or of verdicts."""
        if not has_counterparts(self._model, self._data) and not self._model.outputs.classification:
            return []
        return list(filter(None, map(_result, self._judge(session))))

    def _judge(self, session: tf.Session) -> list[Judged | Classified]:
        """What the model makes of the data; once for each step."""
        step = int(session.run(self._model.global_step))
        if step != self._judged[0]:
            self._judged = step, judged_of_model(session, self._model, self._data)
        return self._judged[1]

    def _rule_of(self, measure: str, parts: list[str]) -> Rule:
        able = [name for name in self.measures if MEASURES[name].better in (HIGHER, LOWER)]
        if measure not in able:
            known = ", ".join(able) or "those that --evaluate names, of which none tells better from worse"
            raise ConfigError(f"--keep_best={measure}: must be one of {known}")
        names = [name for name, stream in self._data.streams.items() if stream.shape()]  # of images
        sets = {name: self._data.test(name).record for name in names}
        if self._model.outputs.classification:  # of which all are judged, as they are read
            sets = {
                name: {"origin": self._data.origin(name), "images": len(self._data.held_out[name])} for name in names
            }
        return Rule(
            measure=measure,
            higher_is_better=MEASURES[measure].better == HIGHER,
            tags=[_tag(measure, part) for part in parts],
            protocol={"test": sets, **describe_protocol(self._model.config)},
        )


def _chosen(names: str | None, fit: list[str]) -> list[str]:
    """The measures that an option names, or all that fit. ConfigError: one does not fit, or none does."""
    if not fit:
        raise ConfigError(
            "--evaluate_every: there is nothing that this model's images could be judged by; leave it out"
        )
    if names is None:
        return fit
    for name in names.split(","):
        if name not in fit:
            raise ConfigError(
                f"--evaluate={names}: {name or 'nothing'} must be one of those that fit: {', '.join(fit)}"
            )
    return list(dict.fromkeys(names.split(",")))


def _tag(figure: str, part: str) -> str:
    return "_".join(filter(None, [f"test/{figure}", part]))


def _in_words(figure: Figure) -> str:
    return " ".join(filter(None, [figure.name, value_in_words(figure), figure.unit]))


def _result(judged: Judged | Classified) -> str:
    if isinstance(judged, Classified):
        return f"top-1 accuracy: {accuracy(confusion_of(judged)):.2%} of {len(judged.labels)} test images"
    if not judged.paired:
        return ""
    pairs = list(zip(judged.fakes.values, judged.reals.values))  # as many as there are of both
    text = "{:.2f} dB PSNR against the true counterparts, L1 {:.4f}".format(*_nearness(pairs))
    if judged.sources and judged.sources.images[0].shape == judged.reals.images[0].shape:
        untranslated = _nearness(list(zip(judged.sources.values, judged.reals.values)))
        text += " (untranslated: {:.2f} dB, L1 {:.4f})".format(*untranslated)
    return f"{judged.name}: {text}, {len(pairs)} test images"


def _nearness(pairs):
    images, truths = zip(*pairs)
    return psnr(images, truths), l1(images, truths)
