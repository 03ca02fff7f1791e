"""A function in a process group of its own, which ends as one, whatever its processes and threads wait for."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import IO

from base.signals import leave_stop_signals_to_parent, stop_signals_blocked
from base.terminal import standard_error_in


def run_apart(function: Callable[[], None], log: IO[bytes]) -> str:
    """Calls a function in a process of its own, and ends that with all that it started.

    An exception ends it, also one of another thread there; so does what is raised here, and the end of this process.

    Args:
      function: what to call.
      log: open file that takes what is written to standard error there.

    Returns:
      Text of the exception that ended it; empty where the function came to its end.
    """
    context = get_context("fork" if sys.platform == "linux" else "spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(ours, theirs, function))  # type: ignore[attr-defined]
    try:
        with stop_signals_blocked(), standard_error_in(log):
            process.start()
        theirs.close()
        return ours.recv()
    except EOFError:
        return "its process died (out of memory?)"
    finally:
        with contextlib.suppress(ProcessLookupError):  # it has not come to make its group
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.join()


def _work(parents_end: Connection, connection: Connection, function: Callable[[], None]) -> None:
    os.setpgrp()
    parents_end.close()  # this process's copy of it, which would keep the connection open
    leave_stop_signals_to_parent()
    threading.excepthook = lambda failed: connection.send(_text(failed.exc_value))
    threading.Thread(target=_end_with_parent, args=(connection,), daemon=True).start()
    try:
        function()
    except BaseException as error:
        connection.send(_text(error))
    else:
        connection.send("")


def _end_with_parent(connection: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        connection.recv()
    os.killpg(0, signal.SIGKILL)


def _text(error: BaseException | None) -> str:
    return str(error) or type(error).__name__
