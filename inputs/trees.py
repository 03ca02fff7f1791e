"""Trees of files that lie in no folder of the disk, but in an archive, say; and paths in them, as pathlib has them."""

from __future__ import annotations

import abc
import dataclasses
import errno
import os
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import TypeAlias

from base.files import read_regular
from base.places import AnyPath, stat_of

Walk: TypeAlias = Iterator[tuple[str, list[str], list[str]]]  # folder ("." for the first), names of folders and files


class Tree(abc.ABC):
    """Files by name; all methods may be called from several threads, and in processes that were forked or spawned.

    Attributes:
      path: what they lie in: an archive, or a folder.
      sizes: dict of their bytes by their names, with forward slashes.
    """

    def __init__(self, path: Folder, sizes: Mapping[str, int]):
        self.path, self.sizes = path, sizes
        self.folders: dict[str, tuple[list[str], list[str]]] = {"": ([], [])}  # by name, the folders and files in it
        for name in sorted(sizes):
            parent, _, file = name.rpartition("/")
            self._make_folder(parent)[1].append(file)

    @abc.abstractmethod
    def chunks(self, name: str) -> Iterator[bytes]:
        """Gives the content of a file in pieces; OSError where it cannot be read."""

    def _make_folder(self, name: str) -> tuple[list[str], list[str]]:
        if name not in self.folders:
            parent, _, last = name.rpartition("/")
            self._make_folder(parent)[0].append(last)
            self.folders[name] = ([], [])
        return self.folders[name]


@dataclasses.dataclass(frozen=True)
class TreePath:
    """A path in a Tree; what it has of `pathlib.Path` does the same."""

    tree: Tree
    inside: str = ""  # with forward slashes; "" for the first folder

    def __str__(self) -> str:
        return os.path.join(str(self.tree.path), self.inside) if self.inside else str(self.tree.path)

    def __truediv__(self, name: str) -> TreePath:
        return TreePath(self.tree, f"{self.inside}/{name}" if self.inside else name)

    @property
    def name(self) -> str:
        return PurePosixPath(str(self)).name

    @property
    def parent(self) -> TreePath:
        return TreePath(self.tree, self.inside.rpartition("/")[0])

    def exists(self) -> bool:
        return self.is_file() or self.is_dir()

    def is_file(self) -> bool:
        return self.inside in self.tree.sizes

    def is_dir(self) -> bool:
        return self.inside in self.tree.folders

    def walk(self) -> Walk:
        """Walks the folder as `os.walk` does: what is taken out of its list of folders is not entered."""
        waiting = [self.inside]
        while waiting:
            folder = waiting.pop()
            folders, files = map(list, self.tree.folders[folder])
            yield os.path.relpath(folder or ".", self.inside or "."), folders, files
            waiting += [f"{folder}/{name}".lstrip("/") for name in reversed(folders)]


Folder: TypeAlias = AnyPath | TreePath  # and files: what is read is on the disk, at a path with a scheme, or in a tree


def read_file(path: str | os.PathLike | TreePath, most: int) -> bytes:
    """Reads a file of the disk, a regular one, or of a tree.

    Args:
      path: its path.
      most: bytes that it may have.

    Raises:
      OSError: it cannot be read, or is larger.
    """
    if not isinstance(path, TreePath):
        return read_regular(path, most)
    size = file_size(path)
    if size > most:
        raise OSError(errno.EFBIG, f"it has {size:,} bytes, more than {most:,}", str(path))
    return b"".join(path.tree.chunks(path.inside))


def file_size(path: str | os.PathLike | TreePath) -> int:
    """Bytes of a file. FileNotFoundError where there is none."""
    if not isinstance(path, TreePath):
        return stat_of(path).st_size
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    return path.tree.sizes[path.inside]


def file_version(path: Folder) -> tuple[int, int]:
    """What tells whether a file changed: its size, and of one of the disk when that was, in nanoseconds."""
    return file_size(path), 0 if isinstance(path, TreePath) else path.stat().st_mtime_ns


def file_on_disk(path: Folder) -> AnyPath:
    """The file of no tree that a file is, or lies in; or the folder that a tree is made of."""
    while isinstance(path, TreePath):
        path = path.tree.path
    return path
