"""A batch that a model computes in parts makes the step of the whole batch."""

import numpy as np
import pytest

from base.graph_mode import session_config, tf
from ops.parts import split_batch
from tests.helpers.models import build_training, random_images

PARTS, SIZE, STEPS = 4, 4, 3
NEAR = 1e-3  # share of their size that numbers may differ by: rounding grows, as between runs on other threads
ALTERNATING = {"sync_batch_norm": False, "critic_steps": 1, "critic_lead": 1}


def train(name, parts, equal, **values):
    """Trains for STEPS steps on a batch in parts, which are all equal where that is asked for.

    Returns:
      The scalars of every step; and all variables after the first step, and after the last.
    """
    with tf.Graph().as_default(), tf.Session(config=session_config()) as session:
        split_batch(parts)
        model = build_training(name, batch_size=SIZE, accumulate=parts, **values)
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        told, states = [], []
        for step in range(STEPS):
            batch = {model.inputs[key]: images for key, images in random_images(model, step, SIZE).items()}
            if model.outputs.generation:
                noise = np.random.RandomState(step).standard_normal([SIZE, model.config.z_size])
                batch[model.outputs.generation.noise] = noise
            if equal:
                batch = {x: np.repeat(values[:1], SIZE, axis=0) for x, values in batch.items()}
            train_op = model.train_ops[model.train_op_of(step)]
            for start in range(0, SIZE, model.part_size):
                feed = {x: values[start : start + model.part_size] for x, values in batch.items()}
                scalars, _ = session.run([train_op.scalars, train_op.op], feed)
            told.append(scalars)
            states.append({v.op.name: session.run(v) for v in tf.global_variables()})
        return told, states[0], states[-1]


def check(name, equal=False, **values):
    """Compares a batch in parts with the whole one."""
    told, first, last = train(name, PARTS, equal, **values)
    expected_told, expected_first, expected_last = train(name, 1, equal, **values)
    for scalars, expected in zip(told, expected_told, strict=True):
        assert scalars == pytest.approx(expected, rel=NEAR, abs=1e-5)
    assert last.keys() == expected_last.keys() and last["global_step"] == STEPS
    gradients = [key for key in first if key.endswith(("/kernel/m", "/kernel/ms"))]  # as the first step met them
    assert gradients
    for key in gradients:
        np.testing.assert_allclose(first[key], expected_first[key], atol=NEAR * np.abs(expected_first[key]).max())
    return last, expected_last


@pytest.mark.slow
def test_cyclegan_with_its_pools_and_dropout():
    last, expected = check("cyclegan", dropout=True, pool_size=3)
    for key in ("image_pool/a/images", "image_pool/b/images"):
        np.testing.assert_allclose(last[key], expected[key], atol=NEAR)


@pytest.mark.slow
def test_pix2pix_with_the_gradient_penalty_and_its_averages():
    last, expected = check("pix2pix", simultaneous=True, norm="instance", gan_loss="wgangp")
    averages = [key for key in last if key.startswith("moving_averages/")]
    assert averages and {key: last[key] for key in averages} == pytest.approx(
        {key: expected[key] for key in averages}, rel=NEAR
    )


@pytest.mark.slow
@pytest.mark.parametrize("gan_loss", ["wgan", "wgangp"])
def test_wgan_whose_parts_have_the_statistics_of_the_batch(gan_loss):
    last, expected = check("wgan", equal=True, gan_loss=gan_loss, **ALTERNATING)
    counts = {key: count for key, count in last.items() if key.endswith("/updates")}
    assert counts == {key: expected[key] for key in counts} and len(counts) == 2 * (gan_loss == "wgangp")
    assert gan_loss == "wgangp" or np.abs(last["critic/conv2d/kernel"]).max() == np.float32(0.01)


@pytest.mark.slow
def test_darknet_whose_parts_have_the_statistics_of_the_batch():
    check("darknet", equal=True, sync_batch_norm=False, learning_rate=0.05)
