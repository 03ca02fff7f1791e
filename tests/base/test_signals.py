"""Signals that ask to stop: handled in the block, ignored where they were, and as before behind it."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from base.command_line import run
from base.signals import (
    STOP_SIGNALS,
    Stopped,
    raise_stopped,
    signal_of,
    stop_signals_blocked,
    stop_signals_handled,
    stop_signals_raised,
    stop_told,
)
from tests.conftest import ROOT


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_signal_calls_the_handler(number):
    heard = []
    with stop_signals_handled(heard.append):
        os.kill(os.getpid(), number)
    assert heard == [number]


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_handler_of_before_comes_back(number):
    before = signal.getsignal(number)
    with stop_signals_handled(print):
        assert signal.getsignal(number) != before
    assert signal.getsignal(number) == before


def test_signal_that_is_ignored_stays_so():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_signals_handled(raise_stopped):
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_signal_can_be_an_exception_that_names_it():
    with pytest.raises(Stopped) as stopped, stop_signals_handled(raise_stopped):
        os.kill(os.getpid(), signal.SIGTERM)
    assert stopped.value.signal == signal.SIGTERM


def test_nothing_changes_outside_of_the_main_thread():
    before, seen = signal.getsignal(signal.SIGTERM), []

    def look():
        with stop_signals_handled(print):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [before]


def test_program_that_is_stopped_says_so_in_one_line_and_ends_with_its_code(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["scripts/translate.py"])
    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit) as end:
            run(lambda arguments: os.kill(os.getpid(), signal.SIGTERM))
    finally:
        signal.signal(signal.SIGINT, before)
    assert end.value.code == 143
    assert capsys.readouterr().err == "translate.py: stopped by SIGTERM\n"


@pytest.mark.parametrize("made_of_it", [ImportError("initialization failed"), None])
def test_signal_comes_through_whatever_an_import_makes_of_it(made_of_it):
    with pytest.raises(Stopped) as stopped, stop_signals_raised():
        with contextlib.suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
        if made_of_it:
            raise made_of_it
    assert stopped.value.signal == signal.SIGTERM


class EndsInSignal:
    """Sends a stop signal when it is deleted, where Python drops what is raised."""

    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize("block", [lambda: stop_signals_handled(raise_stopped), stop_signals_raised])
def test_signal_comes_through_where_python_drops_exceptions(block, capfd):
    with pytest.raises(Stopped) as stopped, block():
        EndsInSignal()
        for _ in range(100):
            time.sleep(0.01)
    assert stopped.value.signal == signal.SIGTERM
    assert not capfd.readouterr().err


def test_other_exceptions_that_python_drops_are_told_as_ever(monkeypatch):
    told = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)

    class Broken:
        def __del__(self):
            raise ValueError("as ever")

    with stop_signals_handled(raise_stopped):
        Broken()
    assert str(told[0].exc_value) == "as ever"


def test_errors_of_an_import_come_through_where_no_signal_came():
    with pytest.raises(ImportError), stop_signals_raised():
        raise ImportError


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_signal_waits_while_it_is_blocked(number):
    done = []
    with pytest.raises(Stopped), stop_signals_handled(raise_stopped), stop_signals_blocked():
        signal.pthread_kill(threading.get_ident(), number)
        done.append("all of it")
    assert done


def test_worker_leaves_signals_to_its_parent():
    code = """
import os, signal
from base.signals import STOP_SIGNALS, leave_stop_signals_to_parent
leave_stop_signals_to_parent()
for number in STOP_SIGNALS:
    os.kill(os.getpid(), number)
print(signal.pthread_sigmask(signal.SIG_BLOCK, []))
"""
    with stop_signals_blocked():
        ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "set()\n", "")


@pytest.mark.parametrize("interrupt", [Stopped(signal.SIGHUP), KeyboardInterrupt()])
def test_what_was_done_is_told_with_the_signal(interrupt):
    done = []
    with pytest.raises(Stopped, match="^1 of 9 images$") as stopped, stop_told(lambda: f"{len(done)} of 9 images"):
        done.append("image")
        raise interrupt
    assert stopped.value.signal == signal_of(interrupt) == getattr(interrupt, "signal", signal.SIGINT)
