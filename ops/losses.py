"""Losses: scalars, float32, means over all elements."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from base.graph_mode import tf
from ops.random import uniform
from ops.scope import scope

GAN_LOSSES = ("lsgan", "vanilla", "hinge", "wgan", "wgangp")


@scope("l1_loss")
def l1_loss(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Mean absolute difference of two tensors of one shape."""
    return tf.reduce_mean(tf.abs(x - y))


def total(losses: Mapping[str, tf.Tensor]) -> tf.Tensor:
    """The sum of some losses."""
    return tf.add_n(list(losses.values()))


@scope("gan_loss")
def gan_loss(logits: tf.Tensor, kind: str, real: bool, label: float = 1.0) -> tf.Tensor:
    """One term of an adversarial loss: how far `logits` are from being judged real (or fake).

    What a generator or a discriminator minimises is made of these: see `generator_loss` and `discriminator_loss`.

    Args:
      logits: float32 tensor of any shape, raw output of a discriminator.
      kind: "lsgan" (mean squared error; Mao et al. 2017), "vanilla" (sigmoid cross-entropy; Goodfellow et al. 2014),
        "hinge" (Lim and Ye 2017), "wgan" or "wgangp" (the mean; Arjovsky et al. 2017, Gulrajani et al. 2017, without
        its penalty).
      real: bool, the verdict asked for.
      label: float, the target that stands for real in lsgan and vanilla (0.9: one-sided label smoothing).

    Returns:
      Scalar tensor.

    Raises:
      ValueError: `kind` is none of these.
    """
    target = label if real else 0.0
    if kind == "lsgan":
        return tf.reduce_mean(tf.square(logits - target))
    if kind == "vanilla":
        labels = tf.fill(tf.shape(logits), target)
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))
    signed = -logits if real else logits
    if kind == "hinge":
        return tf.reduce_mean(tf.nn.relu(1.0 + signed))
    if kind in ("wgan", "wgangp"):
        return tf.reduce_mean(signed)
    raise ValueError(f"gan_loss is {kind!r}; it must be one of {', '.join(GAN_LOSSES)}")


@scope("cross_entropy")
def cross_entropy(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Mean of -log of the probability that the softmax of logits [batch, classes] gives to integer labels [batch]."""
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))


@scope("verdict_accuracy")
def verdict_accuracy(real_logits: tf.Tensor, fake_logits: tf.Tensor, kind: str, label: float = 1.0) -> tf.Tensor:
    """Share of a discriminator's verdicts that are right: 1 where it tells all apart, 0.5 where it cannot.

    Args:
      real_logits, fake_logits: float32 tensors of one shape: its verdicts on real images and on fake ones.
      kind: of `gan_loss`; there is none of a critic (wgan, wgangp).
      label: target for real images.
    """
    middle = label / 2 if kind == "lsgan" else 0.0
    right = [tf.reduce_mean(tf.cast(hit, tf.float32)) for hit in (real_logits > middle, fake_logits < middle)]
    return (right[0] + right[1]) / 2


def generator_loss(fake_logits: tf.Tensor, kind: str, label: float = 1.0, name: str = "gan_loss") -> tf.Tensor:
    """How far the discriminator is from taking fakes for real: a scalar; `kind` and `label` as in `gan_loss`."""
    kind = "wgangp" if kind == "hinge" else kind  # under the hinge loss too, the generator's term is linear
    return gan_loss(fake_logits, kind, real=True, label=label, name=name)


@scope("discriminator_loss")
def discriminator_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor, kind: str, label: float = 1.0) -> tf.Tensor:
    """Half the sum of the terms on real and on fake images; `kind` and `label` as in `gan_loss`. Returns a scalar."""
    real = gan_loss(real_logits, kind, real=True, label=label, name="real")
    fake = gan_loss(fake_logits, kind, real=False, name="fake")
    return 0.5 * (real + fake)


def gradient_penalty(
    critic: Callable[[tf.Tensor], tf.Tensor],
    real: tf.Tensor,
    fake: tf.Tensor,
    step: tf.Tensor,
    weight: float,
    name: str = "gradient_penalty",
) -> tf.Tensor:
    """Penalty for a critic whose gradient between real and fake images is not of norm 1.

    Args:
      critic: function from images to logits.
      real: float32 tensor [batch, height, width, channels].
      fake: float32 tensor of the same shape.
      step: integer scalar tensor; the mixing weights are drawn from the graph's seed and this step.
      weight: float, lambda of the paper.

    Returns:
      Scalar tensor: weight * mean((|gradient| - 1)^2), the norm taken over each whole image.

    Source: Gulrajani et al. 2017, arXiv 1704.00028.
    """
    with tf.name_scope(name):  # no variable scope: the critic's variables lie where they are
        mix = uniform([tf.shape(real)[0], 1, 1, 1], step)
        between = mix * real + (1.0 - mix) * fake
        gradient = tf.gradients(critic(between), between)[0]
        # 1e-16 keeps the square root differentiable where a gradient vanishes.
        norm = tf.sqrt(tf.reduce_sum(tf.square(gradient), axis=[1, 2, 3]) + 1e-16)
        return weight * tf.reduce_mean(tf.square(norm - 1.0))
