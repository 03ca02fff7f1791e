"""Imports point down only: entries -> training -> models -> modules -> ops; inputs and ops know nothing of models."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
ENTRIES = {"train", "build_data", "scripts"}
ALLOWED = {
    "config": set(),
    "ops": {"ops"},
    "inputs": {"inputs", "config"},
    "modules": {"modules", "ops"},
    "models": {"models", "modules", "ops", "inputs", "config"},
    "training": {"training", "models", "modules", "ops", "inputs", "config"},
}
OURS = ENTRIES | set(ALLOWED)


def imported(path):
    """Names of this project's top-level packages that a file imports anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module.split(".")[0])
    return names & OURS


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_package_imports_only_what_lies_below(package):
    files = [ROOT / f"{package}.py"] if (ROOT / f"{package}.py").exists() else sorted((ROOT / package).rglob("*.py"))
    assert files
    for file in files:
        assert imported(file) <= ALLOWED[package], file


def test_no_entry_script_is_imported():
    files = [ROOT / "train.py", ROOT / "build_data.py", *(ROOT / "scripts").glob("*.py")]
    for file in files:
        assert not imported(file) & {"train", "build_data"}, file
