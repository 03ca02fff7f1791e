"""The words and figures of a run at work."""

import pytest

from training import progress
from training.progress import ESTIMATE_STEP, Progress

LOSSES = {"loss/generators": 1.2345, "loss/discriminators": 0.5, "learning_rate": 2e-4}


def run(steps, seconds, first_step=0, max_steps=200_000, wait_seconds=0.0):
    shown = Progress(first_step, max_steps, images_per_step=4)
    for _ in range(steps):
        shown.update(seconds, wait_seconds, LOSSES)
    shown.close()
    return shown


def test_speed_and_waiting_are_those_of_the_steps():
    shown = run(3, seconds=0.5, wait_seconds=0.1)
    assert (shown.images_per_second, shown.waiting_share) == (pytest.approx(8), pytest.approx(0.2))


def test_speed_follows_the_last_steps():
    shown = Progress(0, 1000, images_per_step=1)
    for seconds in [1.0] + [2.0] * 300:
        shown.update(seconds, 0.0, LOSSES)
    shown.close()
    assert shown.images_per_second == pytest.approx(0.5, rel=1e-3)


def test_waiting_is_no_longer_than_the_step():
    assert run(1, seconds=0.1, wait_seconds=3.0).waiting_share == 1


def test_line_shows_losses_speed_and_waiting(capsys, monkeypatch):
    monkeypatch.setattr(progress, "LINE_EVERY", 0.0)
    run(1, seconds=0.5, wait_seconds=0.1, first_step=6, max_steps=9)
    line = capsys.readouterr().err
    assert line.startswith("7/9 steps, generators 1.234, discriminators 0.500, 8.0 images/s, waiting 20.0%, ")
    assert line.endswith(" left\n") and "learning_rate" not in line


@pytest.mark.parametrize("first_step", [0, 100_000])
def test_run_of_more_than_a_day_is_said_once_with_what_would_make_it_shorter(capsys, first_step):
    max_steps = first_step + 200_000
    run(ESTIMATE_STEP - 1, 1.0, first_step, max_steps)
    assert not capsys.readouterr().err
    run(5 * ESTIMATE_STEP, 1.0, first_step, max_steps)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("At 1 s a step the 199,980 steps left take 2.3 days.")
    assert all(words in lines[0] for words in ("--image_size", "--max_steps", "GPU"))


def test_run_of_less_than_a_day_is_not_estimated(capsys):
    run(5 * ESTIMATE_STEP, seconds=0.4)
    assert not capsys.readouterr().err
