"""The image pool: a history of generated images that lives in the graph."""

from __future__ import annotations

from base.graph_mode import tf
from ops.collectives import all_gather, own_rows
from ops.initializers import zeros
from ops.random import uniform
from ops.scope import scope


@scope("image_pool")
def image_pool(
    images: tf.Tensor, capacity: int, height: int, width: int, step: tf.Tensor
) -> tuple[tf.Tensor, tf.Operation]:
    """Answers each new fake with itself or with an older one, so that the discriminator does not forget.

    Image after image: until the pool is full, the image is stored and returned. Then, with probability 1/2, a random
    stored image is returned and the new one takes its place; else the new one is returned and not stored. The pool is
    part of the checkpoint.

    Args:
      images: float32 tensor [batch, height, width, channels]; gradients do not flow through the pool. Where several
        workers share a batch, all have the same pool, which meets the images of all of them in their order.
      capacity: int, images the pool holds; 0 returns the images as they are.
      height: int.
      width: int.
      step: integer scalar tensor; the draws are a function of the graph's seed and this step.

    Returns:
      (answer, update): tensor of the shape of `images`, and the op that stores what this step adds to the pool. The
      op reads before it writes, so it may run at any time within the step.

    Source: Shrivastava et al. 2017, arXiv 1612.07828, section 2.3, as used by CycleGAN.
    """
    images = tf.stop_gradient(images)
    if not capacity:
        return images, tf.no_op()
    own, images = images.shape[0], all_gather(images)
    shape = [capacity, height, width, images.shape[-1]]
    pool = tf.get_variable("images", shape, initializer=zeros, trainable=False)
    count = tf.get_variable("count", [], tf.int64, initializer=tf.zeros_initializer(), trainable=False)
    batch = images.shape[0]
    draws = all_gather(uniform([own, 2], step))
    # Images in the pool when each new one arrives, while it fills.
    stored = tf.range(batch, dtype=tf.int64) + count.read_value()

    answers, store = [], tf.no_op()
    for i in range(batch):
        with tf.control_dependencies([store]):
            filling = stored[i] < capacity
            swap = tf.logical_and(~filling, draws[i, 0] > 0.5)
            random_slot = tf.cast(draws[i, 1] * capacity, tf.int64)
            slot = tf.where(filling, stored[i], random_slot)
            old = tf.gather(pool, slot)
        answers.append(tf.where(swap, old, images[i]))
        with tf.control_dependencies([old]):
            kept = tf.where(tf.logical_or(filling, swap), images[i], old)
            store = pool.scatter_update(tf.IndexedSlices(kept, slot))
    with tf.control_dependencies([store]):
        update = count.assign(tf.minimum(stored[-1] + 1, capacity))
    return own_rows(tf.stack(answers), own), update
