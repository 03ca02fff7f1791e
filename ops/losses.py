"""Losses: scalars, float32, means over all elements."""

import tensorflow.compat.v1 as tf

from ops.random import uniform
from ops.scope import scope


@scope("l1_loss")
def l1_loss(x, y):
    """Mean absolute difference of two tensors of one shape."""
    return tf.reduce_mean(tf.abs(x - y))


@scope("gan_loss")
def gan_loss(logits, kind, real, label=1.0):
    """One term of an adversarial loss: how far `logits` are from being judged real (or fake).

    The generator's loss is `gan_loss(fakes, kind, real=True)` for lsgan and vanilla, and `critic_term` for hinge and wgangp:
    use `generator_loss` and `discriminator_loss`.

    Args:
      logits: float32 tensor of any shape, raw output of a discriminator.
      kind: "lsgan" (mean squared error; Mao et al. 2017), "vanilla" (sigmoid cross-entropy; Goodfellow et al. 2014), "hinge"
        (Lim and Ye 2017) or "wgangp" (Gulrajani et al. 2017, without its penalty).
      real: bool, the verdict asked for.
      label: float, the target that stands for real in lsgan and vanilla (0.9: one-sided label smoothing).

    Returns:
      Scalar tensor.
    """
    target = label if real else 0.0
    if kind == "lsgan":
        return tf.reduce_mean(tf.square(logits - target))
    if kind == "vanilla":
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.fill(tf.shape(logits), target), logits=logits))
    signed = -logits if real else logits
    if kind == "hinge":
        return tf.reduce_mean(tf.nn.relu(1.0 + signed))
    return tf.reduce_mean(signed)


@scope("cross_entropy")
def cross_entropy(logits, labels):
    """Mean over the batch of -log of the probability that a softmax of `logits` [batch, classes] gives to `labels` (integers [batch])."""
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))


def generator_loss(fake_logits, kind, label=1.0, name="gan_loss"):
    """What the generator pays for being found out; `kind` and `label` as in `gan_loss`. Returns a scalar."""
    kind = "wgangp" if kind == "hinge" else kind  # under the hinge loss too, the generator's term is linear
    return gan_loss(fake_logits, kind, real=True, label=label, name=name)


@scope("discriminator_loss")
def discriminator_loss(real_logits, fake_logits, kind, label=1.0):
    """Half the sum of the terms on real and on fake images; `kind` and `label` as in `gan_loss`. Returns a scalar."""
    real = gan_loss(real_logits, kind, real=True, label=label, name="real")
    fake = gan_loss(fake_logits, kind, real=False, name="fake")
    return 0.5 * (real + fake)


def gradient_penalty(critic, real, fake, step, weight=10.0, name="gradient_penalty"):
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
