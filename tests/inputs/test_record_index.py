"""The index beside a TFRecord file: it says what the headers say, or is not gone by."""

import numpy as np
import pytest

from inputs import record_index
from inputs.layouts import find_shards, look_at
from inputs.record_index import index_path, open_indexes, write_index
from inputs.records import index_records
from inputs.sources import RecordSource
from tests.helpers.records import make_shard, write_records


@pytest.fixture
def shard(tmp_path):
    """A file of three records, with its index."""
    path = make_shard(tmp_path / "train-00000-of-00001.tfrecord", "a", "bcd", "ef")
    write_index(path)
    return path


def spans(*paths):
    """Where the records of files are found, as a list for each."""
    return [index.spans.tolist() for index in open_indexes([str(path) for path in paths])]


def test_records_are_found_by_the_index_alone(shard, monkeypatch):
    expected = index_records(shard).tolist()
    monkeypatch.delattr(record_index, "index_records")
    assert spans(shard) == [expected]


def test_record_file_without_index_is_read_without_a_word(shard, capsys):
    index_path(shard).unlink()
    assert spans(shard) == [index_records(shard).tolist()] and capsys.readouterr().err == ""


def test_checksum_is_the_same_with_and_without_the_index(shard):
    """By it a run knows its data again, so it never changes."""
    (stored,) = open_indexes([str(shard)])
    index_path(shard).unlink()
    (found,) = open_indexes([str(shard)])
    assert stored.checksum == found.checksum == "5803997ef6810c42"


@pytest.mark.parametrize("damage", [
    lambda data: b"",
    lambda data: data[:-1],
    lambda data: data[:-8],
    lambda data: data + bytes(8),
    lambda data: data[:32],
    lambda data: bytes([data[0] ^ 1]) + data[1:],
    lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:],
])  # fmt: skip
def test_damaged_index_is_told_in_one_line_and_not_gone_by(shard, capsys, damage):
    index_path(shard).write_bytes(damage(index_path(shard).read_bytes()))
    assert spans(shard) == [index_records(shard).tolist()]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{index_path(shard)}: cannot be used for the file beside it, whose records took longer")


@pytest.mark.parametrize("names", [("a", "bcd"), ("ef", "bcd", "a"), ("a", "bcd", "ef", "g")])
def test_index_of_another_file_is_not_gone_by(shard, capsys, names):
    make_shard(shard, *names)
    assert spans(shard) == [index_records(shard).tolist()] and capsys.readouterr().err.count("\n") == 1


def test_index_that_cannot_be_read_is_not_gone_by(shard, capsys):
    index_path(shard).unlink()
    index_path(shard).mkdir()
    assert spans(shard) == [index_records(shard).tolist()] and capsys.readouterr().err.count("\n") == 1


def test_indexes_of_several_files_are_told_in_one_line(shard, tmp_path, capsys):
    other = make_shard(tmp_path / "other.tfrecord", "x")
    for path in (shard, other):
        index_path(path).write_bytes(b"x")
    assert spans(shard, other) == [index_records(path).tolist() for path in (shard, other)]
    assert capsys.readouterr().err.count("\n") == 1


def test_records_are_read_by_the_index(shard):
    source = RecordSource([shard])
    assert [source.name(index) for index in range(len(source))] == ["a", "bcd", "ef"]


def test_index_takes_few_bytes_an_image_in_memory(tmp_path):
    path = write_records(tmp_path / "x.tfrecord", *[bytes(100)] * 1000)
    (index,) = open_indexes([str(path)])
    assert index.spans.dtype == np.uint32 and index.spans.nbytes == 8000


def test_index_is_no_image_nor_record_file(shard):
    assert find_shards(shard.parent) == [shard] and look_at(f"{shard.parent}/train*").shards == [shard]
