"""TensorBoard's event file of a run."""

from __future__ import annotations

from collections.abc import Mapping

from tensorboard.plugins.text.summary import pb as text_summary

from base.graph_mode import tf
from config import Config


class Events:
    """Writes scalars, the config and the sample grid; no op is added to the graph."""

    def __init__(self, folder: str, graph: tf.Graph, config: Config, first_step: int):
        """Opens the event file.

        Args:
          folder: str, the run folder.
          graph: tf.Graph to show.
          config: Config to show.
          first_step: int; points that an interrupted run wrote beyond it are struck out.
        """
        self._writer = tf.summary.FileWriter(folder, graph)
        if first_step:
            start = tf.SessionLog(status=tf.SessionLog.START)
            self._writer.add_session_log(start, first_step + 1)  # TensorBoard strikes out this step, too
        rows = "\n".join(f"| {name} | {value} |" for name, value in config.values().items())
        text = text_summary("config", f"| option | value |\n| --- | --- |\n{rows}")
        self._writer.add_summary(text.SerializeToString(), first_step)
        self._writer.flush()

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """Writes a dict of floats by tag."""
        points = [tf.Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
        self._writer.add_summary(tf.Summary(value=points), step)

    def trace(self, metadata: tf.RunMetadata, step: int) -> None:
        """Writes a tf.RunMetadata: compute time and memory of every op, for the Graphs tab."""
        self._writer.add_run_metadata(metadata, f"step {step}", step)
        self._writer.flush()

    def summary(self, serialized: bytes, step: int) -> None:
        """Writes what a summary op returned."""
        self._writer.add_summary(serialized, step)
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()
