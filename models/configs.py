"""From a recipe, flags and defaults to the config of the right model."""

from __future__ import annotations

import json
import os
import textwrap
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from base.command_line import WIDTH, parse_flags
from base.errors import ConfigError
from base.options import Option, options
from base.own_files import import_file
from config import GROUPS, PLACES, Config
from models.registry import MODELS, find_model

RECIPES = Path(__file__).resolve().parents[1] / "recipes"


def recipe_names() -> list[str]:
    """Names of the recipes that come with the project, sorted."""
    return sorted(path.stem for path in RECIPES.glob("[!_]*.py"))


def load_recipe(name: str) -> dict[str, Any]:
    """Reads a recipe.

    Args:
      name: of a file in `recipes/`, or the path of one of your own: a .py file that sets VALUES, or a .json file.

    Returns:
      dict of values by option name.

    Raises:
      ConfigError: there is no such recipe, or it cannot be read.
    """
    path = Path(os.path.expanduser(name))
    if path.suffix not in (".py", ".json"):
        path = RECIPES / f"{name}.py"
        if name not in recipe_names():
            known = ", ".join(recipe_names())
            raise ConfigError(f"--preset={name}: must be one of {known}, or the path of a .py or .json file")
    try:
        values = json.loads(path.read_text()) if path.suffix == ".json" else import_file(path).VALUES
    except OSError as error:
        raise ConfigError(f"--preset={name}: {error.strerror}") from None
    except Exception as error:  # whatever a file of Python or JSON may raise
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ConfigError(f"--preset={name}: cannot be read: {reason}") from None
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise ConfigError(f"--preset={name}: holds no values by name")
    if not isinstance(values.get("model", ""), str):
        raise ConfigError(f"--preset={name}: its model must be text, not {values['model']}")
    for place in PLACES:
        if place in values:
            raise ConfigError(f"--preset={name}: holds {place}, which is said on the command line only; leave it out")
    if "max_steps" in values and values.get("epochs") is not None:
        raise ConfigError(f"--preset={name}: epochs and max_steps both say how long the run is; leave one of them out")
    return values


def make_config(values: Mapping[str, Any]) -> Config:
    """Makes a config of the right class.

    Args:
      values: values by name, as flags or JSON give them; those of its preset and defaults fill the rest.

    Raises:
      ConfigError: for an unknown model, preset or name, and for values that cannot be.
    """
    preset = values.get("preset")
    recipe = load_recipe(preset) if preset else {}
    if "max_steps" in values or "epochs" in values:
        recipe = {name: value for name, value in recipe.items() if name not in ("max_steps", "epochs")}
    model = values.get("model", recipe.get("model", Config.model))
    if recipe.get("model", model) != model:
        raise ConfigError(f"--preset={preset} is for the model {recipe['model']}, not for {model}")
    if "max_steps" in {**recipe, **values}:
        recipe = {"epochs": None, **recipe}  # which the model's default would put before it
    return find_model(model).config_class.parse(values, weak={**recipe, "model": model})


def parse_config_flags(
    arguments: Sequence[str], usage: str, extra: Mapping[str, Option] = types.MappingProxyType({})
) -> dict[str, Any]:
    """Reads config values from a command line.

    Args:
      arguments: the arguments, without the program's name.
      usage: the first lines of `--help`.
      extra: options of the entry point itself, by name; `--help` lists them first.

    Returns:
      dict of the values given explicitly, by option name.

    Raises:
      ConfigError: for an unknown flag (naming the nearest known one), a value of the wrong type, or a stray argument.
      SystemExit: after `--help`.
    """
    model = _chosen_model(arguments)
    groups = {group: index for index, group in enumerate(GROUPS)}  # a model's own come last
    known = dict(
        sorted(options(find_model(model).config_class).items(), key=lambda item: groups.get(item[1].group, len(groups)))
    )
    footer = f"\nModels: {', '.join(MODELS)}.\n" + textwrap.fill(f"Presets: {', '.join(recipe_names())}.", WIDTH)
    given = parse_flags(arguments, {**extra, **known}, usage, lambda name: _elsewhere(name, model), footer)
    if "epochs" in given and "max_steps" in given:
        raise ConfigError("--epochs and --max_steps both say how long the run is; give one of them")
    return given


def _chosen_model(arguments):
    """The model that a command line speaks of, found before its flags can be defined."""
    given = {}
    for index, argument in enumerate(arguments):
        name, equals, value = argument.lstrip("-").partition("=")
        given[name] = value if equals else "".join(arguments[index + 1 : index + 2])
    return (
        given.get("model")
        or (load_recipe(given["preset"]).get("model") if given.get("preset") else None)
        or Config.model
    )


def _elsewhere(name, chosen):
    """A message about a flag that other models have, or None."""
    others = [model for model in MODELS if name in options(find_model(model).config_class)]
    return f"--{name} is no flag of the model {chosen} (it is one of {', '.join(others)})" if others else None
