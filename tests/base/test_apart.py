"""What is run apart says why it failed, and leaves nothing running."""

import contextlib
import functools
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from base.apart import run_apart

SECONDS = 10  # in which a process is gone


@pytest.fixture
def run(tmp_path):
    """Runs a function apart; gives why it failed, and what was written to standard error."""

    def run(function):
        failure = run_apart(function, tmp_path / "log")
        return failure, (tmp_path / "log").read_text()

    return run


def fail():
    raise ValueError("no such soup")


def fail_in_a_thread():
    threading.Thread(target=fail).start()
    threading.Event().wait()


def start_sleeper(file):
    file.write_text(str(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"]).pid))


def is_gone(pid):
    for _ in range(100 * SECONDS):
        with contextlib.suppress(OSError):
            os.kill(int(pid), 0)
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
            if state != "Z":  # nobody has asked for its exit code
                time.sleep(0.01)
                continue
        return True
    return False


def test_function_that_comes_to_its_end_has_no_failure(run, tmp_path):
    assert run(functools.partial((tmp_path / "x").write_text, "done")) == ("", "")
    assert (tmp_path / "x").read_text() == "done"


@pytest.mark.parametrize("function", [fail, fail_in_a_thread])
def test_exception_is_given_as_text_wherever_it_is_raised(run, function):
    assert run(function) == ("no such soup", "")


def test_process_that_is_killed_is_told(run):
    assert run(os.abort)[0] == "its process died (out of memory?)"


def test_what_is_written_to_standard_error_goes_to_the_file(run, capfd):
    assert run(functools.partial(os.write, 2, b"chatter")) == ("", "chatter")
    assert capfd.readouterr().err == ""


def test_what_it_started_is_ended_with_it(run, tmp_path):
    assert run(functools.partial(start_sleeper, tmp_path / "pid")) == ("", "")
    assert is_gone((tmp_path / "pid").read_text())


def test_interrupt_ends_it(run, tmp_path):
    def wait():
        start_sleeper(tmp_path / "pid")
        os.kill(os.getppid(), signal.SIGINT)
        threading.Event().wait()

    with pytest.raises(KeyboardInterrupt):
        run(wait)
    assert is_gone((tmp_path / "pid").read_text())
