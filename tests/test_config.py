"""What every model takes: values that are chosen, refused, and kept."""

import json

import pytest

from base.errors import ConfigError
from base.options import options
from config import GROUPS, PLACES, Config, default_run_dir
from inputs.preprocess import CROPPING, MODES


def test_load_size_follows_image_size():
    assert Config().load_size == 286
    assert Config(image_size=128).load_size == 143
    assert Config(image_size=128, load_size=200).load_size == 200


def test_load_size_of_pad_and_crop_adds_a_border_of_an_eighth():
    assert Config(preprocess="pad_and_crop", image_size=32).load_size == 40


@pytest.mark.parametrize(
    "values, name", [({}, "cyclegan"), ({"model": "wgan"}, "wgan"), ({"model": "wgan", "preset": "lsun"}, "lsun")]
)
def test_a_run_without_a_place_gets_one_named_after_its_preset_or_model(values, name):
    assert Config(**values).run_dir == f"runs/{name}"
    assert Config(**values, run_dir="elsewhere").run_dir == "elsewhere"


def test_a_run_is_named_after_the_file_of_its_preset_or_model():
    assert default_run_dir("ideas/my_recipe.py", "cyclegan") == "runs/my_recipe"
    assert default_run_dir(None, "ideas/my_model.py") == "runs/my_model"


@pytest.mark.parametrize(
    "values, words",
    [
        ({"image_size": 4}, ["--image_size=4", "at least 8"]),
        ({"seed": -1}, ["--seed=-1", "at least 0"]),
        ({"learning_rate": float("nan")}, ["--learning_rate=nan", "finite"]),
        ({"max_steps": 0}, ["--max_steps=0", "at least 1"]),
        ({"precision": "float64"}, ["--precision=float64", "float32, bfloat16, float16, auto"]),
        ({"image_size": 300, "load_size": 286}, ["300", "286", "crop"]),
        ({"xla": True, "preprocess": "none"}, ["--xla", "--preprocess=none"]),
        ({"batch_size": 6, "accumulate": 4}, ["--accumulate=4", "--batch_size=6", "its divisors"]),
    ],
)
def test_impossible_values_are_refused_and_the_message_says_what_is_possible(values, words):
    with pytest.raises(ConfigError) as error:
        Config(**values)
    assert all(word in str(error.value) for word in words) and "\n" not in str(error.value)


def test_a_crop_without_scaling_knows_no_load_size():
    config = Config(preprocess="crop", image_size=512)
    assert config.crops and "load_size" not in config.values()
    assert Config(preprocess="crop", image_size=512, load_size=72).crops  # where a recipe's value has lost its effect


@pytest.mark.parametrize("preprocess", MODES)
def test_a_config_says_whether_all_training_images_have_one_size(preprocess):
    assert Config(preprocess=preprocess).crops == (preprocess in CROPPING)


def test_values_describe_the_run_but_not_where_it_lies():
    values = Config(run_dir="x", overwrite=True).values()
    assert values["max_steps"] == 200_000 and not set(PLACES) & set(values)


def test_values_are_what_json_holds_and_make_the_same_config():
    config = Config(precision=None, image_size=64, preset="demo", learning_rate=0.001)
    values = json.loads(json.dumps(config.values()))
    assert values["precision"] == "auto" and values["epochs"] is None
    assert Config.parse(values) == config


def test_epochs_become_steps_of_the_largest_training_set():
    data = {"trainA": range(50), "trainB": range(101)}
    assert Config(epochs=3, batch_size=50).with_data(data).max_steps == 7  # 303 images in batches of 50
    assert Config(max_steps=9).with_data(data).max_steps == 9


def test_groups_are_listed_in_the_order_of_help():
    found = {option.group for option in options(Config).values()}
    assert found <= set(GROUPS) and set(GROUPS) - found == {"losses"}
