"""The project's own modules, as tests that hold for all of them find them."""

import ast
import functools
from pathlib import Path

from tests.conftest import ROOT

ROOMS = sorted(path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests")


def product_files() -> list[Path]:
    """The files of the project, but for tests and the description of the package."""
    loose = [path for path in ROOT.glob("*.py") if path.name != "setup.py"]
    return sorted([*loose, *(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))])


def files_of_tests() -> list[Path]:
    """The files of the tests and their helpers."""
    return sorted((ROOT / "tests").rglob("*.py"))


def module_name(path: Path) -> str:
    """Name under which a file is imported."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@functools.cache
def imported_names(path: Path, for_types: bool = True) -> set[str]:
    """Names that a file imports, anywhere in it: modules, and for `from a import b` both "a" and "a.b".

    Args:
      path: the file.
      for_types: whether imports below `if TYPE_CHECKING:` count, which are there for annotations and never happen.
    """
    tree = ast.parse(path.read_text())
    blocks = [node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    left_out = set() if for_types else {node for block in blocks for child in block.body for node in ast.walk(child)}
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and node not in left_out:
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node not in left_out:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def rooms_of(names: set[str]) -> set[str]:
    """First parts of names."""
    return {name.split(".")[0] for name in names}
