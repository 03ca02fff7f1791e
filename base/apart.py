"""A function in a process group of its own, which ends as one, whatever its processes and threads wait for."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection

from base.child import child
from base.terminal import standard_error_in


def run_apart(function: Callable[[], None], log: str | os.PathLike) -> str:
    """Calls a function in a process of its own, and ends that with all that it started.

    An exception ends it, also one of another thread there; so does what is raised here, and the end of this process.

    Args:
      function: what to call.
      log: file that takes what is written to standard error there.

    Returns:
      Text of the exception that ended it; empty where the function came to its end.
    """
    with child(_work, function, log) as (process, connection):
        try:
            return connection.recv()
        except EOFError:
            return "its process died (out of memory?)"
        finally:
            with contextlib.suppress(ProcessLookupError):  # it has not come to make its group
                os.killpg(process.pid, signal.SIGKILL)  # type: ignore[arg-type]


def _work(connection: Connection, function: Callable[[], None], log: str | os.PathLike) -> None:
    os.setpgrp()
    threading.excepthook = lambda failed: connection.send(_text(failed.exc_value))
    threading.Thread(target=_end_with_parent, args=(connection,), daemon=True).start()
    try:
        with open(log, "ab") as file, standard_error_in(file):
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
