"""Options: each is declared once, with its type, default, help, range and the values of others that it goes with.

A set of options is a frozen dataclass. Flags, `--help`, checks and `config.json` are made from it (see
`base.command_line`, `config`).
"""

from __future__ import annotations

import dataclasses
import functools
import math
import numbers
import os
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from base.errors import ConfigError
from base.places import AnyPath, RemotePath, as_path

AUTO = "auto"  # how None is written where it means that the program chooses
REQUIRED = dataclasses.MISSING  # the default of an option that must be given; its class is then made with kw_only=True
TRUTHS = {"true": True, "false": False, "1": True, "0": False}
LONGEST = 80  # letters of a value in a message
TYPE_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "text", Path: "a path"}
OptionsType = TypeVar("OptionsType", bound="Options")


def option(
    default: Any,
    help: str,
    group: str = "options",
    choices: Sequence | None = None,
    low: float | None = None,
    high: float | None = None,
    auto: str | None = None,
    only: Mapping[str, Sequence] | None = None,
    resumable: bool = False,
    metavar: str | None = None,
) -> Any:
    """Declares one option of a dataclass; its type is that of the annotation: bool, int, float, str, Path, AnyPath for
    one that may have a scheme, or one of these or None.

    An option that the program chooses where it is not given is never None once its set is made (see
    `Options.automatic`), and its annotation need not say so.

    Args:
      default: its default. None: the program chooses, or where `auto` is None, nothing. REQUIRED: there is none.
      help: one line; units and meaning.
      group: heading under which `--help` lists it.
      choices: allowed values, or None.
      low, high: smallest and largest allowed value, or None.
      auto: what the program chooses where the value is None, in words; then `auto` is how that is written. None: it
        does not choose.
      only: names of other options and the values of them with which this one has an effect, all of them; None: always.
      resumable: whether a run may be continued with another value.
      metavar: what stands for the value in `--help`; None: its type.
    """
    about = {
        "help": help, "group": group, "choices": choices, "low": low, "high": high, "auto": auto, "only": only or {},
        "resumable": resumable, "metavar": metavar,
    }  # fmt: skip
    return dataclasses.field(default=default, metadata=about)


def changed(owner: type[Options], name: str, default: Any, **about: Any) -> Any:
    """Declares an option of the class `owner` again, with another default; `about` replaces some of what `option` was
    told.
    """
    (field,) = (field for field in dataclasses.fields(owner) if field.name == name)
    metadata = {**field.metadata, **about}
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True)
class Options:
    """A set of options; making one checks every value and, with `check`, what does not go together.

    Attributes:
      first: str or None, of the class: the option whose value may come first on the command line, by itself.

    Raises:
      ConfigError: when it is made, naming the option, its value and what would be right.
    """

    first: ClassVar[str | None] = None

    def __post_init__(self):
        for name in options(type(self)):
            self._check_value(name)
        for name, value in self.automatic().items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)
        self.check()

    def automatic(self) -> dict[str, Any]:
        """What the options that are left to the program become, by name. A subclass adds its own to those of its
        base.
        """
        return {}

    def check(self) -> None:
        """Raises ConfigError for values that do not go together."""

    @classmethod
    def parse(
        cls: type[OptionsType], values: Mapping[str, Any], weak: Mapping[str, Any] = types.MappingProxyType({})
    ) -> OptionsType:
        """Makes one of values as `parse_flags` or a JSON file gives them, checking their types; "auto" is None.

        Args:
          values: dict by option name; those that are missing have their defaults.
          weak: likewise, values that give way to these; one may also lose its effect because of them.

        Raises:
          ConfigError: for a name that is unknown, a value of another type, or an option that has no effect with the
            other values.
        """
        known, merged = options(cls), {**weak, **values}
        unknown = sorted(set(merged) - set(known))
        if unknown:
            raise ConfigError(f"there is no option {', '.join(unknown)}")
        chosen = cls(**{name: known[name].from_json(value) for name, value in merged.items()})
        for name in merged:
            for other, allowed in known[name].only.items():
                value = getattr(chosen, other)
                if value not in allowed and (name in values or other not in values):
                    fits = " or ".join(f"--{other}={_text(choice)}" for choice in allowed)
                    raise ConfigError(
                        f"--{name}={_text(getattr(chosen, name))} has no effect with --{other}={_text(value)}; "
                        f"leave it out, or pass {fits}"
                    )
        return chosen

    def has_effect(self, name: str) -> bool:
        """Says whether an option counts with the values of the others."""
        return all(getattr(self, other) in allowed for other, allowed in options(type(self))[name].only.items())

    def _check_value(self, name: str) -> None:
        option, value = options(type(self))[name], getattr(self, name)
        if value is None and option.may_be_none:
            return
        if not isinstance(value, _CLASSES[option.kind]) or isinstance(value, bool) != (option.kind is bool):
            raise ConfigError(f"--{name}={_short(value)}: must be {option.type_name}")
        if isinstance(value, RemotePath) and not option.remote:
            raise ConfigError(f"--{name}={_short(value)}: must be a path on this machine")
        if isinstance(value, str | os.PathLike) and not _is_text(str(value)):
            raise ConfigError(f"--{name}={_short(value)}: must be {option.type_name} without NUL or half a letter")
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"--{name}={_short(value)}: must be a finite number")
        below = option.low is not None and value < option.low
        above = option.high is not None and value > option.high
        if below or above or (option.choices and value not in option.choices):
            raise ConfigError(f"--{name}={_short(value)}: must be {option.limits}")


@dataclasses.dataclass(frozen=True)
class Option:
    """What is known of one option; see `option` for the fields."""

    name: str
    kind: type
    remote: bool  # whether a Path may also be one with a scheme
    may_be_none: bool
    default: Any
    help: str
    group: str
    choices: Sequence | None
    low: float | None
    high: float | None
    auto: str | None
    only: Mapping[str, Sequence]
    resumable: bool
    metavar: str | None

    @property
    def type_name(self) -> str:
        """What its values are, for messages."""
        return TYPE_NAMES[self.kind] + (f" or {AUTO}" if self.auto is not None else "")

    @property
    def limits(self) -> str:
        """The values that it may have, for messages."""
        words = [*map(str, self.choices)] if self.choices else []
        if self.auto is not None:
            words.append(AUTO)
        if self.choices:
            return f"one of {', '.join(words)}"
        ends = [
            f"at {word} {_text(end)}" for word, end in (("least", self.low), ("most", self.high)) if end is not None
        ]
        return ", or ".join([" and ".join(ends) or TYPE_NAMES[self.kind], *words])

    def from_json(self, value: Any) -> Any:
        """Gives the value that a JSON value stands for; one that stands for none is given back, to be refused."""
        if self.auto is not None and value == AUTO:
            return None
        if self.kind is float and type(value) is int and abs(value) < 2**1000:
            return float(value)
        return as_path(value) if self.kind is Path and isinstance(value, str) and value else value

    def read(self, text: Any) -> Any:
        """Gives the value that the text of a flag stands for, or a bool for itself; ConfigError if there is none."""
        if self.auto is not None and text == AUTO:
            return None
        try:
            if self.kind is Path:
                if not text or "\0" in text:  # an unset shell variable would mean the current folder
                    raise ValueError
                return as_path(os.path.expanduser(text))  # which leaves the name of an unknown user as it is
            if self.kind is bool:
                return TRUTHS[str(text).lower()]
            return self.kind(text)
        except (ValueError, KeyError):
            raise ConfigError(f"--{self.name}={_short(text)}: must be {self.type_name}") from None

    def write(self, value: Any) -> Any:
        """Gives the JSON value for a value of this option; `from_json` turns it back."""
        if value is None and self.auto is not None:
            return AUTO
        return os.fspath(value) if isinstance(value, os.PathLike) else value


def options(options_class: type[Options]) -> dict[str, Option]:
    """The options of a class, by name, in the order of their declaration."""
    return _declared(options_class)  # type: ignore[arg-type]  # mypy takes an instance's hash for that of its class


@functools.cache
def _declared(options_class: type[Options]) -> dict[str, Option]:
    hints = typing.get_type_hints(options_class)
    found = {}
    for field in dataclasses.fields(options_class):
        alternatives = typing.get_args(hints[field.name]) if _is_union(hints[field.name]) else (hints[field.name],)
        kind, *others = (alternative for alternative in alternatives if alternative is not types.NoneType)
        may_be_none = types.NoneType in alternatives or field.metadata["auto"] is not None
        about = {
            "name": field.name,
            "kind": kind,
            "remote": RemotePath in others,
            "may_be_none": may_be_none,
            "default": field.default,
        }
        found[field.name] = Option(**about, **field.metadata)
    return {name: dataclasses.replace(option, only=_possible(option.only, found)) for name, option in found.items()}


def _possible(only: Mapping[str, Sequence], known: Mapping[str, Option]) -> dict[str, tuple]:
    """Conditions without the values that the other options cannot have: a subclass may have narrowed their choices."""
    choices = {other: known[other].choices or allowed for other, allowed in only.items()}
    return {other: tuple(value for value in allowed if value in choices[other]) for other, allowed in only.items()}


def _is_union(hint: Any) -> bool:
    return typing.get_origin(hint) in (typing.Union, types.UnionType)


def _text(value: Any) -> str:
    """A value as it is written on a command line."""
    if value is None:
        return AUTO
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


_CLASSES: dict[type, Any] = {bool: bool, int: numbers.Integral, float: numbers.Real, str: str, Path: AnyPath}


def _is_text(value: str) -> bool:
    """Whether files can be named so, and terminals shown it: JSON can hold NUL, and half of a pair of surrogates."""
    try:
        return b"\0" not in value.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return False


def _short(value: Any) -> str:
    """A value for a message, cut where it is long."""
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
