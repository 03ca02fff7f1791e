"""A child process that its parent holds by a connection."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from base.signals import leave_stop_signals_to_parent, stop_signals_blocked


@contextlib.contextmanager
def child(work: Callable[..., None], *arguments: Any, daemon: bool = False) -> Iterator[tuple[BaseProcess, Connection]]:
    """Starts a process that leaves stop signals to this one, and ends it with the block.

    On Linux it is a fork: there must be no threads yet.

    Args:
      work: what it does; called with its end of a connection, which ends with the process that holds the other one.
      arguments: further ones.
      daemon: whether it may not have children of its own, and multiprocessing ends it with this process.

    Yields:
      The process and this one's end of the connection.

    Raises:
      OSError: it cannot be started.
    """
    context = get_context("fork" if sys.platform == "linux" else "spawn")
    ours, theirs = context.Pipe()
    process = context.Process(  # type: ignore[attr-defined]
        target=_begin, args=(ours, theirs, work, arguments), daemon=daemon
    )
    try:
        with stop_signals_blocked():  # until the child ignores them
            process.start()
        theirs.close()  # so that the death of the child ends the connection
        yield process, ours
    finally:
        if process.pid:
            process.kill()
            process.join()


def _begin(parents_end: Connection, connection: Connection, work: Callable[..., None], arguments: Any) -> None:
    parents_end.close()  # this process's copy of it, which would keep the connection open
    leave_stop_signals_to_parent()
    work(connection, *arguments)
