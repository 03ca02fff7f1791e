"""The `@scope` decorator: every op and every network lives in a variable scope of its own."""

import functools
from collections.abc import Callable

from base.graph_mode import tf


def scope(default_name: str, reuse: bool = False) -> Callable[[Callable], Callable]:
    """Makes a function open a variable scope around its body.

    The decorated function takes an optional keyword `name`. Without it the scope is called `default_name`, made
    unique inside the enclosing scope (`conv2d`, `conv2d_1`, ...).

    With `reuse`, for whole networks, calls of one name share their variables, and the function takes a second
    keyword `call` (default "apply"): the name of this use of the network. All uses then lie side by side in the one
    box that TensorBoard draws for the network, instead of in `generator`, `generator_1`, ...

    Args:
      default_name: str, the scope's name where the caller gives none.
      reuse: bool, False for ops, True for networks.

    Returns:
      A decorator.
    """

    def decorate(function):
        @functools.wraps(function)
        def scoped_op(*args, name=None, **kwargs):
            with tf.variable_scope(name, default_name):
                return function(*args, **kwargs)

        @functools.wraps(function)
        def scoped_network(*args, name=None, call="apply", **kwargs):
            with (
                tf.variable_scope(name or default_name, reuse=tf.AUTO_REUSE, auxiliary_name_scope=False) as variables,
                tf.name_scope(variables.name + "/"),
                tf.name_scope(call),
            ):
                return function(*args, **kwargs)

        return scoped_network if reuse else scoped_op

    return decorate
