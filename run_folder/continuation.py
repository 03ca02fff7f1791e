"""Continuing a run: which of its values may change, and what config.json holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from base.errors import ConfigError, DataError
from base.options import AUTO, options
from config import PLACES, Config
from models.registry import find_model

PROGRAM = "cyclegan-graph"  # what config.json names as its writer, so that no other program's is taken for one
FORMAT_VERSION = 2  # of config.json; version 1 named neither
VERSION_1_OPTIONS = {"data_dir", "seed", "image_size", "preprocess", "max_steps", "precision", "checkpoint_every"}
OLD_AUTO = {  # how version 1 wrote that the program chooses, or that there is none
    "leak": -1.0, "unet_levels": 0, "epochs": 0, "trace_every": 0, "classes": "", "data_dir": "", "preset": "",
}  # fmt: skip


def write_config(config: Config) -> str:
    """The text of `config.json`."""
    return json.dumps({"program": PROGRAM, "format_version": FORMAT_VERSION, **config.values()}, indent=2) + "\n"


def read_config(text: str) -> dict[str, Any]:
    """Gives the values in the text of a `config.json`.

    Raises:
      DataError: it holds none.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"is no JSON: {error}") from None
    if not isinstance(values, dict) or not isinstance(values.get("model"), str):
        raise DataError(f"is not the config of a run of {PROGRAM}")
    if "program" not in values and values.keys() >= VERSION_1_OPTIONS:
        return _from_version_1(values)
    if values.pop("program", None) != PROGRAM:
        raise DataError(f"is not the config of a run of {PROGRAM}")
    version = values.pop("format_version", None)
    if version != FORMAT_VERSION:
        raise DataError(f"has the format version {version}, which this program does not know")
    return values


def continue_config(stored: Mapping[str, Any], given: Mapping[str, Any]) -> Config:
    """The config of a run that is continued.

    Args:
      stored: the values in the run's `config.json`.
      given: the values that the user gave explicitly this time.

    Returns:
      The stored one with those given values that may change.

    Raises:
      ConfigError: naming the option and both values, where one differs that may not change.
    """
    known = options(find_model(stored["model"]).config_class)
    changes = {}
    for name, value in given.items():
        same = value == stored.get(name) or (value is None and _is_chosen(name, stored))
        if name in PLACES or same:
            continue
        missing = name == "data_dir" and not stored.get(name)  # of a run made from another program's weights
        if not missing and (name not in known or not known[name].resumable):
            shown = AUTO if value is None else value
            raise ConfigError(
                f"--{name}={shown} differs from this run's {stored.get(name)!r} and cannot change within a run; "
                "leave the flag out to continue, choose another --run_dir, or start anew with --overwrite"
                + (" (if the data only moved, change data_dir in config.json)" if name == "data_dir" else "")
            )
        changes[name] = value
    if "max_steps" in changes:
        changes.setdefault("epochs", None)
    return restore_config({**stored, **changes}, given["run_dir"])


def restore_config(stored: Mapping[str, Any], run_dir: str, **changes: Any) -> Config:
    """The config of the run in a folder, with some values changed.

    Args:
      stored: the values in its `config.json`.
      run_dir: the folder.
      **changes: other values, by name.

    Raises:
      ConfigError: a value cannot be.
    """
    return find_model(stored["model"]).config_class.parse({**stored, "run_dir": run_dir, **changes})


def _is_chosen(name, stored):
    """Whether the program would choose what a run has, as far as that can be said without data and machine."""
    config = restore_config({other: value for other, value in stored.items() if other != name}, "")
    return getattr(config, name, None) in (None, stored.get(name))


def _from_version_1(values):
    """Values as version 1 wrote them: those without effect were there, too."""
    known = options(find_model(values["model"]).config_class)
    values = {name: None if OLD_AUTO.get(name, ...) == value else value for name, value in values.items()}

    def has_effect(name):
        conditions = known[name].only.items() if name in known else ()  # an unknown one is refused later
        return all(values.get(other, known[other].default) in allowed for other, allowed in conditions)

    return {name: value for name, value in values.items() if has_effect(name)}
