"""Streams: what a step takes, and how one entry of it is read."""

import numpy as np
import pytest

from inputs.images import BadImage
from inputs.streams import Labels, Prepared, Stream, check_pair
from tests.helpers.images import data_config, photo, save
from tests.helpers.sources import source_of

CHANCE = [3, 5, 1]


def read(stream, source, indices, config):
    entries = [stream.prepare(source, index, config) for index in indices]
    return stream.draw(entries, config, [CHANCE] * len(entries))


def test_images_are_read_as_levels_and_fed_in_unit_range(session):
    stream = Stream("train", channels=1)
    assert (stream.read_dtype, stream.feed_dtype, stream.shape((4, 6))) == ("uint8", "float32", [4, 6, 1])
    fed = stream.tensor(np.uint8([0, 255]))
    assert fed.dtype == stream.feed_dtype and session.run(fed).tolist() == [-1, 1]


def test_labels_are_numbers_all_the_way(session):
    labels = Labels("train")
    assert (labels.read_dtype, labels.feed_dtype, labels.shape((4, 6))) == ("int64", "int64", [])
    assert labels.tensor("anything") == "anything"


def test_only_images_count_and_only_labels_need_a_test_split():
    assert [(stream.images, stream.needs_test) for stream in (Stream("train"), Labels("train"))] == [
        (1, False),
        (0, True),
    ]


def test_what_is_read_has_the_dtype_and_shape_that_are_told(labelled):
    config = data_config(class_names=["a", "b", "c"])
    for stream in (Stream("train", 1), Labels("train")):
        found = read(stream, labelled, [3, 4], config)
        assert found.dtype == stream.read_dtype and list(found.shape) == [2, *stream.shape((16, 16))]


def test_label_is_the_index_in_the_config_s_classes(labelled):
    found = [Labels("train").prepare(labelled, i, data_config(class_names=["c", "b", "a"])).values for i in (0, 5)]
    assert found == [2, 0]


def test_one_chance_crops_and_flips_alike(tmp_path):
    paths = [save(tmp_path / f"{i}.png", image) for i, image in enumerate((photo(0), 255 - photo(0)))]
    first, second = read(Stream("train"), source_of(*paths), [0, 1], data_config(preprocess="crop"))
    np.testing.assert_array_equal(first, 255 - second)


def test_images_of_one_position_must_be_of_one_size(tmp_path):
    source = source_of(save(tmp_path / "0.png", photo(0)), save(tmp_path / "1.png", photo(0, 48, 40)))
    config, label = data_config(preprocess="crop"), Prepared(np.array(3))
    small, large = (Stream("train").prepare(source, index, config) for index in (0, 1))
    check_pair(small, [label, small], config)
    check_pair(label, [small], config)
    check_pair(large, [label, small], data_config(preprocess="resize_and_crop"))
    with pytest.raises(BadImage, match="is 48x40, but the image it is paired with 24x20; preprocess=resize"):
        check_pair(large, [label, small], config)


def test_loaded_images_are_without_chance(labelled):
    load = Stream("train").loader(labelled, data_config())
    np.testing.assert_array_equal(load([1, 1])[0], load([1, 1])[1])
    assert load([1]).shape == (1, 16, 16, 3) and load([1]).dtype == np.float32
