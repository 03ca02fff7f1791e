"""What the bits of a run depend on beside its config: its data and its machine, recorded and compared."""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

from base.errors import ConfigError, DataError
from base.files import read_if_there, writing, written_whole
from base.graph_mode import tf
from base.machine import available_cores, cpu_features, gpu_name
from base.places import AnyPath
from inputs import order
from inputs.fingerprint import describe_change
from ops.conv_gradients import arrangement

FORMAT_VERSION = 1
MOST_BYTES = 256 << 20  # of the file: it names up to a thousand files of each split each time the data changes


class Entry(NamedTuple):
    """What was so from a step on.

    Attributes:
      step: steps done before.
      data: fingerprint of the data, from `inputs.data_dir.Splits.fingerprint`.
      environment: from `describe_environment`.
      origin: what `run_folder.initial.InitialWeights` tells of the weights that a run started from; None without.
    """

    step: int
    data: dict[str, Any]
    environment: dict[str, Any]
    origin: dict[str, Any] | None = None


class Provenance:
    """The entries of one run, oldest first."""

    def __init__(self, path: AnyPath, continued: bool):
        """Takes the path of the file, and whether the run that it is about goes on; else it is not read.

        Raises:
          DataError: the file is damaged.
        """
        self._path = path
        self.entries = _read(path) if continued else []

    def check_data(self, data: dict[str, Any], accept_change: bool) -> None:
        """Raises DataError where a run's data is no longer what it was trained on, unless the change is accepted."""
        change = describe_change(self.entries[-1].data, data) if self.entries else ""
        if change and not accept_change:
            raise DataError(
                f"the data changed since this run was trained on it: {change}; put it back, or go on with "
                "--accept_changed_data, which records the change"
            )

    def check_shares(self, shares: int) -> None:
        """Raises ConfigError where a batch was computed in another number of shares; for runs that this matters to."""
        before = self.entries[-1].environment.get("shares_of_batch", shares) if self.entries else shares
        if before != shares:
            raise ConfigError(
                f"--nosync_batch_norm took statistics of each of {before} shares of a batch (--accumulate x workers) "
                f"and would now take those of {shares}; go on with as many as before"
            )

    def record(
        self, step: int, data: dict[str, Any], environment: dict[str, Any], origin: dict[str, Any] | None = None
    ) -> list[str]:
        """Writes down what is so from a step on, where that is new; the arguments are those of Entry.

        Returns:
          Lines about what differs from before: the steps to come are then not those of a run left alone.

        Raises:
          OutputError: the file cannot be written.
        """
        before = self.entries[-1] if self.entries else None
        if before is not None and (before.data, before.environment) == (data, environment):
            return []
        self.entries.append(Entry(step, data, environment, origin))
        content = {"format_version": FORMAT_VERSION, "entries": [entry._asdict() for entry in self.entries]}
        with writing(self._path), written_whole(self._path) as file:
            file.write_text(json.dumps(content, indent=2) + "\n")
        if before is None:
            told = f"not recorded what the first {step} steps were made from, so that results may differ"
            return [told] if step else []
        changes = [f"data: {change}"] if (change := describe_change(before.data, data)) else []
        changes += [
            f"{name} was {before.environment.get(name, 'not recorded')} and is {value}"
            for name, value in environment.items()
            if before.environment.get(name) != value
        ]
        return [f"not as from step {before.step} on, so that results may differ: {change}" for change in changes]


def describe_environment(shares: int = 1) -> dict[str, Any]:
    """Names what a step depends on: how the order of the images is drawn; and for its rounding TensorFlow, the CPU's
    instructions, threads, the GPU if there is one, and in how many shares a batch is computed.
    """
    return {
        "data_order": order.ALGORITHM,
        "shares_of_batch": shares,
        "tensorflow": tf.__version__,
        "gpu": gpu_name(),
        "cpu_features": cpu_features(),
        "cores": available_cores(),
        "threads_per_op": tf.config.threading.get_intra_op_parallelism_threads() or available_cores(),
        "convolution_gradients": arrangement(),
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
    }


def _read(path):
    try:
        text = read_if_there(path, MOST_BYTES)
        if text is None:
            return []
        content = json.loads(text)
        if content["format_version"] != FORMAT_VERSION:
            raise ValueError(f"the format version {content['format_version']} is not known")
        entries = [Entry(**entry) for entry in content["entries"]]
        if not all(isinstance(entry.data, dict) and isinstance(entry.environment, dict) for entry in entries):
            raise ValueError("data and environment must be objects")
        return entries
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(f"{path} cannot be read ({error}); put a copy back, or delete it to go on unchecked") from None
