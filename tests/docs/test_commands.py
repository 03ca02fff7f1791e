"""Every command in the README and docs/ is one that the programs take."""

import importlib.util
import shlex
import subprocess
import sys

import pytest

from base.command_line import parse_arguments
from base.options import options
from models.configs import make_config, parse_config_flags
from scripts.import_weights import parse_options
from tests.conftest import ROOT
from tests.helpers import pages
from tests.helpers.pages import DOCS, OPTIONS, all_commands
from training.local_workers import WorkerOptions

HELP = [command for command in all_commands() if command.endswith("--help")]


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A current folder with the files of a user's own that commands name."""
    (tmp_path / "autoencoder.py").write_text((ROOT / "tests/helpers/autoencoder.py").read_text())
    recipe = next(snippet for snippet in pages.snippets(DOCS / "extend.md") if "VALUES" in snippet)
    for file in ("loose.py", "my_recipe.py"):
        (tmp_path / file).write_text(recipe)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("command", [command for command in all_commands() if command not in HELP])
@pytest.mark.usefixtures("workplace")
def test_the_program_takes_the_command(command):
    program, *arguments = shlex.split(command)
    if program == "-m":
        module, *given = arguments
        assert importlib.util.find_spec(module)
        assert all((ROOT / path).exists() for path in given if not path.startswith("-"))
    elif program == "train.py":
        given = parse_config_flags(arguments, "", options(WorkerOptions))
        if set(given) & {"data_dir", "preset"}:  # else it continues a run
            make_config({name: value for name, value in given.items() if name not in options(WorkerOptions)})
    elif program == "scripts/import_weights.py":
        parse_options(arguments)
    else:
        parse_arguments(arguments, OPTIONS[program], "")


@pytest.mark.slow
@pytest.mark.parametrize("command", HELP)
@pytest.mark.usefixtures("workplace")
def test_help_that_a_page_asks_for_is_shown(command):
    program, *arguments = shlex.split(command)
    shown = subprocess.run([sys.executable, ROOT / program, *arguments], capture_output=True, text=True)
    assert shown.returncode == 0 and "--data_dir" in shown.stdout, shown.stderr
