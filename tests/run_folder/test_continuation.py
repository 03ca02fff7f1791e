"""A run's values cannot be changed behind its back, and older programs' runs can still be read."""

import json

import pytest

from base.errors import ConfigError, DataError
from models.configs import make_config
from run_folder.continuation import continue_config, read_config, restore_config, write_config


def stored_values(**values):
    return read_config(write_config(make_config(values)))


@pytest.fixture
def stored():
    return stored_values(preset="demo", precision="bfloat16")


def test_json_describes_the_run_but_not_where_it_lies():
    values = json.loads(write_config(make_config({"run_dir": "x"})))
    assert values["generator_blocks"] == 9 and "run_dir" not in values and "overwrite" not in values


def test_json_holds_no_value_without_effect():
    values = stored_values(generator="unet")
    assert values["unet_levels"] == 8 and not {"generator_blocks", "lambda_penalty"} & set(values)


@pytest.mark.parametrize(
    "values",
    [
        {"preset": "demo"},
        {"preset": "demo", "generator": "unet", "preprocess": "crop"},
        {"preset": "monet"},
        {"preset": "colorize"},
        {"preset": "wgan32"},
        {"model": "wgan", "xla": True},
        {"preset": "cifar10_small", "lr_policy": "cosine", "max_steps": 8},
    ],
)
def test_what_was_written_is_read_back_as_the_same_run(values):
    config = make_config({**values, "run_dir": "r"})
    restored = restore_config(read_config(write_config(config)), "r")
    assert restored.values() == config.values() and type(restored) is type(config)


def test_a_restored_config_may_differ_where_the_caller_says_so(stored):
    config = restore_config(stored, "r", batch_size=3, precision=None)
    assert (config.batch_size, config.precision, config.run_dir, config.ngf) == (3, None, "r", 32)


def test_continuing_takes_new_lengths_and_intervals(stored):
    config = continue_config(stored, {"run_dir": "r", "max_steps": 9000, "sample_every": 7, "precision": None})
    assert (config.max_steps, config.sample_every, config.precision, config.run_dir) == (9000, 7, "bfloat16", "r")


def test_continuing_takes_another_memory_for_the_same_bits(stored):
    assert continue_config(stored, {"run_dir": "r", "recompute": True}).recompute


@pytest.mark.parametrize(
    "name, value",
    [
        ("ngf", 64),
        ("seed", 1),
        ("data_dir", "/x"),
        ("preset", "horse2zebra"),
        ("precision", "float32"),
        ("lambda_penalty", 1.0),
    ],
)
def test_continuing_refuses_to_change_what_makes_the_run_and_names_both_values(stored, name, value):
    with pytest.raises(ConfigError, match=rf"--{name}={value} differs from this run's '?{stored.get(name)}"):
        continue_config(stored, {"run_dir": "r", name: value})


def test_continuing_with_the_same_values_is_fine(stored):
    same = continue_config(stored, {"run_dir": "r", "preset": "demo", "seed": 0, "model": "cyclegan"})
    assert same == make_config({**stored, "run_dir": "r"})


def test_auto_is_fine_where_the_program_would_choose_what_the_run_has(stored):
    assert continue_config(stored, {"run_dir": "r", "leak": None}).leak == 0.0


def test_auto_is_refused_where_the_program_would_choose_something_else():
    with pytest.raises(ConfigError, match="--leak=auto differs from this run's 0.3"):
        continue_config(stored_values(preset="monet"), {"run_dir": "r", "leak": None})


def test_a_flag_of_another_model_is_refused(stored):
    with pytest.raises(ConfigError, match="--critic_steps=3 differs from this run's None"):
        continue_config(stored, {"run_dir": "r", "critic_steps": 3})


def test_more_steps_continue_a_run_whose_length_were_epochs():
    data = {"trainA": [0] * 50, "trainB": [0] * 100}
    config = make_config({"epochs": 3, "batch_size": 50}).with_data(data)
    stored = read_config(write_config(config))
    assert stored["max_steps"] == 6
    longer = continue_config(stored, {"run_dir": "r", "max_steps": 9})
    assert (longer.epochs, longer.with_data(data).max_steps) == (None, 9)
    assert continue_config(stored, {"run_dir": "r", "epochs": 4}).with_data(data).max_steps == 8


def test_a_run_that_knows_no_data_may_be_given_some():
    assert continue_config(stored_values(), {"run_dir": "r", "data_dir": "photos"}).data_dir == "photos"
    with pytest.raises(ConfigError, match="data_dir.*if the data only moved"):
        continue_config(stored_values(data_dir="photos"), {"run_dir": "r", "data_dir": "others"})


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "is no JSON"),
        ("{", "is no JSON"),
        ("[]", "is not the config of a run"),
        ('{"ngf": 3}', "is not the config of a run"),
        ('{"model": 3}', "is not the config of a run"),
        ('{"model": "cyclegan", "format_version": 2}', "is not the config of a run"),
        ('{"program": "cyclegan-graph", "model": "cyclegan", "format_version": 99}', "format version 99"),
    ],
)
def test_a_damaged_config_is_told_apart_from_one(text, words):
    with pytest.raises(DataError, match=words):
        read_config(text)


def test_a_config_with_values_of_no_option_is_refused():
    ours = {"program": "cyclegan-graph", "format_version": 2}
    values = read_config(json.dumps({"model": "cyclegan", "colour": 1, **ours}))
    with pytest.raises(ConfigError, match="no option colour"):
        restore_config(values, "r")


# Version 1 wrote every value, also those without effect, and 0, -1 and "" for what is auto or none now.
TRANSLATOR_1 = {
    "data_dir": "scenes", "seed": 0, "image_size": 64, "load_size": 72, "preprocess": "resize_and_crop", "flip": True,
    "batch_size": 1, "max_steps": 1500, "epochs": 0, "learning_rate": 0.0002, "lr_policy": "linear",
    "precision": "float32", "xla": False, "checkpoint_every": 500, "keep_checkpoints": 3, "summary_every": 25,
    "sample_every": 250, "trace_every": 0, "channels_a": 3, "channels_b": 3, "generator": "resnet",
    "generator_blocks": 6, "unet_levels": 0, "ngf": 32, "upsampling": "transpose", "leak": -1.0, "long_skip": False,
    "dropout": False, "discriminator": "patch", "discriminator_layers": 3, "discriminator_leak": 0.2,
    "discriminator_bias": True, "ndf": 32, "norm": "instance", "norm_scale": 1.0, "init": "normal",
    "gan_loss": "lsgan", "real_label": 1.0, "beta1": 0.5, "beta2": 0.999,
}  # fmt: skip
CYCLEGAN_1 = {
    "model": "cyclegan", "preset": "demo", **TRANSLATOR_1, "lambda_a": 10.0, "lambda_b": 10.0, "lambda_identity": 0.5,
    "pool_size": 50,
}  # fmt: skip
COLORIZE_1 = {
    "model": "pix2pix", "preset": "", **TRANSLATOR_1, "generator": "unet", "norm": "batch", "dropout": True,
    "gan_loss": "vanilla", "lr_policy": "constant", "direction": "AtoB", "colorize": True, "lambda_gan": 1.0,
    "lambda_l1": 100.0, "simultaneous": False,
}  # fmt: skip
DARKNET_1 = {
    "model": "darknet", "preset": "", "data_dir": "/data/cifar10", "seed": 3, "image_size": 32, "load_size": 40,
    "preprocess": "pad_and_crop", "flip": True, "batch_size": 64, "max_steps": 77, "epochs": 0, "learning_rate": 0.1,
    "lr_policy": "one_cycle", "precision": "bfloat16", "xla": False, "checkpoint_every": 200, "keep_checkpoints": 3,
    "summary_every": 10, "sample_every": 100, "trace_every": 0, "classes": "cat,dog", "width": 16, "init": "he",
    "lr_divisor": 20.0, "momentum": 0.95, "low_momentum": 0.85, "weight_decay": 0.0001,
}  # fmt: skip
WGAN_1 = {
    "model": "wgan", "preset": "lsun", "data_dir": "/data/lsun", "seed": 0, "image_size": 64, "load_size": 64,
    "preprocess": "scale_and_crop", "flip": True, "batch_size": 64, "max_steps": 1000000, "epochs": 0,
    "learning_rate": 5e-05, "lr_policy": "constant", "precision": "float32", "xla": False, "checkpoint_every": 1000,
    "keep_checkpoints": 3, "summary_every": 50, "sample_every": 500, "trace_every": 0, "channels": 3, "z_size": 100,
    "ngf": 64, "ndf": 64, "extra_layers": 0, "critic_norm": "batch", "init": "normal", "gan_loss": "wgan", "clip": 0.01,
    "lambda_penalty": 10.0, "critic_steps": 5, "critic_lead": 100, "beta1": 0.0, "beta2": 0.9,
}  # fmt: skip


@pytest.mark.parametrize("values", [CYCLEGAN_1, COLORIZE_1, DARKNET_1, WGAN_1], ids=lambda values: values["model"])
def test_a_run_of_version_1_is_the_run_that_it_was(values):
    config = restore_config(read_config(json.dumps(values)), "r")
    read = config.values()
    absent = {name: value for name, value in values.items() if name not in read}
    differing = {name: (value, read[name]) for name, value in values.items() if read.get(name, value) != value}
    assert all(not config.has_effect(name) for name in absent)
    chosen = {"leak": (-1.0, 0.0 if config.model == "cyclegan" else 0.2), "unet_levels": (0, 6)}
    none = {name: (empty, None) for name, empty in (("epochs", 0), ("trace_every", 0), ("preset", ""))}
    assert differing.items() <= {**chosen, **none}.items()


def test_a_run_of_version_1_is_continued_and_then_written_in_the_new_form():
    config = continue_config(read_config(json.dumps(CYCLEGAN_1)), {"run_dir": "r", "max_steps": 2000, "preset": "demo"})
    assert (config.max_steps, config.epochs, config.leak) == (2000, None, 0.0)
    assert json.loads(write_config(config))["format_version"] == 2


def test_steps_of_version_1_are_not_replaced_by_the_epochs_of_a_models_default():
    config = restore_config(read_config(json.dumps(DARKNET_1)), "r")
    assert (config.epochs, config.max_steps) == (None, 77)
