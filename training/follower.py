"""A worker beside the chief: it takes config and weights from the chief, trains along, and writes nothing."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Mapping
from typing import Any

from base.graph_mode import tf
from base.signals import stop_signals_handled
from config import PLACES, Config
from inputs.data_dir import Splits, data_place, open_splits
from inputs.pipeline import Pipeline
from inputs.preparation import preparation
from models.model import Model
from models.registry import find_model
from ops.collectives import broadcast
from run_folder.continuation import restore_config
from training.graph import build_training_graph
from training.group import AfterStep, Group
from training.weights import hash_variables


def tell_config(group: Group, given: Mapping[str, Any], config: Config, splits: Splits) -> None:
    """Gives the workers the config of a run, where all were started alike and have the same data; on the chief.

    Args:
      group: of the workers.
      given: the values given on the command line.
      config: of the run.
      splits: its data.

    Raises:
      WorkerError: naming the worker that differs, and in what.
    """
    _compare_starts(group, given)
    group.tell(config.values())
    _compare_data(group, splits)


def follow(group: Group, given: Mapping[str, Any]) -> int:
    """Trains along with the chief, to the end of the run or until one of the workers is asked to stop.

    Args:
      group: of the workers, of which this one is not the chief.
      given: the values given on the command line.

    Returns:
      The exit code.

    Raises:
      DataError: an image of this worker's share cannot be read.
    """
    _compare_starts(group, given)
    config = restore_config(group.tell(), "")
    data_dir = data_place(config.data_dir, config.image_size)
    streams = find_model(config.model).streams(config)
    splits = open_splits(data_dir, streams)
    _compare_data(group, splits)
    with contextlib.ExitStack() as stack:
        prepare = stack.enter_context(preparation(streams, splits.train, config))
        with group.device():
            model, pipeline = build_training_graph(config, splits.train, group.size, group.worker, prepare)
            with tf.name_scope("checkpoints"):
                initializer = tf.group(tf.global_variables_initializer(), tf.local_variables_initializer())
                with tf.control_dependencies([initializer]):
                    start = broadcast(tf.global_variables())
        tf.get_default_graph().finalize()
        session = stack.enter_context(group.session())
        stack.callback(pipeline.stop)
        session.run(start)
        session.run(pipeline.initializer)
        _train(session, group, model, pipeline)
    return 0


def _train(session: tf.Session, group: Group, model: Model, pipeline: Pipeline) -> None:
    """Runs the steps that the chief runs, and compares the weights where it writes them."""
    config, asked_to_stop = model.config, list[signal.Signals]()
    runs = {  # with the scalars, which are sums over all workers
        name: group.callable(session, [train_op.scalars, train_op.op], key)
        for key, (name, train_op) in enumerate(model.train_ops.items(), 1)
    }
    with stop_signals_handled(asked_to_stop.append):
        for step in range(int(session.run(model.global_step)) + 1, config.max_steps + 1):
            try:
                for _ in range(config.accumulate):
                    runs[model.train_op_of(step - 1)]()
            except tf.errors.OpError:
                explanation = pipeline.error(step - 1)
                if explanation is not None:
                    raise explanation from None
                group.wait_for_reason()
                raise
            after_step = AfterStep.of_all(group, bool(asked_to_stop), pipeline.new_damage(step - 1))
            last = after_step.asked_to_stop or step == config.max_steps
            if step % config.checkpoint_every == 0 or last:
                group.compare("the variable", hash_variables(session))
            if last:
                return


def _compare_starts(group: Group, given: Mapping[str, Any]) -> None:
    group.compare("the version of", {"TensorFlow": tf.__version__})
    group.compare("the option", _texts({name: value for name, value in given.items() if name not in PLACES}))


def _compare_data(group: Group, splits: Splits) -> None:
    group.compare("the data of", _texts(splits.fingerprint()))


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: json.dumps(value, sort_keys=True) for name, value in values.items()}
