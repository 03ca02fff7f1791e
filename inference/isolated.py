"""A trained network in a process of its own: what ends that process, such as a lack of memory, costs one image."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import time
from collections.abc import Callable
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np

from base.errors import DataError, UserError
from base.signals import leave_stop_signals_to_parent, stop_signals_blocked
from base.terminal import steady_output
from inference.load import load_run
from run_folder.folder import LAST, RunFolder


class ProcessEndedError(DataError):
    """A process died over what it was asked; the message is how: "SIGKILL" or "exit code 1"."""


class OvertimeError(DataError):
    """A process took longer than it was given, and was ended."""


class FailedError(DataError):
    """What a process was asked failed, as its programmer did not foresee; the next question may do well."""


class News(NamedTuple):
    """What an object in a process of its own tells while it is at work."""

    what: tuple


class Isolated:
    """An object in a process of its own, which is started anew for the next call where it dies over one.

    Attributes:
      about: what the object says of itself, its attribute of that name.
      heard: function that is called here with what the object gives its attribute `tell`, a function, during a call.
    """

    about: Any
    heard: Callable[..., Any] | None = None

    def __init__(self, make: Callable[..., Any], *arguments: Any):
        """Makes the object.

        Args:
          make: function of a module, or class; called in the process, and its UserError raised here.
          *arguments: for it; the first is what an error is about.

        Raises:
          DataError: the process ended.
        """
        self._make, self._arguments = make, arguments
        self._start()

    def call(self, method: str, *arguments: Any, seconds: float | None = None) -> Any:
        """Calls a method of the object, one at a time, and gives what it gives.

        Raises:
          ProcessEndedError: the process died over it.
          OvertimeError: it took longer than `seconds`; None: it may take any time.
          FailedError: it raised what is no UserError.
          UserError: that it raised; or the object cannot be made any more.
        """
        self.revive()
        deadline = None if seconds is None else time.monotonic() + seconds
        try:
            self._connection.send((method, arguments))
            answer: Any = News(())
            while isinstance(answer, News):
                if deadline is not None and not self._connection.poll(max(deadline - time.monotonic(), 0.0)):
                    self.close()
                    raise OvertimeError(f"takes longer than {seconds:.1f} s")
                answer = self._connection.recv()
                if isinstance(answer, News) and self.heard:
                    self.heard(*answer.what)
        except (EOFError, OSError):
            raise ProcessEndedError(self._end()) from None
        if isinstance(answer, UserError):
            raise answer
        return answer

    def revive(self) -> None:
        """Starts the process anew where it has ended; UserError where the object cannot be made any more."""
        if self._process.exitcode is not None:
            self._start()

    def close(self) -> None:
        """Ends the process, at once, whatever it is doing; so does the end of this one."""
        atexit.unregister(self.close)
        self._process.kill()
        self._end()

    def _start(self):
        context = get_context("spawn")  # a fork would not be safe beside threads
        connection, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._make, *self._arguments), daemon=True)
        resource_tracker.ensure_running()  # before, since it unblocks signals
        with stop_signals_blocked():
            process.start()
        self._connection, self._process = connection, process  # now that `close` can end it, from another thread, too
        theirs.close()  # so that the death of the process ends the connection
        atexit.register(self.close)  # before multiprocessing waits for the process, which does not hear its SIGTERM
        try:
            answer = self._connection.recv()
        except (EOFError, OSError):
            raise DataError(f"{self._arguments[0]}: the process that loads the run ended ({self._end()})") from None
        if isinstance(answer, UserError):
            self.close()  # it would end by itself, but maybe after the next call has asked whether it did
            raise answer
        self.about = answer

    def _end(self):
        """Waits for the end of the process and says what it was."""
        self._connection.close()
        self._process.join()
        code = self._process.exitcode or 0
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"


class IsolatedRun(Isolated):
    """One direction of a run's networks, in a process of its own.

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
        checkpoint: str | int = LAST,
    ):
        """Loads a run; arguments and errors are those of `load_run` and of `LoadedRun.translate`."""
        super().__init__(_OneDirection, run_dir, direction, precision, tile, statistics, checkpoint)
        self.step, self.channels = self.about
        self.config = RunFolder(os.path.expanduser(run_dir)).config()

    def translate(self, pixels: np.ndarray) -> np.ndarray:
        """Translates a uint8 array [height, width, channels], as `LoadedRun.translate` does.

        Raises:
          DataError: it cannot be translated, or the process died over it.
          UserError: the run cannot be loaded any more.
        """
        try:
            return self.call("translate", pixels)
        except ProcessEndedError as end:
            height, width = pixels.shape[:2]
            what = f"{width} x {height} px ended the network's process ({end}), maybe for lack of memory"
            raise DataError(f"{what}; try --max_side={max(1, max(height, width) // 2)}") from None
        except FailedError as error:
            raise DataError(f"cannot be translated: {error}") from None


class _OneDirection:
    """What an IsolatedRun has in its process; it tells what tiles of an image are done, and of how many."""

    tell: Callable[[int, int], None]

    def __init__(self, run_dir, direction, precision, tile, statistics, checkpoint):
        self._run, self._how = load_run(run_dir, direction, precision, checkpoint), (direction, tile, statistics)
        self.about = self._run.step, self._run.channels(direction)

    def translate(self, pixels):
        return self._run.translate(pixels, *self._how, told=self.tell)


def _serve(connection: Connection, make: Callable[..., Any], *arguments: Any) -> None:
    """Makes an object and answers each call that comes in, until the parent process is gone."""
    leave_stop_signals_to_parent()
    with steady_output():
        try:
            made = make(*arguments)
            made.tell = lambda *what: connection.send(News(what))
            answer = made.about
        except UserError as error:
            answer = error
        with contextlib.suppress(EOFError, OSError):
            connection.send(answer)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # last words of C++ code; the parent says it better
            while not isinstance(answer, UserError):
                connection.send(_answer_or_reason(made, *connection.recv()))


def _answer_or_reason(made: Any, method: str, arguments: tuple) -> Any:
    try:
        return getattr(made, method)(*arguments)
    except UserError as reason:
        return reason
    except Exception as error:  # one image must not cost the others
        return FailedError(" ".join(f"{type(error).__name__} {error}".split())[:300])
