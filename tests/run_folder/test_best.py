"""best.json: which checkpoint is the best, chosen by a rule, and named when it is there."""

import json

import pytest

from base.errors import DataError
from run_folder.best import BestCheckpoint, Rule, read_best
from run_folder.metrics import Metrics

SWD = Rule("swd", higher_is_better=False, tags=["test/swd_AtoB", "test/swd_BtoA"], protocol={"precision": "float32"})
PSNR = Rule("psnr", higher_is_better=True, tags=["test/psnr"], protocol={})


def metrics(tmp_path, **values):
    """Of figures by step, "s5": of both directions their sum is 2 * swd."""
    found = Metrics(tmp_path / "metrics.jsonl")
    for step, value in values.items():
        found.add(int(step[1:]), 1.0, {"test/swd_AtoB": value - 1, "test/swd_BtoA": value + 1, "test/psnr": value})
    return found


def best_of(tmp_path, rule, lines, steps):
    BestCheckpoint(tmp_path / "best.json", rule, lines, steps)
    return read_best(tmp_path / "best.json")


@pytest.mark.parametrize("rule, step, value", [(SWD, 10, 3.0), (PSNR, 5, 9.0)])
def test_best_is_the_one_that_the_rule_prefers_in_the_mean_of_all_directions(tmp_path, rule, step, value):
    lines = metrics(tmp_path, s5=9.0, s10=3.0, s15=4.0)
    assert best_of(tmp_path, rule, lines, [5, 10, 15]) == (step, value, rule)


def test_first_of_two_that_are_equal_stays(tmp_path):
    assert best_of(tmp_path, SWD, metrics(tmp_path, s5=3.0, s10=3.0), [5, 10]).step == 5


def test_checkpoints_that_are_not_there_do_not_count(tmp_path):
    assert best_of(tmp_path, SWD, metrics(tmp_path, s5=9.0, s10=3.0), [5]).step == 5


def test_line_without_the_figure_is_none(tmp_path):
    lines = metrics(tmp_path, s5=9.0)
    lines.add(10, 2.0, {"test/swd_AtoB": 0.1, "loss/generators": 0.1})
    assert best_of(tmp_path, SWD, lines, [5, 10]).step == 5


def test_better_one_is_named_only_when_it_is_there(tmp_path):
    best = BestCheckpoint(tmp_path / "best.json", PSNR, metrics(tmp_path, s5=1.0), [5])
    assert best.improves({"step": 10, "test/psnr": 2.0})
    assert best.step == 5 and read_best(tmp_path / "best.json").step == 5
    assert best.name() == (10, 2.0, PSNR)
    assert best.step == 10 and read_best(tmp_path / "best.json").step == 10
    assert not best.improves({"step": 15, "test/psnr": 1.5})


def test_better_one_that_a_killed_process_did_not_name_is_named_at_the_next_start(tmp_path):
    BestCheckpoint(tmp_path / "best.json", PSNR, metrics(tmp_path, s5=1.0), [5])
    assert best_of(tmp_path, PSNR, metrics(tmp_path, s10=2.0), [5, 10]).step == 10


def test_best_whose_lines_are_lost_is_still_known(tmp_path):
    best_of(tmp_path, PSNR, metrics(tmp_path, s5=1.0), [5])
    (tmp_path / "metrics.jsonl").unlink()
    best = BestCheckpoint(tmp_path / "best.json", PSNR, Metrics(tmp_path / "metrics.jsonl"), [5])
    assert best.step == 5 and not best.improves({"step": 10, "test/psnr": 0.5})


def test_other_rule_chooses_anew(tmp_path):
    lines = metrics(tmp_path, s5=9.0, s10=3.0)
    assert best_of(tmp_path, PSNR, lines, [5, 10]).step == 5
    assert best_of(tmp_path, SWD, lines, [5, 10]) == (10, 3.0, SWD)


def test_how_a_value_was_taken_is_kept_with_it(tmp_path):
    lines = metrics(tmp_path, s5=9.0)
    best_of(tmp_path, SWD, lines, [5])
    assert best_of(tmp_path, SWD._replace(protocol={"precision": "bfloat16"}), lines, [5]).rule == SWD


def test_damaged_file_is_named(tmp_path):
    (tmp_path / "best.json").write_text(json.dumps({"format_version": 1, "step": "5"}))
    with pytest.raises(DataError, match="best.json: is damaged .*; delete it"):
        read_best(tmp_path / "best.json")
