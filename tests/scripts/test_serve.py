"""scripts/serve.py: a real server of a run, as a process: the same pixels, and its end."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from base.errors import ConfigError, UsageError
from scripts import serve
from serving.server import listen
from tests.conftest import ROOT
from tests.helpers.serving import exchange, parsed, pixels, png, post
from tests.helpers.untrained import loaded_here, make_run

PATH = "/translate?direction=BtoA"
STUBBED = """\
import os, sys, threading
sys.path.insert(0, {root!r})
import base.early_signals
from scripts import serve
from tests.helpers.serving import NetworkHere

class Slow(NetworkHere):
    def call(self, *arguments, **options):
        print("begun", flush=True)
        threading.Event().wait({seconds})
        return super().call(*arguments, **options)

serve.start_network = lambda *arguments: Slow()
sys.argv = ["serve.py", "--run_dir=x", "--port=0"]
serve.run(serve.main)
"""


@contextlib.contextmanager
def started(command):
    """A server as a process, and its port, once it says so."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, start_new_session=True, **streams)
    try:
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/ \(Ctrl-C ends it\)$", line)
        assert found, line + process.stderr.read()
        yield process, SimpleNamespace(port=int(found[1]))
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_a_run_is_served_until_it_is_stopped(tmp_path):
    run = make_run(tmp_path / "summer")
    command = [sys.executable, ROOT / "scripts/serve.py", f"--run_dir={run}", "--port=0", "--megapixels=0.01"]
    with started(command) as (process, web):
        data = png(33, 20)
        expected = loaded_here(run, "BtoA", None, None, "exact").translate(pixels(data))
        code, _, body = parsed(exchange(web, post(PATH, data)))
        assert code == 200, body
        np.testing.assert_array_equal(pixels(body), expected)
        assert parsed(exchange(web, post(PATH, b"no image")))[0] == 415
        assert parsed(exchange(web, post(PATH, png(101, 100))))[0] == 413
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 128 + signal.SIGTERM
        assert said == "serve.py: stopped by SIGTERM; 3 requests answered\n"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_what_is_being_answered_is_finished_at_the_end(number):
    command = [sys.executable, "-c", STUBBED.format(root=str(ROOT), seconds=0.5)]
    with started(command) as (process, web):
        answers = []
        asking = threading.Thread(target=lambda: answers.append(parsed(exchange(web, post(PATH, png())))))
        asking.start()
        assert process.stdout.readline() == "begun\n"
        process.send_signal(number)
        asking.join()
        assert answers[0][0] == 200
        _, said = process.communicate(timeout=60)
        how = "interrupted" if number == signal.SIGINT else "stopped by SIGHUP"
        assert said == f"serve.py: {how}; 1 request answered\n" and process.returncode == 128 + number


@pytest.mark.slow
def test_a_second_signal_waits_for_nothing():
    command = [sys.executable, "-c", STUBBED.format(root=str(ROOT), seconds=9)]
    with started(command) as (process, web):
        asking = threading.Thread(target=exchange, args=(web, post(PATH, png())))
        asking.start()
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGTERM)
        while parsed_or_none(web):
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        asking.join()
        _, said = process.communicate(timeout=60)
        assert process.returncode == 128 + signal.SIGTERM and said.count("\n") == 1


def parsed_or_none(web):
    """Whether a server still takes connections."""
    try:
        return bool(exchange(web, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    except ConnectionError:
        return False


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], "give --run_dir=RUN or --model=EXPORTED, one of them"),
        (["--run_dir=a", "--model=b"], "one of them"),
        (["--model=b", "--precision=float32"], "--precision goes with --run_dir"),
        (["--run_dir=a", "--host=no.such.host.invalid"], "there is no such host"),
        (["--run_dir=a", "--port=65536"], "--port=65536: must be at least 0 and at most 65535"),
        (["--run_dir=a", "--seconds=0"], "--seconds=0.0: must be at least 0.1"),
        (["--run_dir=a", "--prt=1"], "did you mean --port?"),
    ],
)
def test_mistakes_are_one_line(arguments, words):
    with pytest.raises((UsageError, ConfigError)) as error:
        serve.main([*arguments, "--port=0"] if not any("port" in each for each in arguments) else arguments)
    assert words in str(error.value) and "\n" not in str(error.value)


def test_a_port_that_is_taken_is_told_before_anything_is_loaded():
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"--port={port}: Address already in use"):
            serve.main(["--run_dir=nowhere", f"--port={port}"])
