"""Padding of the two spatial axes."""

from __future__ import annotations

from base.graph_mode import tf
from ops.scope import scope


@scope("reflect_pad")
def reflect_pad(x: tf.Tensor, size: int | tuple) -> tf.Tensor:
    """Mirrors the border without repeating the edge pixel.

    Args:
      x: tensor [batch, height, width, channels]; height and width greater than `size`.
      size: int, rows and columns added on each side; or ((top, bottom), (left, right)), whose entries may be tensors.

    Returns:
      Tensor [batch, height + 2 size, width + 2 size, channels].
    """
    return tf.pad(x, _paddings(size), mode="REFLECT")


@scope("zero_pad")
def zero_pad(x: tf.Tensor, size: int | tuple) -> tf.Tensor:
    """Adds `size` (int) rows and columns of zeros on each side of x [batch, height, width, channels]."""
    return tf.pad(x, _paddings(size))


def _paddings(size):
    rows, columns = ((size, size), (size, size)) if isinstance(size, int) else size
    return [(0, 0), rows, columns, (0, 0)]
