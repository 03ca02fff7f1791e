"""Makes the databases in tests/data/*.mdb.gz by LMDB itself: `python -m tests.inputs.make_lmdb`.

It needs `pip install lmdb`; the tests, which read what it made, do not.
"""

import gzip
import tempfile
from pathlib import Path

import lmdb

from tests.helpers.lmdb import DATABASES, stored_file


def make(values: dict[bytes, bytes]) -> bytes:
    """A database, written in several transactions, with pages that were used and are free again."""
    with tempfile.TemporaryDirectory() as folder:
        with lmdb.open(folder, map_size=1 << 26) as environment:
            for turn in range(3):
                with environment.begin(write=True) as transaction:
                    for number, (key, value) in enumerate(values.items()):
                        if number % 3 == turn:
                            transaction.put(key, value)
            with environment.begin(write=True) as transaction:
                transaction.put(b"gone", bytes(10_000))
            with environment.begin(write=True) as transaction:
                transaction.delete(b"gone")
        return Path(folder, "data.mdb").read_bytes()


if __name__ == "__main__":
    for name, values in DATABASES.items():
        stored_file(name).write_bytes(gzip.compress(make(values()), mtime=0))
