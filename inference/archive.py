"""A zip file of translated images, all of them JPEGs, as Kaggle's competitions want them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePath

from base.files import free_name, written_whole
from inputs.images import JPEG_QUALITY, open_image

JPEG_SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif")


def write_archive(path: Path, folder: Path, names: Sequence[str]) -> None:
    """Packs image files, whole or not at all. JPEG files keep their bytes; others are encoded with quality 95.

    Args:
      path: path of the zip file; one that exists is replaced.
      folder: path of the folder that the images lie in.
      names: their paths relative to it; in the zip file they end in `.jpg`.

    Raises:
      OSError: a file cannot be read or written.
    """
    taken: set[str] = set()
    stored = zipfile.ZIP_STORED  # JPEGs do not get smaller
    with written_whole(path) as temporary, zipfile.ZipFile(temporary, "w", stored) as archive:
        for name in names:
            kept = free_name([PurePath(name).with_suffix(".jpg").as_posix(), f"{name}.jpg"], taken)
            taken.add(kept.lower())
            entry = zipfile.ZipInfo(kept)  # its date is 1980: same images, same bytes
            archive.writestr(entry, _jpeg_bytes(folder / name))


def _jpeg_bytes(file: Path) -> bytes:
    if file.suffix.lower() in JPEG_SUFFIXES:
        return file.read_bytes()
    buffer = io.BytesIO()
    open_image(file).save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()
