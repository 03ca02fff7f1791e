"""Archives unpacked: what they hold is written as regular files, in a folder that is not there yet."""

from __future__ import annotations

import shutil
from pathlib import Path

from base.errors import DataError, OutputError
from base.files import writing
from base.terminal import track
from inputs.archives import is_archive
from inputs.layouts import archive_folder

MOST_BYTES = 1 << 40  # of all files together


def unpack(archive: Path, folder: Path) -> int:
    """Writes the files of an archive, from the first folder on that does not hold all the others.

    Args:
      archive: a zip or tar archive.
      folder: where to write.

    Returns:
      int, how many there are.

    Raises:
      DataError: the archive is damaged, or holds links, paths that lead outside, or far too much.
      OutputError: there is no room for the files, or they cannot be written.
    """
    if not is_archive(archive):
        raise DataError(f"{archive}: is no file that is named as a zip or tar archive")
    start = archive_folder(archive)
    tree, before = start.tree, f"{start.inside}/" if start.inside else ""
    sizes = {name: size for name, size in tree.sizes.items() if name.startswith(before)}
    total = sum(sizes.values())
    with writing(folder):
        free = shutil.disk_usage(folder).free
    if total > MOST_BYTES:
        raise DataError(f"{archive}: holds {total / 1e6:,.0f} MB of files, more than any data set that is known here")
    if total > free:
        room = f"{total / 1e6:,.1f} MB of files, and {free / 1e6:,.1f} MB are free in {folder.parent}"
        raise OutputError(f"{archive}: holds {room}")
    for name, size in track(sizes.items(), len(sizes), "files", archive.name):
        target = folder / name.removeprefix(before)
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            file = open(target, "xb")
        count, chunks = 0, tree.chunks(name)
        with file:
            while chunk := _next(chunks, f"{archive}: {name} in it"):
                count += len(chunk)
                with writing(target):
                    file.write(chunk)
        if count != size:
            raise DataError(f"{archive}: {name} in it has {count:,} bytes, not {size:,}: the archive is damaged")
    return len(sizes)


def _next(chunks, where: str) -> bytes:
    """The next piece of a file in an archive, b"" at its end."""
    try:
        return next(chunks, b"")
    except OSError as error:
        raise DataError(f"{where} cannot be read: {error.strerror or error}") from None
