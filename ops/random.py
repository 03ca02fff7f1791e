"""Stateless randomness: every draw is a function of the graph's seed, the place in the graph and the step."""

import zlib

import tensorflow.compat.v1 as tf


def place_seed(step):
    """Seed for the stateless random op that is about to be built.

    Args:
      step: integer scalar tensor that makes the draws differ from step to step.

    Returns:
      int64 tensor [2]. The first number mixes the graph-level seed (`tf.set_random_seed`) with the current name scope, so that
      draws at different places of one graph are independent and do not depend on the order in which the graph was built.
    """
    graph = tf.get_default_graph()
    place = zlib.crc32(f"{graph.seed or 0}/{graph.get_name_scope()}".encode())
    return tf.stack([tf.constant(place, tf.int64), tf.cast(step, tf.int64)])


def normal(shape, step):
    """Float32 tensor of `shape`, of mean 0 and variance 1, drawn anew at every step."""
    return tf.random.stateless_normal(shape, place_seed(step), alg="philox")


def uniform(shape, step):
    """Float32 tensor of `shape`, uniform in [0, 1), drawn anew at every step."""
    return tf.random.stateless_uniform(shape, place_seed(step), alg="philox")
