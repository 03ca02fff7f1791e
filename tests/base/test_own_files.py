"""A user's own Python files are imported by path."""

import dataclasses
import sys
import typing

import pytest

from base.own_files import import_file

OWN = """
from __future__ import annotations
import dataclasses
Number = {kind}

@dataclasses.dataclass
class Mine:
    value: Number
"""


def test_a_file_is_imported_with_what_it_defines(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("SIDE = 4\nVALUES = {'image_size': 16 * SIDE}")
    assert import_file(path).VALUES == {"image_size": 64}


def test_files_of_one_name_in_two_folders_are_two_modules(tmp_path):
    modules = []
    for kind in ("int", "str"):
        path = tmp_path / kind / "mine.py"
        path.parent.mkdir()
        path.write_text(OWN.format(kind=kind))
        modules.append(import_file(path))
    hints = [typing.get_type_hints(module.Mine) for module in modules]
    assert hints == [{"value": int}, {"value": str}]
    assert all(dataclasses.is_dataclass(module.Mine) for module in modules)


def test_a_missing_file_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        import_file(tmp_path / "mine.py")


def test_a_file_that_raises_leaves_no_half_module(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("VALUES = {}\n1 / 0")
    with pytest.raises(ZeroDivisionError):
        import_file(path)
    assert str(path) not in sys.modules
