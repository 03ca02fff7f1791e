"""What is shown of a program at work, on a terminal and elsewhere."""

import sys

import pytest

from base import terminal
from base.terminal import LISTED, ProgressBar, shortened, steady_output, track


@pytest.fixture
def clock(monkeypatch):
    """A list whose only element is the time, in seconds, that the terminal's functions see."""
    now = [100.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now[0])
    return now


def test_where_there_is_no_terminal_a_line_comes_now_and_then(clock, capsys):
    bar = ProgressBar(10, "images", label="train", line_every=10.0)
    for _ in range(4):
        clock[0] += 5
        bar.update()
    bar.close()
    assert capsys.readouterr().err.splitlines() == [
        "train: 2/10 images, 0.2 images/s, 00:40 left",
        "train: 4/10 images, 0.2 images/s, 00:30 left",
    ]


def test_a_text_of_ones_own_takes_the_place_of_the_rate(clock, capsys):
    bar = ProgressBar(10, "steps", line_every=1.0)
    clock[0] += 2
    bar.update("loss 0.5")
    assert capsys.readouterr().err == "1/10 steps, loss 0.5, 00:18 left\n"


def test_what_is_being_done_is_noted_now_and_then(clock, capsys):
    bar = ProgressBar(2, "images", line_every=10.0)
    for done in range(1, 6):
        clock[0] += 4
        bar.note(f"{done} of 5 tiles")
    assert bar.done == 0
    assert capsys.readouterr().err == "0/2 images, 3 of 5 tiles\n"


def test_what_was_done_before_counts_as_done_but_not_for_the_rate(clock, capsys):
    bar = ProgressBar(10, "steps", done=8, line_every=1.0)
    clock[0] += 4
    bar.update()
    assert bar.done == 9
    assert capsys.readouterr().err == "9/10 steps, 0.2 steps/s, 00:04 left\n"


def test_on_a_terminal_a_bar_is_drawn(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    bar = ProgressBar(3, "images", label="test")
    for _ in range(3):
        bar.update()
    bar.close()
    drawn = capsys.readouterr().err
    assert "test: 3/3 images |" in drawn and "images/s" in drawn


def test_lines_are_said_on_standard_error(capsys):
    bar = ProgressBar(3, "images")
    bar.say("a.png: damaged")
    bar.close()
    assert capsys.readouterr() == ("", "a.png: damaged\n")


def test_tracked_items_pass_through_and_are_counted(monkeypatch):
    bars = []
    monkeypatch.setattr(terminal, "ProgressBar", lambda *args: bars.append(ProgressBar(*args)) or bars[-1])
    assert list(track(iter("abc"), 3, "letters")) == ["a", "b", "c"]
    assert bars[0].done == 3


def test_lists_are_cut_short_and_the_rest_is_counted():
    lines = [f"image {index}" for index in range(LISTED + 3)]
    assert shortened(lines[:LISTED]) == lines[:LISTED]
    assert shortened(lines, "left out: ")[-2:] == [f"left out: image {LISTED - 1}", "left out: ... and 3 more"]
    assert len(shortened(lines)) == LISTED + 1


def test_what_a_terminal_could_take_for_a_command_does_not_reach_standard_output(capsys):
    with steady_output():
        print("Side by side: \x1b[2J\r/index.html", "caf\u00e9", sep="\n")
    assert capsys.readouterr().out == "Side by side: \\x1b[2J\\r/index.html\ncaf\u00e9\n"
