"""Flags made from declared options, `--help`, and what a user sees of mistakes."""

import dataclasses
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from base.command_line import help_text, parse_arguments, parse_flags, run
from base.errors import ConfigError, DataError, OutputError, UsageError
from base.options import REQUIRED, Options, option, options
from tests.conftest import ROOT


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tool(Options):
    source: Path = option(REQUIRED, "Folder of images.", "files", metavar="FOLDER")
    image_size: int = option(None, "Side, in pixels.", "images", low=8, auto="that of the first image")
    learning_rate: float = option(2e-4, "Learning rate.", "images", low=0.0, high=1.0)
    norm: str = option("instance", "Normalisation.", "images", ("instance", "batch"))
    norm_scale: float = option(1.0, "Mean of the scales.", "images", only={"norm": ("batch",)})
    flip: bool = option(True, "Mirror half of the images.", "images")
    note: str | None = option(None, "What to think of.", "files")
    title: str = option("", "Shown above.", "files")


KNOWN = options(Tool)
SCRIPTS = sorted((ROOT / "scripts").glob("[!_]*.py"))


def parse(*arguments):
    return parse_flags(arguments, KNOWN, "usage")


def test_values_have_the_types_of_their_options():
    given = parse("--image_size=64", "--noflip", "--learning_rate", "1e-3", "--norm=batch", "--source=a b")
    wanted = {"image_size": 64, "flip": False, "learning_rate": 1e-3, "norm": "batch", "source": Path("a b")}
    assert given == {name: wanted[name] for name in KNOWN if name in wanted}
    assert list(map(type, given.values())) == [type(wanted[name]) for name in given]


def test_only_what_was_given_is_there():
    assert parse() == {}
    assert parse("--flip") == {"flip": True}


@pytest.mark.parametrize(
    "argument, value", [("--flip", True), ("--flip=false", False), ("--noflip", False), ("--flip=1", True)]
)
def test_switches_have_a_form_without_a_value(argument, value):
    assert parse(argument) == {"flip": value}


def test_auto_leaves_the_choice_to_the_program():
    assert parse("--image_size=auto") == {"image_size": None}
    assert parse("--note=auto") == {"note": "auto"}


def test_the_last_of_two_equal_flags_counts():
    assert parse("--image_size=64", "--image_size=32") == {"image_size": 32}


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--imagesize=3"], ["unknown flag --imagesize", "did you mean --image_size?"]),
        (["--lr=3"], ["unknown flag --lr", "did you mean --learning_rate?"]),
        (["--nolearn"], ["unknown flag --nolearn"]),
        (["--zzz"], ["unknown flag --zzz", "see --help"]),
        (["--image_size=abc"], ["--image_size=abc", "a whole number or auto"]),
        (["--image_size=1.5"], ["--image_size=1.5", "a whole number or auto"]),
        (["--learning_rate=fast"], ["--learning_rate=fast", "a number"]),
        (["--flip=maybe"], ["--flip=maybe", "true or false"]),
        (["--noflip=1"], ["noflip"]),
        (["--image_size"], ["image_size"]),
        (["--source="], ["--source=", "a path"]),
        (["demo"], ["'demo'", "--name=value"]),
        (["--flip", "true"], ["'true'", "--name=value"]),
    ],
)
def test_mistakes_are_named_in_one_line(arguments, words):
    with pytest.raises(ConfigError) as error:
        parse(*arguments)
    assert all(word in str(error.value) for word in words) and "\n" not in str(error.value)


def test_a_caller_may_know_more_about_an_unknown_flag():
    def hint(name):
        return "--clip is of the model wgan" if name == "clip" else None

    with pytest.raises(ConfigError, match="^--clip is of the model wgan$"):
        parse_flags(["--clip=1"], KNOWN, "", hint)
    with pytest.raises(ConfigError, match="^unknown flag --clap"):
        parse_flags(["--clap=1"], KNOWN, "", hint)


def test_arguments_become_a_checked_set():
    tool = parse_arguments(["--source=photos", "--image_size=auto"], Tool, "")
    assert tool == Tool(source=Path("photos"))
    with pytest.raises(ConfigError, match="--image_size=4: must be at least 8, or auto"):
        parse_arguments(["--source=photos", "--image_size=4"], Tool, "")
    with pytest.raises(ConfigError, match="--norm_scale=2 has no effect with --norm=instance"):
        parse_arguments(["--source=photos", "--norm_scale=2"], Tool, "")


def test_a_missing_argument_is_named():
    with pytest.raises(UsageError, match="^missing --source .see --help.$"):
        parse_arguments(["--flip"], Tool, "")


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_is_shown_whatever_else_is_given(flag, capsys):
    with pytest.raises(SystemExit) as end:
        parse_flags(["--unknown=1", flag], KNOWN, "Usage: tool.py", footer="\nThe end.")
    shown = capsys.readouterr().out
    assert not end.value.code
    assert shown.startswith("Usage: tool.py\n") and shown.endswith("The end.\n") and "--image_size" in shown


def entry(name):
    """What `--help` says about an option, on one line."""
    entries = re.split(r"\n(?=  --|\S|\n)", help_text(KNOWN))
    (found,) = (text for text in entries if text.startswith(f"  --{name} "))
    return " ".join(found.split()).removeprefix(f"--{name} ")


@pytest.mark.parametrize(
    "name, text",
    [
        ("source", "Folder of images. [FOLDER; required]"),
        ("image_size", "Side, in pixels. [int; >= 8; auto: that of the first image; default auto]"),
        ("learning_rate", "Learning rate. [float; >= 0.0; <= 1.0; default 0.0002]"),
        ("norm", "Normalisation. [instance | batch; default instance]"),
        ("norm_scale", "Mean of the scales. [float; only with --norm=batch; default 1.0]"),
        ("flip", "Mirror half of the images. [--flip or --noflip; default true]"),
        ("note", "What to think of. [text; default none]"),
        ("title", "Shown above. [text; default empty]"),
    ],
)
def test_help_tells_type_range_condition_and_default(name, text):
    assert entry(name) == text


def test_help_lists_options_under_their_groups():
    files, images = help_text(KNOWN).split("\nimages:\n")
    assert files.startswith("files:\n") and re.findall(r"^  --(\w+)", files, re.M) == ["source", "note", "title"]
    assert re.findall(r"^  --(\w+)", images, re.M) == ["image_size", "learning_rate", "norm", "norm_scale", "flip"]


@pytest.mark.parametrize("columns, widest", [(60, 60), (120, 120), (300, 120)])
def test_help_fits_the_terminal_and_is_never_wider_than_120_columns(columns, widest, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert max(map(len, help_text(KNOWN).splitlines())) <= widest


@pytest.mark.parametrize(
    "error, code, line",
    [
        (UsageError("no such folder"), 2, "tool.py: error: no such folder\n"),
        (ConfigError("--size=x: no"), 2, "tool.py: error: --size=x: no\n"),
        (DataError("a.png: damaged"), 2, "tool.py: error: a.png: damaged\n"),
        (OutputError("disk full"), 1, "tool.py: error: disk full\n"),
        (KeyboardInterrupt(), 128 + signal.SIGINT, "tool.py: interrupted\n"),
    ],
)
def test_errors_of_use_become_one_line_and_an_exit_code(monkeypatch, capsys, error, code, line):
    def main(arguments):
        raise error

    monkeypatch.setattr(sys, "argv", ["some/tool.py"])
    with pytest.raises(SystemExit) as end:
        run(main)
    assert end.value.code == code and capsys.readouterr().err == line


def test_an_entry_point_gets_its_arguments_and_gives_the_exit_code(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["tool.py", "--flip", "--note=x"])
    with pytest.raises(SystemExit) as end:
        run(len)
    assert end.value.code == 2


def test_other_errors_are_not_hidden():
    def main(arguments):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(main)


@pytest.mark.parametrize("entry_point", ["train", "build_data", *(f"scripts.{path.stem}" for path in SCRIPTS)])
def test_help_of_every_entry_point_comes_without_tensorflow_and_fits_120_columns(entry_point):
    code = f"""
import sys
from {entry_point} import main
try:
    main(["--help"])
except SystemExit as end:
    sys.exit(end.code or "tensorflow" in sys.modules)
"""
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    assert max(map(len, result.stdout.splitlines())) <= 120


def test_signal_on_the_way_out_changes_nothing():
    code = """
import atexit, os, signal
atexit.register(lambda: [os.kill(os.getpid(), number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)])
from base.command_line import run
run(lambda arguments: 0)
"""
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
