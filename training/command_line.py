"""Command lines made from Config classes: flags, `--help`, and errors that are one line and exit code 2."""

import argparse
import dataclasses
import difflib
import os
import shutil
import sys
import textwrap
from pathlib import Path

from absl import flags

from config import CONFIGS, PRESETS, Config, ConfigError
from inputs.errors import DataError

DEFINE = {bool: flags.DEFINE_boolean, int: flags.DEFINE_integer, float: flags.DEFINE_float, str: flags.DEFINE_string}
TYPES = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


class UsageError(ValueError):
    """A mistake of the user's that is neither in the config's values nor in the data; the message is one line."""


class OneLineParser(argparse.ArgumentParser):
    """An argument parser, for scripts whose flags are not those of a Config, whose errors are one line."""

    def error(self, message):
        raise UsageError(message)

    def parse_args(self, arguments):
        """Reads a command line; UsageError where it is wrong, naming the nearest flag to one that is unknown."""
        args, unknown = self.parse_known_args(arguments)
        if unknown:
            near = difflib.get_close_matches(unknown[0].split("=")[0], self._option_string_actions, n=1)
            raise UsageError(f"unknown argument {unknown[0]!r}" + (f"; did you mean {near[0]}?" if near else " (see --help)"))
        return args


def path(text):
    """Reads a path for a OneLineParser; an empty one, such as that of an unset shell variable, would mean the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("must not be empty")
    return Path(text).expanduser()


def run(main):
    """Runs an entry script's main function on the command line's arguments and exits with its code.

    Args:
      main: function from a list of arguments to an exit code. What it raises for the user (ConfigError, DataError, UsageError) becomes one
        line on standard error and exit code 2.
    """
    program = os.path.basename(sys.argv[0])
    try:
        code = main(sys.argv[1:])
    except (ConfigError, DataError, UsageError) as error:
        print(f"{program}: error: {error}", file=sys.stderr)
        code = 2
    except KeyboardInterrupt:
        print(f"{program}: interrupted", file=sys.stderr)
        code = 130
    sys.exit(code)


def parse_config_flags(arguments, usage):
    """Reads config values from a command line.

    Args:
      arguments: list of str, without the program's name.
      usage: str, the first lines of `--help`.

    Returns:
      dict of the values given explicitly, by option name.

    Raises:
      ConfigError: for an unknown flag (naming the nearest known one), a value of the wrong type, or a stray argument.
      SystemExit: after `--help`.
    """
    model = _chosen_model(arguments)
    config_class = CONFIGS[model]
    if {"--help", "-h"} & set(arguments):
        print(usage + "\n" + help_text(config_class))
        raise SystemExit(0)
    options = dataclasses.fields(config_class)
    values = flags.FlagValues()
    for field in options:
        DEFINE[field.type](field.name, None, field.metadata["help"], flag_values=values)
    try:
        stray = values(["", *arguments])[1:]
    except flags.UnrecognizedFlagError as error:
        raise ConfigError(_unknown_flag(error.flagname, model)) from None
    except flags.IllegalFlagValueError as error:
        given = str(error).split(": ")[0].removeprefix("flag ")
        wanted = TYPES[next(field.type for field in options if f"--{field.name}" == given.split("=")[0])]
        raise ConfigError(f"{given}: must be {wanted}") from None
    except flags.Error as error:
        raise ConfigError(str(error)) from None
    if stray:
        raise ConfigError(f"unexpected argument {stray[0]!r}: values are given as --name=value (see --help)")
    given = {field.name: values[field.name].value for field in options if values[field.name].present}
    if given.get("epochs") and "max_steps" in given:
        raise ConfigError("--epochs and --max_steps both say how long the run is; give one of them")
    return given


def help_text(config_class):
    """The options of a Config class, grouped, with types, ranges and defaults."""
    width = min(shutil.get_terminal_size((120, 24)).columns, 120)
    groups = {}
    for field in dataclasses.fields(config_class):
        groups.setdefault(field.metadata["group"], []).append(_help_entry(field, width))
    presets = [f"{name} ({values['model']})" for name, values in PRESETS.items()]
    footer = textwrap.fill(f"Presets: {', '.join(presets)}.", width)
    return "\n".join(f"{group}:\n" + "\n".join(entries) + "\n" for group, entries in groups.items()) + footer


def _help_entry(field, width):
    about = field.metadata
    limits = []
    if about["choices"]:
        limits.append(" | ".join(map(str, about["choices"])))
    else:
        limits.append({bool: f"--{field.name} or --no{field.name}", int: "int", float: "float", str: "text"}[field.type])
    limits += [f"{word} {about[key]}" for key, word in (("low", ">="), ("high", "<=")) if about[key] is not None]
    default = Config.model if field.name == "model" else field.default  # a Config class's own is that model
    text = f"{about['help']} [{', '.join(limits)}; default {default!r}]".replace("default ''", "default empty")
    return textwrap.fill(text, width, initial_indent=f"  --{field.name:<21}", subsequent_indent=" " * 25)


def _chosen_model(arguments):
    """The model that a command line speaks of, found before its flags can be defined."""
    given = {}
    for position, argument in enumerate(arguments):
        name, equals, value = argument.lstrip("-").partition("=")
        given[name] = value if equals else "".join(arguments[position + 1 : position + 2])
    model = given.get("model") or PRESETS.get(given.get("preset"), {}).get("model") or Config.model
    if model not in CONFIGS:
        raise ConfigError(f"--model={model}: must be one of {', '.join(CONFIGS)}")
    return model


def _unknown_flag(name, chosen):
    known = [field.name for field in dataclasses.fields(CONFIGS[chosen])]
    others = [model for model, other in CONFIGS.items() if name in {field.name for field in dataclasses.fields(other)}]
    if others:
        return f"--{name} is no flag of the model {chosen} (it is one of {', '.join(others)})"
    near = difflib.get_close_matches(name, known, n=1)
    return f"unknown flag --{name}" + (f"; did you mean --{near[0]}?" if near else " (see --help)")
