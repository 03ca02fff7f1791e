"""Optimisers as graph ops, and the step that moves several players at once from the same weights."""

from typing import Callable, NamedTuple, Sequence

import tensorflow.compat.v1 as tf

from ops.initializers import zeros
from ops.scope import scope


class Player(NamedTuple):
    """One optimiser's part of a step.

    Attributes:
      name: str, for TensorBoard and messages ("generators").
      loss: float32 scalar tensor it lowers.
      scopes: names of the variable scopes whose trainable variables it moves.
      apply: optimiser with its rates filled in: function from a list of (gradient, variable) to a function that adds the ops which move
        the variables (see `adam`).
      later: function without arguments that builds a further loss, or None. Its ops wait for the gradients of `loss`, so that memory never
        holds what both need; its gradients are added to those.
    """

    name: str
    loss: tf.Tensor
    scopes: Sequence[str]
    apply: Callable
    later: Callable | None = None

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
      Function that adds the ops which move the variables, and returns them as a list.

    Source: Kingma and Ba 2015, arXiv 1412.6980.
    """
    # TensorFlow's kernel adds epsilon to the root of the uncorrected moment, so epsilon is scaled to mean what the paper says. The
    # corrections are computed here, in float64 because 1 - beta2^t loses three digits in float32 at the start, and switched off there.
    t = tf.cast(updates + 1, tf.float64)
    root = tf.sqrt(1.0 - tf.pow(tf.constant(beta2, tf.float64), t))
    rate = tf.cast(tf.cast(learning_rate, tf.float64) * root / (1.0 - tf.pow(tf.constant(beta1, tf.float64), t)), tf.float32)
    scaled_epsilon = tf.cast(epsilon * root, tf.float32)
    slots = [(_slot(variable, "m"), _slot(variable, "v")) for _, variable in gradients]

    def move():
        return [
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=m.handle,
                v=v.handle,
                beta1_power=0.0,
                beta2_power=0.0,
                lr=rate,
                beta1=beta1,
                beta2=beta2,
                epsilon=scaled_epsilon,
                grad=gradient,
            )
            for (gradient, variable), (m, v) in zip(gradients, slots)
        ]

    return move


@scope("rmsprop")
def rmsprop(gradients, learning_rate, decay=0.99, epsilon=1e-8):
    """RMSProp: v = decay v + (1 - decay) g^2, starting at 0, and w = w - learning_rate g / sqrt(v + epsilon^2).

    The kernel has its epsilon inside the root. Squared there, it means what PyTorch's epsilon beside the root means: the two agree but
    where sqrt(v) is near 1e-8. Clipped critics have gradients far below 1e-4, which the kernel's usual 1e-8 inside would freeze.

    Args:
      gradients: list of (gradient, variable), float32.
      learning_rate: float32 scalar tensor.
      decay: float in [0, 1), decay of the mean of squared gradients.
      epsilon: float.

    Returns:
      Function that adds the ops which move the variables, and returns them as a list.

    Source: Tieleman and Hinton 2012, lecture 6.5, with the values of the WGAN's authors' code.
    """
    slots = [(_slot(variable, "ms"), _slot(variable, "mom")) for _, variable in gradients]

    def move():
        return [
            tf.raw_ops.ResourceApplyRMSProp(
                var=variable.handle,
                ms=ms.handle,
                mom=mom.handle,
                lr=learning_rate,
                rho=decay,
                momentum=0.0,
                epsilon=epsilon**2,
                grad=gradient,
            )
            for (gradient, variable), (ms, mom) in zip(gradients, slots)
        ]

    return move


@scope("sgd")
def sgd(gradients, learning_rate, momentum, weight_decay=0.0):
    """SGD with momentum and weight decay: m = momentum m + g + weight_decay w, starting at 0, and w = w - learning_rate m.

    All variables decay, scales and offsets of norms too, as in PyTorch.

    Args:
      gradients: list of (gradient, variable), float32.
      learning_rate: float32 scalar tensor.
      momentum: float32 scalar tensor or float in [0, 1).
      weight_decay: float.

    Returns:
      Function that adds the ops which move the variables, and returns them as a list.

    Source: Sutskever et al. 2013, in the form that PyTorch gives it.
    """
    slots = [_slot(variable, "m") for _, variable in gradients]
    decayed = [gradient + weight_decay * variable.read_value() if weight_decay else gradient for gradient, variable in gradients]

    def move():
        return [
            tf.raw_ops.ResourceApplyMomentum(
                var=variable.handle, accum=m.handle, lr=learning_rate, grad=gradient, momentum=momentum
            )
            for gradient, (_, variable), m in zip(decayed, gradients, slots)
        ]

    return move


@scope("clip_weights")
def clip_weights(variables, limit, after):
    """Clips every element of some variables to [-limit, limit].

    Args:
      variables: list of float32 variables.
      limit: float > 0.
      after: op that must have run before, such as the step that moves them.

    Returns:
      Op.

    Source: Arjovsky et al. 2017, arXiv 1701.07875, algorithm 1.
    """
    with tf.control_dependencies([after]):
        return tf.group(*[v.assign(tf.clip_by_value(v.read_value(), -limit, limit), read_value=False) for v in variables])


def simultaneous_step(players, also=(), scale_losses=False):
    """One step of several players, all of whose gradients are computed from the weights at the start of the step.

    TensorFlow does not order a variable's assignment against other reads of it in one `Session.run`. Here no variable moves before
    all gradients and losses are there, so that a step's result does not depend on the executor's timing.

    Args:
      players: list of Player.
      also: further ops or tensors to have run by the end of the step.
      scale_losses: bool, for float16 networks, whose small gradients would vanish: losses are multiplied by a number that the gradients
        are divided by again. A step whose gradients overflow moves nothing and halves the number; it doubles after 2000 good steps.

    Returns:
      Op.

    Raises:
      ValueError: if a player's loss does not depend on one of its variables.
    """
    names = "_".join(player.name for player in players)  # a model may take several such steps
    scale = factor = None
    if scale_losses:
        with _variables():
            scale = tf.get_variable(f"{names}/loss_scale", [], initializer=tf.constant_initializer(2.0**15), trainable=False)
        factor = scale.read_value()
    pairs, losses = {}, []
    for player in players:
        pairs[player.name], paid = player_gradients(player, factor)
        losses += paid
    gradients = [gradient for player in pairs.values() for gradient, _ in player]
    with _variables():
        moves = [player.apply(pairs[player.name], name=player.name) for player in players]

    def move_all():
        return tf.group(*[op for move in moves for op in move()])

    with tf.control_dependencies(gradients + losses):
        if not scale_losses:
            return tf.group(move_all(), *also)
        finite = tf.reduce_all([tf.reduce_all(tf.is_finite(gradient)) for gradient in gradients])
        with _variables():
            good_steps = tf.get_variable(f"{names}/good_steps", [], tf.int64, initializer=tf.zeros_initializer(), trainable=False)
        count = tf.where(finite, good_steps.read_value() + 1, 0)
        grown = tf.where(tf.equal(count % 2000, 0), 2.0 * factor, factor)
        adjust = [good_steps.assign(count), scale.assign(tf.where(finite, grown, 0.5 * factor))]
        return tf.group(tf.cond(finite, move_all, tf.no_op), *adjust, *also)


def player_gradients(player, factor=None):
    """The (gradient, variable) pairs of a player's losses over its variables, and the list of these losses; `factor` scales them on the way."""
    variables = player.variables()

    def differentiate(loss):
        gradients = tf.gradients(loss if factor is None else factor * loss, variables, name=f"{player.name}_gradients")
        for gradient, variable in zip(gradients, variables):
            if gradient is None:
                raise ValueError(f"the loss of {player.name} does not depend on {variable.op.name}")
        return [gradient if factor is None else gradient / factor for gradient in gradients]

    losses, gradients = [player.loss], differentiate(player.loss)
    if player.later:
        with tf.control_dependencies([tf.group(*gradients)]):
            losses.append(player.later())
            gradients = [first + second for first, second in zip(gradients, differentiate(losses[1]))]
    return list(zip(gradients, variables)), losses


def _variables():
    """The variable scope of what optimisers remember."""
    return tf.variable_scope("optimizers", auxiliary_name_scope=False)


def _slot(variable, name):
    """A zero-initialised variable of the optimiser, shaped and named after the variable it serves."""
    return tf.get_variable(
        f"{variable.op.name}/{name}", variable.shape, initializer=zeros, trainable=False
    )
