"""Evaluators: what a run is judged by and shows of itself, now and then and at its end.

An evaluator fits every model whose `outputs` have what it asks for; none asks for a model's name.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from base.graph_mode import tf
from evaluation.confusion import draw_confusion
from evaluation.images import l1, psnr
from evaluation.predictions import accuracy, confusion_matrix
from inference.session import Images, generate, run_in_batches, run_one_by_one
from models.model import Model

SAMPLES = 4  # test images in the sample grid
NOISE_SAMPLES = 64  # images of fixed noise there
NOISE_COLUMNS = 8  # real images beside them, as many as lie in one line
COMPARED = 100  # test images that results are compared with the truth on


class Evaluation(NamedTuple):
    """What an evaluator found.

    Attributes:
      scalars: by TensorBoard tag.
      rows: float32 arrays [height, width, channels] in [-1, 1] by caption, for the picture.
      lines: what is told to people, by what it is about.
    """

    scalars: Mapping[str, float] = {}
    rows: Mapping[str, list[np.ndarray]] = {}
    lines: Mapping[str, str] = {}


class Evaluator(abc.ABC):
    """Judges a model on test images.

    Attributes:
      count: int, test images that it wants; None for all.
      picture: what its rows show, in words.
    """

    count: int | None = None
    picture = ""

    def __init__(self, model: Model):
        self.model = model

    @abc.abstractmethod
    def __call__(self, session: tf.Session, images: Images) -> Evaluation:
        """Judges the model.

        Args:
          session: with the weights.
          images: test images and labels by input name, `count` of each.
        """


class SampleGrid(Evaluator):
    """The rows of the sample grid: what the networks make of the same few test images, and of the same noise."""

    picture = "sample grid"

    def __init__(self, model):
        super().__init__(model)
        self.count = NOISE_COLUMNS if model.outputs.generation else SAMPLES

    def __call__(self, session, images):
        rows = run_in_batches(session, self.model, self.model.outputs.samples, images)
        if self.model.outputs.generation:
            seed = self.model.config.seed
            rows["fake"] = list(generate(session, self.model.outputs.generation, seed, NOISE_SAMPLES))
        return Evaluation(rows=rows)


class Confusion(Evaluator):
    """Accuracy and confusion matrix of a classifier."""

    picture = "confusion matrix"

    def __call__(self, session, images):
        signature = self.model.outputs.classification
        assert signature is not None, "this evaluator is for classifiers"
        tensors = {"predictions": signature.predictions}
        predicted = np.array(run_in_batches(session, self.model, tensors, images)["predictions"])
        truth = images[signature.labels][np.arange(len(predicted))]
        matrix = confusion_matrix(truth, predicted, len(signature.class_names))
        share = accuracy(matrix)
        return Evaluation(
            scalars={"test/accuracy": share},
            rows={"": [draw_confusion(matrix, signature.class_names)]},
            lines={"top-1 accuracy": f"{share:.2%} of {matrix.sum()} test images"},
        )


class Counterparts(Evaluator):
    """How near translations come to what they should be, on test images whose counterparts are there."""

    count = COMPARED

    def __call__(self, session, images):
        scalars, lines = {}, {}
        for direction, comparison in self.model.outputs.comparisons.items():
            found = run_one_by_one(session, self.model, comparison._asdict(), images)
            before, after, truth, unlearned, output, target = found.values()
            scalars[f"test/psnr_{direction}"] = after_db = psnr(after, truth)
            scalars[f"test/l1_{direction}"] = difference = l1(output, target)
            text = f"{after_db:.2f} dB PSNR against the true counterparts, L1 {difference:.4f}"
            if before[0].shape == truth[0].shape:
                text += f" (untranslated: {psnr(before, truth):.2f} dB, L1 {l1(unlearned, target):.4f})"
            lines[direction] = f"{text}, {len(after)} test images"
        return Evaluation(scalars, lines=lines)


def periodic_evaluators(model: Model) -> list[Evaluator]:
    """The evaluators of a run's picture, taken now and then."""
    outputs = model.outputs
    chosen: list[Evaluator] = [SampleGrid(model)] if outputs.samples or outputs.generation else []
    return chosen + ([Confusion(model)] if outputs.classification else [])


def final_evaluators(model: Model, counterparts: bool) -> list[Evaluator]:
    """The evaluators at the end of a run.

    Args:
      model: the run's.
      counterparts: whether test images of equal index are known to show the same scene, though they are drawn
        independently for training.
    """
    keys = {stream.key for stream in model.streams(model.config).values()}
    chosen: list[Evaluator] = (
        [Counterparts(model)] if model.outputs.comparisons and (counterparts or len(keys) == 1) else []
    )
    return chosen + ([Confusion(model)] if model.outputs.classification else [])
