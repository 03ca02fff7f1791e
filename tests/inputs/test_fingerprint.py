"""Fingerprints: the same for the same data wherever it lies and whenever it was written, and otherwise what changed."""

import json
import os
import shutil

import pytest

from inputs.data_dir import open_splits
from inputs.fingerprint import LISTED, describe_change, fingerprint
from inputs.streams import Stream
from tests.helpers.images import photo, save, save_blank
from tests.helpers.records import make_pair_shard, make_shard

DOMAINS = {"real_a": Stream("trainA"), "real_b": Stream("trainB", key=1)}


@pytest.fixture
def data(tmp_path):
    for split in ("trainA", "trainB", "testA"):
        save_blank(tmp_path / "data" / split, "0.png", "1.png", "sub/2.png")
    return tmp_path / "data"


def fingerprint_of(folder, streams=DOMAINS):
    """As it comes back from a file."""
    return json.loads(json.dumps(open_splits(folder, streams).fingerprint()))


def test_splits_that_are_read_are_named(data):
    assert list(fingerprint_of(data)) == ["trainA", "trainB", "testA"]


def test_place_and_time_do_not_count(data, tmp_path):
    before = fingerprint_of(data)
    shutil.copytree(data, tmp_path / "copy")
    os.utime(tmp_path / "copy/trainA/0.png", (1, 1))
    assert fingerprint_of(tmp_path / "copy") == before and describe_change(before, before) == ""


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda data: save_blank(data, "trainA/new.png"), "trainA: 4 images, were 3 (new.png is new)"),
        (lambda data: (data / "trainA/sub/2.png").unlink(), "trainA: 2 images, were 3 (sub/2.png is gone)"),
        (
            lambda data: save(data / "trainA/1.png", photo(1)),
            "trainA: 3 images as before, but other files (1.png changed)",
        ),
        (
            lambda data: (data / "trainA/0.png").rename(data / "trainA/3.png"),
            "trainA: 3 images as before, but other files (0.png is gone)",
        ),
        (lambda data: shutil.rmtree(data / "testA"), "testA: is gone"),
        (lambda data: save_blank(data, "testB/0.png"), "testB: was not there"),
    ],
)
def test_change_is_named(data, change, said):
    before = fingerprint_of(data)
    change(data)
    assert describe_change(before, fingerprint_of(data)) == said


def test_records_are_known_by_where_they_lie_in_their_files(tmp_path):
    for names in (("a", "bcd"), ("abc", "d")):  # of the same bytes in all
        make_shard(tmp_path / names[0] / "trainA.tfrecord", *names)
        make_shard(tmp_path / names[0] / "trainB.tfrecord", "a")
    old, new = (fingerprint_of(tmp_path / name) for name in ("a", "abc"))
    assert describe_change(old, new) == "trainA: 2 images as before, but other files (trainA.tfrecord changed)"


def test_pairs_have_a_fingerprint_for_each_half(tmp_path):
    make_pair_shard(tmp_path / "train.tfrecord")
    assert list(fingerprint_of(tmp_path, {"a": Stream("train/A"), "b": Stream("train/B")})) == ["train/A", "train/B"]


def test_large_sets_are_told_by_a_checksum_alone():
    files = [(f"{number}.png", "10") for number in range(LISTED + 1)]
    old, new = fingerprint(len(files), files), fingerprint(len(files), [*files[:-1], ("x.png", "10")])
    assert "listed" not in old
    assert describe_change({"train": old}, {"train": new}) == "train: 1001 images as before, but other files"


@pytest.mark.parametrize("stored", [None, [], "x", {"listed": 3}])
def test_damaged_fingerprint_is_another(data, stored):
    found = fingerprint_of(data)
    assert describe_change({**found, "trainA": stored}, found) == "trainA: its fingerprint is damaged"


def test_link_that_leads_nowhere_has_a_fingerprint_too(data):
    (data / "trainA/link.png").symlink_to("nowhere")
    assert fingerprint_of(data)["trainA"]["images"] == 4
