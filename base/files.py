"""Files and folders that appear whole or not at all, locks on folders, and names that are free."""

import contextlib
import errno
import fcntl
import glob
import hashlib
import itertools
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from base.errors import DataError, OutputError
from base.places import AnyPath, RemotePath, as_path, is_remote, partial_name, stat_of

MARKER = ".unfinished"  # file in a folder that is on its way to its name, or that another one takes the place of
MARK = "This folder is not finished. The program that was writing it removes it when it is run again.\n"
PARTIAL, REPLACED = "partial", "replaced"  # between the name and the number of such a folder


@contextlib.contextmanager
def writing(path: str | os.PathLike) -> Iterator[None]:
    """Turns what the file system refuses inside the block into an OutputError that names `path`."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from None


@contextlib.contextmanager
def reading() -> Iterator[None]:
    """Turns what the file system refuses inside the block into a DataError that names the file."""
    try:
        yield
    except OSError as error:
        raise DataError(": ".join(filter(None, (str(error.filename or ""), error.strerror or str(error))))) from error


@contextlib.contextmanager
def written_whole(path: str | os.PathLike) -> Iterator[Path]:
    """Gives a path beside `path`, or where that has a scheme, on this machine, to write to; the file there takes the
    place of `path` if the block succeeds, and is removed if not.

    The temporary name is hidden, has the same extension, and is short enough for every file system that takes the
    name itself.

    Raises:
      OSError: from the rename.
    """
    path = as_path(path)
    if isinstance(path, RemotePath):
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder, path.name)
            path.upload(Path(folder, path.name))
        return
    temporary = path.with_name(f"{partial_name()}{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def folder_written_whole(path: Path) -> Iterator[Path]:
    """Gives a folder beside `path` to write to; it takes the place of `path` if the block succeeds, and is removed if
    not.

    What it replaces is marked, too, as long as it is on its way.

    Raises:
      OSError: from making and renaming it.
    """
    with folder_aside(path) as aside:
        yield aside
        _replace_folder(path, aside)


@contextlib.contextmanager
def folder_aside(path: Path) -> Iterator[Path]:
    """Gives a folder beside `path` that is removed in the end; so are folders made on the way to it that stay empty.

    It is marked, so that `clear_leftovers` knows it from everything else.

    Raises:
      OSError: from making it.
    """
    missing = [folder for folder in path.parents if not folder.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = _free_sibling(path, PARTIAL)
        aside.mkdir()
        lock = lock_folder(aside)  # held by this process as long as it lives
        try:
            (aside / MARKER).write_text(MARK)
            yield aside
        finally:
            shutil.rmtree(aside, ignore_errors=True)
            os.close(lock)
    finally:
        with contextlib.suppress(OSError):
            for folder in missing:
                folder.rmdir()


def clear_leftovers(path: Path) -> None:
    """Tidies up after programs that were killed in one of these blocks: brings back a folder that was caught
    between two renames, and removes those that are partial or were replaced. Nothing is touched but what it marked.

    Raises:
      OSError: from a rename.
    """
    for word in (REPLACED, PARTIAL):
        for folder in sorted(path.parent.glob(f"{glob.escape(path.name)}.{word}-*")):
            if _is_marked(folder):
                with contextlib.suppress(BlockingIOError):  # another program is at work there
                    os.close(lock_folder(folder))
                    if word == REPLACED and not path.exists():
                        folder.rename(path)
                    else:
                        shutil.rmtree(folder, ignore_errors=True)
    if _is_marked(path):  # whole, but its program was killed before it could say so
        with contextlib.suppress(BlockingIOError):
            os.close(lock_folder(path))
            (path / MARKER).unlink(missing_ok=True)


def lock_folder(path: str | os.PathLike) -> int:
    """Locks a folder until the descriptor that is returned, or the process, ends; BlockingIOError if it is locked."""
    return _lock(path, os.O_RDONLY | os.O_DIRECTORY)


def lock_file(path: str | os.PathLike) -> int:
    """Locks a file likewise, which is made if it is not there; its content counts for nothing, and stays."""
    return _lock(path, os.O_RDWR | os.O_CREAT)


def _lock(path: str | os.PathLike, flags: int) -> int:
    descriptor = os.open(path, flags | os.O_NOFOLLOW, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def read_regular(path: str | os.PathLike, most: int) -> bytes:
    """Reads a regular file whole; errors are those of `open_regular`."""
    file, size = _open_regular(path, most)
    with file:
        return file.read(size)  # `most` would be asked of the memory, which takes longer than to read a small file


def open_regular(path: str | os.PathLike, most: int = sys.maxsize) -> BinaryIO:
    """Opens a regular file to read; pipes and devices, which may never end, and larger files are not even opened.

    Args:
      path: path of the file; links are followed.
      most: bytes that it may have.

    Raises:
      OSError: it cannot be read, is no regular file, or is larger.
    """
    return _open_regular(path, most)[0]


def _open_regular(path: str | os.PathLike, most: int) -> tuple[BinaryIO, int]:
    """What `open_regular` gives, and the bytes that the file has."""
    size = _check_regular(path, stat_of(path), most)
    if is_remote(path):
        return RemotePath(os.fspath(path)).open(), size
    file = open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    try:
        return file, _check_regular(path, os.fstat(file.fileno()), most)  # it may have been replaced in between
    except OSError:
        file.close()
        raise


def read_if_there(path: AnyPath, most: int) -> bytes | None:
    """Reads a regular file of at most `most` bytes; None where there is none, DataError where it cannot be read."""
    try:
        return read_regular(path, most)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None


def _check_regular(path: str | os.PathLike, status: os.stat_result, most: int) -> int:
    """Gives the bytes of a regular file."""
    name = os.fspath(path)
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file", name)
    if status.st_size > most:
        raise OSError(errno.EFBIG, f"it has {status.st_size:,} bytes, more than {most:,}", name)
    return status.st_size


def _replace_folder(path: Path, new: Path) -> None:
    """Renames `new` to `path`; what was there is removed after that."""
    replaced = _free_sibling(path, REPLACED)
    lock = None
    try:
        if path.exists():
            lock = lock_folder(path)
            (path / MARKER).write_text(MARK)
            path.rename(replaced)
        new.rename(path)
    finally:
        if lock is not None:
            if not path.exists():
                replaced.rename(path)
            os.close(lock)
        (path / MARKER).unlink(missing_ok=True)
    shutil.rmtree(replaced, ignore_errors=True)


def _free_sibling(path: Path, word: str) -> Path:
    """A name beside `path` that is not taken."""
    numbers = itertools.chain([""], (f"-{count}" for count in itertools.count(2)))
    names = (path.with_name(f"{path.name}.{word}-{os.getpid()}{number}") for number in numbers)
    return next(name for name in names if not os.path.lexists(name))


def _is_marked(folder: Path) -> bool:
    """Whether `folder_written_whole` put its marker into a folder."""
    if folder.is_symlink() or not folder.is_dir() or (folder / MARKER).is_symlink():
        return False
    try:
        return read_regular(folder / MARKER, most=len(MARK)) == MARK.encode()
    except OSError:
        return False


def free_name(candidates: Sequence[str], taken: Container[str]) -> str:
    """Finds a name that is not taken; upper and lower case count as equal, as some file systems have it.

    Args:
      candidates: names to try first, best first; after the last, say `a.png`, come `a-2.png`, `a-3.png`, ...
      taken: names in lower case.

    Returns:
      str, the first that is free.
    """
    stem, extension = os.path.splitext(candidates[-1])
    names = itertools.chain(candidates, (f"{stem}-{count}{extension}" for count in itertools.count(2)))
    return next(name for name in names if name.lower() not in taken)


def sha256_of(path: AnyPath) -> str:
    """Hash of a regular file, in hexadecimal. DataError where it cannot be read."""
    digest = hashlib.sha256()
    with reading(), open_regular(path) as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
