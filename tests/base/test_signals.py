"""Signals that ask to stop: handled in the block, ignored where they were, and as before behind it."""

import os
import signal
import sys
import threading

import pytest

from base.command_line import run
from base.signals import STOP_SIGNALS, Stopped, raise_stopped, stop_signals_handled


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
