"""Sources of images for tests."""

from pathlib import Path

from inputs.layouts import Place
from inputs.sources import FolderSource


def source_of(*paths: Path) -> FolderSource:
    """A source of some files of one folder, in the given order."""
    return FolderSource([Place(paths[0].parent, [path.name for path in paths], [])])
