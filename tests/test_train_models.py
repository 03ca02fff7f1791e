"""train.py with the models beside CycleGAN: killed and continued, mistakes, what a run leaves."""

import functools
import json
import re

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.helpers import runs
from tests.helpers.images import save, save_blank
from tests.helpers.runs import assert_continues_exactly

COMMON = {
    "image_size": 16,
    "batch_size": 3,
    "checkpoint_every": 4,
    "sample_every": 10,
    "summary_every": 10,
    "precision": "float32",
}
WGAN = {"model": "wgan", "load_size": 16, "ngf": 4, "ndf": 4, "critic_steps": 2}
MODELS = {
    "wgan": {**WGAN, "critic_lead": 3},
    "wgangp": {**WGAN, "gan_loss": "wgangp", "precision": "bfloat16"},
    "wgan in parts": {**WGAN, "critic_lead": 3, "accumulate": 3, "sync_batch_norm": False},
    "darknet": {"model": "darknet", "width": 2, "learning_rate": 0.05},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Noise of two classes, light and dark: 8 training images and 4 test images of 20 x 16 px."""
    folder = tmp_path_factory.mktemp("data") / "noise"
    rng = np.random.RandomState(0)
    for split, count in (("train", 4), ("test", 2)):
        for name, level in (("dark", 0), ("light", 120)):
            for i in range(count):
                save(folder / split / name / f"{i}.png", rng.randint(level, level + 120, (16, 20, 3)).astype(np.uint8))
    return folder


@pytest.fixture
def train(capfd, monkeypatch):
    """Trains in this process; gives the exit code and what was said. A Darknet has two residual layers."""
    monkeypatch.setattr("modules.classifiers.LAYERS", (1, 1))
    return functools.partial(runs.train_here, capfd=capfd, defaults=COMMON)


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_a_killed_run_ends_in_the_weights_of_one_that_never_was(tmp_path, data, train, name):
    """Also where processes prepare the images from there on."""
    values, changed = {**MODELS[name], "max_steps": 16}, {"read_processes": 2}
    assert_continues_exactly(train, tmp_path, data, killed_in=11, continued_from=9, changed=changed, **values)


@pytest.mark.slow
def test_a_classifier_says_how_well_it_does_and_the_run_knows_its_classes(tmp_path, data, train):
    run = tmp_path / "run"
    code, output = train(run, data, **MODELS["darknet"], epochs=4)  # 4 * 8 / 3 = 10.7 steps
    assert code == 0 and re.search(
        r"top-1 accuracy: \d+\.\d\d% of 4 test images\nConfusion matrix: .*step-00000011.png", output
    ), output
    config = json.loads((run / "config.json").read_text())
    assert (config["max_steps"], config["classes"]) == (11, "dark,light")
    events = EventAccumulator(str(run)).Reload()
    assert (
        [point.step for point in events.Scalars("test/accuracy")]
        == [point.step for point in events.Images("samples/image")]
        == [10, 11]
    )
    assert {"loss/cross_entropy", "train/accuracy", "learning_rate", "momentum"} <= set(events.Tags()["scalars"])


@pytest.mark.slow
def test_a_wgan_shows_its_estimate_and_a_grid_of_fixed_noise(tmp_path, data, train):
    run = tmp_path / "run"
    code, output = train(run, data, **MODELS["wgan"], max_steps=10)
    assert code == 0 and "8 images in train" in output
    events = EventAccumulator(str(run)).Reload()
    assert {"wasserstein_estimate", "loss/critic", "loss/generator"} <= set(events.Tags()["scalars"])
    with Image.open(run / "samples" / "step-00000010.png") as grid:
        assert grid.size >= (8 * 16, 9 * 16)


@pytest.mark.parametrize(
    "values, folder, words",
    [
        ({"model": "wgan", "image_size": 24, "load_size": 24}, "", "multiple of 16"),
        ({"model": "wgan", "load_size": 16}, "nowhere", "nowhere: no such folder"),
        ({"model": "darknet"}, "train", "holds no split test"),
        ({"model": "darknet"}, "train/dark", "holds no split test"),
        ({"model": "darknet", "classes": "dark,bright"}, "", "the data has the classes dark,light"),
        ({"model": "wgan", "load_size": 16, "beta1": 0.5}, "", "--beta1=0.5 has no effect with --gan_loss=wgan"),
        ({"model": "darknet", "lr_policy": "constant", "lr_divisor": 9}, "", "has no effect with --lr_policy=constant"),
    ],
)
def test_mistakes_are_one_line_and_leave_no_run_behind(tmp_path, data, train, values, folder, words):
    code, output = train(tmp_path / "run", data / folder, max_steps=3, **values)
    assert code == 2 and output.count("\n") == 1 and output.startswith("train.py: error:") and words in output
    assert not (tmp_path / "run" / "config.json").exists()


def test_a_test_image_of_a_class_never_trained_on_is_named_before_the_run_starts(tmp_path, train):
    folder = tmp_path / "data"
    for name in ("train/dark", "train/light", "test/dark", "test/green"):
        save_blank(folder / name, "a.png")
    code, output = train(tmp_path / "run", folder, model="darknet", max_steps=3)
    assert code == 2 and output.count("\n") == 1 and "is of the class green, which is none of dark,light" in output
