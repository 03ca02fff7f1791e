"""Image files in and out: everything Pillow reads becomes 8-bit RGB or luma."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import io
import logging
import os
import warnings
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from PIL import Image

from base.errors import DataError
from inputs.trees import Folder, TreePath, Walk, read_file

# .heic and .heif are listed so that they are reported as unreadable where Pillow has no plugin for them.
EXTENSIONS = frozenset(
    (
        ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".ppm", ".pgm", ".pbm",
        ".pnm", ".tga", ".jp2", ".avif", ".heic", ".heif",
    )
)  # fmt: skip
FORMATS = (  # that are read, where Pillow can; it knows others that run programs, such as EPS
    "JPEG", "MPO", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM", "JPEG2000", "AVIF", "HEIF",
    "TGA",  # last: it has no signature, so that nearly anything can be taken for it
)  # fmt: skip
MOST_BYTES = 512 << 20  # of an image file; larger ones are not read
EXIF_ORIENTATION = 0x0112
TURNS = {  # by EXIF orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
JPEG_QUALITY = 95

# What Pillow warns of (broken EXIF, large images) either ends in BadImage or does not matter. The filter is global
# because `warnings.catch_warnings` is not safe in the threads that decode.
warnings.filterwarnings("ignore", module=r"PIL\.")
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

# So does what Pillow logs, and what libtiff prints to standard error, without saying of which file.
logging.getLogger("PIL").addHandler(logging.NullHandler())
with contextlib.suppress(AttributeError, OSError):  # a Pillow without libtiff, or that keeps it to itself
    ctypes.CDLL(Image.core.__file__).TIFFSetErrorHandler(None)


class BadImage(ValueError):
    """An image that cannot be used; its message is the reason in one line, without the file's name.

    Attributes:
      damaged: bool, whether that lies in its bytes; False where it may well be read the next time.
    """

    damaged = True


class UnreadImage(BadImage):
    """An image that could not be read this time: a disk that is not there, memory that is short."""

    damaged = False


class DamagedImage(DataError):
    """An image that will never be used, because of what it is; the message says where it lies. Others may do."""


def located(reason: BadImage, where: str) -> DataError:
    """The error about an image that lies somewhere: a DamagedImage, or a DataError if it may be read the next time."""
    return (DamagedImage if reason.damaged else DataError)(f"{where}: {reason}")


class EncodedImage(NamedTuple):
    """An image as a record keeps it: RGB, 8 bits, upright."""

    data: bytes
    format: str  # "jpeg" or "png"
    height: int
    width: int


def check_folder(folder: Folder) -> None:
    """Raises DataError where a path names no folder."""
    if not folder.is_dir():
        raise DataError(f"{folder}: {'is a file, not a folder' if folder.exists() else 'no such folder'}")


def list_images(folder: Folder, without: Container[str] = ()) -> list[str]:
    """Lists the image files in a folder and its sub-folders; links are followed.

    Hidden files are skipped, and sub-folders that are hidden or hold a run (its samples are no data).

    Args:
      folder: path of a folder.
      without: names of sub-folders of it, themselves not of theirs, that are skipped too.

    Returns:
      List of paths relative to `folder` with forward slashes, sorted.

    Raises:
      DataError: the folder, or one in it, cannot be read.
    """
    found = []
    for inside, folders, files in _walk(folder) if isinstance(folder, Path) else folder.walk():
        if inside != "." and holds_run(folders, files):
            folders.clear()
            continue
        skipped = without if inside == "." else ()
        folders[:] = [name for name in folders if not name.startswith(".") and name not in skipped]
        found += [name if inside == "." else f"{inside}/{name}" for name in files if is_image(name)]
    return sorted(found)


def _walk(folder: Path) -> Walk:
    """Walks a folder of the disk, along links too, but into none twice; DataError where one cannot be read."""

    def fail(error):
        raise DataError(f"{error.filename}: {error.strerror}")

    seen = set()
    for parent, folders, files in os.walk(folder, onerror=fail, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        yield Path(parent).relative_to(folder).as_posix(), folders, files


def holds_run(folders: Container[str], files: Container[str]) -> bool:
    """Says whether a folder, whose sub-folders and files are given, is one that a model was trained in."""
    return "checkpoints" in folders and "config.json" in files


def is_image(name: str) -> bool:
    """Says whether a file name looks like an image: a known extension, and not hidden."""
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in EXTENSIONS


def read_image(source: str | os.PathLike | bytes, channels: int = 3, max_side: int | None = None) -> np.ndarray:
    """Reads an image file: first frame, upright, alpha over white.

    Args:
      source: path of a file, or the bytes of one.
      channels: 3 for RGB, 1 for luma (see `to_luma`).
      max_side: longest side in pixels that is not downsized; None for any.

    Returns:
      uint8 array [height, width, channels].

    Raises:
      BadImage: the file cannot be read or is no whole image.
    """
    data = read_bytes(source)
    with _decoding():
        return in_channels(np.asarray(_shrink(_upright(_decode(data)), max_side)), channels)


def in_channels(array: np.ndarray, channels: int) -> np.ndarray:
    """Gives a uint8 RGB array [height, width, 3] back, for 3 channels, or its luma [height, width, 1], for 1."""
    if channels == 3:
        return array
    if channels == 1:
        return to_luma(array)
    raise ValueError(f"channels must be 1 or 3, not {channels}")


def to_luma(array: np.ndarray) -> np.ndarray:
    """Makes a uint8 RGB array [height, width, 3] luma (ITU-R 601-2, as Pillow's mode "L"), [height, width, 1]."""
    return np.asarray(Image.fromarray(array).convert("L"))[:, :, None]


def encode_for_record(source: str | os.PathLike | TreePath | bytes, max_side: int | None = None) -> EncodedImage:
    """Decodes an image fully, to prove it, and gives the bytes that a record keeps.

    JPEG and PNG keep their bytes if they are already 8-bit RGB, upright, opaque and small enough. Everything else
    is encoded anew: as PNG, or as JPEG of quality 95 where a JPEG was turned or downsized.

    Args:
      source: path of a file, or the bytes of one.
      max_side: longest side in pixels that is not downsized; None for any.

    Returns:
      EncodedImage.

    Raises:
      BadImage: the file cannot be read or is no whole image.
    """
    data = read_bytes(source)
    with _decoding():
        decoded = _decode(data)
        kind = "jpeg" if decoded.format in ("JPEG", "MPO") else "png"  # MPO: a JPEG with more pictures after its end
        image = _shrink(_upright(decoded), max_side)
        if image is not decoded or not _is_plain(decoded, data):
            lossy = kind == "jpeg" and decoded.mode == "RGB"
            kind = "jpeg" if lossy else "png"
            data = _encode(image, kind)
    return EncodedImage(data, kind, image.height, image.width)


def encode_halves(source: str | os.PathLike | TreePath | bytes, max_side: int | None = None) -> list[EncodedImage]:
    """Encodes the halves of an image that shows two side by side; arguments and errors as for `encode_for_record`.

    Returns:
      Two EncodedImage: left and right. Those of a JPEG are JPEGs of quality 95, others are PNGs.
    """
    data = read_bytes(source)
    with _decoding():
        decoded = _decode(data)
        kind = "jpeg" if decoded.format in ("JPEG", "MPO") and decoded.mode == "RGB" else "png"
        halves = [_shrink(Image.fromarray(half), max_side) for half in split_halves(np.asarray(_upright(decoded)))]
        return [EncodedImage(_encode(half, kind), kind, half.height, half.width) for half in halves]


def split_halves(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cuts an array [height, width, channels] into its left and right halves; BadImage if they are not equally wide."""
    width = image.shape[1]
    if width % 2:
        raise BadImage(f"is {width} px wide: two images side by side must be equally wide")
    return image[:, : width // 2], image[:, width // 2 :]


def save_image(array: np.ndarray, path: str | os.PathLike) -> None:
    """Writes a uint8 array [height, width, 1 or 3] to a file in the format of the path's extension."""
    pixels = array[:, :, 0] if array.shape[2] == 1 else array
    Image.fromarray(pixels).save(path, quality=JPEG_QUALITY)


def resize(array: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resizes with Pillow's antialiased bicubic filter (Keys, a = -0.5), as the reference implementation does.

    Args:
      array: uint8 [height, width, channels].
      height, width: the new size in pixels.

    Returns:
      uint8 array [height, width, channels]; `array` itself where the size is already right.
    """
    if array.shape[:2] == (height, width):
        return array
    pixels = array[:, :, 0] if array.shape[2] == 1 else array
    resized = np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC))
    return resized.reshape(height, width, -1)


def to_unit(levels: Any) -> Any:
    """Maps grey levels to the networks' range; with `to_uint8` the only place that knows either.

    Args:
      levels: float32 NumPy array or tensor in [0, 255].

    Returns:
      The same kind in [-1, 1].
    """
    return levels / 127.5 - 1.0


def to_uint8(values: np.ndarray) -> np.ndarray:
    """Maps a NumPy array in the networks' range [-1, 1] to uint8 grey levels, rounded and clipped."""
    return np.rint(np.clip((values + 1.0) * 127.5, 0, 255)).astype(np.uint8)


def read_bytes(source: str | os.PathLike | TreePath | bytes) -> bytes:
    """Gives the bytes of a file, or `source` itself if it is bytes.

    Raises:
      BadImage: there are none, or too many, or it is a pipe or a device.
      UnreadImage: it cannot be read.
    """
    try:
        data = source if isinstance(source, bytes) else read_file(source, MOST_BYTES)
    except OSError as error:
        lasting = error.errno in (errno.EINVAL, errno.EFBIG, errno.EISDIR)
        raise (BadImage if lasting else UnreadImage)(f"cannot be read: {error.strerror or error}") from error
    if not data:
        raise BadImage("is empty")
    return data


def open_image(source: str | os.PathLike | BinaryIO) -> Image.Image:
    """Opens an image of one of FORMATS, as `PIL.Image.open` does, which must not be called otherwise."""
    return Image.open(source, formats=_readable_formats())


@functools.cache
def _readable_formats() -> tuple[str, ...]:
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


@contextlib.contextmanager
def _decoding() -> Iterator[None]:
    """Turns whatever decoders raise inside the block into BadImage."""
    try:
        yield
    except BadImage:
        raise
    except Image.UnidentifiedImageError as error:
        raise BadImage("is not an image that Pillow can read") from error
    except Image.DecompressionBombError as error:
        raise BadImage(f"has more than {2 * (Image.MAX_IMAGE_PIXELS or 0):,} pixels (a decompression bomb?)") from error
    except MemoryError as error:
        raise UnreadImage("needs more memory than there is") from error
    except Exception as error:  # Pillow's decoders raise whatever the broken bytes led them into
        raise BadImage(" ".join(f"is damaged: {error or type(error).__name__}".split())) from error


def _decode(data):
    """Decodes bytes to the Pillow image they hold, pixels loaded."""
    image = open_image(io.BytesIO(data))
    image.load()
    return image


def _upright(image):
    """Turns an image as its EXIF orientation says and makes it RGB; an upright RGB image is returned itself."""
    try:
        turn = TURNS.get(image.getexif().get(EXIF_ORIENTATION))
    except Exception:  # unreadable EXIF says nothing about the pixels
        turn = None
    return _to_rgb(image if turn is None else image.transpose(turn))


def _to_rgb(image):
    """Makes an image of any Pillow mode RGB: alpha over white, more than 8 bits scaled."""
    if image.mode.startswith("I") or image.mode == "F":
        return _deep_to_rgb(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _deep_to_rgb(image):
    """Scales a grey image of 16-bit integers, or of floats from 0 to 1, to 8 bits; Pillow would clip it."""
    with np.errstate(invalid="ignore"):  # of NaN, which is refused below
        values = np.asarray(image).astype(np.float64)
    white = 1.0 if image.mode == "F" else 65535.0
    if not (values.min() >= 0 and values.max() <= white):  # written so that NaN fails too
        raise BadImage(f"has pixels from {values.min():g} to {values.max():g}; understood are 0 to {white:g}")
    return Image.fromarray(np.rint(values * (255 / white)).astype(np.uint8)).convert("RGB")


def _shrink(image, max_side):
    """Downsizes an image to a longest side of `max_side`; a smaller one is returned itself."""
    longest = max(image.size)
    if max_side is None or longest <= max_side:
        return image
    size = [max(1, round(side * max_side / longest)) for side in image.size]
    return image.resize(size, Image.Resampling.BICUBIC)


def _is_plain(image, data):
    """Says whether an RGB image's own bytes may be kept: JPEG, or PNG of 8 bits (IHDR's depth is byte 24)."""
    return image.format in ("JPEG", "MPO") or (image.format == "PNG" and data[24] == 8)


def _encode(image, kind):
    """Encodes an RGB image without the metadata of its source."""
    clean = Image.fromarray(np.asarray(image))
    buffer = io.BytesIO()
    clean.save(buffer, kind, quality=JPEG_QUALITY, subsampling=0)
    return buffer.getvalue()
