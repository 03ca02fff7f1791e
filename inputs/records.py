"""TFRecord files without TensorFlow: framing, random access, and the schemas of image records.

A TFRecord file is a row of records, each framed as
    length (uint64, little-endian) | masked CRC-32C of length (uint32) | data | masked CRC-32C of data (uint32)
and the data of an image record is a serialised tf.train.Example.
"""

import array
import contextlib
import os
import struct
from collections.abc import Container, Sequence
from typing import IO, BinaryIO, NamedTuple

import google_crc32c
import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory, text_format

from base.errors import DataError
from base.places import RemotePath, is_remote
from inputs.images import DamagedImage, EncodedImage

HEADER_BYTES = 12
FOOTER_BYTES = 4
FRAME_BYTES = HEADER_BYTES + FOOTER_BYTES
MOST_BYTES = 1 << 30  # of a record

# tf.train.Example as it is on the wire, where a map is a list of entries. TensorFlow's own takes seconds to import.
EXAMPLE_PROTO = """
name: "example.proto" syntax: "proto3"
message_type { name: "BytesList" field { name: "value" number: 1 label: LABEL_REPEATED type: TYPE_BYTES } }
message_type { name: "FloatList" field { name: "value" number: 1 label: LABEL_REPEATED type: TYPE_FLOAT } }
message_type { name: "Int64List" field { name: "value" number: 1 label: LABEL_REPEATED type: TYPE_INT64 } }
message_type {
  name: "Feature"
  field { name: "bytes_list" number: 1 type: TYPE_MESSAGE type_name: "BytesList" }
  field { name: "float_list" number: 2 type: TYPE_MESSAGE type_name: "FloatList" }
  field { name: "int64_list" number: 3 type: TYPE_MESSAGE type_name: "Int64List" }
}
message_type {
  name: "Entry"
  field { name: "key" number: 1 type: TYPE_STRING }
  field { name: "value" number: 2 type: TYPE_MESSAGE type_name: "Feature" }
}
message_type {
  name: "Features" field { name: "feature" number: 1 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: "Entry" }
}
message_type { name: "Example" field { name: "features" number: 1 type: TYPE_MESSAGE type_name: "Features" } }
"""


PAIR_PREFIXES = ("image_a", "image_b")  # of the keys of a pair's images


class Schema(NamedTuple):
    """Which features of a record hold the encoded image and its name; and its class, which a record may lack."""

    image: str
    name: str | None
    origin: str
    class_number: str | None = None
    class_name: str | None = None


SCHEMAS = (  # the first whose image and name are present is taken
    Schema("image/encoded", "image/filename", "build_data.py", "image/class/label", "image/class/text"),
    Schema("image/encoded_image", "image/file_name", "CycleGAN-TensorFlow"),
    Schema("image", "image_name", "Kaggle Monet"),
    Schema("image", None, "TensorFlow Datasets", "label"),
)
PAIR_SCHEMAS = tuple(  # of the first and the second image of a record
    Schema(f"{prefix}/encoded", f"{prefix}/filename", "build_data.py --pairs") for prefix in PAIR_PREFIXES
)


def image_record(
    data: bytes,
    format: str,
    filename: bytes,
    height: int,
    width: int,
    label: int | None = None,
    class_name: str | None = None,
) -> bytes:
    """Serialises an image in the keys TensorFlow's own tools use.

    Args:
      data: bytes of the encoded image.
      format: "jpeg" or "png".
      filename: name of the image, bytes.
      height, width: size in pixels.
      label, class_name: number of its class, and the name as str; None where it has none.

    Returns:
      bytes of a tf.train.Example; the same arguments always give the same bytes.
    """
    example = Example()
    _add_image(example, "image", data, format, filename, height, width)
    if class_name is not None:
        example.features.feature.add(key="image/class/label").value.int64_list.value.append(label)
        example.features.feature.add(key="image/class/text").value.bytes_list.value.append(class_name.encode())
    return example.SerializeToString()


def pair_record(images: Sequence[EncodedImage], filenames: Sequence[bytes]) -> bytes:
    """Serialises a pair: the keys of `image_record` twice, under `image_a/` and `image_b/`.

    Args:
      images: two of `inputs.images.EncodedImage`.
      filenames: their names, bytes.

    Returns:
      bytes of a tf.train.Example; the same arguments always give the same bytes.
    """
    example = Example()
    for prefix, image, filename in zip(PAIR_PREFIXES, images, filenames, strict=True):
        _add_image(example, prefix, image.data, image.format, filename, image.height, image.width)
    return example.SerializeToString()


def parse_example(data: bytes) -> dict[str, list]:
    """Parses a serialised tf.train.Example.

    Args:
      data: bytes of one record.

    Returns:
      Dict from feature name to list of bytes, integers or floats.

    Raises:
      ValueError: the bytes are no tf.train.Example.
    """
    try:
        features = Example.FromString(data).features.feature
    except message.DecodeError as error:
        raise ValueError("is not a tf.train.Example") from error
    return {entry.key: _values(entry.value) for entry in features}


def find_schema(features: Container[str]) -> Schema | None:
    """Finds the schema of a record.

    Args:
      features: its features by name, as from `parse_example`.

    Returns:
      Schema, or None if no known one fits.
    """
    return next((s for s in (*SCHEMAS, *PAIR_SCHEMAS) if s.image in features and (s.name or s.image) in features), None)


def write_record(file: IO[bytes], data: bytes) -> None:
    """Appends one framed record to a file open for binary writing."""
    file.write(record_header(len(data)) + data + _masked_crc(data))


def record_header(length: int) -> bytes:
    """What stands before a record's data of so many bytes."""
    packed = struct.pack("<Q", length)
    return packed + _masked_crc(packed)


def index_records(path: str | os.PathLike) -> np.ndarray:
    """Finds the records of a file from their headers alone.

    Args:
      path: path of an uncompressed TFRecord file.

    Returns:
      int64 array [records, 2]: the offset and length of each record's data in bytes.

    Raises:
      DataError: the file cannot be read, is no TFRecord file, or is truncated.
    """
    lengths = array.array("Q")
    start = 0
    with _opened(path) as file:
        size = file.seek(0, os.SEEK_END)
        while start < size:
            file.seek(start)
            header = file.read(HEADER_BYTES)
            if len(header) < HEADER_BYTES:
                raise DataError(f"{path}: truncated in the header of record {len(lengths)}")
            if header[8:] != _masked_crc(header[:8]):
                raise DataError(f"{path}: {_wrong_header(header, len(lengths))}")
            (length,) = struct.unpack("<Q", header[:8])
            lengths.append(length)
            start += length + FRAME_BYTES
    if start > size:
        raise DataError(f"{path}: truncated in record {len(lengths) - 1}: {start - size} bytes are missing")
    return spans_of(np.array(lengths))


def spans_of(lengths: np.ndarray) -> np.ndarray:
    """Where the records of a file lie, as `index_records` gives it, from the lengths of their data in bytes."""
    lengths = lengths.astype(np.int64)
    ends = np.cumsum(lengths + FRAME_BYTES)
    return np.stack([ends - FOOTER_BYTES - lengths, lengths], axis=1)


def open_record_file(path: str | os.PathLike) -> BinaryIO:
    """Opens a TFRecord file to read a few bytes at a time, anywhere in it. OSError where it cannot be read."""
    return RemotePath(os.fspath(path)).open() if is_remote(path) else open(path, "rb", buffering=0)


def read_record(path: str | os.PathLike, number: int, index: np.ndarray) -> bytes:
    """Reads one record and verifies its checksum.

    Args:
      path: path of the file.
      number: which record, from 0.
      index: the file's array from `index_records`.

    Returns:
      bytes of the record's data.

    Raises:
      DataError: the file cannot be read.
      DamagedImage: the record is damaged, or too large to be one of an image.
    """
    offset, length = map(int, index[number])
    if length > MOST_BYTES:
        raise DamagedImage(f"{path}: record {number} has {length:,} bytes, more than {MOST_BYTES:,}")
    with _opened(path) as file:
        file.seek(offset)
        framed = file.read(length + FOOTER_BYTES)
    data, checksum = framed[:length], framed[length:]
    if checksum != _masked_crc(data):
        raise DamagedImage(f"{path}: record {number} is damaged: its checksum does not match its data")
    return data


def _add_image(example, prefix, data, format, filename, height, width):
    for key, value in (("encoded", data), ("filename", filename), ("format", format.encode())):
        example.features.feature.add(key=f"{prefix}/{key}").value.bytes_list.value.append(value)
    for key, value in (("height", height), ("width", width)):
        example.features.feature.add(key=f"{prefix}/{key}").value.int64_list.value.append(value)


@contextlib.contextmanager
def _opened(path):
    try:
        with open_record_file(path) as file:
            yield file
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from error


def _wrong_header(header, number):
    if number:
        return f"the header of record {number} is damaged"
    if header.startswith(b"\x1f\x8b"):
        return "is compressed; write its records again without compression"
    return "is not a TFRecord file, or its first header is damaged"


def _masked_crc(data):
    crc = google_crc32c.value(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def _values(feature):
    return [*feature.bytes_list.value, *feature.float_list.value, *feature.int64_list.value]


def _example_class():
    """Makes the class of tf.train.Example messages."""
    pool = descriptor_pool.DescriptorPool()
    pool.Add(text_format.Parse(EXAMPLE_PROTO, descriptor_pb2.FileDescriptorProto()))
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("Example"))


Example = _example_class()
