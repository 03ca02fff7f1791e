"""A trained run in a process of its own: what ends that process, such as a lack of memory, costs one image."""

from __future__ import annotations

import contextlib
import os
import signal
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from base.errors import DataError, UserError
from base.signals import leave_stop_signals_to_parent, stop_signals_blocked
from base.terminal import steady_output
from inference.load import LoadedRun, load_run
from run_folder.folder import RunFolder


class IsolatedRun:
    """One direction of a run's networks, in a process that is started anew for the next image where it dies.

    Attributes:
      config: Config of the run, with the precision it was trained in.
      step: int, steps that the weights were trained for.
      channels: int, of the images that the direction starts from, 3 for RGB, 1 for grey.
    """

    def __init__(
        self,
        run_dir: str | os.PathLike,
        direction: str,
        precision: str | None = None,
        tile: int | None = None,
        statistics: str = "exact",
    ):
        """Loads a run; arguments and errors are those of `load_run` and of `LoadedRun.translate`."""
        self._arguments = (run_dir, direction, precision, tile, statistics)
        self._start()
        self.config = RunFolder(os.path.expanduser(run_dir)).config()

    def translate(self, pixels: np.ndarray) -> np.ndarray:
        """Translates a uint8 array [height, width, channels], as `LoadedRun.translate` does.

        Raises:
          DataError: it cannot be translated, or the process died over it.
          UserError: the run cannot be loaded any more.
        """
        if self._process.exitcode is not None:
            self._start()
        try:
            self._connection.send(pixels)
            answer = self._connection.recv()
        except (EOFError, OSError):
            height, width = pixels.shape[:2]
            what = f"{width} x {height} px ended the network's process ({self._end()}), maybe for lack of memory"
            raise DataError(f"{what}; try --max_side={max(1, max(height, width) // 2)}") from None
        if isinstance(answer, UserError):
            raise answer
        return answer

    def close(self) -> None:
        """Ends the process, at once, whatever it is doing."""
        self._process.kill()
        self._end()

    def _start(self):
        context = get_context("spawn")  # a fork would not be safe beside threads
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, *self._arguments), daemon=True)
        resource_tracker.ensure_running()  # before, since it unblocks signals
        with stop_signals_blocked():
            self._process.start()
        theirs.close()  # so that the death of the process ends the connection
        try:
            answer = self._connection.recv()
        except (EOFError, OSError):
            raise DataError(f"{self._arguments[0]}: the process that loads the run ended ({self._end()})") from None
        if isinstance(answer, UserError):
            raise answer
        self.step, self.channels = answer

    def _end(self):
        """Waits for the end of the process and says what it was."""
        self._connection.close()
        self._process.join()
        code = self._process.exitcode or 0
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def _serve(
    connection: Connection,
    run_dir: str | os.PathLike,
    direction: str,
    precision: str | None,
    tile: int | None,
    statistics: str,
) -> None:
    """Loads a run and translates each image that comes in, until the parent process is gone."""
    leave_stop_signals_to_parent()
    with steady_output():
        answer: UserError | tuple[int, int]
        try:
            run = load_run(run_dir, direction, precision)
            answer = run.step, run.channels(direction)
        except UserError as error:
            answer = error
        with contextlib.suppress(EOFError, OSError):
            connection.send(answer)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # last words of C++ code; the parent says it better
            while not isinstance(answer, UserError):
                connection.send(_translation_or_reason(run, connection.recv(), direction, tile, statistics))


def _translation_or_reason(run: LoadedRun, pixels: np.ndarray, *how: Any) -> np.ndarray | UserError:
    try:
        return run.translate(pixels, *how)
    except UserError as reason:
        return reason
    except Exception as error:  # one image must not cost the others
        return DataError(" ".join(f"cannot be translated: {type(error).__name__} {error}".split())[:300])
