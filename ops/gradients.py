"""Gradients of this project's own for ops of TensorFlow's."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence

from base.graph_mode import tf

Gradients = Callable[..., "Sequence[tf.Tensor | None]"]  # of an op and what is given for its outputs, for its inputs


def with_gradients(kind: str, gradients: Gradients) -> contextlib.AbstractContextManager:
    """A context in which new ops have the gradients of a function.

    Args:
      kind: type of the ops, "Conv2D".
      gradients: the function, at the top of its module.
    """
    return tf.get_default_graph().gradient_override_map({kind: _registered(gradients)})


def has_gradients(node: tf.NodeDef, gradients: Gradients) -> bool:
    """Whether an op was made in a context of `with_gradients` with that function."""
    return "_gradient_op_type" in node.attr and node.attr["_gradient_op_type"].s == _registered(gradients).encode()


@functools.cache
def _registered(gradients):
    """The name of a function in TensorFlow's registry, where it is from now on."""
    name = f"{gradients.__module__}.{gradients.__qualname__}"
    tf.RegisterGradient(name)(gradients)
    return name
