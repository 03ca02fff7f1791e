"""Databases that LMDB itself wrote, and what it was given to write."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
from PIL import Image

from tests.helpers.images import photo

IMAGES = 30
KEYS = 900  # so many that the tree has branches


def webp(seed: int) -> bytes:
    """An image of LSUN's format, which decodes to `photo(seed)`."""
    buffer = io.BytesIO()
    Image.fromarray(photo(seed)).save(buffer, "WEBP", lossless=True)
    return buffer.getvalue()


def images() -> dict[bytes, bytes]:
    """Of LSUN's form: keys of hexadecimal digits, values that are WebP files."""
    return {b"%040x" % number: webp(number) for number in range(IMAGES)}


def values() -> dict[bytes, bytes]:
    """Values of 0 to 20,000 bytes, of which most lie beside their keys, and some on pages of their own."""
    random = np.random.RandomState(0)
    sizes = [0, 1, 2000, 2030, 2031, 2050, 4079, 4080, 4081, 20_000, *random.randint(0, 60, KEYS - 10)]
    keys = [b"%05d" % number + b"x" * (number % 40) for number in random.permutation(KEYS)]
    return {key: bytes([number % 251]) * int(size) for number, (key, size) in enumerate(zip(keys, sizes))}


DATABASES = {"lsun": images, "values": values, "empty": dict}


def stored_file(name: str) -> Path:
    """Path of one of DATABASES as LMDB wrote it, compressed."""
    return Path(__file__).parents[1] / "data" / f"{name}.mdb.gz"


def write_database(folder: Path, name: str) -> Path:
    """Makes a folder with one of DATABASES; gives the folder."""
    folder.mkdir()
    (folder / "data.mdb").write_bytes(gzip.decompress(stored_file(name).read_bytes()))
    return folder
