"""A trained run's model, ready to be used by a script."""

import dataclasses

import tensorflow.compat.v1 as tf

from models.registry import MODELS
from training.checkpoints import Checkpoints
from training.precision import resolve_precision
from training.tensorflow_setup import session_config


def open_model(folder, config, choose):
    """Builds a run's networks in a graph of their own and loads the weights that one result needs.

    Args:
      folder: RunFolder.
      config: its Config.
      choose: function from the Model to the tensor that will be fetched; it raises UsageError where the model has none such.

    Returns:
      (Model, tf.Session) with the weights; the graph is finalised.

    Raises:
      UsageError: from `choose`, or because the checkpoint does not fit the model.
    """
    with tf.Graph().as_default() as graph:
        model = MODELS[config.model](dataclasses.replace(config, precision=resolve_precision(config.precision), xla=False))
        result = choose(model)
        needed = {node.name for node in tf.graph_util.extract_sub_graph(graph.as_graph_def(), [result.op.name]).node}
        variables = [v for v in tf.global_variables() if v.op.name in needed or v is model.global_step]
        checkpoints = Checkpoints(folder.checkpoints, variables)
        graph.finalize()
        session = tf.Session(config=session_config())
        checkpoints.restore(session)
        return model, session
