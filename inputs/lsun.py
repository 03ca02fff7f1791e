"""LSUN's databases, of LMDB: a folder of images, whose names are the keys and whose bytes are the values."""

from __future__ import annotations

import errno
import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from base.errors import DataError
from inputs.lmdb_file import LmdbFile
from inputs.trees import Tree, TreePath, file_on_disk, file_version

FILE = "data.mdb"
EXTENSION = ".webp"  # what LSUN's images are


class Database(Tree):
    """The images of a database."""

    def __init__(self, path: Path):
        """Lists the images. DataError where the database is damaged, cut short, or none of LSUN's."""
        self._offsets: dict[str, int] = {}
        sizes = {}
        try:
            with open(path / FILE, "rb") as file:
                for value in LmdbFile(file).values():
                    name = f"{value.key.decode('latin-1')}{EXTENSION}"
                    self._offsets[name], sizes[name] = value.offset, value.size
        except (OSError, ValueError) as error:
            raise DataError(f"{path / FILE}: {getattr(error, 'strerror', None) or error}") from None
        if any("/" in name or name.startswith(".") for name in sizes):
            raise DataError(f"{path}: has keys that are no names of files, as LSUN's are")
        super().__init__(path, sizes)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path,)

    def chunks(self, name: str) -> Iterator[bytes]:
        file_name = file_on_disk(self.path) / FILE
        try:
            with open(file_name, "rb") as file:
                yield LmdbFile(file).read(self._offsets[name], self.sizes[name])
        except ValueError as error:
            raise OSError(errno.EIO, f"its database {error}", str(file_name)) from None


def holds_database(folder: Path) -> bool:
    """Whether a folder holds a database."""
    return os.path.isfile(folder / FILE)


def open_database(folder: Path) -> TreePath:
    """Opens the database in a folder; one that is open already is given again. Errors as for `Database`."""
    return _tree(folder.absolute(), file_version(folder / FILE))


@functools.lru_cache(maxsize=2)
def _tree(folder: Path, version: tuple[int, int]) -> TreePath:
    return TreePath(Database(folder))
