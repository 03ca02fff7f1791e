"""From recipes and flags to the config of the right model; what is declared of options holds for every model."""

import dataclasses
import json
import re

import pytest

from base.command_line import help_text
from base.errors import ConfigError
from base.options import AUTO, options
from config import GROUPS, Config
from models.configs import RECIPES, load_recipe, make_config, parse_config_flags, recipe_names
from models.registry import MODELS, find_model

CONDITIONS = [  # (model, option, the option that decides whether it has an effect)
    (model, name, other)
    for model in MODELS
    for name, option in options(find_model(model).config_class).items()
    for other in option.only
]


def known(model):
    return options(find_model(model).config_class)


# Every option


@pytest.mark.parametrize("model", MODELS)
def test_every_option_has_a_group_and_help_that_is_a_sentence(model):
    for name, option in known(model).items():
        assert option.group in GROUPS, name
        assert option.help.endswith(".") and not option.help[0].islower(), name


@pytest.mark.parametrize("model", MODELS)
def test_every_option_has_a_default_that_its_flag_and_config_json_can_say(model):
    for name, option in known(model).items():
        assert option.from_json(option.write(option.default)) == option.default, name
        assert option.default is None or option.read(str(option.default)) == option.default, name


@pytest.mark.parametrize("model", MODELS)
def test_no_choice_text_or_number_stands_for_what_the_program_chooses(model):
    for name, option in known(model).items():
        assert AUTO not in (option.choices or ()) and option.default not in ("", -1), name


@pytest.mark.parametrize("model, name, other", CONDITIONS)
def test_conditions_name_options_and_values_that_exist(model, name, other):
    values = known(model)[name].only[other]
    assert values and all(known(model)[other].read(value) == value for value in values)
    choices = known(model)[other].choices or (True, False)
    assert set(values) < set(choices)
    assert not known(model)[other].only  # which would be a condition that nothing checks


@pytest.mark.parametrize("model", MODELS)
def test_declared_conditions_name_no_value_that_no_model_has(model):
    choices = {}
    for each in MODELS:
        for name, option in known(each).items():
            choices.setdefault(name, set()).update(option.choices or (True, False))
    for field in dataclasses.fields(find_model(model).config_class):
        for other, values in field.metadata["only"].items():
            assert set(values) <= choices[other], field.name


@pytest.mark.parametrize("model, name, other", CONDITIONS)
def test_an_option_without_effect_is_refused_in_one_line(model, name, other):
    option, condition = known(model)[name], known(model)[other]
    for value in set(condition.choices or (True, False)) - set(option.only[other]):
        given = option.write(option.default)
        with pytest.raises(ConfigError) as error:
            make_config({"model": model, other: value, name: given, **companions(model, other, value)})
        message = str(error.value)
        assert message.startswith(f"--{name}=") and f"has no effect with --{other}={str(value).lower()};" in message
        assert "\n" not in message
        make_config({"model": model, other: value, **companions(model, other, value)})  # it is this option alone


def companions(model, other, value):
    """What else must be given for a value to be possible at all."""
    if other == "preprocess" and value in ("none", "scale_width"):
        return {"cyclegan": {"pool_size": 0}, "pix2pix": {"generator": "resnet"}}.get(model, {})
    if other == "xla":  # with which --recompute has none, as it has none in a U-Net, which is pix2pix's default
        return {"pix2pix": {"generator": "resnet"}}.get(model, {})
    return {}


@pytest.mark.parametrize("model, name, other", CONDITIONS)
def test_an_option_is_taken_where_it_has_an_effect(model, name, other):
    option = known(model)[name]
    for value in option.only[other]:
        values = {other: value, name: option.write(option.default), **companions(model, other, value)}
        config = make_config({"model": model, **values})
        assert config.has_effect(name) and name in config.values()


@pytest.mark.parametrize("model, name, other", CONDITIONS)
def test_help_says_with_what_an_option_has_an_effect(model, name, other):
    text = " ".join(help_text({name: known(model)[name]}).split())
    values = " or ".join(str(value).lower() for value in known(model)[name].only[other])
    assert f"only with --{other}={values};" in text


@pytest.mark.parametrize("model", MODELS)
def test_what_the_program_chooses_is_chosen_when_a_config_is_made(model):
    config = make_config({"model": model})
    open_ones = {name for name, option in known(model).items() if option.auto and getattr(config, name) is None}
    assert open_ones <= {"precision", "classes"}  # which need the machine and the data


# Values


@pytest.mark.parametrize(
    "values, words",
    [
        ({"norm": "layer"}, ["--norm=layer", "instance, affine_instance, batch, none"]),
        ({"real_label": 1.5}, ["--real_label=1.5", "at most 1"]),
        ({"leak": -0.5}, ["--leak=-0.5", "at least 0", "or auto"]),
        ({"channels_a": 1}, ["--lambda_identity", "channels_a is 1"]),
        ({"preprocess": "none"}, ["--preprocess=none", "--pool_size=0"]),
        ({"preprocess": "scale_width", "pool_size": 0, "batch_size": 2}, ["--batch_size=1"]),
        ({"image_size": 62, "load_size": 64}, ["multiple of 4"]),
        ({"image_size": 20}, ["--image_size=20", "at least 24 px", "fewer --discriminator_layers"]),
        ({"preprocess": "scale_width", "pool_size": 0, "load_size": 20}, ["--load_size=20", "at least 24 px"]),
        ({"preprocess": "scale_width", "pool_size": 0, "load_size": 4, "discriminator": "pixel"}, ["at least 8 px"]),
        ({"generator": "unet", "image_size": 96}, ["multiple of 64"]),
        ({"generator": "unet", "preprocess": "none", "pool_size": 0}, ["--generator=resnet"]),
        ({"preset": "horse"}, ["--preset=horse", "horse2zebra", ".json"]),
        ({"preset": "demo", "model": "wgan"}, ["--preset=demo", "cyclegan", "wgan"]),
        ({"model": "vae"}, ["--model=vae", "cyclegan"]),
        ({"colour": 1}, ["no option colour"]),
        ({"model": "pix2pix", "norm": "instance", "batch_size": 2, "accumulate": 2}, ["--accumulate=2", "--simultan"]),
        ({"norm": "batch", "batch_size": 2, "accumulate": 2}, ["--accumulate=2", "--nosync_batch_norm"]),
        ({"recompute": True, "xla": True}, ["--recompute", "--xla"]),
        ({"recompute": True, "generator": "unet", "image_size": 64}, ["--recompute", "--generator=unet"]),
        ({"model": "wgan", "accumulate": 4}, ["--accumulate=4", "--nosync_batch_norm"]),
        ({"model": "darknet", "accumulate": 2}, ["--accumulate=2", "--nosync_batch_norm"]),
        ({"model": "wgan", "image_size": 24}, ["--image_size=24", "multiple of 16"]),
        ({"model": "wgan", "gan_loss": "wgangp", "critic_norm": "batch"}, ["--critic_norm=batch", "layer or none"]),
        ({"model": "wgan", "critic_lead": 0}, ["--critic_lead=0", "at least 1", "or auto"]),
        ({"model": "wgan", "preprocess": "none"}, ["--preprocess=none", "resize_and_crop"]),
        ({"model": "darknet", "classes": "cat,cat"}, ["--classes=cat,cat", "twice"]),
    ],
)
def test_impossible_values_are_refused_and_the_message_says_what_is_possible(values, words):
    with pytest.raises(ConfigError) as error:
        make_config(values)
    assert all(word in str(error.value) for word in words) and "\n" not in str(error.value)


def test_workers_add_up_the_statistics_of_batch_norms_once():
    values = {"model": "pix2pix", "generator": "resnet", "batch_size": 2, "recompute": True}
    with pytest.raises(ConfigError, match="--recompute .* 2 workers .* --nosync_batch_norm"):
        make_config(values).check_workers(2)
    for possible in ({"sync_batch_norm": False}, {"norm": "instance"}, {"recompute": False}):
        make_config({**values, **possible}).check_workers(2)


def test_grey_to_colour_is_possible_without_identity_loss():
    assert make_config({"channels_a": 1, "lambda_identity": 0.0}).channels_a == 1


def test_options_given_another_default_keep_their_help_and_range():
    config = make_config({"model": "pix2pix"})
    found = (config.generator, config.norm, config.dropout, config.gan_loss, config.lr_policy)
    assert found == ("unet", "batch", True, "vanilla", "constant")
    changed, original = known("pix2pix")["norm"], known("cyclegan")["norm"]
    assert dataclasses.replace(changed, default=original.default) == original


@pytest.mark.parametrize("gan_loss, chosen", [("wgan", (5e-5, 100, "batch")), ("wgangp", (1e-4, 7, "layer"))])
def test_the_kind_of_wgan_chooses_what_was_left_open(gan_loss, chosen):
    config = make_config({"model": "wgan", "gan_loss": gan_loss, "critic_steps": 7})
    assert (config.learning_rate, config.critic_lead, config.critic_norm) == chosen


# Recipes


def test_an_explicit_value_wins_over_the_recipe():
    assert make_config({"preset": "demo", "image_size": 32}).image_size == 32
    assert make_config({"preset": "demo"}).image_size == load_recipe("demo")["image_size"]


def test_the_recipes_are_the_files_of_their_folder():
    assert {"demo", "horse2zebra", "monet", "wgan32", "cifar10_small"} <= set(recipe_names())
    assert set(recipe_names()) == {path.stem for path in RECIPES.glob("*.py")} - {"__init__"}


@pytest.mark.parametrize("preset", recipe_names())
def test_every_recipe_is_a_valid_config_of_the_model_it_names(preset):
    values, config = load_recipe(preset), make_config({"preset": preset})
    assert config.preset == preset and config.model == values["model"]
    assert {name: getattr(config, name) for name in values} == values


@pytest.mark.parametrize("preset", recipe_names())
def test_every_recipe_says_where_it_comes_from_and_what_came_of_it(preset):
    docstring = (RECIPES / f"{preset}.py").read_text().split('"""')[1]
    title, *facts = re.split(
        r"\n\n(?=Source: )|\n(?=Command: |Machine: |Time: |Result: |Machine, time, result: )", docstring
    )
    names = [fact.split(": ")[0] for fact in facts]
    assert title.splitlines()[0].endswith(".")
    assert names in (["Source", "Command", "Machine", "Time", "Result"], ["Source", "Command", "Machine, time, result"])
    assert facts[1].startswith(f"Command: python train.py --preset={preset}")
    if names[-1] == "Machine, time, result":
        assert facts[-1].split(": ")[1].startswith("not measured here")


@pytest.mark.parametrize("preset", recipe_names())
def test_recipes_say_epochs_as_epochs(preset):
    assert not {"max_steps", "epochs"} <= set(load_recipe(preset))


def test_a_length_that_was_given_takes_the_place_of_the_recipes():
    assert make_config({"preset": "horse2zebra"}).epochs == 200
    by_steps = make_config({"preset": "horse2zebra", "max_steps": 7})
    assert (by_steps.epochs, by_steps.max_steps) == (None, 7)
    assert make_config({"preset": "demo", "epochs": 2}).epochs == 2


def test_steps_of_a_recipe_or_a_flag_come_before_the_epochs_of_a_models_default():
    assert make_config({"model": "darknet"}).epochs == 30
    assert make_config({"model": "darknet", "max_steps": 7}).epochs is None


def test_a_recipes_steps_come_before_the_epochs_of_its_models_default(tmp_path):
    path = tmp_path / "short.json"
    path.write_text('{"model": "darknet", "max_steps": 7}')
    config = make_config({"preset": str(path)})
    assert (config.epochs, config.max_steps) == (None, 7)


@pytest.mark.parametrize(
    "name, text",
    [
        ("mine.py", '"""Mine."""\nSIDE = 32\nVALUES = {"model": "wgan", "image_size": SIDE, "load_size": SIDE}'),
        ("mine.json", '{"model": "wgan", "image_size": 32, "load_size": 32}'),
    ],
)
def test_a_recipe_may_be_a_file_of_ones_own(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    config = make_config({"preset": str(path), "batch_size": 3})
    assert (config.model, config.image_size, config.batch_size) == ("wgan", 32, 3)
    assert (config.preset, config.run_dir) == (str(path), "runs/mine")


@pytest.mark.parametrize(
    "name, text, words",
    [
        ("gone.py", None, "No such file"),
        ("gone.json", None, "No such file"),
        ("broken.json", "{", "cannot be read"),
        ("broken.py", "VALUES = {", "cannot be read"),
        ("raises.py", "raise ValueError('two\\nlines')", "cannot be read: two$"),
        ("empty.py", "", "cannot be read: .*VALUES"),
        ("list.json", "[1]", "holds no values by name"),
        ("model.json", '{"model": ["cyclegan"]}', r"its model must be text, not \['cyclegan'\]"),
        ("both.json", '{"max_steps": 3, "epochs": 4}', "epochs and max_steps both say"),
        ("place.json", '{"run_dir": "runs/x"}', "holds run_dir, which is said on the command line only"),
    ],
)
def test_a_recipe_that_cannot_be_used_is_named_in_one_line(tmp_path, name, text, words):
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match=f"^--preset={re.escape(str(path))}: .*{words}") as error:
        make_config({"preset": str(path)})
    assert "\n" not in str(error.value)


def test_a_recipe_in_the_home_of_nobody_is_not_there():
    with pytest.raises(ConfigError, match="--preset=~nosuchuser/mine.json: No such file"):
        make_config({"preset": "~nosuchuser/mine.json"})


def test_a_value_of_a_recipe_that_loses_its_effect_to_a_flag_is_left_out():
    config = make_config({"preset": "demo", "generator": "unet"})  # which sets generator_blocks
    assert "generator_blocks" not in config.values() and config.generator == "unet"


def test_a_value_of_a_recipe_without_effect_in_the_recipe_itself_is_refused(tmp_path):
    path = tmp_path / "odd.json"
    path.write_text(json.dumps({"model": "cyclegan", "lambda_penalty": 5.0}))
    with pytest.raises(ConfigError, match="--lambda_penalty=5 has no effect with --gan_loss=lsgan"):
        make_config({"preset": str(path)})
    assert make_config({"preset": str(path), "gan_loss": "wgangp"}).lambda_penalty == 5


# Flags


def test_values_have_the_types_of_their_options():
    values = parse_config_flags(["--image_size=64", "--noflip", "--learning_rate", "1e-3", "--norm=batch"], "")
    assert values == {"image_size": 64, "flip": False, "learning_rate": 1e-3, "norm": "batch"}


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--imagesize=3"], ["unknown flag --imagesize", "--image_size"]),
        (["--lr=3"], ["unknown flag --lr", "--learning_rate"]),
        (["--image_size=abc"], ["--image_size=abc", "a whole number"]),
        (["--flip=maybe"], ["--flip=maybe", "true or false"]),
        (["--image_size"], ["image_size"]),
        (["--model"], ["model"]),
        (["demo"], ["'demo'", "--name=value"]),
        (["--model=vae"], ["--model=vae", "cyclegan"]),
    ],
)
def test_mistakes_are_named_in_one_line(arguments, words):
    with pytest.raises(ConfigError) as error:
        parse_config_flags(arguments, "")
    assert all(word in str(error.value) for word in words) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "arguments",
    [["--model=wgan"], ["--model", "wgan"], ["-model=wgan"], ["--preset=wgan32"], ["--seed=1", "--preset", "lsun"]],
)
def test_the_model_that_a_command_line_speaks_of_decides_which_flags_there_are(arguments):
    assert parse_config_flags([*arguments, "--critic_steps=3"], "")["critic_steps"] == 3
    with pytest.raises(ConfigError, match="--pool_size is no flag of the model wgan"):
        parse_config_flags([*arguments, "--pool_size=3"], "")


def test_a_flag_of_another_model_is_refused_by_the_name_of_the_chosen_one():
    with pytest.raises(ConfigError, match="--pool_size is no flag of the model wgan .it is one of cyclegan.$"):
        parse_config_flags(["--model=wgan", "--pool_size=3"], "")


def test_two_lengths_of_a_run_are_refused():
    with pytest.raises(ConfigError, match="--epochs and --max_steps"):
        parse_config_flags(["--epochs=3", "--max_steps=5"], "")


def test_an_entry_point_may_add_options_of_its_own():
    extra = {"z_size": known("wgan")["z_size"]}
    assert parse_config_flags(["--z_size=3", "--seed=1"], "", extra) == {"z_size": 3, "seed": 1}


def shown(capsys, *arguments):
    with pytest.raises(SystemExit):
        parse_config_flags([*arguments, "--help"], "Usage.")
    return capsys.readouterr().out


@pytest.mark.parametrize("model", MODELS)
def test_help_of_a_model_lists_what_it_takes_and_nothing_else(model, capsys):
    text = shown(capsys, f"--model={model}")
    assert sorted(re.findall(r"^  --(\w+)", text, re.M)) == sorted(known(model))
    assert max(map(len, text.splitlines())) <= 120


def test_help_lists_each_group_once_in_the_order_of_groups(capsys):
    found = re.findall(r"^(\w+):$", shown(capsys, "--model=cyclegan"), re.M)
    assert found == list(GROUPS)


def test_help_names_the_models_and_the_recipes(capsys):
    text = " ".join(shown(capsys).split())
    assert text.startswith("Usage.")
    assert all(model in text for model in MODELS) and all(name in text for name in recipe_names())
    for words in ("networks:", "--generator_blocks", "; only with --generator=resnet; default 9]"):
        assert words in text


def test_the_models_default_class_is_that_of_the_first_model():
    assert type(make_config({})) is find_model(Config.model).config_class
