"""Imports point down only, in no circles; nothing imports an entry point; TensorFlow has one way in."""

import ast
import graphlib
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.helpers.modules import ROOMS, files_of_tests, imported_names, module_name, product_files, rooms_of

BELOW = {  # what each room stands on, from the ground floor up
    "base": set(),
    "ops": {"base"},
    "inputs": {"base"},
    "downloads": {"base", "inputs"},
    "checks": {"base", "inputs"},
    "modules": {"base", "ops"},
    "config": {"base", "inputs", "ops"},
    "models": {"base", "config", "inputs", "modules", "ops"},
    "recipes": set(),
    "run_folder": {"base", "config", "inputs", "models", "ops"},
    "inference": {"base", "config", "inputs", "models", "ops", "run_folder"},
    "evaluation": {"base", "config", "inference", "inputs", "models", "run_folder"},
    "exports": {"base", "downloads", "inference", "inputs", "run_folder"},
    "training": {"base", "config", "evaluation", "inference", "inputs", "models", "ops", "run_folder"},
    "serving": {"base", "exports", "inference", "inputs", "models", "run_folder", "training"},
    "benchmarks": {"base", "config", "evaluation", "inference", "inputs", "models", "ops", "run_folder", "training"},
}
ENTRIES = {"build_data", "train", "scripts"}
# What needs PyTorch, an extra, to be imported; elsewhere it is imported inside functions
TORCH = {"benchmarks.torch_networks", "benchmarks.torch_twin"}


@pytest.mark.parametrize("room", BELOW)
def test_room_imports_only_what_it_stands_on(room):
    files = [path for path in product_files() if module_name(path).split(".")[0] == room]
    assert files
    for path in files:
        ours = rooms_of(imported_names(path)) & {*BELOW, *ENTRIES, "tests"}
        assert ours - {room} <= BELOW[room], path


def test_rooms_stand_on_those_below_them():
    order = list(BELOW)
    assert all(order.index(lower) < order.index(room) for room in BELOW for lower in BELOW[room])


def test_every_room_has_its_floor():
    assert {*BELOW, *ENTRIES} == {*ROOMS, "config", "build_data", "train"}


def test_no_modules_import_each_other_in_a_circle():
    modules = {module_name(path): path for path in product_files()}
    below = {name: imported_names(path, for_types=False) & set(modules) for name, path in modules.items()}
    graphlib.TopologicalSorter(below).prepare()  # which raises a CycleError that names them


def test_nothing_imports_an_entry_point():
    entries = {module_name(path) for path in product_files() if module_name(path).split(".")[0] in ENTRIES}
    entries.remove("scripts")
    for path in product_files():
        assert not imported_names(path) & entries, path


def test_nothing_imports_a_test():
    for path in [*product_files(), *files_of_tests()]:
        parts = {part for name in imported_names(path) if name.split(".")[0] == "tests" for part in name.split(".")}
        assert not {part for part in parts if part.startswith("test_")}, path


def test_only_the_ground_floor_imports_tensorflow():
    files = [path for path in [*product_files(), *files_of_tests()] if "tensorflow" in rooms_of(imported_names(path))]
    assert files == [ROOT / "base" / "graph_mode.py"]


def test_importing_any_module_imports_no_library_that_takes_seconds():
    code = f"""
import importlib, sys
for name in {sorted(module_name(path) for path in product_files() if module_name(path) not in TORCH)}:
    importlib.import_module(name)
    found = {{"tensorflow", "torch"}} & set(sys.modules)
    assert not found, (name, found)
"""
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_the_package_has_every_room_and_module():
    (setup,) = (node for node in ast.walk(ast.parse((ROOT / "setup.py").read_text())) if isinstance(node, ast.Call))
    listed = {keyword.arg: keyword.value for keyword in setup.keywords}
    assert ast.literal_eval(listed["packages"]) == ROOMS
    modules = [path.stem for path in ROOT.glob("*.py") if path.name != "setup.py"]
    assert ast.literal_eval(listed["py_modules"]) == sorted(modules)


def test_every_file_says_on_its_first_line_what_it_is_about():
    for path in product_files() + [path for path in files_of_tests() if path.name != "__init__.py"]:
        first = path.read_text().split("\n", 1)[0]
        assert first.startswith('"""') and first.removesuffix('"""')[-1] in ".:,;?", path


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_says_in_one_line_what_belongs_there(room):
    text = (ROOT / room / "__init__.py").read_text()
    assert text.count("\n") == 1 and text.startswith('"""') and text.endswith('."""\n')
