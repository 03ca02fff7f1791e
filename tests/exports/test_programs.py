"""Programs that are tried run in a process that knows nothing of this project."""

import numpy as np
import pytest

from exports.probes import Probe
from exports.programs import RESULT, ProgramError, run_program

PROBES = [Probe("one", b"one", np.ones([1, 2, 2, 3], np.float32), np.zeros([1, 2, 2, 3], np.float32))]


@pytest.fixture
def program(tmp_path):
    """A function that runs a program of the given text on PROBES."""

    def run(text):
        (tmp_path / "program.py").write_text(text)
        return run_program(tmp_path / "program.py", tmp_path, PROBES)

    return run


def test_it_is_run_on_values_and_files(program):
    results = program("run = lambda values: 2 * values\nrun_files = lambda files: [b'so ' + file for file in files]\n")
    np.testing.assert_array_equal(results["values-0"], 2 * PROBES[0].values)
    assert results["file-0"].tobytes() == b"so one"


def test_what_it_writes_beside_is_removed(program, tmp_path):
    program(f"open({RESULT!r}, 'w').close()\n\ndef run(values):\n    return values\n")
    assert [path.name for path in tmp_path.iterdir()] == ["program.py"]


def test_a_failure_is_one_line(program):
    with pytest.raises(ProgramError, match="fails in a fresh process: ValueError: no such network$"):
        program("def run(values):\n    raise ValueError('no such network')\n")


def test_a_program_that_imports_the_project_is_refused(program, monkeypatch):
    with pytest.raises(ProgramError, match="needs this project: base$"):
        program("import sys, types\nsys.modules['base.files'] = types\nrun = lambda values: values\n")
