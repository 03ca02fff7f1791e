"""Archives for tests: of files, and of what should not be in one; and CIFAR-10's batches."""

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from tests.helpers.images import photo, save


def make_zip(path: Path, files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> Path:
    """Writes a zip archive of files, by name, and of links to somewhere, and returns its path."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        for name, target in (links or {}).items():
            member = zipfile.ZipInfo(name)
            member.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(member, target)
    return path


def make_tar(path: Path, files: Mapping[str, bytes], *others: tarfile.TarInfo) -> Path:
    """Writes a tar archive, compressed as its name says, of files by name and of other members; returns its path."""
    packing = path.suffix.lstrip(".").removeprefix("t")
    mode = f"w:{packing}" if packing in ("gz", "bz2", "xz") else "w"
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for member in others:
            archive.addfile(member)
    return path


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    """A member of a tar archive that is no regular file: a link, a device."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def image_bytes(folder: Path, seed: int, count: int = 1) -> bytes:
    """The bytes of a PNG file that shows `photo` of a seed, and beside it of those after it."""
    return save(folder / f".{seed}.png", *(photo(seed + number) for number in range(count))).read_bytes()


def cifar_batches(count: int = 4) -> dict[str, bytes]:
    """The files of CIFAR-10's binary form, with few images: image i of a batch is of class i and has the levels
    10 * i, 10 * i + 1 and 10 * i + 2 in its planes.
    """
    planes = [np.repeat(np.uint8([10 * i, 10 * i + 1, 10 * i + 2]), 1024) for i in range(count)]
    batch = b"".join(bytes([i]) + plane.tobytes() for i, plane in enumerate(planes))
    names = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]
    return {**dict.fromkeys(names, batch), "batches.meta.txt": b"airplane\n", "readme.html": b"<html>"}


def call_in_threads(function: Callable[[], None], count: int = 4) -> None:
    """Calls a function in several threads at once, and raises what one of them does."""
    with ThreadPoolExecutor(count) as pool:
        for call in [pool.submit(function) for _ in range(count)]:
            call.result()
