"""Python files of a user's own, which belong to no package: recipes and models."""

from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path


def import_file(path: Path) -> types.ModuleType:
    """Imports a Python file.

    Raises:
      OSError: there is no such file.
      Exception: whatever the file itself raises.
    """
    name = str(path.resolve())  # which no other file has
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader, f"{path} is no Python file"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look for the module of a class
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
