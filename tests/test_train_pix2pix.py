"""pix2pix and the Monet recipe through train.py: killed and continued; what they say; mistakes."""

import functools
import re
import subprocess
import sys

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.helpers import runs
from tests.helpers.images import photo, save
from tests.helpers.runs import kill_after_checkpoint, variables

COMMON = {
    "image_size": 32,
    "load_size": 36,
    "ngf": 4,
    "ndf": 4,
    "discriminator_layers": 1,
    "checkpoint_every": 5,
    "sample_every": 1000,
    "summary_every": 1000,
    "precision": "float32",
}
RECIPES = {  # values, and what the run says
    "pairs": ({"model": "pix2pix", "batch_size": 2}, "left out: trainA/alone.png: trainB has no image of that name"),
    "colorize": ({"model": "pix2pix", "colorize": True}, "10 images in train;"),
    "monet": ({"preset": "monet"}, "5 images in trainA and 5 images in trainB"),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """One folder that serves all: pairs and images without a partner, and the two domains of the competition."""
    folder = tmp_path_factory.mktemp("data")
    save(folder / "trainA/alone.png", photo(0))
    for i in range(5):
        save(folder / f"trainA/{i}.png", photo(i))
        save(folder / f"trainB/{i}.png", 255 - photo(i))
        save(folder / f"competition/monet_jpg/{i}.jpg", photo(10 + i))
        save(folder / f"competition/photo_jpg/{i}.jpg", photo(20 + i))
    return folder


start = functools.partial(runs.start, defaults=COMMON)
train = functools.partial(runs.train, defaults=COMMON, timeout=240)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_killed_run_ends_in_the_variables_of_one_that_never_was(tmp_path, data, recipe):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    values, words = RECIPES[recipe]
    data = data if recipe == "pairs" else data / "competition"
    values = {**values, "max_steps": 25}
    code, output = train(whole, data, **values)
    assert code == 0 and words in output, output
    kill_after_checkpoint(killed, 10, start(killed, data, **values))
    code, output = train(killed, data, **values)
    assert code == 0 and 11 <= int(re.search(r"steps (\d+) to 25", output)[1]) <= 25
    expected, found = variables(whole), variables(killed)
    assert expected.keys() == found.keys() and expected["global_step"] == 25
    assert not [name for name in expected if not np.array_equal(expected[name], found[name])]


@pytest.mark.slow
def test_colorize_takes_any_folder_of_photographs(tmp_path, data):
    values = {"model": "pix2pix", "colorize": True, "precision": "bfloat16", "max_steps": 2}
    code, output = train(tmp_path / "run", data / "competition", **values)
    assert code == 0 and "10 images in train;" in output, output
    assert re.search(r"colorize: .* dB PSNR .* L1 [\d.]+ \(untranslated: .* dB, L1 [\d.]+\), 10 test images", output), (
        output
    )


@pytest.mark.slow
def test_help_lists_what_pix2pix_takes_and_no_more():
    command = [sys.executable, ROOT / "train.py", "--model=pix2pix", "--help"]
    text = " ".join(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert "--lambda_l1" in text and "--colorize" in text and "[resnet | unet; default unet]" in text
    assert "--lambda_a" not in text and "--pool_size" not in text
