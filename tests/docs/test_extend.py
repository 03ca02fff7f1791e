"""A model in a file of its own trains, continues, shows its grid and translates; nothing of the project changes."""

import functools
import json
import shutil

import pytest
from PIL import Image

from inference.load import load_run
from tests.conftest import ROOT
from tests.helpers import runs
from tests.helpers.images import photo, save
from tests.helpers.programs import run_here
from train import main

VALUES = {
    "model": "own/autoencoder.py",
    "image_size": 16,
    "width": 4,
    "code_channels": 3,
    "max_steps": 25,
    "checkpoint_every": 5,
    "sample_every": 10,
    "precision": "float32",
}


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A user's folder as the current one: images, and the model's file."""
    (tmp_path / "own").mkdir()
    shutil.copy(ROOT / "tests/helpers/autoencoder.py", tmp_path / "own")
    for index in range(5):
        save(tmp_path / f"photos/{index}.png", photo(index))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def train(capfd):
    """Trains in this process; gives the exit code and what was said."""
    return functools.partial(runs.train_here, capfd=capfd)


@pytest.mark.usefixtures("workplace")
def test_its_options_are_listed(capfd):
    text = " ".join(run_here(main, ["--model=own/autoencoder.py", "--help"], capfd).out.split())
    assert "--code_channels Channels of the code" in text and "default 8" in text
    assert "--learning_rate" in text and "--lambda_a" not in text


@pytest.mark.usefixtures("workplace")
def test_its_checks_refuse(train):
    code, output = train("run", "photos", defaults={**VALUES, "image_size": 20})
    assert code == 2 and "--image_size=20 must be a multiple of 8 for the autoencoder" in output


@pytest.mark.slow
def test_killed_and_continued_it_ends_in_the_variables_of_one_run(workplace, train, monkeypatch):
    code, output = train("whole", "photos", defaults=VALUES)
    assert code == 0, output
    with runs.killed_in_step(13):
        train("killed", "photos", defaults=VALUES)
    (workplace / "elsewhere").mkdir()
    monkeypatch.chdir(workplace / "elsewhere")  # the run knows where its model lies
    code, output = train("../killed", None, defaults={})
    assert code == 0 and "steps 11 to 25" in output, output
    runs.assert_same_variables("../whole", "../killed")


@pytest.mark.slow
def test_its_run_holds_its_option_and_its_grid_and_translates(workplace, train):
    code, output = train("run", "photos", defaults={**VALUES, "max_steps": 10})
    assert code == 0 and "5 images in train" in output, output
    assert json.loads((workplace / "run/config.json").read_text())["code_channels"] == 3
    with Image.open(workplace / "run/samples/step-00000010.png") as grid:
        assert grid.width > 4 * 128 and grid.height > 2 * 128  # four images in two rows: input and output
    trained = load_run("run")
    assert trained.directions == ["reconstruct"]
    assert trained.translate(photo(1), "reconstruct").shape == photo(1).shape
