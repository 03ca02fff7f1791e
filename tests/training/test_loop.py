"""The training loop in this process: what it writes, how it stops, and its steady state."""

import contextlib
import json
import os
import signal

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from base.errors import DataError
from base.graph_mode import tf
from evaluation.evaluator import Evaluator
from evaluation.run_data import RunData
from inputs.data_dir import open_splits
from inputs.order import index_at
from inputs.reader import Reader
from inputs.streams import Stream
from models.registry import find_model
from run_folder.folder import RunFolder
from tests.helpers.images import photo, save
from tests.helpers.models import tiny_config
from tests.helpers.runs import variables
from training.graph import build_training_graph
from training.loop import NotFiniteError, Trainer

IMAGES = 7
ALTERNATING = {"batch_size": 1, "critic_steps": 1, "critic_lead": 1}  # critic, generator, critic, ...


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Noise, as one set of images and as two domains."""
    folder = tmp_path_factory.mktemp("data")
    for split in ("train", "trainA", "trainB"):
        for i in range(IMAGES):
            save(folder / split / f"{i}.png", photo(i, 40, 40))
    return folder


@contextlib.contextmanager
def trainer_of(tmp_path, data, model="wgan", **values):
    """A Trainer of a tiny model that has started, in a graph and a folder of its own; and its graph."""
    values = {"sample_every": 1000, "summary_every": 1000, **(ALTERNATING if model == "wgan" else {}), **values}
    folder = RunFolder(str(tmp_path / "run"))
    config = tiny_config(model, **{"data_dir": str(data), "run_dir": str(folder.path), **values})
    streams = find_model(model).streams(config)
    splits = open_splits(data, streams)
    with tf.Graph().as_default() as graph:
        model, pipeline = build_training_graph(config, splits.train)
        evaluator = Evaluator(model, RunData(config, splits, count=4, built_in=False))
        trainer = Trainer(model, pipeline, folder, evaluator)
        trainer.open()
        folder.claim(config)
        trainer.start()
        with trainer.session:
            yield trainer, graph
        folder.release()


def signal_in_step(trainer, step, *numbers):
    """Makes this process get signals while a trainer runs one of its steps."""
    run_step = trainer._run

    def run(prepared, number):
        for each in numbers if number == step else ():
            os.kill(os.getpid(), each)
        return run_step(prepared, number)

    trainer._run = run


@pytest.mark.slow
def test_folder_is_not_touched_before_it_is_claimed(tmp_path, data, monkeypatch):
    found = []
    claim = RunFolder.claim
    monkeypatch.setattr(
        RunFolder, "claim", lambda folder, config: (found.append(os.path.exists(folder.path)), claim(folder, config))
    )
    with trainer_of(tmp_path, data) as (trainer, graph):
        assert found == [False] and trainer.step == 0 and graph.finalized


@pytest.mark.slow
def test_run_folder_holds_what_a_person_looks_at(tmp_path, data):
    with trainer_of(tmp_path, data, max_steps=4, sample_every=2, summary_every=2, trace_every=3) as (trainer, _):
        assert trainer.train() is None and trainer.step == 4
    run = tmp_path / "run"
    assert sorted(path.name for path in (run / "samples").iterdir()) == ["step-00000002.png", "step-00000004.png"]
    with Image.open(trainer.grid_path) as grid:
        assert grid.size >= (8 * 16, 9 * 16)
    timeline = json.loads((run / "traces" / "step-00000003.json").read_text())["traceEvents"]
    assert any(event["name"].endswith("Conv2D") or "Conv2D" in str(event.get("args")) for event in timeline)
    events = EventAccumulator(str(run)).Reload()
    tags = events.Tags()
    assert tags["run_metadata"] == ["step 3"]
    shown = ["loss/critic", "critic/real", "wasserstein_estimate", "loss/generator", "learning_rate"]
    for tag in [*shown, "speed/images_per_second", "speed/waiting_share"]:
        assert [point.step for point in events.Scalars(tag)] == [2, 4], tag
    assert tags["images"] == ["samples/image"]
    assert [point.step for point in events.Images("samples/image")] == [2, 4]
    assert tags["graph"] and b"critic_steps" in events.Tensors("config/text_summary")[0].tensor_proto.string_val[0]


@pytest.mark.slow
def test_loss_that_is_not_finite_stops_the_run_and_the_last_good_checkpoint_stays(tmp_path, data):
    # Adam's first step moves every weight by the learning rate, to 1e18, which is finite; the losses after it are not.
    values = {"gan_loss": "lsgan", "simultaneous": True, "learning_rate": 1e18, "checkpoint_every": 1}
    with trainer_of(tmp_path, data, "pix2pix", **values) as (trainer, _):
        words = "became (inf|nan) at step 2; the checkpoint of step 1 in .* is the last good one; .*--learning_rate"
        with pytest.raises(NotFiniteError, match=words):
            trainer.train()
    saved = variables(tmp_path / "run")
    assert saved["global_step"] == 1 and all(np.isfinite(value).all() for value in saved.values())


@pytest.mark.slow
def test_data_that_cannot_be_used_stops_the_run_with_its_name_after_saving(tmp_path, data, monkeypatch):
    lost, read = index_at(seed=0, key=0, position=3, count=IMAGES), Stream.prepare  # of the fourth step

    def read_or_fail(stream, source, index, config):
        if index == lost:
            raise DataError(f"{source.where(index)}: is gone")
        return read(stream, source, index, config)

    monkeypatch.setattr(Stream, "prepare", read_or_fail)
    with (
        trainer_of(tmp_path, data, max_steps=30) as (trainer, _),
        pytest.raises(DataError, match=f"train/{lost}.png: is gone"),
    ):
        trainer.train()
    assert variables(tmp_path / "run")["global_step"] == trainer.step == 3


@pytest.mark.slow
def test_data_that_a_later_part_cannot_use_saves_no_half_step(tmp_path, data, monkeypatch):
    def read_or_fail(reader, positions):
        if 5 in positions:  # in the second part of the third step
            raise DataError("it is gone")
        return read(reader, positions)

    read = Reader._read
    monkeypatch.setattr(Reader, "_read", read_or_fail)
    values = {"batch_size": 2, "accumulate": 2, "sync_batch_norm": False, "max_steps": 30}
    with trainer_of(tmp_path, data, **values) as (trainer, _), pytest.raises(DataError, match="it is gone"):
        trainer.train()
    assert trainer.step == 2 and not (tmp_path / "run" / "checkpoints" / "checkpoint").exists()


@pytest.mark.slow
def test_every_step_has_all_its_parts(tmp_path, data):
    values = {"batch_size": 4, "accumulate": 2, "sync_batch_norm": False, "max_steps": 3, "trace_every": 2}
    with trainer_of(tmp_path, data, **values) as (trainer, _):
        trainer.train()
        assert trainer.session.run(tf.local_variables("global_step/part")) == [0]
    assert variables(tmp_path / "run")["global_step"] == 3
    assert [file.name for file in (tmp_path / "run" / "traces").iterdir()] == ["step-00000002.json"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_lets_the_step_end_and_saves(tmp_path, data, number):
    before = signal.getsignal(number)
    with trainer_of(tmp_path, data, max_steps=50) as (trainer, _):
        signal_in_step(trainer, 3, number)
        assert trainer.train() is number and trainer.step == 3
    assert variables(tmp_path / "run")["global_step"] == 3
    assert [path.name for path in (tmp_path / "run" / "samples").iterdir()] == ["step-00000003.png"]
    assert signal.getsignal(number) is before


@pytest.mark.slow
def test_second_signal_stops_at_once_and_saves_nothing(tmp_path, data):
    with trainer_of(tmp_path, data, max_steps=50) as (trainer, _):
        signal_in_step(trainer, 3, signal.SIGINT, signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            trainer.train()
    assert not (tmp_path / "run" / "checkpoints" / "checkpoint").exists()


@pytest.mark.slow
def test_each_step_runs_the_train_op_that_the_model_names(tmp_path, data):
    with trainer_of(tmp_path, data, max_steps=5, summary_every=1) as (trainer, _):
        trainer.train()
    events = EventAccumulator(str(tmp_path / "run")).Reload()
    assert [point.step for point in events.Scalars("loss/critic")] == [1, 2, 3, 4, 5]  # the newest of every kind
    assert [point.step for point in events.Scalars("loss/generator")] == [2, 3, 4, 5]


@pytest.mark.slow
def test_run_goes_on_where_it_stopped(tmp_path, data):
    with trainer_of(tmp_path, data, max_steps=3) as (trainer, _):
        trainer.train()
    with trainer_of(tmp_path, data, max_steps=5) as (trainer, _):
        assert trainer.step == 3
        trainer.train()
    assert variables(tmp_path / "run")["global_step"] == 5


@pytest.mark.slow
def test_long_run_grows_neither_its_graph_nor_its_checkpoints_nor_its_memory(tmp_path, data):
    def resident_megabytes():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    intervals = {"checkpoint_every": 10, "keep_checkpoints": 100, "sample_every": 50, "summary_every": 10}
    with trainer_of(tmp_path, data, max_steps=400, **intervals) as (trainer, graph):
        nodes, memory = len(graph.get_operations()), []
        run_step = trainer._run
        trainer._run = lambda *arguments: (memory.append(resident_megabytes()), run_step(*arguments))[1]
        trainer.train()
        assert len(graph.get_operations()) == nodes
    checkpoints = tmp_path / "run" / "checkpoints"
    sizes = [(checkpoints / f"model-{step}.data-00000-of-00001").stat().st_size for step in (10, 400)]
    assert sizes[0] == sizes[1]
    assert memory[-1] - memory[100] < 20
