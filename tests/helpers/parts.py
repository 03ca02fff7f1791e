"""Training a tiny model on batches that come in parts, or are shared by workers."""

from typing import NamedTuple

import numpy as np
import pytest

from base.graph_mode import tf
from ops.collectives import broadcast
from ops.parts import split_batch
from ops.recomputation import recompute_activations
from tests.helpers.models import build_training, random_images
from training.group import Group

SIZE, STEPS = 4, 3  # images of a batch, and steps
NEAR = 1e-3  # share of their size that numbers may differ by: rounding grows, as between runs on other threads


class Trained(NamedTuple):
    """What came of it."""

    scalars: list[dict[str, float]]  # of every step
    first: dict[str, np.ndarray]  # all variables after the first step
    last: dict[str, np.ndarray]  # and after the last


def train(name, parts=1, own=None, equal=False, **values):
    """Trains for STEPS steps.

    Args:
      name: of the model.
      parts: of a batch, one after the other.
      own: Group of the workers that share each part; None: there is one.
      equal: whether all images of a batch are the same, so that each part has the statistics of the whole.
      **values: of the config.
    """
    own = own or Group([], 0)
    with tf.Graph().as_default(), own.device():
        split_batch(parts, own.size, own.worker, values.get("sync_batch_norm", True))
        if values.get("recompute"):
            recompute_activations()
        model = build_training(name, batch_size=SIZE, accumulate=parts, **values)
        start = tf.group(tf.global_variables_initializer(), tf.local_variables_initializer())
        if own.size > 1:
            with tf.control_dependencies([start]):
                start = broadcast(tf.global_variables())
        scalars, states = [], []
        with own.session() as session:
            session.run(start)
            for step in range(STEPS):
                batch = _batch(model, step, equal)
                train_op = model.train_ops[model.train_op_of(step)]
                for part in range(parts):
                    first = (part * own.size + own.worker) * model.part_size
                    feed = {x: images[first : first + model.part_size] for x, images in batch.items()}
                    told, _ = session.run([train_op.scalars, train_op.op], feed)
                scalars.append(told)
                states.append(session.run({v.op.name: v for v in tf.global_variables()}))
        return Trained(scalars, states[0], states[-1])


def assert_same_steps(found, expected):
    """Asserts that two trainings did the same but for rounding: scalars, gradients of the first step, image pools."""
    for scalars, wanted in zip(found.scalars, expected.scalars, strict=True):
        for tag, value in wanted.items():
            near = 10 * NEAR if tag.startswith("gradient/") else NEAR  # in which rounding shows first
            assert scalars[tag] == pytest.approx(value, rel=near, abs=1e-5), tag
    assert found.last.keys() == expected.last.keys() and found.last["global_step"] == STEPS
    gradients = [key for key in found.first if key.endswith(("/kernel/m", "/kernel/ms"))]
    assert gradients
    for key in gradients:
        limit = NEAR * np.abs(expected.first[key]).max()
        np.testing.assert_allclose(found.first[key], expected.first[key], atol=limit, err_msg=key)
    for key in (key for key in found.last if key.startswith("image_pool/")):
        np.testing.assert_allclose(found.last[key], expected.last[key], atol=NEAR, err_msg=key)


def _batch(model, step, equal):
    batch = {model.inputs[key]: images for key, images in random_images(model, step, SIZE).items()}
    if model.outputs.generation and equal:
        noise = np.random.RandomState(step).standard_normal([SIZE, model.config.z_size])
        batch[model.outputs.generation.noise] = noise
    return {x: np.repeat(values[:1], SIZE, axis=0) for x, values in batch.items()} if equal else batch
