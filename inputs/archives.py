"""Archives, zip and tar, read in place: what they hold is a tree of files."""

from __future__ import annotations

import abc
import bz2
import contextlib
import errno
import functools
import gzip
import io
import lzma
import os
import shutil
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any

from base.errors import DataError
from base.places import AnyPath
from inputs.trees import Tree, file_version

PACKERS: dict[tuple[str, ...], Callable[..., Any]] = {  # of compressed tar archives, by the ends of their names
    (".tar.gz", ".tgz"): gzip.open,
    (".tar.bz2", ".tbz2"): bz2.open,
    (".tar.xz", ".txz"): lzma.open,
}
PACKED = tuple(ending for endings in PACKERS for ending in endings)
ENDINGS = (".zip", ".tar", *PACKED)
MOST_FILES = 5_000_000  # in an archive
MOST_INDEX = 1 << 30  # bytes that a list of files may have
MOST_UNPACKED = 1 << 40  # bytes of an archive
CHUNK = 1 << 20
JUNK = "__MACOSX"  # folder that macOS adds to archives


class SharedFile(io.RawIOBase):
    """A file that is read in many places at once: threads and processes share its descriptor, not the place in it."""

    def __init__(self, descriptor: int):
        self.descriptor = descriptor
        self._place = 0

    def __reduce__(self) -> tuple[Any, ...]:
        return _take_over, (DupFd(self.descriptor),)  # of a process that is being spawned

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: os.fstat(self.descriptor).st_size}[whence]
        if start + offset < 0:
            raise OSError("a place in it is before its start")
        self._place = start + offset
        return self._place

    def read(self, size: int = -1) -> bytes:
        left = max(0, os.fstat(self.descriptor).st_size - self._place)
        size = left if size < 0 else min(size, left)
        if size > MOST_INDEX:
            raise OSError(f"its list of files has {size:,} bytes, more than {MOST_INDEX:,}")
        data = os.pread(self.descriptor, size, self._place)
        self._place += len(data)
        return data

    def close(self) -> None:
        if not self.closed:
            os.close(self.descriptor)
        super().close()


def _take_over(duplicate: Any) -> SharedFile:
    return SharedFile(duplicate.detach())


class Archive(Tree):
    """The files of an archive. Their names lead nowhere else, and there are no links, devices or pipes among them."""

    def __init__(self, path: Path, file: SharedFile):
        """Lists the files.

        Args:
          path: of the archive, for messages.
          file: the archive, not compressed as a whole.

        Raises:
          DataError: it is damaged, or holds what is not taken.
          OSError: it cannot be read.
        """
        self._file = file
        sizes: dict[str, int] = {}
        with _damage_told(path):
            for name, size in self._list(path):
                if name:
                    sizes[name] = size
                if len(sizes) > MOST_FILES:
                    raise DataError(f"{path}: holds more than {MOST_FILES:,} files")
        super().__init__(path, sizes)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path, self._file)

    @abc.abstractmethod
    def _list(self, path: Path) -> Iterator[tuple[str, int]]:
        """Gives name and size of each file; "" for what is left out."""


class ZipArchive(Archive):
    """The files of a zip archive."""

    def _list(self, path: Path) -> Iterator[tuple[str, int]]:
        self._zip = zipfile.ZipFile(self._file)
        self._members = {}
        for member in self._zip.infolist():
            kind = stat.S_IFMT(member.external_attr >> 16)
            if member.is_dir():
                continue
            if member.flag_bits & 1:
                raise DataError(f"{path}: {member.filename!r} in it is encrypted; unpack the archive yourself")
            if kind not in (0, stat.S_IFREG):
                raise _no_file(path, member.filename)
            name = _checked_name(path, member.filename)
            self._members[name] = member
            yield name, member.file_size

    def chunks(self, name: str) -> Iterator[bytes]:
        with _unpacking(), self._zip.open(self._members[name]) as file:
            while chunk := file.read(CHUNK):
                yield chunk


class TarArchive(Archive):
    """The files of a tar archive."""

    def _list(self, path: Path) -> Iterator[tuple[str, int]]:
        self._places: dict[str, int] = {}
        end = 0
        with tarfile.open(fileobj=self._file, mode="r:") as tar:
            while (member := tar.next()) is not None:
                tar.members = []  # type: ignore[attr-defined] # which would all be kept
                if member.offset < end or member.size < 0:
                    raise tarfile.ReadError("its files lie in one another")
                end = member.offset_data + member.size
                if member.isdir():
                    continue
                if not member.isreg() or member.issparse():
                    raise _no_file(path, member.name)
                name = _checked_name(path, member.name)
                self._places[name] = member.offset_data
                yield name, member.size

    def chunks(self, name: str) -> Iterator[bytes]:
        place, left = self._places[name], self.sizes[name]
        while left:
            chunk = os.pread(self._file.descriptor, min(CHUNK, left), place)
            if not chunk:
                raise OSError(errno.EINVAL, "it is cut short")
            place, left = place + len(chunk), left - len(chunk)
            yield chunk


def is_archive(path: AnyPath) -> bool:
    """Whether a path is that of a file that is named as an archive is."""
    return path.name.lower().endswith(ENDINGS) and path.is_file()


def open_archive(path: Path) -> Archive:
    """Opens an archive; one that is open already is given again. A compressed tar archive, in which nothing can be
    found, is first unpacked to a temporary file without a name, which is gone with the program.

    Args:
      path: of a file that `is_archive`.

    Raises:
      DataError: it is damaged, or holds what is not taken.
      OSError: it cannot be read.
    """
    return _opened(path.absolute(), file_version(path))


@functools.lru_cache(maxsize=4)
def _opened(path: Path, version: tuple[int, int]) -> Archive:
    name = path.name.lower()
    if name.endswith(".zip"):
        return ZipArchive(path, SharedFile(os.open(path, os.O_RDONLY | os.O_CLOEXEC)))
    return TarArchive(path, _unpacked(path) if name.endswith(PACKED) else SharedFile(os.open(path, os.O_RDONLY)))


def _unpacked(path: Path) -> SharedFile:
    """Unpacks what is compressed as a whole to a temporary file."""
    opened = next(opener for endings, opener in PACKERS.items() if path.name.lower().endswith(endings))
    folder = tempfile.gettempdir()
    most = min(MOST_UNPACKED, shutil.disk_usage(folder).free // 2)
    count = 0
    with tempfile.TemporaryFile() as temporary, _damage_told(path), opened(path, "rb") as packed:
        while chunk := packed.read(CHUNK):
            count += len(chunk)
            if count > most:
                full = f"its content takes more than half of the room in {folder}"
                raise DataError(f"{path}: {full}; unpack it yourself, or set TMPDIR to a folder with more room")
            temporary.write(chunk)
        temporary.flush()
        return SharedFile(os.dup(temporary.fileno()))


def _checked_name(path: Path, name: str) -> str:
    """Gives the name of a file back without detours, "" for macOS's own files; DataError where it leads outside."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts or "\0" in name or not parts:
        raise DataError(f"{path}: {name!r} in it leads outside of it; it is no archive of a data set")
    return "" if parts[0] == JUNK else "/".join(parts)


def _no_file(path: Path, name: str) -> DataError:
    return DataError(f"{path}: {name!r} in it is a link, or no regular file; unpack the archive yourself")


@contextlib.contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    """Turns what a damaged archive leads its readers into, inside the block, into a DataError."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno:  # of the system; bz2, gzip and `SharedFile` have none
            raise
        told = f"{path}: is no archive, or a damaged one: {error or type(error).__name__}"
        raise DataError(" ".join(told.split())) from error


@contextlib.contextmanager
def _unpacking() -> Iterator[None]:
    """Turns what a damaged file in an archive leads to, inside the block, into an OSError."""
    try:
        yield
    except Exception as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise OSError(errno.EINVAL, f"it cannot be unpacked: {error or type(error).__name__}") from error
