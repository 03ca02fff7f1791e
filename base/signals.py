"""Signals that ask a program to stop: Ctrl-C, `kill`, and a terminal that is closed."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import NoReturn

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(KeyboardInterrupt):
    """A stop signal came; raised as Python raises KeyboardInterrupt after Ctrl-C.

    Attributes:
      signal: signal.Signals, which it was.
    """

    def __init__(self, stop_signal: signal.Signals, *words: str):
        """Takes the signal, and what to tell the user about the work that was done."""
        super().__init__(*words)
        self.signal = stop_signal


def raise_stopped(stop_signal: signal.Signals) -> NoReturn:
    """Handles a stop signal where nothing better is known."""
    raise Stopped(stop_signal)


@contextlib.contextmanager
def stop_signals_handled(handler: Callable[[signal.Signals], None]) -> Iterator[None]:
    """Calls `handler` for stop signals that come while the block runs, in the main thread between two of its steps.

    Signals that the program was started to ignore stay ignored: `nohup` does so, and shells for what runs behind `&`.
    Outside of the main thread, where Python takes no handlers, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    heard = [number for number, old in before.items() if old not in (signal.SIG_IGN, None)]
    try:
        for number in heard:
            signal.signal(number, lambda number, frame: handler(signal.Signals(number)))
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])
