"""The folder of a run: config, checkpoints, samples, TensorBoard events, and a lock against a second process."""

from __future__ import annotations

import datetime
import os
import re
import socket
import uuid
from collections.abc import Mapping
from typing import Any

from base.errors import DataError, UsageError
from base.files import lock_file, read_regular, reading, writing, written_whole
from base.places import AnyPath, RemotePath, as_path, is_there
from config import Config, default_run_dir
from models.configs import make_config
from run_folder.best import read_best
from run_folder.checkpoints import CHECKPOINT_FILE, holds_checkpoints
from run_folder.continuation import continue_config, read_config, restore_config, write_config

MOST_BYTES = 64 << 20  # of a file that is read here; some KB are usual
SAMPLE_FILE, TRACE_FILE = r"step-\d{8,}\.png", r"step-\d{8,}\.json"
OTHER_FILES = (
    r"events\.out\.tfevents\..+|metrics\.jsonl|best\.json|provenance\.json|damaged\.txt|evaluation\.(json|html)"
)
LAST, BEST = "last", "best"  # checkpoints by name


class RunFolder:
    """Paths and config of one run.

    A folder is a run's if its `config.json` says so: with the name of this program, or as its first version wrote it.

    Attributes:
      path, checkpoints, samples, traces: the folder itself and its sub-folders.
      damaged: the file that names the images that could not be read.
      metrics, best, provenance: the files of `run_folder.metrics`, `.best` and `.provenance`.
    """

    def __init__(self, path: str | os.PathLike):
        """Takes the path of the folder, which may have a scheme. ConfigError where it cannot be."""
        self.path = as_path(path)
        self.checkpoints = self.path / "checkpoints"
        self.samples = self.path / "samples"
        self.traces = self.path / "traces"
        self.damaged = self.path / "damaged.txt"
        self.metrics = self.path / "metrics.jsonl"
        self.best = self.path / "best.json"
        self.provenance = self.path / "provenance.json"
        self._config_file = self.path / "config.json"
        self._lock_file = self.path / ".lock"
        self._lock: int | None = None  # of a folder of this machine
        self._owner: str | None = None  # of one with a scheme: what the file says as long as no one else claims it

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> RunFolder:
        """The folder that values on a command line name; without `run_dir`, that of their preset or model."""
        return cls(given.get("run_dir") or default_run_dir(given.get("preset"), given.get("model", Config.model)))

    @reading()
    def holds_run(self) -> bool:
        """Whether there is a checkpoint, even a damaged one: something to continue from or to translate with."""
        return is_there(self._config_file) and holds_checkpoints(self.checkpoints)

    @reading()
    def config_for(self, given: Mapping[str, Any]) -> Config:
        """The config of training in this folder: of the run that is continued, or of a new one.

        Args:
          given: the values given on the command line.

        Raises:
          ConfigError: where values cannot be, or differ from the run's and may not.
          DataError: where the folder holds a config that no run of this program wrote, or that is damaged.
          UsageError: where the folder holds something that is no run, or nothing was given but a folder without a run.
        """
        given = {**given, "run_dir": str(self.path)}
        if is_there(self._config_file):
            stored = self._stored()
            if self.holds_run() and not given.get("overwrite"):
                return continue_config(stored, given)
        elif self.path.is_dir():
            names = sorted(path.name for path in self.path.iterdir())
            strangers = [name for name in names if not name.startswith(".")]
            if strangers:
                raise UsageError(
                    f"{self.path} holds {strangers[0]} but no run; choose an empty or a new folder as --run_dir"
                )
        elif is_there(self.path):
            raise UsageError(f"{self.path} is a file; --run_dir must name a folder")
        if set(given) <= {"run_dir", "overwrite"}:
            raise UsageError(
                f"{self.path}: no run there to continue; to start one, give --data_dir or --preset (see --help)"
            )
        return make_config(given)

    @reading()
    def config(self, **changes: Any) -> Config:
        """The config of the run in this folder, with some values changed.

        Raises:
          DataError: where the config is damaged, or that of another program.
          UsageError: where the folder holds no run that has got to a checkpoint.
        """
        if not self.path.is_dir():
            raise UsageError(f"{self.path}: no such run folder")
        if not self.holds_run():
            raise UsageError(f"{self.path} holds no run with a checkpoint; train.py --run_dir={self.path} makes one")
        return restore_config(self._stored(), str(self.path), **changes)

    def step_of(self, checkpoint: str | int) -> int | None:
        """The step of a checkpoint that somebody named: LAST, BEST or a step. None: the newest that is intact.

        Raises:
          UsageError: it is no name of one, or the run has no best.
          DataError: what says which is the best is damaged.
        """
        if checkpoint == LAST:
            return None
        if checkpoint == BEST:
            best = read_best(self.best)
            if best is None:
                raise UsageError(
                    f"{self.path}: this run has kept no best checkpoint; train.py --evaluate_every=N "
                    "--keep_best=MEASURE does, from there on"
                )
            return best.step
        if not str(checkpoint).isdecimal():
            raise UsageError(f"--checkpoint={checkpoint}: must be {LAST}, {BEST} or a step")
        return int(checkpoint)

    def claim(self, config: Config) -> None:
        """Makes the folder ready to be written by this process alone, and writes the config of a new run.

        A run that is overwritten is deleted here, file by file of those that this program writes; so is what a run
        left that never got to a checkpoint. The config of a run that is continued stays as it was until `renew`.

        Raises:
          UsageError: another process trains in the folder.
          OutputError: the folder cannot be written.
        """
        with writing(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            self._take()
            if config.overwrite or not self.holds_run():
                self._clear()
                self.renew(config)  # before all else: it says whose folder this is
            for folder in (self.checkpoints, self.samples):
                folder.mkdir(parents=True, exist_ok=True)

    def renew(self, config: Config) -> None:
        """Writes the config, of a continued run once it is sure to go on. OutputError: it cannot be written."""
        with writing(self.path), written_whole(self._config_file) as file:
            file.write_text(write_config(config))

    def release(self) -> None:
        """Lets others write to the folder again, as the end of the process does."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def check_owned(self) -> None:
        """Raises UsageError where another process trains in the folder now.

        It cannot, in one of this machine, which is locked. One with a scheme has no locks: whoever claimed it last goes
        on, and the others learn it here.
        """
        if self._owner is not None:
            with reading():
                owner = read_regular(self._lock_file, MOST_BYTES).decode(errors="replace")
            if owner != self._owner:
                raise UsageError(f"{self.path}: another process trains here now ({owner.strip()}); this one ends")

    def _take(self):
        if isinstance(self._lock_file, RemotePath):
            now = datetime.datetime.now().isoformat(" ", "seconds")
            self._owner = f"process {os.getpid()} on {socket.gethostname()} since {now}, {uuid.uuid4()}\n"
            with written_whole(self._lock_file) as file:
                file.write_text(self._owner)
            return
        try:
            self._lock = lock_file(self._lock_file)
        except BlockingIOError:
            raise UsageError(
                f"{self.path}: another process is training here; stop it or choose another --run_dir"
            ) from None

    def _clear(self):
        """Deletes the files of a run, by the names that this program gives them, and folders that are empty then."""
        own: dict[AnyPath, str] = {
            self.checkpoints: CHECKPOINT_FILE,
            self.samples: SAMPLE_FILE,
            self.traces: TRACE_FILE,
            self.path: OTHER_FILES,
        }
        for folder, pattern in own.items():
            files: list[AnyPath] = [*folder.iterdir()] if folder.is_dir() and not os.path.islink(folder) else []
            for file in files:
                if re.fullmatch(pattern, file.name) and file.is_file():
                    file.unlink()

    def _stored(self):
        try:
            return read_config(read_regular(self._config_file, MOST_BYTES).decode())
        except DataError as error:
            raise DataError(f"{self._config_file} {error}") from None
        except (OSError, ValueError) as error:
            raise DataError(f"{self._config_file} cannot be read: {getattr(error, 'strerror', error)}") from None
