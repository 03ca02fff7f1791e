"""Stop signals before an entry point has got to its work: one line and the exit code, for entry points alone."""

from base.early_signals import STOP_SIGNALS, how_stopped

import ast
import os
import shutil
import signal
import subprocess
import sys

import pytest

from base import early_signals
from tests.conftest import ROOT
from tests.helpers.modules import module_name, product_files

ENTRIES = [
    path for path in product_files() if path.parent in (ROOT, ROOT / "scripts") and "run(main)" in path.read_text()
]
STOPPED = """
import sys
sys.path.insert(0, {root!r})
import base.early_signals
import os, signal
try:
    os.kill(os.getpid(), {number})
except KeyboardInterrupt:
    print("its own way")
else:
    print("ignored")
"""


@pytest.fixture
def run(tmp_path):
    """Runs a program that is in a folder of a small project and stops itself; gives exit code and streams."""
    (tmp_path / "base").mkdir()
    shutil.copy(early_signals.__file__, tmp_path / "base")

    def run(folder, number, **options):
        script = tmp_path / folder / "own.py"
        script.parent.mkdir(exist_ok=True)
        script.write_text(STOPPED.format(root=str(tmp_path), number=int(number)))
        own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # which may lead to this one
        ended = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=own, **options)
        return ended.returncode, ended.stdout, ended.stderr

    return run


@pytest.mark.parametrize("path", ENTRIES, ids=module_name)
def test_every_entry_point_imports_it_before_what_takes_time(path):
    imports = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = [getattr(node, "module", None) or node.names[0].name for node in imports]
    before = names[: names.index("base.early_signals")]
    assert set(before) <= {"__future__", "os", "sys"}, "which Python has imported already"


@pytest.mark.parametrize("folder", ["", "scripts"])
@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_signal_ends_an_entry_point_in_one_line(run, folder, number):
    assert run(folder, number) == (128 + number, "", f"own.py: {how_stopped(number)}\n")


def test_program_of_someone_else_keeps_its_own_ways(run):
    assert run("elsewhere", signal.SIGINT) == (0, "its own way\n", "")


def test_signal_that_a_program_was_started_to_ignore_stays_ignored(run):
    def ignore():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    assert run("", signal.SIGHUP, preexec_fn=ignore) == (0, "ignored\n", "")


@pytest.mark.parametrize("number, words", [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "stopped by SIGTERM")])
def test_words_for_a_signal(number, words):
    assert how_stopped(number) == words
