"""Where the records of TFRecord files lie: from the index beside each, or else from the headers of the records.

build_data.py writes the index: the SHA-256 of what `inputs.records.index_records` gives for the file, and the length of
each record's data in bytes (uint64, little-endian).
"""

import hashlib
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from base.files import read_regular
from base.places import PathType, as_path, is_remote, is_there
from inputs.layouts import readable
from inputs.records import (
    FOOTER_BYTES,
    FRAME_BYTES,
    HEADER_BYTES,
    index_records,
    open_record_file,
    record_header,
    spans_of,
)

DIGEST_BYTES = hashlib.sha256().digest_size
LENGTH = np.dtype("<u8")
REQUESTS_AT_ONCE = 32  # to a store, which takes its time to answer each


class RecordIndex(NamedTuple):
    """Where the records of one file lie."""

    spans: np.ndarray  # [records, 2]: offset and length of each record's data in bytes, in as few bits as will do
    checksum: str  # of the spans

    @property
    def file_size(self) -> int:
        """Bytes of the file, which ends with its last record."""
        return sum(map(int, self.spans[-1])) + FOOTER_BYTES if len(self.spans) else 0


def index_path(path: PathType) -> PathType:
    """Path of the index of a TFRecord file, whether it is there or not."""
    return path.with_suffix(".offsets")


def write_index(path: Path) -> None:
    """Writes the index of a TFRecord file beside it. OSError where it cannot be written."""
    spans = index_records(path)
    index_path(path).write_bytes(_digest(spans) + spans[:, 1].astype(LENGTH).tobytes())


def open_indexes(paths: Sequence[str]) -> list[RecordIndex]:
    """Finds the records of TFRecord files; of an index that cannot be used, a line on standard error tells.

    Raises:
      DataError: a file without an index cannot be read, is no TFRecord file, or is truncated.
    """
    if any(map(is_remote, paths)):
        with ThreadPoolExecutor(REQUESTS_AT_ONCE) as pool:
            opened = list(pool.map(_open_index, paths))
    else:
        opened = list(map(_open_index, paths))
    unusable = [path for path, (_, usable) in zip(paths, opened, strict=True) if not usable]
    if unusable:
        others = f", nor those of {len(unusable) - 1} other files" if len(unusable) > 1 else ""
        problem = f"cannot be used for the file beside it{others}, whose records took longer to find"
        again = "delete it, or make the data set again with build_data.py"
        print(f"{readable(str(index_path(as_path(unusable[0]))))}: {problem}; {again}", file=sys.stderr)
    return [index for index, _ in opened]


def _open_index(path: str) -> tuple[RecordIndex, bool]:
    """Finds the records of a file; and whether its index could be used, or there is none."""
    spans, usable = _read_index(path), True
    if spans is None:
        spans, usable = index_records(path), not is_there(index_path(as_path(path)))
    return RecordIndex(spans.astype(np.min_scalar_type(spans.max(initial=0))), _digest(spans).hex()[:16]), usable


def _read_index(path: str) -> np.ndarray | None:
    """What `index_records` would give for a file, by its index; None where that is not there, damaged or of another."""
    try:
        with open_record_file(path) as file:
            size = file.seek(0, os.SEEK_END)
            index = read_regular(index_path(as_path(path)), most=DIGEST_BYTES + size // FRAME_BYTES * LENGTH.itemsize)
            spans = spans_of(np.frombuffer(index[DIGEST_BYTES:], LENGTH))
            offset, length = map(int, spans[-1])
            fits = spans.min() >= 0 and spans.max() <= size == offset + length + FOOTER_BYTES
            if not fits or _digest(spans) != index[:DIGEST_BYTES]:
                return None
            file.seek(offset - HEADER_BYTES)  # another file may have the same size
            return spans if file.read(HEADER_BYTES) == record_header(length) else None
    except (OSError, ValueError, IndexError):
        return None


def _digest(spans: np.ndarray) -> bytes:
    return hashlib.sha256(spans.tobytes()).digest()
