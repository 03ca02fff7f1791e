"""TFRecord files for tests."""

from pathlib import Path

from inputs.images import encode_for_record
from inputs.records import image_record, pair_record, write_record
from tests.helpers.images import photo, save


def write_records(path: Path, *records: bytes) -> Path:
    """Writes a file of the given records, making its folder, and returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        for record in records:
            write_record(file, record)
    return path


def make_shard(path: Path, *names: str) -> Path:
    """Writes records of the given names, whose images are the bytes "bytes of NAME"."""
    return write_records(
        path, *(image_record(f"bytes of {name}".encode(), "png", name.encode(), 4, 4) for name in names)
    )


def make_labelled_shard(path: Path, *classes: str) -> Path:
    """Writes records of the given classes, all with the number 7."""
    return write_records(path, *(image_record(b"image", "png", b"name", 4, 4, 7, name) for name in classes))


def make_pair_shard(path: Path, count: int = 3) -> Path:
    """Writes records of pairs: `photo` of 0, 1, ... and its negative, named 0.png, 1.png, ..."""
    pairs = []
    for number in range(count):
        files = [
            save(path.parent / f".{half}.png", image)
            for half, image in (("a", photo(number)), ("b", 255 - photo(number)))
        ]
        pairs.append(pair_record([encode_for_record(file) for file in files], [b"%d.png" % number] * 2))
    return write_records(path, *pairs)
