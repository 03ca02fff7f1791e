"""Shards: what becomes of the images of a split."""

import numpy as np
import pytest

from inputs.images import BadImage, read_image
from inputs.record_index import open_indexes
from inputs.records import FRAME_BYTES, index_records
from inputs.shards import encode_image, encode_pair, make_image_record, make_pair_record, write_split
from inputs.splits import Split
from tests.helpers.build import split_records
from tests.helpers.images import photo, save


@pytest.fixture
def write_sizes(tmp_path):
    """Function that writes a split whose records have the given sizes, frame included, and gives the shards' sizes."""

    def write(sizes, shard_bytes):
        split = Split((tmp_path,), [(str(number),) for number in range(len(sizes))], [])
        images = [encode_image((save(tmp_path / "x.png", photo(0)),))] * len(sizes)
        records = (bytes(size - FRAME_BYTES) for size in sizes)
        facts = write_split(tmp_path, "train", split, images, shard_bytes, lambda names, images: next(records))
        shards = sorted(tmp_path.glob("train*.tfrecord"))
        assert [shard.name for shard in shards] == [
            f"train-{number:05d}-of-{facts.shards:05d}.tfrecord" for number in range(facts.shards)
        ]
        return [shard.stat().st_size for shard in shards]

    return write


def test_images_keep_their_order_and_bad_ones_are_named(tmp_path):
    image = encode_image((save(tmp_path / "x.png", photo(0)),))
    names = [(f"{number}.png",) for number in range(5)]
    split = Split((tmp_path,), names, [{"file": "b", "reason": "is alone"}])
    images = [image, BadImage("is empty"), image, image, image]
    facts = write_split(tmp_path, "train", split, images, 3000, make_image_record)
    found = [record["image/filename"][0] for record in split_records(tmp_path, "train")]
    assert found == [b"0.png", b"2.png", b"3.png", b"4.png"]
    assert (facts.images, facts.shards, facts.height) == (4, 4, {"min": 20, "median": 20, "max": 20})
    assert facts.left_out == [{"file": "b", "reason": "is alone"}, {"file": "1.png", "reason": "is empty"}]


def test_shards_are_filled_up_to_their_size(write_sizes):
    assert write_sizes([40, 60, 50, 50, 20], shard_bytes=100) == [100, 100, 20]


def test_record_larger_than_a_shard_has_one_to_itself(write_sizes):
    assert write_sizes([40, 300, 40, 40], shard_bytes=100) == [40, 300, 80]


def test_each_shard_has_its_index(tmp_path, write_sizes):
    write_sizes([40, 60, 50], shard_bytes=100)
    shards = sorted(map(str, tmp_path.glob("train*.tfrecord")))
    for shard, index in zip(shards, open_indexes(shards), strict=True):
        np.testing.assert_array_equal(index.spans, index_records(shard))
    assert len(list(tmp_path.glob("train*"))) == 4


def test_split_without_images_has_no_sizes(tmp_path):
    facts = write_split(
        tmp_path, "train", Split((tmp_path,), [("x",)], []), [BadImage("is empty")], 8, make_image_record
    )
    assert (facts.images, facts.shards, facts.height, facts.width) == (0, 0, None, None)


@pytest.mark.parametrize("together", [True, False])
def test_pair_is_encoded_from_one_file_or_two(tmp_path, together):
    images = photo(0), photo(1)
    paths = (
        [save(tmp_path / "x.png", *images)] if together else [save(tmp_path / f"{i}.png", images[i]) for i in (0, 1)]
    )
    encoded = encode_pair(tuple(paths))
    for found, expected in zip(encoded, images, strict=True):
        np.testing.assert_array_equal(read_image(found.data), expected)


def test_bad_image_of_a_pair_is_told_from_the_good_one(tmp_path):
    paths = save(tmp_path / "a.png", photo(0)), tmp_path / "none.png"
    with pytest.raises(BadImage, match="its image B cannot be read"):
        encode_pair(tuple(paths))


def test_image_record_has_its_class_where_there_are_classes(tmp_path):
    image = encode_image((save(tmp_path / "x.png", photo(0)),))
    name = ("cat/x.png",)
    assert b"image/class" not in make_image_record(name, image)
    assert b"image/class/text" in make_image_record(name, image, ["cat"])


def test_both_images_of_one_file_have_its_name(tmp_path):
    pair = encode_pair((save(tmp_path / "x.png", photo(0), photo(1)),))
    assert make_pair_record(("x.png",), pair) == make_pair_record(("x.png", "x.png"), pair)
