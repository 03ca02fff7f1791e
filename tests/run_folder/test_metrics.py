"""metrics.jsonl: a line a step, none lost and none twice, whatever ended the run."""

import json
import os

import pytest

from base.errors import DataError, OutputError
from run_folder.metrics import Metrics


@pytest.fixture
def path(tmp_path):
    """Of the file of a run that wrote lines at steps 5, 10 and 15."""
    metrics = Metrics(tmp_path / "metrics.jsonl")
    for step in (5, 10, 15):
        metrics.add(step, step / 10, {"loss/generator": 0.5, "test/swd_AtoB": step + 0.25})
    return tmp_path / "metrics.jsonl"


def steps(path):
    return [entry["step"] for entry in Metrics(path).entries()]


def test_lines_are_json_of_plain_numbers_by_their_tags(path):
    first, *_ = map(json.loads, path.read_text().splitlines())
    assert first == {"step": 5, "seconds": 0.5, "loss/generator": 0.5, "test/swd_AtoB": 5.25}


@pytest.mark.parametrize("step, kept", [(15, [5, 10, 15]), (12, [5, 10]), (10, [5, 10]), (0, [])])
def test_lines_that_will_come_again_are_struck_out(path, step, kept):
    assert Metrics(path).rewind(step) == (kept[-1] / 10 if kept else 0.0)
    assert steps(path) == kept


@pytest.mark.parametrize("length", [1, 20, 57])
def test_half_a_line_at_the_end_is_struck_out(path, length):
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:length])
    assert steps(path) == [5, 10, 15]
    Metrics(path).rewind(100)
    assert path.read_bytes() == whole


def test_run_without_the_file_begins_one(tmp_path):
    metrics = Metrics(tmp_path / "metrics.jsonl")
    assert metrics.rewind(7) == 0.0
    assert list(metrics.entries()) == []


@pytest.mark.parametrize("line", ["", "nonsense", "[1]", "{}", '{"step": "5", "seconds": 1.0}', "[" * 100_000])
def test_line_that_says_something_else_is_named_and_stays(path, line):
    path.write_text(line + "\n" + path.read_text())
    before = path.read_bytes()
    with pytest.raises(DataError, match="metrics.jsonl: line 1 is no JSON object with step and seconds; mend it"):
        Metrics(path).rewind(10)
    assert path.read_bytes() == before and os.listdir(path.parent) == [path.name]


def test_file_that_cannot_be_written_is_named(path):
    with pytest.raises(OutputError, match="metrics.jsonl: cannot be written"):
        Metrics(path / "metrics.jsonl").add(1, 1.0, {})
