"""Config values are checked, presets give way to explicit values, and a run's values cannot be changed behind its back."""

import json

import pytest

from config import PRESETS, Config, ConfigError, continue_config, make_config


def test_explicit_value_wins_over_preset():
    assert make_config({"preset": "demo", "image_size": 32}).image_size == 32
    assert make_config({"preset": "demo"}).image_size == PRESETS["demo"]["image_size"]


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_a_valid_config(preset):
    assert make_config({"preset": preset}).preset == preset


def test_load_size_follows_image_size():
    assert make_config({}).load_size == 286
    assert make_config({"image_size": 128}).load_size == 143


@pytest.mark.parametrize(
    "values, words",
    [
        ({"norm": "layer"}, ["norm", "layer", "instance, affine_instance, batch, none"]),
        ({"image_size": 4}, ["image_size", "at least 8"]),
        ({"seed": -1}, ["seed", "at least 0"]),
        ({"learning_rate": float("nan")}, ["learning_rate", "finite"]),
        ({"real_label": 1.5}, ["real_label", "at most 1.0"]),
        ({"image_size": 300, "load_size": 286}, ["300", "286", "crop"]),
        ({"channels_a": 1}, ["lambda_identity", "channels_a is 1"]),
        ({"preprocess": "none"}, ["preprocess=none", "pool_size=0"]),
        ({"preprocess": "scale_width", "pool_size": 0, "batch_size": 2}, ["batch_size=1"]),
        ({"image_size": 62, "load_size": 64}, ["multiple of 4"]),
        ({"generator": "unet", "image_size": 96}, ["multiple of 64"]),
        ({"preset": "horse"}, ["preset=horse", "horse2zebra"]),
        ({"model": "vae"}, ["model=vae", "cyclegan"]),
        ({"colour": 1}, ["no option colour"]),
    ],
)
def test_impossible_values_are_refused_and_the_message_says_what_is_possible(values, words):
    with pytest.raises(ConfigError) as error:
        make_config(values)
    assert all(word in str(error.value) for word in words) and "\n" not in str(error.value)


def test_grey_to_colour_is_possible_without_identity_loss():
    assert make_config({"channels_a": 1, "lambda_identity": 0.0}).channels_a == 1


def test_json_describes_the_run_but_not_where_it_lies():
    values = json.loads(make_config({"run_dir": "x"}).to_json())
    assert values["generator_blocks"] == 9 and "run_dir" not in values and "overwrite" not in values


@pytest.fixture
def stored():
    return json.loads(make_config({"preset": "demo", "precision": "bfloat16"}).to_json())


def test_continuing_takes_new_lengths_and_intervals(stored):
    config = continue_config(stored, {"run_dir": "r", "max_steps": 9000, "sample_every": 7, "precision": "auto"})
    assert (config.max_steps, config.sample_every, config.precision, config.run_dir) == (9000, 7, "bfloat16", "r")


@pytest.mark.parametrize("name, value", [("ngf", 64), ("seed", 1), ("data_dir", "/x"), ("preset", "horse2zebra"), ("precision", "float32")])
def test_continuing_refuses_to_change_what_makes_the_run_and_names_both_values(stored, name, value):
    with pytest.raises(ConfigError, match=rf"--{name}={value} differs from this run's '?{stored[name]}"):
        continue_config(stored, {"run_dir": "r", name: value})


def test_continuing_with_the_same_values_is_fine(stored):
    assert continue_config(stored, {"run_dir": "r", "preset": "demo", "seed": 0}) == make_config({**stored, "run_dir": "r"})


def test_every_option_has_help_and_a_group():
    assert all(field.metadata["help"].endswith(".") and field.metadata["group"] for field in Config.__dataclass_fields__.values())


def test_more_steps_continue_a_run_whose_length_were_epochs():
    data = {"trainA": [0] * 50, "trainB": [0] * 100}
    stored = json.loads(make_config({"epochs": 3, "batch_size": 50}).with_data(data).to_json())
    assert stored["max_steps"] == 6
    longer = continue_config(stored, {"run_dir": "r", "max_steps": 9})
    assert (longer.epochs, longer.with_data(data).max_steps) == (0, 9)
    assert continue_config(stored, {"run_dir": "r", "epochs": 4}).with_data(data).max_steps == 8


def test_load_size_of_pad_and_crop_adds_a_border_of_an_eighth():
    assert make_config({"preprocess": "pad_and_crop", "image_size": 32}).load_size == 40


def test_options_given_another_default_keep_their_help_and_range():
    config = make_config({"model": "pix2pix"})
    assert (config.generator, config.norm, config.dropout, config.gan_loss, config.lr_policy) == ("unet", "batch", True, "vanilla", "constant")
    fields, others = type(config).__dataclass_fields__, type(make_config({})).__dataclass_fields__
    assert fields["norm"].metadata == others["norm"].metadata


def test_a_run_that_knows_no_data_may_be_given_some():
    stored = json.loads(make_config({}).to_json())
    assert continue_config(stored, {"run_dir": "r", "data_dir": "photos"}).data_dir == "photos"
    stored = json.loads(make_config({"data_dir": "photos"}).to_json())
    with pytest.raises(ConfigError, match="data_dir"):
        continue_config(stored, {"run_dir": "r", "data_dir": "others"})
