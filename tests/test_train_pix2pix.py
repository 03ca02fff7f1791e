"""pix2pix and the Monet recipe through train.py: killed and continued; what they say; mistakes."""

import re
import subprocess
import sys

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.inputs.test_pairs import photo, save
from tests.test_train import variables, wait_for_checkpoint

COMMON = [
    "--image_size=32", "--load_size=36", "--ngf=4", "--ndf=4", "--discriminator_layers=2", "--checkpoint_every=5", "--sample_every=1000",
    "--summary_every=1000",
]  # fmt: skip
RECIPES = {
    "pairs": ["--model=pix2pix", "--batch_size=2", "--precision=float32"],
    "colorize": ["--model=pix2pix", "--colorize", "--precision=bfloat16"],
    "monet": ["--preset=monet", "--precision=float32"],
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """One folder that serves all: pairs side by side, photographs, and the two domains of the competition."""
    folder = tmp_path_factory.mktemp("data")
    for i in range(5):
        save(folder / f"train/{i}.png", photo(i), 255 - photo(i))
        save(folder / f"monet_jpg/{i}.jpg", photo(10 + i))
        save(folder / f"photo_jpg/{i}.jpg", photo(20 + i))
    return folder


def start(run_dir, data, *flags):
    command = [sys.executable, str(ROOT / "train.py"), f"--run_dir={run_dir}", f"--data_dir={data}", *COMMON, *flags]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def train(run_dir, data, *flags):
    process = start(run_dir, data, *flags)
    return process.communicate(timeout=120)[0], process.returncode


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_killed_run_ends_in_the_variables_of_one_that_never_was(tmp_path, data, recipe):
    whole, killed = str(tmp_path / "whole"), str(tmp_path / "killed")
    flags = [*RECIPES[recipe], "--max_steps=25"]
    output, code = train(whole, data, *flags)
    assert code == 0, output
    process = start(killed, data, *flags)
    wait_for_checkpoint(killed, 10, process)
    process.kill()
    process.wait()
    output, code = train(killed, data, *flags)
    assert code == 0 and 11 <= int(re.search(r"steps (\d+) to 25", output)[1]) <= 25
    expected, found = variables(whole), variables(killed)
    assert expected.keys() == found.keys() and expected["global_step"] == 25
    assert not [name for name in expected if not np.array_equal(expected[name], found[name])]
    assert recipe == "monet" or "L1 to the target: " in output and "moving_averages/generator_l1/biased" in found


def test_images_that_pair_up_with_none_are_listed(tmp_path):
    for name in ("trainA/1.png", "trainA/2.png", "trainB/2.png", "trainB/3.png"):
        save(tmp_path / "data" / name, photo(0))
    output, code = train(tmp_path / "run", tmp_path / "data", *RECIPES["pairs"], "--max_steps=1")
    assert code == 0, output
    assert output.startswith("left out: trainA/1.png: trainB has no image of that name\nleft out: trainB/3.png: ")


def test_help_lists_what_pix2pix_takes_and_no_more():
    text = subprocess.run([sys.executable, ROOT / "train.py", "--model=pix2pix", "--help"], capture_output=True, text=True, check=True).stdout
    assert "--lambda_l1" in text and "--colorize" in text and "default 'unet'" in text
    assert "--lambda_a" not in text and "--pool_size" not in text
