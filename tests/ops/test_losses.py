"""Every loss against its NumPy formula."""

import numpy as np
import pytest

from base.graph_mode import tf
from ops.losses import (
    GAN_LOSSES,
    cross_entropy,
    discriminator_loss,
    gan_loss,
    generator_loss,
    gradient_penalty,
    l1_loss,
    total,
    verdict_accuracy,
)
from tests.helpers.arrays import softplus

real, fake = np.random.RandomState(0).randn(2, 2, 3, 3, 1).astype("f")
EXPECTED = {  # kind: (generator, discriminator), real label 0.9
    "lsgan": (np.mean((fake - 0.9) ** 2), 0.5 * (np.mean((real - 0.9) ** 2) + np.mean(fake**2))),
    "vanilla": (
        np.mean(0.9 * softplus(-fake) + 0.1 * softplus(fake)),
        0.5 * (np.mean(0.9 * softplus(-real) + 0.1 * softplus(real)) + np.mean(softplus(fake))),
    ),
    "hinge": (-np.mean(fake), 0.5 * (np.mean(np.maximum(0, 1 - real)) + np.mean(np.maximum(0, 1 + fake)))),
    "wgan": (-np.mean(fake), 0.5 * (np.mean(fake) - np.mean(real))),
    "wgangp": (-np.mean(fake), 0.5 * (np.mean(fake) - np.mean(real))),
}


@pytest.mark.parametrize("kind", GAN_LOSSES)
def test_gan_losses(session, kind):
    losses = generator_loss(fake, kind, 0.9), discriminator_loss(real, fake, kind, 0.9)
    np.testing.assert_allclose(session.run(losses), EXPECTED[kind], rtol=1e-5)


def test_unknown_gan_loss_is_named_with_those_there_are(session):
    with pytest.raises(ValueError, match="gan_loss is 'lsgam'; it must be one of lsgan, vanilla, hinge, wgan, wgangp"):
        gan_loss(tf.constant(fake), "lsgam", real=True)


@pytest.mark.parametrize(
    "kind, label, right", [("lsgan", 1.0, 0.625), ("lsgan", 0.4, 0.75), ("vanilla", 1.0, 0.5), ("hinge", 1.0, 0.5)]
)
def test_verdicts_are_right_on_their_side_of_the_middle(session, kind, label, right):
    real, fake = tf.constant([0.9, 0.6, 0.3, 0.25]), tf.constant([0.4, 0.1, 0.7, 0.15])
    assert session.run(verdict_accuracy(real, fake, kind, label)) == pytest.approx(right)


def test_total_is_the_sum(session):
    assert session.run(total({"a": tf.constant(1.5), "b": tf.constant(-4.0)})) == -2.5


def test_l1_is_the_mean_over_all_elements(session):
    assert session.run(l1_loss(tf.constant([[1.0, -2.0]]), tf.constant([[0.0, 2.0]]))) == 2.5


@pytest.mark.parametrize("weight", [10.0, 3.0])
def test_gradient_penalty_of_a_linear_critic_is_that_of_its_slope(session, weight):
    images = tf.zeros([2, 4, 4, 1]), tf.ones([2, 4, 4, 1])
    penalty = gradient_penalty(lambda x: 0.5 * tf.reduce_sum(x, [1, 2, 3]), *images, tf.constant(0), weight)
    np.testing.assert_allclose(session.run(penalty), weight * (0.5 * np.sqrt(16) - 1) ** 2, rtol=1e-5)


def test_gradient_penalty_looks_between_the_images_anew_at_each_step(session):
    real, fake = tf.zeros([2, 4, 4, 1]), tf.ones([2, 4, 4, 1])
    seen = []

    def critic(images):
        seen.append(images)
        return tf.reduce_sum(tf.square(images), [1, 2, 3])

    step = tf.placeholder(tf.int64, [])
    gradient_penalty(critic, real, fake, step, 10.0)
    first, later = (session.run(seen[0], {step: s}) for s in (0, 1))
    assert (np.ptp(first, axis=(1, 2, 3)) == 0).all()  # one weight for each whole image
    assert 0 < first[0, 0, 0, 0] < 1 and first[0, 0, 0, 0] != first[1, 0, 0, 0] and (first != later).all()


def test_cross_entropy_is_the_mean_negative_log_probability(session):
    logits, labels = np.array([[1.0, 2.0, 0.5], [-1.0, 0.0, 3.0]]), [1, 0]
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(
        session.run(cross_entropy(logits, labels)), -np.log(probabilities[[0, 1], labels]).mean(), rtol=1e-6
    )
