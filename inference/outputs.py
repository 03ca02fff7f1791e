"""Files that entry points write: checks, before the work, that nothing is lost; and images that appear whole."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from base.errors import UsageError
from base.files import lock_folder, writing, written_whole
from base.places import AnyPath, is_there, real
from inputs.images import save_image
from run_folder.folder import RunFolder


@contextlib.contextmanager
def output_folder_held(option: str, folder: Path) -> Iterator[None]:
    """Makes a folder and holds it while the block runs, so that no two programs write to it at once.

    Raises:
      UsageError: another one does.
      OutputError: it cannot be made.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock = lock_folder(os.path.realpath(folder))
        except BlockingIOError:
            raise UsageError(f"{folder}: another program is writing there; choose another --{option}") from None
        except OSError as error:
            if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL, errno.EBADF):
                raise
            lock = None  # a file system without locks
    try:
        yield
    finally:
        if lock is not None:
            os.close(lock)


def check_outside_run(option: str, output: Path, run_dir: AnyPath) -> None:
    """Checks that a folder of results is none of a run's own; UsageError where it is."""
    place, run = real(output), RunFolder(real(run_dir))
    inside = any(place.is_relative_to(own) for own in (run.checkpoints, run.samples, run.traces))
    if inside or place == run.path or RunFolder(place).holds_run():
        raise UsageError(f"{output} belongs to a run; choose another --{option}, such as {run_dir / 'results'}")


def check_output_folder(option: str, folder: Path, files: Iterable[str], overwrite: bool) -> None:
    """Checks that a folder can be written to without loss.

    Args:
      option: that names the folder.
      folder: may be there or not.
      files: what will be written, relative to it.
      overwrite: whether files may be replaced.

    Raises:
      UsageError: it is a file, or one of the files is there and may not be replaced, or is a folder.
    """
    if os.path.lexists(folder) and not folder.is_dir():
        raise UsageError(f"{folder} is a file; --{option} must name a folder")
    for file in (folder / name for name in files if os.path.lexists(folder / name)):
        if not overwrite:
            hint = f"--overwrite replaces files of the same names, or choose another --{option}"
            raise UsageError(f"{file} exists; {hint}")
        if file.is_dir():
            raise UsageError(f"{file} is a folder, and a file of that name would be written; choose another --{option}")


def check_output_file(option: str, file: AnyPath, overwrite: bool) -> None:
    """Checks likewise that a file can be written; UsageError where it is something else, or may not be replaced.

    Raises OutputError where that cannot be told.
    """
    with writing(file):
        if file.exists() and not file.is_file():
            what = "a folder" if file.is_dir() else "no regular file"
            raise UsageError(f"{file} is {what}; --{option} must name a file")
        if is_there(file) and not overwrite:
            raise UsageError(f"{file} exists; --overwrite replaces it, or choose another --{option}")


def check_apart(source: Path, folders: Iterable[Path], output: Path, written: Iterable[Path]) -> None:
    """Checks that writing destroys no input, and that a second run will not read the results of the first.

    Args:
      source: file or folder that is read.
      folders: in which its images lie.
      output: folder that is written to.
      written: folders in it that will be written to, which may be links that lead elsewhere.

    Raises:
      UsageError: it and the input lie in one another.
    """
    place = real(output)
    around = {real(folder) for folder in (source if source.is_dir() else source.parent, *folders)}
    inside = source.is_dir() and any(each.is_relative_to(real(source)) for each in {place, *map(real, written)})
    if inside or any(folder.is_relative_to(place) for folder in around):
        raise UsageError(f"{output}: the output and the input {source} must not lie in one another")


def write_image(array: np.ndarray, file: Path) -> None:
    """Writes a uint8 array [height, width, 1 or 3], whole or not at all; folders are made. OSError where that fails."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(file) as temporary:
        save_image(array, temporary)
