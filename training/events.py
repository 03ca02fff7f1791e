"""TensorBoard's event file of a run."""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from tensorboard.plugins.text.summary import pb as text_summary

from base.errors import OutputError
from base.files import writing
from base.graph_mode import tf
from base.places import RemotePath, as_path
from config import Config
from inputs.records import write_record

FILE_VERSION = "brain.Event:2"  # by which TensorBoard knows the format: records of tf.Event


class Events:
    """Writes scalars, the config and the sample grid; no op is added to the graph.

    Each event is in the file before a call returns, or the call raises OutputError: TensorFlow's own writer writes in
    a thread, and where the disk is full that thread dies with a traceback. In a folder with a scheme, where a file
    cannot grow, it is there when `sync` returns.
    """

    def __init__(self, folder: str | os.PathLike, graph: tf.Graph, config: Config, first_step: int):
        """Opens the event file.

        Args:
          folder: the run folder.
          graph: tf.Graph to show.
          config: Config to show.
          first_step: int; points that an interrupted run wrote beyond it are struck out.
        """
        name = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}"
        self._path = as_path(folder) / name
        with writing(self._path):
            remote = isinstance(self._path, RemotePath)
            self._file: IO[bytes] = tempfile.NamedTemporaryFile() if remote else open(self._path, "ab")
        self._write(tf.Event(file_version=FILE_VERSION))
        self._write(tf.Event(graph_def=graph.as_graph_def(add_shapes=True).SerializeToString()))
        if first_step:
            start = tf.SessionLog(status=tf.SessionLog.START)
            self._write(tf.Event(session_log=start, step=first_step + 1))  # TensorBoard strikes out this step, too
        rows = "\n".join(f"| {name} | {value} |" for name, value in config.values().items())
        text = text_summary("config", f"| option | value |\n| --- | --- |\n{rows}")
        self.summary(text.SerializeToString(), first_step)

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """Writes a dict of floats by tag."""
        points = [tf.Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
        self._write(tf.Event(summary=tf.Summary(value=points), step=step))

    def trace(self, metadata: tf.RunMetadata, step: int) -> None:
        """Writes a tf.RunMetadata: compute time and memory of every op, for the Graphs tab."""
        event = tf.Event(step=step)
        event.tagged_run_metadata.tag = f"step {step}"
        event.tagged_run_metadata.run_metadata = metadata.SerializeToString()
        self._write(event)

    def summary(self, serialized: bytes, step: int) -> None:
        """Writes what a summary op returned."""
        self._write(tf.Event(summary=tf.Summary.FromString(serialized), step=step))

    def sync(self) -> None:
        """Makes sure that all events so far are in the run folder."""
        if isinstance(self._path, RemotePath):
            with writing(self._path):
                self._path.upload(Path(self._file.name))

    def close(self) -> None:
        """Closes the file; what could not be written has been told."""
        with contextlib.suppress(OSError, OutputError):
            self.sync()
            self._file.close()

    def _write(self, event):
        event.wall_time = time.time()
        with writing(self._path):
            write_record(self._file, event.SerializeToString())
            self._file.flush()
