"""Shards: what becomes of the images of a split."""

import numpy as np
import pytest

from inputs.images import BadImage, read_image
from inputs.shards import encode_image, encode_pair, make_image_record, make_pair_record, write_split
from inputs.splits import Split
from tests.helpers.build import split_records
from tests.helpers.images import photo, save


def test_images_are_dealt_out_in_turn_and_bad_ones_named(tmp_path):
    image = encode_image((save(tmp_path / "x.png", photo(0)),))
    names = [(f"{number}.png",) for number in range(5)]
    split = Split((tmp_path,), names, [{"file": "b", "reason": "is alone"}])
    images = [image, BadImage("is empty"), image, image, image]
    facts = write_split(tmp_path, "train", split, images, 3, make_image_record)
    assert [record["image/filename"][0] for record in split_records(tmp_path, "train")] == [
        b"0.png",
        b"4.png",
        b"2.png",
        b"3.png",
    ]
    assert (facts.images, facts.shards, facts.height) == (4, 3, {"min": 20, "median": 20, "max": 20})
    assert facts.left_out == [{"file": "b", "reason": "is alone"}, {"file": "1.png", "reason": "is empty"}]


def test_fewer_images_than_shards_leave_no_empty_ones(tmp_path):
    image = encode_image((save(tmp_path / "x.png", photo(0)),))
    facts = write_split(tmp_path, "train", Split((tmp_path,), [("x.png",)], []), [image], 8, make_image_record)
    assert facts.shards == 1 and sorted(path.name for path in tmp_path.glob("train*")) == [
        "train-00000-of-00001.tfrecord"
    ]


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
