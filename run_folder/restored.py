"""A trained run's model, with the weights that one result needs."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable

from base.graph_mode import session_config, tf
from base.machine import resolve_precision
from config import Config
from models.model import Model
from models.registry import find_model
from run_folder.checkpoints import Checkpoints
from run_folder.folder import RunFolder


def open_model(
    folder: RunFolder, config: Config, choose: Callable[[Model], list[tf.Tensor]], step: int | None = None
) -> tuple[Model, tf.Session]:
    """Builds a run's networks in a graph of their own and loads the weights that its results need.

    Args:
      folder: the run's.
      config: the run's, which may differ in batch size and precision.
      choose: function from the Model to the tensors that will be fetched; it raises a UserError where the model has
        none such.
      step: of the checkpoint; None: the newest that is intact.

    Returns:
      The model, and a session with the weights; the graph is finalised.

    Raises:
      UserError: from `choose`.
      UsageError: there is no checkpoint of that step.
      DataError: the checkpoint does not fit the model, or is damaged.
    """
    with tf.Graph().as_default() as graph:
        config = dataclasses.replace(config, precision=resolve_precision(config.precision), xla=False)
        model = find_model(config.model)(config)
        results = [result.op.name for result in choose(model)]
        needed = {node.name for node in tf.graph_util.extract_sub_graph(graph.as_graph_def(), results).node}
        variables = [v for v in tf.global_variables() if v.op.name in needed or v is model.global_step]
        checkpoints = Checkpoints(folder.checkpoints, variables)
        graph.finalize()
        session = tf.Session(config=session_config())
        for line in checkpoints.restore(session, step):
            print(line, file=sys.stderr)
        return model, session
