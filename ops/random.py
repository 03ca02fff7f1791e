"""Stateless randomness: every draw is a function of the graph's seed, the op's name scope and the step."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from base.graph_mode import tf
from ops.parts import parts_of_batch

PHILOX = 1  # its number in TensorFlow's kernels


def op_seed(step: tf.Tensor) -> tf.Tensor:
    """Seed for the stateless random op that is about to be built.

    Args:
      step: integer scalar tensor that makes the draws differ from step to step.

    Returns:
      int64 tensor [2]. The first number mixes the graph-level seed (`tf.set_random_seed`) with the current name
      scope, so that draws in different scopes of one graph are independent and do not depend on the order in which
      the graph was built.
    """
    graph = tf.get_default_graph()
    scope_seed = zlib.crc32(f"{graph.seed or 0}/{graph.get_name_scope()}".encode())
    return tf.stack([tf.constant(scope_seed, tf.int64), tf.cast(step, tf.int64)])


def normal(shape: list[int] | tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """Float32 tensor of `shape`, of mean 0 and variance 1, drawn anew at every step.

    The first dimension is that of the images. What an image gets depends on its place in the whole batch, not on the
    parts that the graph computes it in (`ops.parts`).
    """
    return _draw_for_images(tf.raw_ops.StatelessRandomNormalV2, shape, step)


def uniform(shape: list[int] | tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """Float32 tensor of `shape`, uniform in [0, 1), drawn anew at every step; images and parts as in `normal`."""
    return _draw_for_images(tf.raw_ops.StatelessRandomUniformV2, shape, step)


def draw(
    kernel: Callable, shape: list[int] | tf.Tensor, seed: tf.Tensor, dtype: tf.DType | str = "float32"
) -> tf.Tensor:
    """Draws numbers by Philox, on every device; `tf.random` draws the same ones by fifty ops in the place of two.

    Args:
      kernel: of `tf.raw_ops`, of the second version of the stateless ones.
      shape: of the result.
      seed: int64 tensor [2].
      dtype: of the result.
    """
    with tf.xla.experimental.jit_scope(compile_ops=False):  # XLA would draw others
        start = tf.raw_ops.StatelessRandomGetKeyCounter(seed=seed)
        return kernel(shape=shape, key=start.key, counter=start.counter, dtype=dtype, alg=PHILOX)


def _draw_for_images(kernel, shape, step):
    seed, parts = op_seed(step), parts_of_batch()
    if parts is None:
        return draw(kernel, shape, seed)
    shares = draw(kernel, tf.concat([[parts.count * parts.workers], shape], axis=0), seed)
    return shares[parts.index * parts.workers + parts.worker]
