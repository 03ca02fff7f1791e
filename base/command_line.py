"""Command lines: flags and `--help` from declared options, errors that are one line, exit codes."""

from base.early_signals import how_stopped

import atexit
import dataclasses
import difflib
import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from absl import flags

from base.errors import ConfigError, OutputError, UsageError, UserError
from base.options import AUTO, Option, Options, options
from base.signals import ignore_stop_signals, raise_stopped, signal_of, stop_signals_handled
from base.terminal import is_closed_pipe, printable, steady_output

HIDDEN_FLAGS = ("flagfile", "undefok")  # absl's own: one prints lines of any file, the other hides mistakes
WIDTH = 120  # columns of `--help` at most
OptionsType = TypeVar("OptionsType", bound=Options)


def run(main: Callable[[list[str]], int]) -> NoReturn:
    """Runs an entry point on the command line's arguments and exits with its code.

    Args:
      main: function from a list of arguments to an exit code. A UserError that it raises becomes one line on standard
        error, and the exit code is the error's.
    """
    program = os.path.basename(sys.argv[0])
    with steady_output() as output:
        try:
            with stop_signals_handled(raise_stopped):
                code = main(sys.argv[1:])
        except SystemExit as end:  # after --help
            code = int(end.code or 0)
        except UserError as error:
            print(printable(f"{program}: error: {error}"), file=sys.stderr)
            code = error.exit_code
        except KeyboardInterrupt as interrupt:
            by = signal_of(interrupt)
            print("; ".join([f"{program}: {how_stopped(by)}", *map(str, interrupt.args)]), file=sys.stderr)
            code = 128 + by
        atexit.register(ignore_stop_signals)  # the way out is short
        output.flush()
        if output.lost is not None and not is_closed_pipe(output.lost):
            print(f"{program}: error: standard output cannot be written: {output.lost}", file=sys.stderr)
            code = code or OutputError.exit_code
    sys.exit(code)


def parse_arguments(arguments: Sequence[str], options_class: type[OptionsType], usage: str) -> OptionsType:
    """Reads the command line of an entry point whose options are all declared in one class.

    Args:
      arguments: the arguments, without the program's name.
      options_class: what is declared; an option without a default is required.
      usage: the first lines of `--help`.

    Raises:
      ConfigError, UsageError: for what cannot be understood or used.
      SystemExit: after `--help`.
    """
    if options_class.first and arguments and not arguments[0].startswith("-"):
        arguments = [f"--{options_class.first}={arguments[0]}", *arguments[1:]]
    given = parse_flags(arguments, options(options_class), usage)
    missing = [
        name
        for name, option in options(options_class).items()
        if option.default is dataclasses.MISSING and name not in given
    ]
    if missing:
        raise UsageError(f"missing {', '.join(f'--{name}' for name in missing)} (see --help)")
    return options_class.parse(given)


def parse_flags(
    arguments: Sequence[str],
    known: Mapping[str, Option],
    usage: str,
    unknown_hint: Callable[[str], str | None] = lambda name: None,
    footer: str = "",
) -> dict[str, Any]:
    """Reads flags.

    Args:
      arguments: the arguments, without the program's name.
      known: the options there are, by name.
      usage: the first lines of `--help`.
      unknown_hint: function from the name of an unknown flag to a message about it, or None for the usual one.
      footer: the last lines of `--help`.

    Returns:
      dict of the values given, by name, of their options' types.

    Raises:
      ConfigError: for an unknown flag (naming the nearest known one), a value of the wrong type, or a stray argument.
      SystemExit: after `--help`.
    """
    hidden = [argument for argument in arguments if argument.lstrip("-").partition("=")[0] in HIDDEN_FLAGS]
    if hidden:
        raise ConfigError(f"unknown flag {hidden[0].partition('=')[0]} (see --help)")
    if {"--help", "-h"} & set(arguments):
        print(f"{usage}\n{help_text(known)}{footer}")
        raise SystemExit(0)
    values = flags.FlagValues()
    for name, option in known.items():
        if option.kind is bool:
            flags.DEFINE_boolean(name, None, option.help, flag_values=values)
        else:
            flags.DEFINE_string(name, None, option.help, flag_values=values)
    try:
        stray = values(["", *arguments])[1:]
    except flags.UnrecognizedFlagError as error:
        raise ConfigError(unknown_hint(error.flagname) or _unknown_flag(error.flagname, known)) from None
    except flags.IllegalFlagValueError as error:
        given = str(error).split(": ")[0].removeprefix("flag ")
        raise ConfigError(f"{given}: must be true or false") from None  # only boolean flags have a type here
    except (flags.Error, ValueError) as error:  # ValueError: of --noflip=1
        raise ConfigError(str(error)) from None
    if stray:
        raise ConfigError(f"unexpected argument {stray[0]!r}: values are given as --name=value (see --help)")
    return {name: option.read(values[name].value) for name, option in known.items() if values[name].present}


def help_text(known: Mapping[str, Option]) -> str:
    """Lists options by group, with types, ranges and defaults."""
    width = min(shutil.get_terminal_size((WIDTH, 24)).columns, WIDTH)
    groups: dict[str, list[str]] = {}
    for option in known.values():
        groups.setdefault(option.group, []).append(_help_entry(option, width))
    return "\n".join(f"{group}:\n" + "\n".join(entries) + "\n" for group, entries in groups.items())


def _help_entry(option: Option, width: int) -> str:
    names = {bool: f"--{option.name} or --no{option.name}", int: "int", float: "float", str: "text", Path: "path"}
    facts = [" | ".join(map(str, option.choices)) if option.choices else option.metavar or names[option.kind]]
    facts += [f"{word} {end}" for word, end in ((">=", option.low), ("<=", option.high)) if end is not None]
    if option.auto is not None:
        facts.append(f"{AUTO}: {option.auto}")
    facts += [f"only with --{other}={' or '.join(map(_shown, allowed))}" for other, allowed in option.only.items()]
    facts.append(
        "required" if option.default is dataclasses.MISSING else f"default {_shown(option.default, option.auto)}"
    )
    text = f"{option.help} [{'; '.join(facts)}]"
    return textwrap.fill(
        text, width, initial_indent=f"  --{option.name:<21} ", subsequent_indent=" " * 26, break_on_hyphens=False
    )


def _shown(value: Any, auto: str | None = None) -> str:
    if value is None:
        return "none" if auto is None else AUTO
    return "empty" if value == "" else str(value).lower() if isinstance(value, bool) else str(value)


def _unknown_flag(name: str, known: Mapping[str, Option]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    near = near or [option for option in known if name in _initials(option)][:1]
    return f"unknown flag --{name}" + (f"; did you mean --{near[0]}?" if near else " (see --help)")


def _initials(option: str) -> set[str]:
    """What people shorten a name to: `lr` for learning_rate."""
    return {"".join(word[0] for word in option.split("_"))}
