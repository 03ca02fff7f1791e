"""The train step: gradients, the barrier before the first assignment, and the loss scaling of float16 networks."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import NamedTuple

from base.graph_mode import tf
from ops.optimizers import Optimizer
from ops.parts import in_last_part
from ops.totals import all_sum_in_last_part, share_of_part, total

SCOPE = "optimizers"  # of the variables that optimizers keep, and of their box in TensorBoard
FIRST_LOSS_SCALE = 2.0**15
GRADIENT_NORMS = "gradient_norms"  # collection of pairs: an objective's name, and the norm of all its gradients
GOOD_STEPS = 2000  # without overflow, after which the loss scale doubles


class LossScale:
    """What the losses of float16 networks are multiplied by, and gradients divided by again, so that small ones last.

    A step whose gradients overflow moves nothing and halves the number; it doubles after 2000 good steps.

    Attributes:
      factor: float32 scalar tensor.

    Source: Micikevicius et al. 2018, arXiv 1710.03740, section 3.2.
    """

    def __init__(self, name: str):
        """Adds its variables to the graph, below `name`."""
        with _variable_scope():
            self._scale = tf.get_variable(
                f"{name}/loss_scale", [], initializer=tf.constant_initializer(FIRST_LOSS_SCALE), trainable=False
            )
            self._good_steps = tf.get_variable(
                f"{name}/good_steps", [], tf.int64, initializer=tf.zeros_initializer(), trainable=False
            )
        self.factor = self._scale.read_value()

    def update(self, finite: tf.Tensor) -> list[tf.Operation]:
        """The ops that adapt the number after a step, given whether all gradients were finite (bool scalar tensor)."""
        count = tf.where(finite, self._good_steps.read_value() + 1, 0)
        grown = tf.where(tf.equal(count % GOOD_STEPS, 0), 2.0 * self.factor, self.factor)
        return [self._good_steps.assign(count), self._scale.assign(tf.where(finite, grown, 0.5 * self.factor))]


def loss_scale_for(dtype: tf.DType, name: str) -> LossScale | None:
    """The LossScale that networks of a dtype need: one for float16, none for those with the range of float32."""
    return LossScale(name) if dtype == tf.float16 else None


class Objective(NamedTuple):
    """Losses, the variables that lower them, and how; see `objective`.

    Attributes:
      name: for TensorBoard and messages ("generators").
      optimizer: from `ops.optimizers`.
      variables: the variables that it moves.
      losses: float32 scalar tensors, whose sum it lowers.
      gradients: those of the sum, one for each variable, float32; of a batch in parts, what this part adds to them.
      loss_scale: LossScale, or None.
    """

    name: str
    optimizer: Optimizer
    variables: list[tf.Variable]
    losses: list[tf.Tensor]
    gradients: list[tf.Tensor]
    loss_scale: LossScale | None

    def gradients_computed(self) -> contextlib.AbstractContextManager:
        """A context whose ops wait for the gradients: memory never holds what they need beside what comes later."""
        return tf.control_dependencies([tf.group(*self.gradients)])

    def plus(self, loss: tf.Tensor) -> Objective:
        """The objective with a further loss."""
        added = _gradients(self.name, loss, self.variables, self.loss_scale)
        summed = [first + second for first, second in zip(self.gradients, added, strict=True)]
        return self._replace(losses=[*self.losses, loss], gradients=summed)


class UpdateCount:
    """Counts the updates of one objective where they are fewer than the steps.

    Attributes:
      value: int64 scalar tensor, updates done before this step.
    """

    def __init__(self, name: str):
        """Adds the counter of the objective `name` to the graph."""
        with _variable_scope():
            self._count = tf.get_variable(
                f"{name}/updates", [], tf.int64, initializer=tf.zeros_initializer(), trainable=False
            )
            self.value = self._count.read_value()

    def increment_after(self, step: tf.Operation) -> tf.Operation:
        """The op that counts once `step` has run."""
        with tf.name_scope(SCOPE + "/"), tf.control_dependencies([step]):
            return in_last_part(lambda: self._count.assign_add(1, read_value=False))


def objective(
    name: str, loss: tf.Tensor, scopes: Sequence[str], optimizer: Optimizer, loss_scale: LossScale | None = None
) -> Objective:
    """Adds the gradients of a loss to the graph.

    Args:
      name: see Objective.
      loss: float32 scalar tensor.
      scopes: variable scopes whose trainable variables lower it.
      optimizer: from `ops.optimizers`.
      loss_scale: LossScale of float16 networks, or None.

    Raises:
      ValueError: the loss does not depend on one of the variables.
    """
    variables = [variable for scope in scopes for variable in tf.trainable_variables(scope + "/")]
    return Objective(name, optimizer, variables, [loss], _gradients(name, loss, variables, loss_scale), loss_scale)


def train_step(objectives: Sequence[Objective], also: Sequence[tf.Operation] = ()) -> tf.Operation:
    """One step of several objectives, all of whose gradients are computed from the weights at the start of the step.

    TensorFlow does not order a variable's assignment against other reads of it in one `Session.run`. Here no variable
    moves before all gradients and losses are there, so that a step's result does not depend on the executor's timing.
    Of a batch in parts, the last moves them all, by the sum of what all parts gave.

    Args:
      objectives: what moves together; all with the same LossScale, or all without.
      also: further ops to have run by the end of every part.
    """
    losses = [loss for each in objectives for loss in each.losses]
    slots = [_create_slots(each) for each in objectives]
    with tf.name_scope(SCOPE + "/"):
        summed = iter(all_sum_in_last_part([total(gradient) for each in objectives for gradient in each.gradients]))
    objectives = [each._replace(gradients=[next(summed) for _ in each.gradients]) for each in objectives]
    gradients = [gradient for each in objectives for gradient in each.gradients]
    loss_scale = objectives[0].loss_scale
    for each in objectives:
        tf.add_to_collection(GRADIENT_NORMS, (each.name, _norm(each)))

    def apply_all():
        return tf.group(*[op for each, own in zip(objectives, slots) for op in _apply(each, own)])

    def end_step():
        if loss_scale is None:
            return apply_all()
        finite = tf.reduce_all([tf.reduce_all(tf.is_finite(gradient)) for gradient in gradients])
        return tf.group(tf.cond(finite, apply_all, tf.no_op), *loss_scale.update(finite))

    with tf.name_scope(SCOPE + "/"), tf.control_dependencies(gradients + losses):
        return tf.group(in_last_part(end_step), *also)


def gradient_norms(*names: str) -> dict[str, tf.Tensor]:
    """Norms of all gradients of objectives whose train step is built, by TensorBoard tag; 0 where float16 overflowed.

    Args:
      *names: of the objectives.
    """
    found = dict(tf.get_collection(GRADIENT_NORMS))
    return {f"gradient/{name}": found[name] for name in names}


def _norm(each):
    with tf.name_scope(SCOPE + "/"):
        norm = tf.linalg.global_norm(each.gradients, name=f"{each.name}_norm")
        return norm if each.loss_scale is None else tf.where(tf.is_finite(norm), norm, 0.0)


def _gradients(name, loss, variables, loss_scale):
    with tf.name_scope(SCOPE + "/"):
        share = share_of_part(loss)
        scaled = share if loss_scale is None else loss_scale.factor * share
        gradients = tf.gradients(scaled, variables, name=f"{name}_gradients")
        for gradient, variable in zip(gradients, variables):
            if gradient is None:
                raise ValueError(f"the loss of {name} does not depend on {variable.op.name}")
        return gradients if loss_scale is None else [gradient / loss_scale.factor for gradient in gradients]


def _create_slots(each):
    """The variables that an objective's optimizer keeps: a dict by slot name for each of its variables."""
    with _variable_scope(), tf.variable_scope(each.name, auxiliary_name_scope=False):
        return [each.optimizer.create_slots(variable) for variable in each.variables]


def _apply(each, slots):
    with tf.name_scope(each.name):
        return each.optimizer.apply(each.gradients, each.variables, slots)


@contextlib.contextmanager
def _variable_scope():
    with tf.variable_scope(SCOPE, auxiliary_name_scope=False), tf.name_scope(SCOPE + "/"):
        yield
