"""Flags made from the Config classes, and what a user sees of mistakes."""

import subprocess
import sys

import pytest

from config import CONFIGS, ConfigError
from tests.conftest import ROOT
from training.command_line import UsageError, help_text, parse_config_flags, run


def test_values_have_the_types_of_their_options():
    values = parse_config_flags(["--image_size=64", "--noflip", "--learning_rate", "1e-3", "--norm=batch"], "")
    assert values == {"image_size": 64, "flip": False, "learning_rate": 1e-3, "norm": "batch"}


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--imagesize=3"], ["unknown flag --imagesize", "--image_size"]),
        (["--image_size=abc"], ["--image_size=abc", "a whole number"]),
        (["--flip=maybe"], ["--flip=maybe", "true or false"]),
        (["--image_size"], ["image_size"]),
        (["demo"], ["'demo'", "--name=value"]),
        (["--model=vae"], ["--model=vae", "cyclegan"]),
    ],
)
def test_mistakes_are_named_in_one_line(arguments, words):
    with pytest.raises(ConfigError) as error:
        parse_config_flags(arguments, "")
    assert all(word in str(error.value) for word in words) and "\n" not in str(error.value)


@pytest.mark.parametrize("error, code", [(UsageError("no"), 2), (ConfigError("no"), 2), (KeyboardInterrupt(), 130)])
def test_errors_of_use_become_one_line_and_an_exit_code(capsys, error, code):
    def main(arguments):
        raise error

    with pytest.raises(SystemExit) as end:
        run(main)
    assert end.value.code == code and capsys.readouterr().err.count("\n") == 1


def test_help_is_grouped_typed_and_quick_to_come():
    text = subprocess.run([sys.executable, ROOT / "train.py", "--help"], capture_output=True, text=True, check=True).stdout
    flowing = " ".join(text.split())
    for words in ("networks:", "--generator_blocks", "[int, >= 1; default 9]", "[resnet | unet; default 'resnet']", "--preset=demo", "horse2zebra"):
        assert words in flowing
    assert max(map(len, text.splitlines())) <= 120


def test_help_does_not_import_tensorflow():
    code = "import sys, train\ntry: train.main(['--help'])\nexcept SystemExit: sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.DEVNULL).returncode == 0


def test_help_of_a_model_lists_what_it_takes_and_nothing_else():
    text = help_text(CONFIGS["wgan"])
    assert "--critic_steps" in text and "--clip" in text
    for foreign in ("--lambda_a", "--generator_blocks", "--pool_size", "--direction", "--weight_decay"):
        assert foreign not in text


def test_flag_of_another_model_is_refused_by_the_name_of_the_chosen_one():
    with pytest.raises(ConfigError, match="--pool_size is no flag of the model wgan .it is one of cyclegan.$"):
        parse_config_flags(["--model=wgan", "--pool_size=3"], "")


def test_two_lengths_of_a_run_are_refused():
    with pytest.raises(ConfigError, match="--epochs and --max_steps"):
        parse_config_flags(["--epochs=3", "--max_steps=5"], "")
