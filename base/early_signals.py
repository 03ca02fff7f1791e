"""Stop signals while an entry point is still being imported, which imports this first: one line, and the exit code."""

import os
import signal
import sys
import types

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def how_stopped(stop_signal: signal.Signals) -> str:
    """Says what a stop signal did to a program: "interrupted", or "stopped by SIGTERM"."""
    return "interrupted" if stop_signal == signal.SIGINT else f"stopped by {stop_signal.name}"


def end_program(number: int, frame: types.FrameType | None) -> None:
    """Ends the program at once; nothing is raised, since imports turn exceptions into others, or lose them."""
    try:
        program = os.path.basename(sys.argv[0])
        os.write(2, os.fsencode(f"{program}: {how_stopped(signal.Signals(number))}\n"))
    finally:
        os._exit(128 + number)


def is_entry_point() -> bool:
    """Whether the program that runs is one of this project's; others may import one, such as the tests."""
    program = os.path.realpath(getattr(sys.modules["__main__"], "__file__", None) or "")
    return os.path.dirname(program) in (ROOT, os.path.join(ROOT, "scripts"))


if is_entry_point():
    for _number in STOP_SIGNALS:
        if signal.getsignal(_number) != signal.SIG_IGN:
            signal.signal(_number, end_program)
