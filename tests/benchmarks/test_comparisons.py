"""Tables of the benchmark: turns, ratios within a round, and contenders that fail."""

import pytest

from base.errors import UserError
from benchmarks import comparisons
from benchmarks.comparisons import training_row

OURS = "this project bfloat16"


def figures(seconds, memory=100.0, flop=None):
    return {"times": [seconds] * 3, "first": 2.0, "peak_mb": memory, **({"flop_per_step": flop} if flop else {})}


def test_ratio_is_that_within_a_round():
    rounds = [  # the machine is ten times slower in the second round
        {OURS: figures(0.1, memory=150), "PyTorch": figures(0.2)},
        {OURS: figures(1.0, memory=150), "PyTorch": figures(2.0)},
    ]
    row = training_row("PyTorch", rounds, batch_size=1, ours=OURS)
    assert row["ours / theirs: time"] == "0.50"
    assert row["ours / theirs: memory"] == "1.50"


def test_share_of_the_matmul_rate_is_that_of_the_same_precision():
    rounds = [{OURS: figures(0.5, flop=1e9), "matmul bfloat16": {"flops": 4e9}, "matmul float32": {"flops": 1e9}}]
    row = training_row(OURS, rounds, batch_size=2, ours=OURS)
    assert (row["GFLOP/s"], row["of matmul"], row["images/s"]) == ("2", "0.50", "8.00")


def test_row_of_a_contender_that_failed_says_so():
    rounds = [{OURS: figures(0.1), "PyTorch": {"failed": "no compiler"}}]
    row = training_row("PyTorch", rounds, batch_size=1, ours=OURS)
    assert row == {"contender": "PyTorch", "step ms": "failed: no compiler"}


def test_contenders_take_turns(monkeypatch):
    order = []
    monkeypatch.setattr(comparisons, "measure", lambda specification: order.append(specification["what"]) or {})
    comparisons.take_turns({"first": {"what": "a"}, "second": {"what": "b"}}, rounds=2, needed=[])
    assert order == ["a", "b", "a", "b"]


def test_nothing_is_compared_with_what_failed(monkeypatch):
    monkeypatch.setattr(comparisons, "measure", lambda specification: {"failed": "out of memory"})
    with pytest.raises(UserError, match="ours failed: out of memory"):
        comparisons.take_turns({"ours": {}}, rounds=1, needed=["ours"])


def test_measurement_whose_process_dies_has_failed():
    assert set(comparisons.measure({"what": "no such measurement"})) == {"failed"}


def test_table_leaves_cells_empty_that_a_row_lacks(capsys):
    comparisons.show("title", [{"a": "1", "b": "2"}, {"a": "3"}])
    assert capsys.readouterr().out.splitlines()[-2:] == ["| 1 | 2 |", "| 3 |  |"]
