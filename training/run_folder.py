"""The folder of a run: `config.json`, `checkpoints/`, `samples/`, TensorBoard events, and a lock that keeps a second process out."""

import fcntl
import glob
import json
import os
import shutil

from config import continue_config, make_config
from training.command_line import UsageError


class RunFolder:
    """Paths and config of one run.

    Attributes:
      path, checkpoints, samples, traces: str, the folder itself and its sub-folders.
    """

    def __init__(self, path):
        self.path = path
        self.checkpoints = os.path.join(path, "checkpoints")
        self.samples = os.path.join(path, "samples")
        self.traces = os.path.join(path, "traces")
        self._config_file = os.path.join(path, "config.json")
        self._lock = None

    def holds_run(self):
        """Whether there is a checkpoint to continue from or to translate with."""
        return os.path.exists(self._config_file) and os.path.exists(os.path.join(self.checkpoints, "checkpoint"))

    def config_for(self, given):
        """The config of training in this folder: of the run that is continued, or of a new one.

        Args:
          given: dict of the values given on the command line.

        Returns:
          Config.

        Raises:
          ConfigError: where values cannot be, or differ from the run's and may not.
          UsageError: where the folder holds something that is no run.
        """
        given = {**given, "run_dir": self.path}
        if self.holds_run() and not given.get("overwrite"):
            return continue_config(self._stored(), given)
        if os.path.isfile(self.path):
            raise UsageError(f"{self.path} is a file; --run_dir must name a folder")
        if os.path.isdir(self.path) and not os.path.exists(self._config_file):
            strangers = [name for name in sorted(os.listdir(self.path)) if not name.startswith(".")]
            if strangers:
                raise UsageError(f"{self.path} holds {strangers[0]} but no run; choose an empty or a new folder as --run_dir")
        return make_config(given)

    def config(self, **changes):
        """The config of the run in this folder, with some values changed.

        Raises:
          UsageError: where the folder holds no run that has got to a checkpoint.
        """
        if not os.path.isdir(self.path):
            raise UsageError(f"{self.path}: no such run folder")
        if not self.holds_run():
            raise UsageError(f"{self.path} holds no run with a checkpoint; train.py --run_dir={self.path} makes one")
        return make_config({**self._stored(), "run_dir": self.path, **changes})

    def claim(self, config):
        """Makes the folder ready to be written to by this process alone, and writes the config; an overwritten run is deleted here.

        Raises:
          UsageError: where another process trains in the folder, or it cannot be written.
        """
        try:
            os.makedirs(self.path, exist_ok=True)
            self._lock = open(os.path.join(self.path, ".lock"), "w")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if config.overwrite or not self.holds_run():
                self._clear()
            for folder in (self.checkpoints, self.samples):
                os.makedirs(folder, exist_ok=True)
            temporary = self._config_file + ".partial"
            with open(temporary, "w") as file:
                file.write(config.to_json())
            os.replace(temporary, self._config_file)
        except BlockingIOError:
            raise UsageError(f"{self.path}: another process is training here; stop it or choose another --run_dir") from None
        except OSError as error:
            raise UsageError(f"{self.path}: cannot write the run folder: {error.strerror}") from None

    def _clear(self):
        """Deletes what a run leaves, and nothing else."""
        for folder in (self.checkpoints, self.samples, self.traces):
            shutil.rmtree(folder, ignore_errors=True)
        for file in glob.glob(os.path.join(glob.escape(self.path), "events.out.tfevents.*")):
            os.remove(file)

    def _stored(self):
        try:
            with open(self._config_file) as file:
                values = json.load(file)
            if not isinstance(values, dict) or "model" not in values:
                raise ValueError("it is not the config of a run")
            return values
        except (OSError, ValueError) as error:
            raise UsageError(f"{self._config_file} cannot be read: {error}") from None
