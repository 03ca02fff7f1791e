"""train.py with several workers on this machine."""

import os
import signal

import pytest

import train as entry
from base.options import options
from models.configs import parse_config_flags
from tests.helpers.images import photo, save
from tests.helpers.runs import assert_same_variables, start, train, wait_for_checkpoint
from training.local_workers import WorkerOptions

VALUES = {
    "model": "wgan", "image_size": 16, "load_size": 16, "batch_size": 4, "ngf": 4, "ndf": 4, "critic_steps": 2,
    "critic_lead": 3, "max_steps": 24, "checkpoint_every": 4, "sample_every": 8, "precision": "float32", "workers": 2,
    "evaluate_every": 6, "keep_best": "swd",
}  # fmt: skip


@pytest.fixture
def data(tmp_path):
    for i in range(7):
        save(tmp_path / "data" / "train" / f"{i}.png", photo(i, 20, 20))
    (tmp_path / "data" / "train" / "7.png").write_bytes(b"no image")
    return tmp_path / "data"


def children(process):
    """The numbers of a process's children, in the order of their start."""
    with open(f"/proc/{process.pid}/task/{process.pid}/children") as file:
        return [int(number) for number in file.read().split()]


@pytest.mark.parametrize("flags", [["--workers=3", "--restarts=2"], ["-workers", "3", "--restarts", "2"]])
def test_each_worker_is_told_to_start_no_others(monkeypatch, flags):
    commands = []
    monkeypatch.setattr(entry, "run_workers", lambda command, *counts: commands.append((command, counts)))
    entry.main(["--seed=7", *flags])
    ((command, counts),) = commands
    given = parse_config_flags(command[2:], "", options(WorkerOptions))
    assert counts == (3, 2) and given == {"seed": 7, "workers": 1, "restarts": 0}


@pytest.mark.slow
def test_workers_one_of_whom_is_killed_start_again_and_end_in_the_weights_of_those_that_were_not(tmp_path, data):
    code, said = train(tmp_path / "whole", data, VALUES)
    assert code == 0, said
    with start(tmp_path / "killed", data, VALUES, restarts=1) as process:
        wait_for_checkpoint(tmp_path / "killed", 8, process)
        os.kill(children(process)[1], signal.SIGKILL)
        said = process.communicate(timeout=240)[0]
    assert process.returncode == 0 and "worker 1 (127.0.0.1:" in said and "all are started again" in said, said
    assert_same_variables(tmp_path / "whole", tmp_path / "killed")
    assert "7.png" in (tmp_path / "killed" / "damaged.txt").read_text()  # whichever worker met it
