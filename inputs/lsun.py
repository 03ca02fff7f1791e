"""LSUN's databases, of LMDB: a folder of images, whose names are the keys and whose bytes are the values."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from base.errors import DataError
from inputs.trees import Tree, TreePath, file_on_disk, file_version

FILE = "data.mdb"
EXTENSION = ".webp"  # what LSUN's images are


class Database(Tree):
    """The images of a database. LMDB takes a database for what it says to be: but for its length, it is not checked."""

    def __init__(self, path: Path):
        """Lists the images.

        Raises:
          DataError: lmdb is not installed, or the database is damaged or cut short.
        """
        self._environment: Any = None  # opened at the first read: none may be open where a process is forked
        self._opening = threading.Lock()
        with _open(path) as environment, environment.begin(buffers=True) as transaction:
            names = {f"{bytes(key).decode('latin-1')}{EXTENSION}": len(value) for key, value in transaction.cursor()}
        if any("/" in name or name.startswith(".") for name in names):
            raise DataError(f"{path}: has keys that are no names of files, as LSUN's are")
        super().__init__(path, names)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path,)

    def chunks(self, name: str) -> Iterator[bytes]:
        with self._opening:
            self._environment = self._environment or _open(file_on_disk(self.path))
        with self._environment.begin() as transaction:
            yield transaction.get(name.removesuffix(EXTENSION).encode("latin-1"))


def holds_database(folder: Path) -> bool:
    """Whether a folder holds a database."""
    return os.path.isfile(folder / FILE)


def open_database(folder: Path) -> TreePath:
    """Opens the database in a folder; one that is open already is given again. Errors as for `Database`."""
    return _tree(folder.absolute(), file_version(folder / FILE))


@functools.lru_cache(maxsize=2)
def _tree(folder: Path, version: tuple[int, int]) -> TreePath:
    return TreePath(Database(folder))


def _open(path: Path) -> Any:
    """Opens a database to read from; DataError where that is not possible."""
    try:
        import lmdb
    except ImportError:
        raise DataError(f"{path}: is a database of LMDB, which needs: pip install -e '.[lmdb]'") from None
    try:
        environment = lmdb.open(os.fspath(path), readonly=True, lock=False, readahead=False, create=False)
    except lmdb.Error as error:
        raise DataError(f"{path / FILE}: cannot be read: {str(error).removeprefix(f'{path}: ')}") from None
    needed = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
    if (path / FILE).stat().st_size < needed:  # reading behind its end would end the program
        environment.close()
        raise DataError(f"{path / FILE}: is cut short: it must have {needed:,} bytes")
    return environment
