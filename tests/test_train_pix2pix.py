"""pix2pix and the Monet recipe through train.py: killed and continued; what they say; mistakes."""

import functools
import os
import re

import pytest

from tests.helpers import runs
from tests.helpers.images import photo, save
from tests.helpers.programs import run_here
from tests.helpers.runs import assert_continues_exactly, assert_same_variables
from train import main

COMMON = {
    "image_size": 16,
    "load_size": 18,
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


@pytest.fixture
def train(capfd):
    """Trains in this process; gives the exit code and what was said."""
    return functools.partial(runs.train_here, capfd=capfd, defaults=COMMON)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_killed_run_ends_in_the_variables_of_one_that_never_was(tmp_path, data, train, recipe):
    values, words = RECIPES[recipe]
    data = data if recipe == "pairs" else data / "competition"
    said = assert_continues_exactly(train, tmp_path, data, killed_in=13, continued_from=11, **values, max_steps=16)
    assert words in said, said


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="a process cannot be given one core alone")
def test_a_deterministic_run_has_the_same_bits_on_one_core_and_on_all(tmp_path, data):
    """Without the flag most of these variables differ."""
    values = {"model": "pix2pix", "colorize": True, "batch_size": 2, "max_steps": 5, "deterministic": True}
    cores = os.sched_getaffinity(0)
    for name, given in (("one", {min(cores)}), ("all", cores)):
        try:
            os.sched_setaffinity(0, given)  # which the process that is started has, too
            code, output = runs.train(tmp_path / name, data / "competition", COMMON, **values)
        finally:
            os.sched_setaffinity(0, cores)
        assert code == 0, output
    assert_same_variables(tmp_path / "one", tmp_path / "all")


@pytest.mark.slow
def test_colorize_takes_any_folder_of_photographs(tmp_path, data, train):
    values = {"model": "pix2pix", "colorize": True, "precision": "bfloat16", "max_steps": 2}
    code, output = train(tmp_path / "run", data / "competition", **values)
    assert code == 0 and "10 images in train;" in output, output
    assert re.search(r"colorize: .* dB PSNR .* L1 [\d.]+ \(untranslated: .* dB, L1 [\d.]+\), 10 test images", output), (
        output
    )


def test_help_lists_what_pix2pix_takes_and_no_more(capfd):
    text = " ".join(run_here(main, ["--model=pix2pix", "--help"], capfd).out.split())
    assert "--lambda_l1" in text and "--colorize" in text and "[resnet | unet; default unet]" in text
    assert "--lambda_a" not in text and "--pool_size" not in text
