"""Initial weights, drawn statelessly: the same seed and variable name give the same weights on every machine.

Each initialiser has the signature of TensorFlow's (`shape, dtype, partition_info`), so it can be the default of a
variable scope. Kernels are [height, width, in, out] (transposed convolutions [height, width, out, in]) or [in, out].
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from base.graph_mode import tf
from ops.random import draw, op_seed


def zeros(shape: list[int], dtype: tf.DType | str = "float32", partition_info: object = None) -> tf.Tensor:
    """Zeros that TensorFlow's graph optimisers leave alone, since the op counts as one with a state.

    What depends on constants alone they make a constant, which the Session holds beside the variable that starts with
    it: 0.5 GB of a CycleGAN at 256 px. Random weights are drawn with a zero from here for the same reason.
    """
    return tf.raw_ops.Empty(shape=shape, dtype=dtype, init=True)


def normal(stddev: float = 0.02, mean: float = 0.0) -> Callable:
    """Normal distribution. N(0, 0.02) is the CycleGAN default, N(1, 0.02) that of norm scales."""

    def initialize(shape, dtype=tf.float32, partition_info=None):
        with _not_compiled():
            return draw(tf.raw_ops.StatelessRandomNormalV2, shape, _seed(), dtype) * stddev + mean

    return initialize


def truncated_normal(stddev: float = 0.02) -> Callable:
    """Normal distribution, redrawn beyond two standard deviations."""

    def initialize(shape, dtype=tf.float32, partition_info=None):
        with _not_compiled():
            return draw(tf.raw_ops.StatelessTruncatedNormalV2, shape, _seed(), dtype) * stddev

    return initialize


def xavier(gain: float = 0.02) -> Callable:
    """Glorot and Bengio 2010: variance gain^2 * 2 / (fan in + fan out)."""

    def initialize(shape, dtype=tf.float32, partition_info=None):
        fan_in, fan_out = _fans(shape)
        return normal(gain * math.sqrt(2 / (fan_in + fan_out)))(shape, dtype)

    return initialize


def he() -> Callable:
    """He et al. 2015: variance 2 / fan in."""

    def initialize(shape, dtype=tf.float32, partition_info=None):
        return normal(math.sqrt(2 / _fans(shape)[0]))(shape, dtype)

    return initialize


def orthogonal(gain: float = 0.02) -> Callable:
    """Saxe et al. 2013: rows or columns, whichever are fewer, of the flat kernel are orthogonal, of norm `gain`."""

    def initialize(shape, dtype=tf.float32, partition_info=None):
        rows, columns = int(np.prod(shape[:-1])), int(shape[-1])
        draws = normal(1.0)([max(rows, columns), min(rows, columns)], dtype)
        q, r = tf.linalg.qr(draws)
        q *= tf.sign(tf.linalg.diag_part(r))  # makes the draw uniform over orthogonal matrices
        return gain * tf.reshape(q if rows >= columns else tf.transpose(q), shape)

    return initialize


def _seed():
    return op_seed(zeros([], tf.int64))


def _not_compiled():
    """A context whose ops are left to TensorFlow's kernels: XLA makes other normal numbers of the same bits."""
    return tf.xla.experimental.jit_scope(compile_ops=False)


def _fans(shape):
    window = int(np.prod(shape[:-2]))
    return int(shape[-2]) * window, int(shape[-1]) * window


# The reference gives Xavier and orthogonal weights the gain 0.02 as well.
INITIALIZERS = {
    "normal": normal,
    "truncated_normal": truncated_normal,
    "xavier": xavier,
    "he": he,
    "orthogonal": orthogonal,
}
