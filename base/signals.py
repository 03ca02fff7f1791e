"""Signals that ask a program to stop: Ctrl-C, `kill`, and a terminal that is closed."""

from base.early_signals import STOP_SIGNALS

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import NoReturn

LATER = 0.05  # seconds until a signal is sent again that was lost


class Stopped(KeyboardInterrupt):
    """A stop signal came; raised as Python raises KeyboardInterrupt after Ctrl-C.

    Attributes:
      signal: signal.Signals, which it was.
    """

    def __init__(self, stop_signal: signal.Signals, *words: str):
        """Takes the signal, and what to tell the user about the work that was done."""
        super().__init__(*words)
        self.signal = stop_signal


def signal_of(interrupt: KeyboardInterrupt) -> signal.Signals:
    """The stop signal behind a KeyboardInterrupt; one that Python raised itself is of Ctrl-C."""
    return interrupt.signal if isinstance(interrupt, Stopped) else signal.SIGINT


def raise_stopped(stop_signal: signal.Signals) -> NoReturn:
    """Handles a stop signal where nothing better is known."""
    raise Stopped(stop_signal)


def send_later(stop_signal: signal.Signals) -> None:
    """Sends a stop signal to this process in a moment."""
    timer = threading.Timer(LATER, os.kill, (os.getpid(), stop_signal))
    timer.daemon = True
    timer.start()


@contextlib.contextmanager
def stop_signals_handled(
    handler: Callable[[signal.Signals], None], lost: Callable[[signal.Signals], None] = send_later
) -> Iterator[None]:
    """Calls `handler` for stop signals that come while the block runs, in the main thread between two of its steps.

    Signals that the program was started to ignore stay ignored: `nohup` does so, and shells for what runs behind `&`.
    Outside of the main thread, where Python takes no handlers, nothing changes.

    Args:
      handler: what to call; it may raise Stopped.
      lost: what to call where it did, and Python dropped the exception: what is raised in a `__del__` or in the
        callback of a weak reference goes nowhere, and a signal may come there, too.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    heard = [number for number, old in before.items() if old not in (signal.SIG_IGN, None)]
    hook = sys.unraisablehook

    def take_dropped(unraisable) -> None:
        dropped = unraisable.exc_value
        if isinstance(dropped, Stopped):
            lost(dropped.signal)
        else:
            hook(unraisable)

    try:
        sys.unraisablehook = take_dropped
        for number in heard:
            signal.signal(number, lambda number, frame: handler(signal.Signals(number)))
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])
        sys.unraisablehook = hook


@contextlib.contextmanager
def stop_signals_raised() -> Iterator[None]:
    """Raises Stopped for stop signals that come while the block runs, and again at its end.

    It is for the imports of large libraries, which turn the first into another exception, or lose it.
    """
    came: list[signal.Signals] = []

    def stop(stop_signal: signal.Signals) -> NoReturn:
        came.append(stop_signal)
        raise Stopped(stop_signal)

    try:
        with stop_signals_handled(stop, lost=came.append):
            yield
    finally:
        if came:
            raise Stopped(came[0]) from None


@contextlib.contextmanager
def stop_signals_blocked() -> Iterator[None]:
    """Keeps stop signals from this thread while the block runs; a process that is started in it has them blocked."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def ignore_stop_signals() -> None:
    """Ignores stop signals from now on, to the end of the process."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def leave_stop_signals_to_parent() -> None:
    """Ignores stop signals in a worker process, which its parent ends; they may be blocked since it was started."""
    ignore_stop_signals()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)


@contextlib.contextmanager
def stop_told(words: Callable[[], str]) -> Iterator[None]:
    """Adds what `words` gives, about the work that was done, to a stop signal that ends the block."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        raise Stopped(signal_of(interrupt), words()) from None
