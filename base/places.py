"""Paths with a scheme, such as gs://bucket/photos: what they have of `pathlib.Path` does the same, by TensorFlow."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import io
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, TypeAlias, TypeVar

from base.errors import ConfigError
from base.graph_mode import tf

SCHEME = re.compile(r"\w{2,}://")  # one letter is a drive of Windows
PATTERN = set("*?[]\\")  # what TensorFlow takes for a pattern in the path of a checkpoint
MOST_AT_ONCE = 1 << 23  # bytes asked for: room for them is made before it is known whether there are so many
ERRNO = {  # of what file systems of TensorFlow raise, by the name of the class; others are EIO
    "AlreadyExistsError": errno.EEXIST,
    "NotFoundError": errno.ENOENT,
    "PermissionDeniedError": errno.EACCES,
    "ResourceExhaustedError": errno.ENOSPC,
    "UnauthenticatedError": errno.EACCES,
    "UnimplementedError": errno.ENOTSUP,
}


@dataclasses.dataclass(frozen=True, order=True)
class RemotePath(os.PathLike[str]):
    """A path with a scheme. Errors are OSErrors; one that is no answer to whether a file is there is raised, too."""

    url: str

    def __post_init__(self):
        if PATTERN & set(self.url):
            raise ConfigError(f"{self.url}: a path with a scheme cannot have any of {' '.join(sorted(PATTERN))} in it")
        url = self.url.rstrip("/")
        if url.endswith(":"):
            raise ConfigError(f"{self.url}: names no folder, only the scheme")
        object.__setattr__(self, "url", url)

    def __fspath__(self) -> str:
        return self.url

    def __str__(self) -> str:
        return self.url

    def __truediv__(self, name: str) -> RemotePath:
        return RemotePath(f"{self.url}/{name}")

    @property
    def name(self) -> str:
        return PurePosixPath(self.url).name

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.url).suffix

    @property
    def parent(self) -> RemotePath:
        return RemotePath(self.url[: -len(self.name)])

    def with_name(self, name: str) -> RemotePath:
        return self.parent / name

    def with_suffix(self, suffix: str) -> RemotePath:
        return self.with_name(PurePosixPath(self.name).with_suffix(suffix).name)

    def is_relative_to(self, other: str | os.PathLike) -> bool:
        return f"{self}/".startswith(f"{os.fspath(other)}/")

    def stat(self) -> os.stat_result:
        """The kind of a file, and its bytes; the rest is 0."""
        with self.errors():
            found = tf.io.gfile.stat(self.url)
        return os.stat_result((stat.S_IFDIR if found.is_directory else stat.S_IFREG, *[0] * 5, found.length, 0, 0, 0))

    def exists(self) -> bool:
        return self._kind() != 0

    def is_dir(self) -> bool:
        return self._kind() == stat.S_IFDIR

    def is_file(self) -> bool:
        return self._kind() == stat.S_IFREG

    def iterdir(self) -> Iterator[RemotePath]:
        if not self.is_dir():  # TensorFlow calls a folder missing that it could not ask for
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self.url)
        with self.errors():
            names = tf.io.gfile.listdir(self.url)
        return (self / name.rstrip("/") for name in names)  # some stores have a slash behind folders

    def walk(self) -> Iterator[tuple[str, list[str], list[str]]]:
        """Walks the folder as `os.walk` does, but names folders from this one on: "." for itself."""
        waiting = ["."]
        while waiting:
            inside = waiting.pop()
            found = sorted((self if inside == "." else self / inside).iterdir())
            folders = [path.name for path in found if path.is_dir()]
            yield inside, folders, [path.name for path in found if path.name not in folders]
            waiting += [name if inside == "." else f"{inside}/{name}" for name in reversed(folders)]

    def mkdir(self, parents: bool = False, exist_ok: bool = False) -> None:
        """Makes the folder and those above it; stores that know none do nothing."""
        with self.errors():
            tf.io.gfile.makedirs(self.url)

    def unlink(self, missing_ok: bool = False) -> None:
        with contextlib.suppress(FileNotFoundError) if missing_ok else contextlib.nullcontext(), self.errors():
            tf.io.gfile.remove(self.url)

    def open(self) -> BinaryIO:
        """Opens the file to read anywhere in it."""
        return io.BufferedReader(_RemoteFile(self))

    def upload(self, file: Path) -> None:
        """Takes the content of a file of this machine: whole, as far as the file system renames a file whole."""
        partial = self.with_name(partial_name())
        try:
            with self.errors():
                tf.io.gfile.copy(str(file), partial.url, overwrite=True)
                tf.io.gfile.rename(partial.url, self.url, overwrite=True)
        except OSError:
            with contextlib.suppress(OSError):
                partial.unlink()
            raise

    def _kind(self) -> int:
        """The kind of the file, as `stat` has it; 0 where there is none."""
        try:
            return stat.S_IFMT(self.stat().st_mode)
        except FileNotFoundError:
            return 0

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """Turns errors of TensorFlow inside the block into OSErrors that name the path."""
        try:
            yield
        except tf.errors.OpError as error:
            number = ERRNO.get(type(error).__name__, errno.EIO)
            told = number in (errno.EIO, errno.EACCES) and error.message
            reason = told.splitlines()[0] if told else os.strerror(number)
            if number == errno.ENOTSUP:
                known = sorted(f"{scheme}://" for scheme in tf.io.gfile.get_registered_schemes() if scheme)
                reason = f"TensorFlow {tf.__version__} has no file system for it, only for {', '.join(known)}"
            raise OSError(number, reason, self.url) from None


class _RemoteFile(io.RawIOBase):
    """The bytes of a file at a path with a scheme."""

    def __init__(self, path: RemotePath):
        self._path, self._position, self._file = path, 0, tf.io.gfile.GFile(path.url, "rb")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        starts = {os.SEEK_SET: 0, os.SEEK_CUR: self._position}
        self._position = offset + (starts[whence] if whence in starts else self._path.stat().st_size)
        return self._position

    def readinto(self, buffer: Any) -> int:
        with self._path.errors():
            try:
                self._file.seek(self._position)
                data = self._file.read(min(len(buffer), MOST_AT_ONCE))
            except tf.errors.OutOfRangeError:  # behind the end
                data = b""
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


AnyPath: TypeAlias = Path | RemotePath
PathType = TypeVar("PathType", Path, AnyPath)


def is_remote(path: str | os.PathLike) -> bool:
    """Whether a path has a scheme."""
    return SCHEME.match(os.fspath(path)) is not None


def as_path(path: str | os.PathLike) -> AnyPath:
    """The path that a text is. ConfigError where it has a scheme and cannot be."""
    return RemotePath(os.fspath(path)) if is_remote(path) else Path(path)


def absolute(path: str | os.PathLike) -> str:
    """A path as it is from any current folder, `~` being the home folder."""
    return str(as_path(path)) if is_remote(path) else os.path.abspath(os.path.expanduser(path))


def real(path: PathType) -> PathType:
    """A path without links in it; one that leads in a circle stays as it is."""
    return path if isinstance(path, RemotePath) else Path(os.path.realpath(path))


def partial_name() -> str:
    """A hidden name for a file that is on its way to its own, and that no other machine takes."""
    return f".partial-{os.getpid()}-{secrets.token_hex(8)}"


def is_there(path: str | os.PathLike) -> bool:
    """Whether there is anything at a path, be it a link that leads nowhere."""
    return as_path(path).exists() if is_remote(path) else os.path.lexists(path)


def exists(path: str | os.PathLike) -> bool:
    """Whether there is a file or folder, or a link that leads to one."""
    return as_path(path).exists() if is_remote(path) else os.path.exists(path)


def stat_of(path: str | os.PathLike) -> os.stat_result:
    """What `os.stat` says of a file."""
    return as_path(path).stat() if is_remote(path) else os.stat(path)  # a pathlib.Path is slow to make
