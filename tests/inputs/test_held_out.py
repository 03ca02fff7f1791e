"""Images of the test splits: what is loaded, without chance, and what is wrong with those that cannot be."""

import numpy as np
import pytest
from PIL import Image

from base.errors import DataError
from inputs.held_out import HeldOut, held_out_sets, load_samples
from inputs.streams import Labels, Stream
from tests.helpers.images import data_config, shown_images
from tests.helpers.sources import source_of

LABELLED = {"images": Stream("train"), "labels": Labels("train")}


def test_samples_are_what_was_asked_for(sources):
    samples = load_samples(sources["trainA"], [4, 1], data_config())
    assert (samples.shape, samples.dtype) == ((2, 16, 16, 3), np.float32)
    assert shown_images([{"samples": samples}], "samples") == [4, 1]


def test_samples_of_different_sizes_take_the_first_ones(sources):
    Image.new("RGB", (40, 40)).save(sources["trainA"].file(0))
    assert load_samples(sources["trainA"], [1, 0], data_config(preprocess="none"), channels=1).shape == (2, 20, 24, 1)


def test_damaged_sample_is_named(sources):
    sources["trainA"].file(0).write_bytes(b"text")
    with pytest.raises(DataError, match="0.png: is not an image"):
        load_samples(sources["trainA"], [0], data_config())


def test_test_set_loads_what_is_indexed(labelled):
    images, labels = (
        HeldOut(stream, labelled, data_config(class_names=["a", "b", "c"])) for stream in LABELLED.values()
    )
    assert len(images) == len(labels) == 6
    assert images[[0, 5, 5]].shape == (3, 16, 16, 3) and labels[np.array([0, 5])].tolist() == [0, 2]


def test_unknown_class_shows_before_any_label_is_asked_for(labelled):
    with pytest.raises(DataError, match="is of the class c, which is none of a,b"):
        HeldOut(LABELLED["labels"], labelled, data_config(class_names=["a", "b"]))


def test_damaged_test_image_is_replaced_with_its_label_and_told(labelled):
    labelled.file(1).write_bytes(b"text")
    sets = held_out_sets(LABELLED, {"train": labelled}, data_config(class_names=["a", "b", "c"]))
    for order in (LABELLED, reversed(LABELLED)):
        found = {name: sets[name][range(6)] for name in order}
        np.testing.assert_array_equal(np.rint((found["images"].mean((1, 2, 3)) + 1) * 1.275), found["labels"])
    assert sets["images"].in_step.damage == [f"{labelled.file(1)}: is not an image that Pillow can read"]


def test_damaged_half_replaces_the_whole_pair(sources):
    others = [sources["trainB"].file(index) for index in range(4)]
    sources["trainB"] = source_of(*others, others[0].with_name("x.png"))
    sources["trainB"].file(4).write_bytes(b"text")
    streams = {"a": Stream("trainA"), "b": Stream("trainB")}
    sets = held_out_sets(streams, sources, data_config())
    for images in (sets["a"][range(5)], sets["b"][range(5)]):
        assert shown_images([{"x": images}], "x")[:4] == [0, 1, 2, 3]
    np.testing.assert_array_equal(sets["a"][[4]], sets["b"][[4]])


def test_tests_that_are_all_damaged_are_an_error(sources):
    for index in range(len(sources["trainA"])):
        sources["trainA"].file(index).write_bytes(b"text")
    with pytest.raises(DataError, match="is not an image"):
        HeldOut(Stream("trainA"), sources["trainA"], data_config())[[0]]
