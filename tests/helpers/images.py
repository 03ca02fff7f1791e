"""Images for tests: what they show, how they are written, and a config for reading them."""

import struct
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PIL import Image

from inputs.preprocess import CROPPING


def photo(seed: int, width: int = 24, height: int = 20) -> np.ndarray:
    """A noisy image, uint8 [height, width, 3]."""
    return np.random.RandomState(seed).randint(0, 256, [height, width, 3]).astype(np.uint8)


def painting(seed: int, width: int = 60, height: int = 48) -> np.ndarray:
    """An image of large soft spots, uint8 [height, width, 3]: what it shows stays when it is resized."""
    spots = Image.fromarray(photo(seed, 6, 6)).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(spots)


def save(path: Path, *images: np.ndarray) -> Path:
    """Writes images of one height side by side into one file, making its folder, and returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(images, axis=1)).save(path)
    return path


def save_blank(folder: Path, *names: str) -> None:
    """Writes black images of 4x4 px."""
    for name in names:
        save(folder / name, np.zeros([4, 4, 3], np.uint8))


def exif_block(*entries: tuple[int, int, int, int]) -> bytes:
    """An EXIF block of entries (tag, type, count, value or offset), big-endian."""
    table = b"".join(struct.pack(">HHII", *entry) for entry in entries)
    return b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">H", len(entries)) + table + bytes(4)


def data_config(**changes) -> SimpleNamespace:
    """What the input pipeline reads of a config: 16 px crops of 18 px images, one in a batch, unless said otherwise."""
    fields = {"seed": 7, "batch_size": 1, "preprocess": "resize_and_crop", "load_size": 18, "image_size": 16}
    fields |= {"least_side": 1, "flip": True, "accumulate": 1, "read_processes": 0, **changes}
    derived = {"crops": fields["preprocess"] in CROPPING, "part_size": fields["batch_size"] // fields["accumulate"]}
    return SimpleNamespace(**fields, **derived)


def shown_images(batches: list[dict[str, np.ndarray]], name: str) -> list[int]:
    """Says which image of the fixture `sources` each image of some batches is, by its mean level."""
    return [int((image.mean() + 1) * 127.5 / 50) for batch in batches for image in batch[name]]
