"""CIFAR-10's binary batches, as folders of images: train/cat/data_batch_1-00042.png, test/dog/..."""

from __future__ import annotations

import contextlib
import functools
import io
from collections.abc import Hashable, Iterator

import numpy as np
from PIL import Image

from base.errors import DataError
from inputs.trees import Folder, Tree, TreePath, file_version, read_file

BATCHES = {  # files, and the splits that they make
    **{f"data_batch_{number}.bin": "train" for number in range(1, 6)},
    "test_batch.bin": "test",
}
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SIDE = 32
RECORD = 1 + 3 * SIDE * SIDE  # bytes: the number of the class, and the red, green and blue planes
MOST_BYTES = 1_000_000 * RECORD  # of a file; those that are known have 10,000 records


class Batches(Tree):
    """The images of the batches in a folder, as PNG files."""

    def __init__(self, path: Folder):
        """Reads the batches that are there; DataError where one is damaged, OSError where it cannot be read."""
        self._records = {name: _read_records(path / name) for name in BATCHES if (path / name).is_file()}
        self._places = {
            f"{BATCHES[file]}/{CLASSES[record[0]]}/{file.removesuffix('.bin')}-{number:05d}.png": (file, number)
            for file, records in self._records.items()
            for number, record in enumerate(records)
        }
        super().__init__(path, dict.fromkeys(self._places, RECORD))

    def chunks(self, name: str) -> Iterator[bytes]:
        file, number = self._places[name]
        planes = self._records[file][number, 1:].reshape(3, SIDE, SIDE)
        buffer = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(planes.transpose(1, 2, 0))).save(buffer, "PNG")
        yield buffer.getvalue()


def holds_batches(folder: Folder) -> bool:
    """Whether a folder holds files that are named as batches are; one that is closed to this user does not show any."""
    with contextlib.suppress(PermissionError):
        return folder.is_dir() and any((folder / name).is_file() for name in BATCHES)
    return False


def open_batches(folder: Folder) -> TreePath:
    """Opens the batches in a folder; what is open already is given again. Errors as for `Batches`."""
    return _opened(folder, tuple(file_version(folder / name) for name in BATCHES if (folder / name).is_file()))


@functools.lru_cache(maxsize=1)
def _opened(folder: Folder, versions: Hashable) -> TreePath:
    return TreePath(Batches(folder))


def _read_records(path: Folder) -> np.ndarray:
    """Reads a batch: uint8 [records, RECORD]."""
    data = np.frombuffer(read_file(path, MOST_BYTES), np.uint8)
    if not len(data) or len(data) % RECORD:
        raise DataError(f"{path}: has {len(data):,} bytes, which is no number of records of {RECORD}")
    records = data.reshape(-1, RECORD)
    highest = int(records[:, 0].max())
    if highest >= len(CLASSES):
        raise DataError(f"{path}: has an image of class {highest}, but CIFAR-10's are 0 to {len(CLASSES) - 1}")
    return records
