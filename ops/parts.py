"""The parts of a batch: a graph may compute one at a time, and does once a step what belongs to the end of a step."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from base.graph_mode import tf

COLLECTION = "parts_of_the_batch"


@dataclasses.dataclass(frozen=True)
class Parts:
    """How a graph computes its batches: each `Session.run` of a train op computes a part, and the last ends the step.

    Attributes:
      count: int, parts of a batch.
      counter: int32 local variable, parts of this batch that are done.
      index: int32 scalar tensor, what the counter was when this part began.
    """

    count: int
    counter: tf.Variable
    index: tf.Tensor


def split_batch(count: int) -> None:
    """Has the default graph compute every batch in parts of equal size; to be called before the networks are built.

    This is kept with the graph, as the seed of `tf.set_random_seed` is, so that no op needs an argument for it. To a
    graph that computes whole batches the functions below add nothing.
    """
    if count > 1:
        with tf.name_scope("global_step/"):
            counter = local_variable(tf.constant(0), "part")
            tf.add_to_collection(COLLECTION, Parts(count, counter, counter.read_value()))


def parts_of_batch() -> Parts | None:
    """How the default graph computes its batches; None: whole."""
    found = tf.get_collection(COLLECTION)
    return found[0] if found else None


def part_count() -> int:
    """How many parts the default graph computes a batch in."""
    parts = parts_of_batch()
    return parts.count if parts else 1


def in_last_part(build: Callable[[], tf.Operation]) -> tf.Operation:
    """An op that does once a step, in its last part, what the op that `build` makes does."""
    parts = parts_of_batch()
    if parts is None:
        return build()
    return tf.group(tf.cond(tf.equal(parts.index, parts.count - 1), build, tf.no_op))


def part_done(build: Callable[[], tf.Operation]) -> tf.Operation:
    """The last op of a train op: it counts the part and, in the last one, does what the op that `build` makes does."""
    parts, step_done = parts_of_batch(), in_last_part(build)
    if parts is None:
        return step_done
    return tf.group(step_done, parts.counter.assign((parts.index + 1) % parts.count, read_value=False))


def local_variable(initial: tf.Tensor, name: str) -> tf.Variable:
    """A variable of the Session, in no checkpoint: from one step to the next nothing depends on it."""
    return tf.Variable(initial, trainable=False, collections=[tf.GraphKeys.LOCAL_VARIABLES], name=name)
