"""The parts of a batch: a graph may compute one at a time, several workers each their own, and end a step together."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator

from base.graph_mode import tf

COLLECTION = "parts_of_the_batch"


@dataclasses.dataclass(frozen=True)
class Parts:
    """How a graph computes its batches: each `Session.run` of a train op computes a part, and the last ends the step.

    Where there are several workers they compute a part together, each its share of it, in their order.

    Attributes:
      count: int, parts of a batch, one after the other.
      counter: int32 local variable, parts of this batch that are done.
      index: int32 scalar tensor, what the counter was when this part began.
      workers: int, how many compute a part together.
      worker: int, which of them this graph is of.
      together: bool local variable, whether the workers compute together now; set to False where one evaluates alone.
      sync_batch_norm: bool, whether batch norms then take the statistics of all workers' shares.
      keys: numbers of the collective ops, by which those of the workers' graphs find each other.
    """

    count: int
    counter: tf.Variable
    index: tf.Tensor
    workers: int
    worker: int
    together: tf.Variable
    sync_batch_norm: bool
    keys: Iterator[int]


def split_batch(count: int, workers: int = 1, worker: int = 0, sync_batch_norm: bool = True) -> None:
    """Has the default graph compute every batch in parts of equal size; to be called before the networks are built.

    Args:
      count: parts, one after the other.
      workers: graphs that compute each of them together, all built alike.
      worker: which of them this one is.
      sync_batch_norm: whether batch norms take the statistics of the whole batch, which then is one part.

    This is kept with the graph, as the seed of `tf.set_random_seed` is, so that no op needs an argument for it. To a
    graph that computes whole batches the functions below add nothing.
    """
    if count * workers > 1:
        with tf.name_scope("global_step/"):
            counter = local_variable(tf.constant(0), "part")
            together = local_variable(tf.constant(True), "together")
            keys = itertools.count(1)
            parts = Parts(count, counter, counter.read_value(), workers, worker, together, sync_batch_norm, keys)
            tf.add_to_collection(COLLECTION, parts)


def parts_of_batch() -> Parts | None:
    """How the default graph computes its batches; None: whole."""
    found = tf.get_collection(COLLECTION)
    return found[0] if found else None


def part_count() -> int:
    """How many times what the default graph takes at a time makes a batch: parts, times the workers that share them."""
    parts = parts_of_batch()
    return parts.count * parts.workers if parts else 1


def in_last_part(build: Callable[[], tf.Operation]) -> tf.Operation:
    """An op that does once a step, in its last part, what the op that `build` makes does."""
    parts = parts_of_batch()
    if parts is None or parts.count == 1:
        return build()
    return tf.group(tf.cond(tf.equal(parts.index, parts.count - 1), build, tf.no_op))


def part_done(build: Callable[[], tf.Operation]) -> tf.Operation:
    """The last op of a train op: it counts the part and, in the last one, does what the op that `build` makes does."""
    parts, step_done = parts_of_batch(), in_last_part(build)
    if parts is None or parts.count == 1:
        return step_done
    return tf.group(step_done, parts.counter.assign((parts.index + 1) % parts.count, read_value=False))


def local_variable(initial: tf.Tensor, name: str) -> tf.Variable:
    """A variable of the Session, in no checkpoint: from one step to the next nothing depends on it."""
    return tf.Variable(initial, trainable=False, collections=[tf.GraphKeys.LOCAL_VARIABLES], name=name)
