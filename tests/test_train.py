"""train.py from the outside: real processes, killed and continued; mistakes; the steady state of a long run."""

import functools
import json
import os
import re
import signal

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from inputs.pipeline import build_pipeline, load_samples
from inputs.scenes import write_scenes
from inputs.sources import find_source
from models.cyclegan import CycleGAN
from tests import runs
from tests.runs import variables, wait_for_checkpoint
from training.loop import NotFiniteError, Trainer
from training.run_folder import RunFolder
from training.tensorflow_setup import tf

TINY = {
    "image_size": 32, "load_size": 36, "generator_blocks": 1, "ngf": 4, "ndf": 4, "discriminator_layers": 2, "pool_size": 3,
    "dropout": True, "precision": "float32", "checkpoint_every": 5, "sample_every": 1000, "summary_every": 1000,
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "scenes"
    write_scenes(folder, 40, train=7, test=4)
    return str(folder)


start = functools.partial(runs.start, defaults=TINY)
train = functools.partial(runs.train, defaults=TINY)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_run_killed_twice_ends_in_the_weights_of_one_that_never_was(tmp_path, data, precision):
    whole, killed = str(tmp_path / "whole"), str(tmp_path / "killed")
    code, output = train(whole, data, precision=precision, max_steps=40)
    assert code == 0, output
    for step in (10, 25):
        process = start(killed, data, precision=precision, max_steps=40)
        wait_for_checkpoint(killed, step, process)
        process.kill()
        process.wait()
    code, output = train(killed, data, precision=precision, max_steps=40)
    first_step = int(re.search(r"steps (\d+) to 40", output)[1])
    assert code == 0 and 26 <= first_step <= 40
    expected, found = variables(whole), variables(killed)
    assert expected.keys() == found.keys() and expected["global_step"] == 40
    different = [name for name in expected if not np.array_equal(expected[name], found[name])]
    assert not different


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_says_how_to_continue(tmp_path, data, number):
    run_dir = str(tmp_path / "run")
    process = start(run_dir, data, max_steps=100_000)
    wait_for_checkpoint(run_dir, 5, process)
    process.send_signal(number)
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 128 + number
    step = variables(run_dir)["global_step"]
    assert f"saved at step {step}; continue with: python train.py --run_dir={run_dir}" in output and "Traceback" not in output


def test_a_finished_run_says_so_and_more_steps_continue_it(tmp_path, data):
    run_dir = str(tmp_path / "run")
    assert train(run_dir, data, max_steps=3)[0] == 0
    code, output = train(run_dir, data, max_steps=3)
    assert code == 0 and "has done all its 3 steps" in output
    code, output = train(run_dir, data, max_steps=4)
    assert code == 0 and "steps 4 to 4" in output
    code, output = train(run_dir, data, max_steps=4, ngf=8)
    assert code == 2 and "--ngf=8 differs from this run's 4" in output and output.count("\n") == 1
    code, output = train(run_dir, data, max_steps=2, ngf=8, overwrite=True)
    assert code == 0 and variables(run_dir)["global_step"] == 2


@pytest.mark.parametrize(
    "values, words",
    [
        ({"data_dir": "nowhere"}, "nowhere: no such folder"),
        ({"image_size": 64}, "larger than --load_size=36"),
        ({"preprocess": "crop", "image_size": 48, "load_size": 0}, "smaller than the crop of 48x48"),
    ],
)
def test_mistakes_are_one_line_and_leave_no_run_behind(tmp_path, data, values, words):
    run_dir = str(tmp_path / "run")
    code, output = train(run_dir, **{"data": data, "max_steps": 3, **values})
    assert code == 2 and output.count("\n") == 1 and output.startswith("train.py: error:") and words in output
    assert not os.path.exists(os.path.join(run_dir, "config.json"))


def make_trainer(tmp_path, data, **values):
    folder = RunFolder(str(tmp_path / "run"))
    config = folder.config_for({**TINY, "data_dir": data, **values})
    sources = {split: find_source(data, split) for split in ("trainA", "trainB")}
    streams = CycleGAN.streams(config)
    images = {name: load_samples(sources[stream.split], range(4), config) for name, stream in streams.items()}
    pipeline = build_pipeline(streams, sources, config, tf.train.get_or_create_global_step())
    model = CycleGAN(config, pipeline.batch)
    model.build_training()
    folder.claim(config)
    return Trainer(model, pipeline, folder, images)


def test_a_loss_that_is_not_finite_stops_the_run_and_the_last_good_checkpoint_stays(tmp_path, data):
    with tf.Graph().as_default():
        trainer = make_trainer(tmp_path, data, learning_rate=1e18, max_steps=50, checkpoint_every=1)
        with pytest.raises(NotFiniteError, match=r"at step \d+;.*learning_rate"):
            trainer.train(trainer.start())
    checkpoints = tmp_path / "run" / "checkpoints"
    if (checkpoints / "checkpoint").exists():
        assert all(np.isfinite(value).all() for value in variables(str(tmp_path / "run")).values())


def test_a_damaged_image_stops_the_run_with_its_name_after_saving(tmp_path, data):
    broken = tmp_path / "data"
    write_scenes(broken, 40, train=3, test=1)
    path = broken / "trainA" / "00001.png"
    path.write_bytes(path.read_bytes()[:200])
    code, output = train(str(tmp_path / "run"), str(broken), max_steps=30)
    assert code == 2 and "00001.png" in output and "Traceback" not in output


def test_the_run_folder_holds_what_a_person_looks_at(tmp_path, data):
    with tf.Graph().as_default():
        trainer = make_trainer(tmp_path, data, max_steps=4, sample_every=2, summary_every=2, trace_every=3)
        trainer.train(trainer.start())
    run = tmp_path / "run"
    assert sorted(path.name for path in (run / "samples").iterdir()) == ["step-00000002.png", "step-00000004.png"]
    assert Image.open(trainer.grid_path).size >= (4 * 32, 6 * 32)
    timeline = json.loads((run / "traces" / "step-00000003.json").read_text())["traceEvents"]
    assert any(event["name"].endswith("Conv2D") or "Conv2D" in str(event.get("args")) for event in timeline)
    events = EventAccumulator(str(run)).Reload()
    assert events.Tags()["run_metadata"] == ["step 3"]
    tags = events.Tags()
    for tag in ("loss/generators", "generator/cycle_a", "verdict/real_a", "learning_rate", "speed/images_per_second", "speed/waiting_share"):
        assert [point.step for point in events.Scalars(tag)] == [2, 4], tag
    assert tags["images"] == ["samples/image"] and [point.step for point in events.Images("samples/image")] == [2, 4]
    assert tags["graph"] and b"generator_blocks" in events.Tensors("config/text_summary")[0].tensor_proto.string_val[0]


def test_a_long_run_grows_neither_its_graph_nor_its_checkpoints_nor_its_memory(tmp_path, data):
    def resident_megabytes():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    with tf.Graph().as_default() as graph:
        trainer = make_trainer(tmp_path, data, max_steps=400, checkpoint_every=10, keep_checkpoints=100, sample_every=50, summary_every=10)
        assert graph.finalized
        nodes, memory = len(graph.get_operations()), []
        run_step = trainer._run
        trainer._run = lambda *arguments: (memory.append(resident_megabytes()), run_step(*arguments))[1]
        trainer.train(trainer.start())
        assert len(graph.get_operations()) == nodes
    size = {step: (tmp_path / "run" / "checkpoints" / f"model-{step}.data-00000-of-00001").stat().st_size for step in (10, 400)}
    assert size[10] == size[400]
    assert memory[-1] - memory[100] < 20
