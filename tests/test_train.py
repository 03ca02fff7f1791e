"""train.py from the outside: real processes, killed and continued; what they say; mistakes."""

import functools
import json
import os
import re
import shutil
import signal
from pathlib import Path

import pytest

from base.files import read_regular
from base.places import as_path
from inputs.scenes import write_scenes
from tests.helpers import runs
from tests.helpers.entry_points import TINY as WGAN
from tests.helpers.places import names, put_folder
from tests.helpers.runs import (
    assert_same_variables,
    kill_after_checkpoint,
    killed_in_step,
    newest_step,
    variables,
)

TINY = {
    "image_size": 32,
    "load_size": 36,
    "generator_blocks": 1,
    "ngf": 4,
    "ndf": 4,
    "discriminator_layers": 1,
    "lambda_identity": 0,
    "pool_size": 3,
    "dropout": True,
    "precision": "float32",
    "checkpoint_every": 5,
    "sample_every": 1000,
    "summary_every": 1000,
}
COLORIZE = {
    "model": "pix2pix", "colorize": True, "image_size": 16, "load_size": 18, "ngf": 4, "ndf": 4,
    "discriminator_layers": 1, "precision": "float32", "lr_policy": "linear",
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "scenes"
    write_scenes(folder, 40, train=7, test=4)
    return str(folder)


@pytest.fixture
def train(capfd):
    """Trains in this process; gives the exit code and what was said."""
    return functools.partial(runs.train_here, capfd=capfd, defaults=TINY)


start = functools.partial(runs.start, defaults=TINY)


@pytest.mark.slow
def test_a_killed_run_ends_in_the_weights_of_one_that_never_was(tmp_path, data):
    """In bfloat16; tests/entry_points kill a run in float32, and tests/test_train_models.py end those of all models.

    All in processes of their own: the bits of bfloat16 depend on the threads of a process, which here is an old one.
    """
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    values = {"precision": "bfloat16", "image_size": 16, "load_size": 18, "max_steps": 40}
    code, output = runs.train(whole, data, TINY, **values)
    assert code == 0, output
    kill_after_checkpoint(killed, 10, start(killed, data, **values))
    reached = newest_step(killed)
    code, output = runs.train(killed, data, TINY, **values)
    assert code == 0 and 11 <= int(re.search(r"steps (\d+) to 40", output)[1]) == reached + 1 <= 40
    assert variables(whole)["global_step"] == 40
    assert_same_variables(whole, killed)


@pytest.mark.slow
def test_a_killed_run_at_a_path_with_a_scheme_ends_in_the_weights_of_one_on_this_machine(tmp_path, data, capfd):
    whole, killed = tmp_path / "whole", as_path("ram://runs/killed")
    train = functools.partial(runs.train_here, capfd=capfd, defaults={**WGAN, "checkpoint_every": 5})
    assert train(whole, data, max_steps=8)[0] == 0
    there = put_folder(Path(data), as_path("ram://runs/data"))
    judged = {"max_steps": 8, "summary_every": 2, "evaluate_every": 4, "evaluate": "swd", "keep_best": "swd"}
    with killed_in_step(7):
        train(killed, there, **judged)
    code, output = train(killed, there, **judged)
    assert code == 0 and "steps 6 to 8 in ram://runs/killed" in output
    assert_same_variables(whole, killed)
    lines = read_regular(killed / "metrics.jsonl", 1 << 20).decode().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [2, 4, 6, 8] and (killed / "best.json").is_file()
    assert names(killed / "samples") == ["step-00000008.png"]


@pytest.mark.slow
def test_a_signal_saves_and_says_how_to_continue(tmp_path, data):
    number, run_dir = signal.SIGINT, str(tmp_path / "run")
    process = runs.start(run_dir, data, WGAN, max_steps=100_000)
    runs.wait_for_checkpoint(run_dir, 5, process)
    process.send_signal(number)
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 128 + number
    step = variables(run_dir)["global_step"]
    assert f"saved at step {step}; continue with: python train.py --run_dir={run_dir}" in output
    assert "Traceback" not in output


@pytest.mark.slow
def test_a_finished_run_says_so_and_more_steps_continue_it(tmp_path, data, capfd):
    run_dir = str(tmp_path / "run")
    train = functools.partial(runs.train_here, run_dir, data, capfd, COLORIZE)
    code, output = train(max_steps=3)
    assert code == 0, output
    lines = output.splitlines()
    assert lines[0] == "pix2pix, 14 images in train; TensorFlow starts ..."
    assert re.fullmatch(rf"float32 on .+: steps 1 to 3 in {run_dir}", lines[1])
    assert lines[2] == f"Watch it: tensorboard --logdir={run_dir}"
    assert lines[-1] == f"Sample grid: {run_dir}/samples/step-00000003.png" and os.path.exists(lines[-1].split(": ")[1])
    code, output = train(max_steps=3)
    assert code == 0 and "has done all its 3 steps" in output
    code, output = train(max_steps=4)
    assert code == 0 and "steps 4 to 4" in output
    assert "The learning rate follows linear over 4 steps now, not 3" in output
    code, output = train(max_steps=4, ngf=8)
    assert code == 2 and "--ngf=8 differs from this run's 4" in output and output.count("\n") == 1
    code, output = train(max_steps=2, ngf=8, overwrite=True)
    assert code == 0 and variables(run_dir)["global_step"] == 2


@pytest.mark.slow
def test_a_new_run_starts_from_another_ones_weights_and_goes_on_without_it(tmp_path, data, train):
    first, second = tmp_path / "first", tmp_path / "second"
    assert train(first, data, max_steps=2)[0] == 0
    code, output = train(
        second, data, max_steps=1, learning_rate=0.0, init_from=first, init_networks="generators", ndf=8
    )
    assert code == 0 and f"Weights of step 2 of {first}" in output
    (entry,) = json.loads((second / "provenance.json").read_text())["entries"]
    assert entry["origin"]["run_dir"] == str(first) and "model-2.index" in entry["origin"]["sha256"]
    before, after = variables(first), variables(second)
    assert all((after[name] == before[name]).all() for name in before if re.match("generator_../", name))
    shutil.rmtree(first)
    code, output = train(second, data, max_steps=2, ndf=8)
    assert code == 0 and "steps 2 to 2" in output and "Weights of" not in output


@pytest.mark.slow
def test_a_run_of_the_first_format_is_continued_and_written_in_todays(tmp_path, data, train, capfd):
    run_dir = tmp_path / "run"
    values = {"generator_blocks": None, "generator": "unet", "image_size": 16, "load_size": 18}
    assert train(run_dir, data, max_steps=2, **values)[0] == 0
    path = run_dir / "config.json"
    today = json.loads(path.read_text())
    old = {"leak": -1.0, "unet_levels": 0, "epochs": 0, "trace_every": 0, "preset": "", "generator_blocks": 9}
    values = {name: value for name, value in today.items() if name not in ("program", "format_version")}
    path.write_text(json.dumps({**values, **old}))
    code, output = runs.train_here(run_dir, data, capfd, {}, max_steps=3)
    assert code == 0 and "steps 3 to 3" in output, output
    assert json.loads(path.read_text()) == {**today, "max_steps": 3}


@pytest.mark.parametrize(
    "values, words",
    [
        ({"data": "nowhere"}, "nowhere: no such folder"),
        ({"image_size": 64}, "larger than --load_size=36"),
        ({"preprocess": "crop", "image_size": 48, "load_size": None}, "smaller than the crop of 48x48"),
        ({"preprocess": "crop"}, "--load_size=36 has no effect with --preprocess=crop"),
        ({"lr": 0.1}, "unknown flag --lr; did you mean --learning_rate?"),
    ],
)
def test_mistakes_are_one_line_and_leave_no_run_behind(tmp_path, data, train, values, words):
    run_dir = tmp_path / "run"
    code, output = train(**{"run_dir": run_dir, "data": data, "max_steps": 3, **values})
    assert code == 2 and output.count("\n") == 1 and output.startswith("train.py: error:") and words in output
    assert not (run_dir / "config.json").exists()


def test_a_folder_without_a_run_is_told_from_missing_data(tmp_path, capfd):
    code, output = runs.train_here(tmp_path / "typo", None, capfd, {})
    assert code == 2 and "typo: no run there to continue; to start one, give --data_dir or --preset" in output


@pytest.mark.slow
def test_data_of_damaged_images_is_named_in_one_line(tmp_path, data, train):
    broken = tmp_path / "data"
    write_scenes(broken, 40, train=3, test=1)
    for name in ("00000.png", "00001.png"):
        path = broken / "trainA" / name
        path.write_bytes(path.read_bytes()[:200])
    code, output = train(tmp_path / "run", broken, max_steps=30)
    assert code == 2 and re.search(r"error: .*trainA/0000[01].png", output) and "Traceback" not in output
