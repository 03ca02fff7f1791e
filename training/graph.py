"""The graph that is trained: the input pipeline, the model that reads it, and its train ops."""

from __future__ import annotations

from collections.abc import Mapping

from base.errors import ConfigError
from base.graph_mode import has_gpu_driver, tf
from base.machine import available_memory, fix_threads, pool_memory, share_cores
from config import Config
from inputs.pipeline import Pipeline, build_pipeline
from inputs.preparation import Prepare
from inputs.sources import Source
from inputs.streams import Input
from models.model import Model
from models.registry import find_model
from ops.parts import split_batch
from ops.recomputation import recompute_activations


def build_training_graph(
    config: Config,
    sources: Mapping[str, Source],
    workers: int = 1,
    worker: int = 0,
    prepare: Prepare | None = None,
) -> tuple[Model, Pipeline]:
    """Builds everything that is trained, in the default graph.

    Args:
      config: its precision is chosen, and it knows its data (`Config.with_data`).
      sources: the training sets by split name.
      workers: how many share each batch.
      worker: which of them the graph is of.
      prepare: as for `inputs.pipeline.build_pipeline`.

    Raises:
      ConfigError: there is too little memory for it.
    """
    model_class = find_model(config.model)
    streams = model_class.streams(config)
    prepare_machine(config, streams)
    split_batch(config.accumulate, workers, worker, config.values().get("sync_batch_norm", True))
    if config.values().get("recompute"):
        recompute_activations()
    step = tf.train.get_or_create_global_step()
    pipeline = build_pipeline(streams, sources, config, step, workers, worker, prepare)
    model = model_class(config, pipeline.batch)
    model.build_training()
    sizes = [variable.shape.num_elements() * variable.dtype.size for variable in tf.global_variables()]
    check_memory(sum(sizes), "weights, what the optimizers keep, and image pools take")
    return model, pipeline


def check_memory(least: int, what: str) -> None:
    """Raises ConfigError where something takes more memory than there is; on a GPU that is left to TensorFlow.

    Args:
      least: bytes that it takes at the very least.
      what: it, in words.
    """
    available = None if has_gpu_driver() else available_memory()
    if available is not None and least > available:
        raise ConfigError(
            f"{what} at least {least / 1e9:,.1f} GB of memory, and {available / 1e9:,.1f} GB are free; "
            "lower image_size, batch_size, the widths of the networks, or pool_size"
        )


def prepare_machine(config: Config, streams: Mapping[str, Input]) -> None:
    """Shares memory and cores among ops: what is drawn independently runs side by side, a compiled step is one op."""
    pool_memory()
    if config.deterministic:
        fix_threads()
    else:
        share_cores(1 if config.xla else len({stream.key for stream in streams.values()}))
