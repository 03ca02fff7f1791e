"""A zip file of translated images, all of them JPEGs, as Kaggle's competitions want them."""

import contextlib
import io
import os
import zipfile
from pathlib import PurePath

from PIL import Image

from inputs.images import JPEG_QUALITY

JPEG_SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif")


def write_archive(path, folder, names):
    """Packs image files, whole or not at all. JPEG files keep their bytes; others are encoded with quality 95.

    Args:
      path: path of the zip file; one that exists is replaced.
      folder: path of the folder the images lie in.
      names: their paths relative to it; in the zip file they end in `.jpg`.

    Raises:
      OSError: a file cannot be read or written.
    """
    temporary, taken = f"{path}.partial-{os.getpid()}", set()
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:  # JPEGs do not get smaller
            for name in names:
                kept = _jpeg_name(name, taken)
                taken.add(kept)
                archive.writestr(zipfile.ZipInfo(kept), _jpeg_bytes(os.path.join(folder, name)))  # the date is 1980: same images, same bytes
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(temporary)


def _jpeg_name(name, taken):
    short = PurePath(name).with_suffix(".jpg").as_posix()
    return next(candidate for candidate in (short, f"{name}.jpg", *(f"{name}-{i}.jpg" for i in range(2, len(taken) + 3))) if candidate not in taken)


def _jpeg_bytes(file):
    if PurePath(file).suffix.lower() in JPEG_SUFFIXES:
        with open(file, "rb") as opened:
            return opened.read()
    buffer = io.BytesIO()
    Image.open(file).save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()
