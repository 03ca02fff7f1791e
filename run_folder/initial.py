"""Weights that a new run starts from: those of another run's networks."""

from __future__ import annotations

import os
import sys
from typing import Any

from base.errors import UsageError
from base.graph_mode import tf
from base.places import absolute
from run_folder.checkpoints import Checkpoints, checkpoint_hashes
from run_folder.folder import RunFolder

GENERATORS = "generator"  # what their names start with


class InitialWeights:
    """The weights of another run's networks, from its newest checkpoint. Data, sizes and optimizers may be others."""

    def __init__(self, run_dir: str | os.PathLike, networks: str = "all"):
        """Adds the ops that load them to the graph, whose networks are complete.

        Args:
          run_dir: folder of the other run.
          networks: "all" of the graph, or its "generators".

        Raises:
          UsageError: there is no run with a checkpoint, or the model has no generators.
          DataError: its config is damaged.
        """
        folder = RunFolder(run_dir)
        try:
            self._model = folder.config().model
        except UsageError as error:
            raise UsageError(f"--init_from: {error}") from None
        scopes = {v.op.name.split("/")[0] for v in tf.trainable_variables()}
        if networks == "generators":
            scopes = {scope for scope in scopes if scope.startswith(GENERATORS)}
        if not scopes:
            raise UsageError("--init_networks=generators: the model has none; leave the flag out")
        variables = [v for v in tf.global_variables() if v.op.name.split("/")[0] in scopes]
        self._folder = folder
        self._checkpoints = Checkpoints(folder.checkpoints, variables)

    def load(self, session: tf.Session) -> dict[str, Any]:
        """Loads them.

        Returns:
          What tells later which they were: `run_dir`, `model` and `step` of the other run, and `sha256` of the
          files of its checkpoint, by name.

        Raises:
          DataError: naming a variable that the checkpoint lacks, or has in another shape; or no checkpoint is intact.
        """
        damaged = self._checkpoints.restore(session)
        for line in damaged:
            print(line, file=sys.stderr)
        step = self._checkpoints.steps()[len(damaged)]
        sha256 = checkpoint_hashes(self._folder.checkpoints, step)
        run_dir = absolute(self._folder.path)
        return {"run_dir": run_dir, "model": self._model, "step": step, "sha256": sha256}
