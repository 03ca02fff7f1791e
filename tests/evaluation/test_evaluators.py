"""What a run is judged by: which evaluators a model has, and what they find."""

import numpy as np
import pytest

from base.graph_mode import tf
from evaluation.evaluators import (
    Confusion,
    Counterparts,
    Evaluator,
    SampleGrid,
    final_evaluators,
    periodic_evaluators,
)
from evaluation.images import l1, psnr
from inference.session import run_in_batches
from tests.helpers.models import build, built, random_images


def kinds(evaluators):
    return [type(evaluator) for evaluator in evaluators]


def test_evaluator_without_a_judgement_cannot_be_made():
    with pytest.raises(TypeError, match="abstract"):
        Evaluator(built("wgan").model)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, values, periodic, final, with_counterparts",
    [
        ("cyclegan", {}, [SampleGrid], [], [Counterparts]),
        ("pix2pix", {}, [SampleGrid], [Counterparts], [Counterparts]),
        ("pix2pix", {"colorize": True, "simultaneous": True}, [SampleGrid], [Counterparts], [Counterparts]),
        ("wgan", {}, [SampleGrid], [], []),
        ("darknet", {}, [Confusion], [Confusion], [Confusion]),
    ],
)
def test_evaluators_of_a_model_are_those_that_its_outputs_serve(name, values, periodic, final, with_counterparts):
    model = built(name, **values).model
    assert kinds(periodic_evaluators(model)) == periodic
    assert kinds(final_evaluators(model, counterparts=False)) == final
    assert kinds(final_evaluators(model, counterparts=True)) == with_counterparts


@pytest.mark.slow
def test_sample_grid_shows_the_outputs_for_a_few_test_images(session):
    model = build("pix2pix", batch_size=2)
    session.run(tf.global_variables_initializer())
    (evaluator,) = periodic_evaluators(model)
    assert (evaluator.count, evaluator.picture) == (4, "sample grid")
    images = random_images(model, count=3)
    found = evaluator(session, images)
    assert {caption: len(row) for caption, row in found.rows.items()} == {"input": 3, "output": 3, "target": 3}
    np.testing.assert_array_equal(found.rows["input"], images["source"])
    assert not found.scalars and not found.lines


def test_sample_grid_shows_the_same_noise_at_every_step(session):
    model = build("wgan")
    session.run(tf.global_variables_initializer())
    (evaluator,) = periodic_evaluators(model)
    assert evaluator.count == 8
    images = {"real": np.zeros([8, 16, 16, 3], "f")}
    first = evaluator(session, images).rows
    session.run(model.global_step.assign(9))
    again = evaluator(session, images).rows
    assert {caption: len(row) for caption, row in first.items()} == {"real": 8, "fake": 64}
    np.testing.assert_array_equal(first["fake"], again["fake"])


@pytest.mark.slow
def test_confusion_counts_every_test_image_once(session):
    model = build("darknet")
    session.run(tf.global_variables_initializer())
    images = random_images(model, count=7)  # more than one batch, and not a whole number of them
    tensors = {"predictions": model.outputs.classification.predictions}
    predictions = run_in_batches(session, model, tensors, images)["predictions"]
    share = np.mean(predictions == images["labels"])
    (evaluator,) = final_evaluators(model, counterparts=False)
    found = evaluator(session, images)
    assert evaluator.count is None and evaluator.picture == "confusion matrix"
    assert found.scalars == {"test/accuracy": pytest.approx(share)}
    assert found.lines == {"top-1 accuracy": f"{share:.2%} of 7 test images"}
    assert [len(row) for row in found.rows.values()] == [1]


@pytest.mark.slow
@pytest.mark.parametrize("colorize", [False, True])
def test_counterparts_measure_the_distance_to_the_target(session, colorize):
    model = build("pix2pix", colorize=colorize, batch_size=2)
    session.run(tf.global_variables_initializer())
    images = random_images(model, count=3)
    (evaluator,) = final_evaluators(model, counterparts=False)
    found = evaluator(session, images)
    fetches, values = [model.outputs.samples, model.fake, model.target], []
    for i in range(3):  # each image fills a batch alone, so that norms see nothing of the others
        batch = {model.inputs[name]: np.repeat(each[[i]], 2, axis=0) for name, each in images.items()}
        samples, fake, target = session.run(fetches, batch)
        values.append([*(row[0] for row in samples.values()), fake[0], target[0]])
    before, after, truth, fake, target = zip(*values)
    direction = "colorize" if colorize else "AtoB"
    assert found.scalars == {
        f"test/psnr_{direction}": pytest.approx(psnr(after, truth)),
        f"test/l1_{direction}": pytest.approx(l1(fake, target)),
    }
    unlearned = np.abs(target).mean() if colorize else l1(before, truth)  # no colours at all
    assert found.lines == {
        direction: f"{psnr(after, truth):.2f} dB PSNR against the true counterparts, L1 {l1(fake, target):.4f} "
        f"(untranslated: {psnr(before, truth):.2f} dB, L1 {unlearned:.4f}), 3 test images"
    }


@pytest.mark.slow
def test_counterparts_of_other_channels_are_not_compared_untranslated(session):
    model = build("cyclegan", channels_a=1, lambda_identity=0.0)
    session.run(tf.global_variables_initializer())
    (evaluator,) = final_evaluators(model, counterparts=True)
    found = evaluator(session, random_images(model, count=2))
    assert found.lines.keys() == {"AtoB", "BtoA"} and not any("untranslated" in line for line in found.lines.values())
    assert evaluator.count == 100
