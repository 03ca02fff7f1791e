"""Tests of TFRecord files, against TensorFlow's own reader and writer."""

import gzip
import struct

import google_crc32c
import pytest

from base.errors import DataError
from base.graph_mode import tf
from inputs.images import EncodedImage
from inputs.records import (
    find_schema,
    image_record,
    index_records,
    pair_record,
    parse_example,
    read_record,
    write_record,
)


@pytest.fixture
def shard(tmp_path):
    """A file of the three records b"first", b"", b"third"."""
    path = tmp_path / "x.tfrecord"
    with open(path, "wb") as file:
        for data in (b"first", b"", b"third"):
            write_record(file, data)
    return path


def change(path, position, data):
    whole = bytearray(path.read_bytes())
    whole[position : position + len(data)] = data
    path.write_bytes(whole)


def test_tensorflow_reads_what_is_written(shard):
    assert list(tf.io.tf_record_iterator(str(shard))) == [b"first", b"", b"third"]


def test_what_tensorflow_writes_is_read(tmp_path):
    path = tmp_path / "x.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(b"one")
        writer.write(b"two" * 1000)
    index = index_records(path)
    assert [read_record(path, number, index) for number in range(2)] == [b"one", b"two" * 1000]


def test_tensorflow_parses_image_record():
    example = tf.train.Example.FromString(image_record(b"\xff\x00", "png", b"caf\xe9.png", 3, 5))
    features = {key: list(f.bytes_list.value or f.int64_list.value) for key, f in example.features.feature.items()}
    assert features == {
        "image/encoded": [b"\xff\x00"],
        "image/format": [b"png"],
        "image/filename": [b"caf\xe9.png"],
        "image/height": [3],
        "image/width": [5],
    }


def test_all_kinds_of_features_are_parsed():
    features = tf.train.Features(
        feature={
            "a": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"x", b"y"])),
            "b": tf.train.Feature(int64_list=tf.train.Int64List(value=[-1, 2])),
            "c": tf.train.Feature(float_list=tf.train.FloatList(value=[0.5])),
            "d": tf.train.Feature(),
        }
    )
    parsed = parse_example(tf.train.Example(features=features).SerializeToString())
    assert parsed == {"a": [b"x", b"y"], "b": [-1, 2], "c": [0.5], "d": []}


def test_data_that_is_no_example_is_refused():
    with pytest.raises(ValueError, match="not a tf.train.Example"):
        parse_example(b"hello")


def test_empty_file_has_no_records(tmp_path):
    (tmp_path / "x").touch()
    assert index_records(tmp_path / "x").shape == (0, 2)


def test_damaged_data_names_file_and_record(shard):
    change(shard, -6, b"?")
    index = index_records(shard)
    assert read_record(shard, 0, index) == b"first"
    with pytest.raises(DataError, match=r"x\.tfrecord: record 2 is damaged"):
        read_record(shard, 2, index)


def test_damaged_header_names_file_and_record(shard):
    change(shard, 21, b"?")
    with pytest.raises(DataError, match=r"x\.tfrecord: the header of record 1 is damaged"):
        index_records(shard)


@pytest.mark.parametrize("cut, problem", [(1, "in record 2: 1 bytes are missing"), (15, "in the header of record 2")])
def test_truncated_file_names_file_and_record(shard, cut, problem):
    shard.write_bytes(shard.read_bytes()[:-cut])
    with pytest.raises(DataError, match=rf"x\.tfrecord: truncated {problem}"):
        index_records(shard)


def test_file_truncated_after_indexing_is_noticed(shard):
    index = index_records(shard)
    shard.write_bytes(shard.read_bytes()[:-3])
    with pytest.raises(DataError, match="record 2 is damaged"):
        read_record(shard, 2, index)


def test_compressed_file_is_named_as_such(shard):
    shard.write_bytes(gzip.compress(shard.read_bytes()))
    with pytest.raises(DataError, match="is compressed"):
        index_records(shard)


def test_other_file_is_refused(shard):
    shard.write_bytes(b"hello, this is text")
    with pytest.raises(DataError, match="is not a TFRecord file"):
        index_records(shard)


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="x: No such file"):
        index_records(tmp_path / "x")


@pytest.mark.parametrize(
    "keys, image, name",
    [
        (
            ("image/encoded", "image/format", "image/filename", "image/height", "image/width"),
            "image/encoded",
            "image/filename",
        ),
        (("image", "image_name", "target"), "image", "image_name"),
        (("image/encoded_image", "image/file_name"), "image/encoded_image", "image/file_name"),
        (("image", "label"), "image", None),
    ],
)
def test_schema_is_found(keys, image, name):
    assert find_schema(dict.fromkeys(keys))[:2] == (image, name)


def test_unknown_schema_is_not_found():
    assert find_schema({"pixels": [b""]}) is None


def test_records_of_pairs_hold_the_keys_of_image_records_twice():
    image = EncodedImage(b"\xff", "png", 20, 24)
    features = parse_example(pair_record([image, image], [b"x.png", b"y.png"]))
    expected = {f"image_{half}/{key}" for half in "ab" for key in ("encoded", "filename", "format", "height", "width")}
    assert features.keys() == expected
    assert features["image_b/filename"] == [b"y.png"] and features["image_a/height"] == [20]


def test_record_too_large_for_an_image_is_not_read(tmp_path):
    path, length = tmp_path / "x.tfrecord", 1 << 40
    with open(path, "wb") as file:
        write_record(file, b"")
        header = struct.pack("<Q", length)
        file.seek(0)
        file.write(header + masked_crc(header))
        file.truncate(12 + length + 4)
    with pytest.raises(DataError, match="record 0 has 1,099,511,627,776 bytes, more than"):
        read_record(path, 0, index_records(path))


def masked_crc(data):
    """As TensorFlow writes it."""
    crc = google_crc32c.value(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
