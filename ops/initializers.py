"""Initial weights, drawn statelessly: the same seed and variable name give the same weights on every machine.

Each initialiser has the signature of TensorFlow's (`shape, dtype, partition_info`), so it can be the default of a variable scope.
Kernels are [height, width, in, out] (transposed convolutions [height, width, out, in]) or [in, out].
"""

import math

import numpy as np
import tensorflow.compat.v1 as tf

from ops.random import place_seed


def zeros(shape, dtype=tf.float32, partition_info=None):
    """Zeros that TensorFlow's graph optimisers leave alone, since the op counts as one with a state.

    What depends on constants alone they make a constant, which the Session holds beside the variable that starts with it: 0.5 GB of a
    CycleGAN at 256 px. Random weights are drawn with a zero from here for the same reason.
    """
    return tf.raw_ops.Empty(shape=shape, dtype=dtype, init=True)


def normal(stddev=0.02, mean=0.0):
    """Normal distribution. N(0, 0.02) is the CycleGAN default, N(1, 0.02) that of norm scales."""

    def initialize(shape, dtype=tf.float32, partition_info=None):
        with _not_compiled():
            return tf.random.stateless_normal(shape, _seed(), mean, stddev, dtype, alg="philox")

    return initialize


def truncated_normal(stddev=0.02):
    """Normal distribution, redrawn beyond two standard deviations."""

    def initialize(shape, dtype=tf.float32, partition_info=None):
        with _not_compiled():
            return tf.random.stateless_truncated_normal(shape, _seed(), 0.0, stddev, dtype, alg="philox")

    return initialize


def xavier(gain=0.02):
    """Glorot and Bengio 2010: variance gain^2 * 2 / (fan in + fan out)."""

    def initialize(shape, dtype=tf.float32, partition_info=None):
        fan_in, fan_out = _fans(shape)
        return normal(gain * math.sqrt(2 / (fan_in + fan_out)))(shape, dtype)

    return initialize


def he():
    """He et al. 2015: variance 2 / fan in."""

    def initialize(shape, dtype=tf.float32, partition_info=None):
        return normal(math.sqrt(2 / _fans(shape)[0]))(shape, dtype)

    return initialize


def orthogonal(gain=0.02):
    """Saxe et al. 2013: rows (or columns, whichever are fewer) of the flattened kernel are orthogonal, with norm `gain`."""

    def initialize(shape, dtype=tf.float32, partition_info=None):
        rows, columns = int(np.prod(shape[:-1])), int(shape[-1])
        draws = normal(1.0)([max(rows, columns), min(rows, columns)], dtype)
        q, r = tf.linalg.qr(draws)
        q *= tf.sign(tf.linalg.diag_part(r))  # makes the draw uniform over orthogonal matrices
        return gain * tf.reshape(q if rows >= columns else tf.transpose(q), shape)

    return initialize


def _seed():
    return place_seed(zeros([], tf.int64))


def _not_compiled():
    """A context whose ops are left to TensorFlow's kernels: XLA makes other normal numbers of the same bits."""
    return tf.xla.experimental.jit_scope(compile_ops=False)


def _fans(shape):
    window = int(np.prod(shape[:-2]))
    return int(shape[-2]) * window, int(shape[-1]) * window


# The reference gives Xavier and orthogonal weights the gain 0.02 as well.
INITIALIZERS = {"normal": normal, "truncated_normal": truncated_normal, "xavier": xavier, "he": he, "orthogonal": orthogonal}
