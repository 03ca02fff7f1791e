"""Optimisers as graph ops, and the step that moves several players at once from the same weights."""

from typing import Callable, NamedTuple, Sequence

import tensorflow.compat.v1 as tf

from ops.scope import scope


class Player(NamedTuple):
    """One optimiser's part of a step.

    Attributes:
      name: str, for TensorBoard and messages ("generators").
      loss: float32 scalar tensor it lowers.
      scopes: names of the variable scopes whose trainable variables it moves.
      apply: function from a list of (gradient, variable) to a list of ops that move the variables, such as `adam` with its rates.
    """

    name: str
    loss: tf.Tensor
    scopes: Sequence[str]
    apply: Callable

    def variables(self):
        """Returns the trainable variables of the player's scopes."""
        return [v for name in self.scopes for v in tf.trainable_variables(name + "/")]


@scope("adam")
def adam(gradients, learning_rate, beta1, beta2, updates, epsilon=1e-8):
    """Adam as the paper's Algorithm 1 has it (and PyTorch): epsilon is added to the root of the bias-corrected second moment.

    Args:
      gradients: list of (gradient, variable), float32.
      learning_rate: float32 scalar tensor.
      beta1: float in [0, 1), decay of the mean of gradients.
      beta2: float in [0, 1), decay of the mean of squared gradients.
      updates: integer scalar tensor, updates done before this one.
      epsilon: float.

    Returns:
      List of ops, one for each variable.

    Source: Kingma and Ba 2015, arXiv 1412.6980.
    """
    # TensorFlow's kernel adds epsilon to the root of the uncorrected moment, so epsilon is scaled to mean what the paper says. The
    # corrections are computed here, in float64 because 1 - beta2^t loses three digits in float32 at the start, and switched off there.
    t = tf.cast(updates + 1, tf.float64)
    root = tf.sqrt(1.0 - tf.pow(tf.constant(beta2, tf.float64), t))
    rate = tf.cast(tf.cast(learning_rate, tf.float64) * root / (1.0 - tf.pow(tf.constant(beta1, tf.float64), t)), tf.float32)
    scaled_epsilon = tf.cast(epsilon * root, tf.float32)
    return [
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=_slot(variable, "m").handle,
            v=_slot(variable, "v").handle,
            beta1_power=0.0,
            beta2_power=0.0,
            lr=rate,
            beta1=beta1,
            beta2=beta2,
            epsilon=scaled_epsilon,
            grad=gradient,
        )
        for gradient, variable in gradients
    ]


def simultaneous_step(players, also=()):
    """One step of several players, all of whose gradients are computed from the weights at the start of the step.

    TensorFlow does not order a variable's assignment against other reads of it in one `Session.run`. Here no variable moves before
    all gradients and losses are there, so that a step's result does not depend on the executor's timing.

    Args:
      players: list of Player.
      also: further ops or tensors to have run by the end of the step.

    Returns:
      Op.

    Raises:
      ValueError: if a player's loss does not depend on one of its variables.
    """
    pairs = {player.name: player_gradients(player) for player in players}
    barrier = [gradient for player in pairs.values() for gradient, _ in player] + [player.loss for player in players]
    with tf.control_dependencies(barrier):
        updates = [op for player in players for op in player.apply(pairs[player.name], name=player.name)]
    return tf.group(*updates, *also)


def player_gradients(player):
    """The (gradient, variable) pairs of a player's loss over its variables."""
    variables = player.variables()
    gradients = tf.gradients(player.loss, variables, name=f"{player.name}_gradients")
    for gradient, variable in zip(gradients, variables):
        if gradient is None:
            raise ValueError(f"the loss of {player.name} does not depend on {variable.op.name}")
    return list(zip(gradients, variables))


def _slot(variable, name):
    """A zero-initialised variable of the optimiser, shaped and named after the variable it serves."""
    return tf.get_variable(
        f"{variable.op.name}/{name}", variable.shape, initializer=tf.zeros_initializer(), trainable=False
    )
