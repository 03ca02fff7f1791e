"""Optimizers: the slots that they keep of each variable, and the ops that move variables, given gradients and slots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from base.graph_mode import tf
from ops.initializers import zeros
from ops.parts import in_last_part
from ops.scope import scope

Slots = dict[str, "tf.Variable"]  # a variable by slot name, of the shape of the variable that they serve


class Optimizer(Protocol):
    """What `ops.train_step` asks of an optimizer, whose hyper-parameters are its attributes."""

    def create_slots(self, variable: tf.Variable) -> Slots:
        """Makes the slots of a variable, in the current variable scope."""

    def apply(
        self, gradients: Sequence[tf.Tensor], variables: Sequence[tf.Variable], slots: Sequence[Slots]
    ) -> list[tf.Operation]:
        """The ops that move variables, given their float32 gradients and their slots, one of each for each variable."""


class Adam(NamedTuple):
    """Adam as the paper's Algorithm 1 and PyTorch have it: epsilon is added to the root of the corrected second moment.

    Attributes:
      learning_rate: float32 scalar tensor.
      beta1: float in [0, 1), decay of the mean of gradients.
      beta2: float in [0, 1), decay of the mean of squared gradients.
      updates: integer scalar tensor, updates done before this one.
      epsilon: float.

    Source: Kingma and Ba 2015, arXiv 1412.6980.
    """

    learning_rate: tf.Tensor
    beta1: float
    beta2: float
    updates: tf.Tensor
    epsilon: float = 1e-8

    def create_slots(self, variable: tf.Variable) -> Slots:
        return _zero_slots(variable, ("m", "v"))

    def apply(
        self, gradients: Sequence[tf.Tensor], variables: Sequence[tf.Variable], slots: Sequence[Slots]
    ) -> list[tf.Operation]:
        # TensorFlow's kernel adds epsilon to the root of the uncorrected moment, so epsilon is scaled to mean what
        # the paper says. The corrections are computed here, in float64 because 1 - beta2^t loses three digits in
        # float32 at the start, and switched off there.
        t = tf.cast(self.updates + 1, tf.float64)
        root = tf.sqrt(1.0 - tf.pow(tf.constant(self.beta2, tf.float64), t))
        corrected = (
            tf.cast(self.learning_rate, tf.float64) * root / (1.0 - tf.pow(tf.constant(self.beta1, tf.float64), t))
        )
        rate, epsilon = tf.cast(corrected, tf.float32), tf.cast(self.epsilon * root, tf.float32)
        off, beta1, beta2 = map(tf.constant, (0.0, self.beta1, self.beta2))  # once, not for each variable
        return [
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=slot["m"].handle,
                v=slot["v"].handle,
                beta1_power=off,
                beta2_power=off,
                lr=rate,
                beta1=beta1,
                beta2=beta2,
                epsilon=epsilon,
                grad=gradient,
            )
            for gradient, variable, slot in zip(gradients, variables, slots)
        ]


class RMSProp(NamedTuple):
    """RMSProp: v = decay v + (1 - decay) g^2, starting at 0, and w = w - learning_rate g / sqrt(v + epsilon^2).

    The kernel has its epsilon inside the root. Squared there, it means what PyTorch's epsilon beside the root means:
    the two agree but where sqrt(v) is near 1e-8. Clipped critics have gradients far below 1e-4, which the kernel's
    usual 1e-8 inside would freeze.

    Attributes:
      learning_rate: float32 scalar tensor.
      decay: float in [0, 1), decay of the mean of squared gradients.
      epsilon: float.

    Source: Tieleman and Hinton 2012, lecture 6.5, with the values of the WGAN's authors' code.
    """

    learning_rate: tf.Tensor
    decay: float = 0.99
    epsilon: float = 1e-8

    def create_slots(self, variable: tf.Variable) -> Slots:
        return _zero_slots(variable, ("ms", "mom"))

    def apply(
        self, gradients: Sequence[tf.Tensor], variables: Sequence[tf.Variable], slots: Sequence[Slots]
    ) -> list[tf.Operation]:
        return [
            tf.raw_ops.ResourceApplyRMSProp(
                var=variable.handle,
                ms=slot["ms"].handle,
                mom=slot["mom"].handle,
                lr=self.learning_rate,
                rho=self.decay,
                momentum=0.0,
                epsilon=self.epsilon**2,
                grad=gradient,
            )
            for gradient, variable, slot in zip(gradients, variables, slots)
        ]


class SGD(NamedTuple):
    """SGD with momentum and weight decay: m = momentum m + g + weight_decay w, and w = w - learning_rate m.

    All variables decay, scales and offsets of norms too, as in PyTorch.

    Attributes:
      learning_rate: float32 scalar tensor.
      momentum: float32 scalar tensor or float in [0, 1).
      weight_decay: float.

    Source: Sutskever et al. 2013, in the form that PyTorch gives it.
    """

    learning_rate: tf.Tensor
    momentum: tf.Tensor | float
    weight_decay: float = 0.0

    def create_slots(self, variable: tf.Variable) -> Slots:
        return _zero_slots(variable, ("m",))

    def apply(
        self, gradients: Sequence[tf.Tensor], variables: Sequence[tf.Variable], slots: Sequence[Slots]
    ) -> list[tf.Operation]:
        return [
            tf.raw_ops.ResourceApplyMomentum(
                var=variable.handle,
                accum=slot["m"].handle,
                lr=self.learning_rate,
                grad=gradient + self.weight_decay * variable.read_value() if self.weight_decay else gradient,
                momentum=self.momentum,
            )
            for gradient, variable, slot in zip(gradients, variables, slots)
        ]


@scope("clip_weights")
def clip_weights(variables: Sequence[tf.Variable], limit: float, after: tf.Operation) -> tf.Operation:
    """Clips every element of some variables to [-limit, limit].

    Args:
      variables: float32 variables.
      limit: float > 0.
      after: op that must have run before, such as the step that moves them.

    Source: Arjovsky et al. 2017, arXiv 1701.07875, algorithm 1.
    """

    def clip_all():
        return tf.group(
            *[v.assign(tf.clip_by_value(v.read_value(), -limit, limit), read_value=False) for v in variables]
        )

    with tf.control_dependencies([after]):
        return in_last_part(clip_all)


def _zero_slots(variable: tf.Variable, names: Sequence[str]) -> Slots:
    return {
        name: tf.get_variable(f"{variable.op.name}/{name}", variable.shape, initializer=zeros, trainable=False)
        for name in names
    }
