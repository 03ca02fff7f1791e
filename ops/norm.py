"""Normalisation. Statistics and arithmetic are float32 whatever the input's dtype, which the output has too."""

from __future__ import annotations

import functools
from collections.abc import Callable

from base.graph_mode import tf
from ops.collectives import mean_over_workers
from ops.initializers import normal
from ops.parts import part_count, parts_of_batch
from ops.scope import scope

EPSILON = 1e-5


class Norm:
    """A normalisation: a function from a tensor, with a keyword `name`, to one of the same shape and dtype.

    Attributes:
      has_offset: bool, whether it learns an offset, so that a convolution before it needs no bias.
    """

    def __init__(self, function: Callable, has_offset: bool):
        functools.update_wrapper(self, function)
        self.has_offset = has_offset
        self._function = function

    def __call__(self, x: tf.Tensor, name: str | None = None) -> tf.Tensor:
        return self._function(x, name=name)

    def with_scale(self, mean: float) -> Norm:
        """The same, with learned scales that start at N(mean, 0.02); for the norms here that learn some."""
        return Norm(functools.partial(self._function, scale_mean=mean), self.has_offset)


def norm(has_offset: bool) -> Callable[[Callable], Norm]:
    """Decorates a function that normalises, and makes it a Norm."""
    return functools.partial(Norm, has_offset=has_offset)


@norm(has_offset=False)
@scope("instance_norm")
def instance_norm(x: tf.Tensor) -> tf.Tensor:
    """Gives every channel of every image mean 0 and variance 1; nothing learned, no running statistics.

    Args:
      x: float tensor [batch, height, width, channels]; the batch size is known.

    Returns:
      Tensor of the same shape and dtype.

    Source: Ulyanov et al. 2016, arXiv 1607.08022.
    """
    channels = x.shape[-1]
    return _per_image(x, tf.ones([channels]), tf.zeros([channels]))


@norm(has_offset=True)
@scope("instance_norm")
def affine_instance_norm(x: tf.Tensor, scale_mean: float = 1.0) -> tf.Tensor:
    """Instance norm with a learned scale, N(scale_mean, 0.02) at the start, and a learned offset."""
    return _per_image(x, *_scale_and_offset(x.shape[-1], scale_mean))


@norm(has_offset=True)
@scope("batch_norm")
def batch_norm(x: tf.Tensor, scale_mean: float = 1.0) -> tf.Tensor:
    """Batch norm that uses the statistics of the batch in training and in use, as the reference does.

    Args:
      x: float tensor [batch, height, width, channels].
      scale_mean: float, mean of the learned scales at the start; they are N(scale_mean, 0.02).

    Returns:
      Tensor of the same shape and dtype.

    Source: Ioffe and Szegedy 2015, arXiv 1502.03167.
    """
    scale, offset = _scale_and_offset(x.shape[-1], scale_mean)
    return _normalize_together(x, scale, offset)[0] if _synced() else _normalize(x, scale, offset)


@norm(has_offset=True)
@scope("layer_norm")
def layer_norm(x: tf.Tensor, scale_mean: float = 1.0) -> tf.Tensor:
    """Gives every image as a whole mean 0 and variance 1, then a learned scale and offset for each channel.

    Args:
      x: float tensor [batch, height, width, channels].
      scale_mean: as for `batch_norm`.

    Returns:
      Tensor of the same shape and dtype.

    Source: Ba et al. 2016, arXiv 1607.06450; the norm that the gradient penalty's authors put in the place of batch
    norm.
    """
    scale, offset = _scale_and_offset(x.shape[-1], scale_mean)
    values = tf.cast(x, tf.float32)
    mean, variance = tf.nn.moments(values, [1, 2, 3], keepdims=True)
    return tf.cast((values - mean) * tf.rsqrt(variance + EPSILON) * scale + offset, x.dtype)


@scope("batch_norm")
def running_batch_norm(x: tf.Tensor, training: bool, momentum: float = 0.01) -> tf.Tensor:
    """Batch norm that normalises by the batch while training, and by running statistics in use.

    Args:
      x: float tensor [batch, height, width, channels].
      training: bool. If true, ops that move the running statistics are added to the graph's collection UPDATE_OPS.
      momentum: float, share of the new batch in the running statistics: r = (1 - momentum) r + momentum * batch. The
        batch's variance counts with n - 1 there, and with n in the normalisation, as in PyTorch.

    Returns:
      Tensor of the same shape and dtype.

    Source: Ioffe and Szegedy 2015, arXiv 1502.03167; scale 1 and offset 0 at the start.
    """
    channels = [x.shape[-1]]
    scale = tf.get_variable("scale", channels, initializer=tf.ones_initializer())
    offset = tf.get_variable("offset", channels, initializer=tf.zeros_initializer())
    mean = tf.get_variable("mean", channels, initializer=tf.zeros_initializer(), trainable=False)
    variance = tf.get_variable("variance", channels, initializer=tf.ones_initializer(), trainable=False)
    if not training:
        return tf.raw_ops.FusedBatchNormV3(
            x=x, scale=scale, offset=offset, mean=mean, variance=variance, epsilon=EPSILON, is_training=False
        ).y
    if _synced():
        y, batch_mean, batch_variance = _normalize_together(x, scale, offset)
    else:
        y, batch_mean, batch_variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=x, scale=scale, offset=offset, mean=[], variance=[], epsilon=EPSILON, is_training=True
        )
    for running, new in ((mean, batch_mean), (variance, batch_variance)):
        update = running.assign_add(momentum * (new - running.read_value()), read_value=False)
        tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, update)
    return y


@norm(has_offset=False)
def no_norm(x: tf.Tensor, name: str | None = None) -> tf.Tensor:
    """Returns x: the norm of a network without normalisation."""
    return x


def find_norm(name: str, scale_mean: float = 1.0) -> Norm:
    """Returns the normalisation of a name in NORMS; learned scales start at N(scale_mean, 0.02)."""
    if name not in NORMS:
        raise ValueError(f"norm is {name!r}; it must be one of {', '.join(NORMS)}")
    return NORMS[name].with_scale(scale_mean) if name in SCALED_NORMS else NORMS[name]


def _per_image(x, scale, offset):
    # A fused batch norm of one image is instance norm, and 2 to 5 times faster than moments on two cores. The
    # channels of several images go side by side as the channels of one, which takes half the time of one call for
    # each image.
    batch, channels = x.shape[0], x.shape[-1]
    if batch == 1:
        return _normalize(x, scale, offset)
    size = tf.shape(x)
    side_by_side = tf.reshape(tf.transpose(x, [1, 2, 0, 3]), [1, size[1], size[2], batch * channels])
    y = _normalize(side_by_side, tf.tile(scale, [batch]), tf.tile(offset, [batch]))
    return tf.transpose(tf.reshape(y, [size[1], size[2], batch, channels]), [2, 0, 1, 3])


def _normalize(x, scale, offset):
    # The raw op, since tf.nn.fused_batch_norm raises epsilon to 1.001e-5.
    return tf.raw_ops.FusedBatchNormV3(
        x=x, scale=scale, offset=offset, mean=[], variance=[], epsilon=EPSILON, is_training=True
    ).y


def _synced():
    parts = parts_of_batch()
    return parts is not None and parts.workers > 1 and parts.sync_batch_norm


def _normalize_together(x, scale, offset):
    """Batch norm by the statistics of all workers: (result, mean, variance), this with n - 1 as the kernel gives it."""
    values = tf.cast(x, tf.float32)
    mean = mean_over_workers(tf.reduce_mean(values, [0, 1, 2]))
    variance = mean_over_workers(tf.reduce_mean(tf.square(values - mean), [0, 1, 2]))
    y = tf.cast((values - mean) * tf.rsqrt(variance + EPSILON) * scale + offset, x.dtype)
    count = tf.cast(tf.size(x) // x.shape[-1] * part_count(), tf.float32)
    return y, mean, variance * count / tf.maximum(count - 1, 1)


def _scale_and_offset(channels, scale_mean):
    scale = tf.get_variable("scale", [channels], initializer=normal(0.02, mean=scale_mean))
    offset = tf.get_variable("offset", [channels], initializer=tf.zeros_initializer())
    return scale, offset


NORMS = {
    "instance": instance_norm,
    "affine_instance": affine_instance_norm,
    "batch": batch_norm,
    "layer": layer_norm,
    "none": no_norm,
}
SCALED_NORMS = ("affine_instance", "batch", "layer")  # those that learn scales
