"""Worker processes: order, reasons, and their death."""

import contextlib
import functools
import os
from pathlib import Path

import pytest

from base.errors import DataError
from inputs.images import BadImage, EncodedImage
from inputs.layouts import open_folder
from inputs.shards import encode_image, encode_record
from inputs.splits import Split
from inputs.workers import CHUNK, results, worker_processes
from tests.helpers.archives import image_bytes, make_tar, make_zip


def encode(paths):
    """Stands for encoding: the image's bytes are its name; "bad" cannot be read, "deadly" kills the process."""
    if paths[0].name == "deadly":
        os._exit(1)
    if paths[0].name == "bad":
        raise BadImage("is bad")
    return [EncodedImage(path.name.encode(), "png", 1, 1) for path in paths]


def split_of(*names):
    """A split of files of these names; those of a pair joined by a comma."""
    return Split((Path("folder"),) * (1 + names[0].count(",")), [tuple(name.split(",")) for name in names], [])


@contextlib.contextmanager
def working(count, splits, encode=encode):
    """Worker processes that encode records of splits: gives a function from a split's name to what became of them."""

    def encoded(name):
        count = len(splits[name].names)
        return list(results(connections, name, count, lambda name, number: splits[name].paths(number)[0]))

    with worker_processes(count, functools.partial(encode_record, splits, encode)) as connections:
        yield encoded


@pytest.mark.parametrize("count", [1, 3])
def test_results_come_in_order_whatever_the_number_of_workers(count):
    splits = {"train": split_of(*map(str, range(10 * CHUNK + 1))), "test": split_of("x", "y")}
    with working(count, splits) as encoded:
        found = {name: encoded(name) for name in splits}
    for name, split in splits.items():
        assert [(image.data.decode(),) for (image,) in found[name]] == split.names


def test_image_that_cannot_be_read_is_its_reason():
    with working(2, {"train": split_of("bad,b", "a,b")}) as encoded:
        first, second = encoded("train")
    assert isinstance(first, BadImage) and str(first) == "is bad" and [image.data for image in second] == [b"a", b"b"]


def test_death_of_a_worker_names_where_it_may_have_been():
    with (
        working(1, {"train": split_of("first", "deadly")}) as encoded,
        pytest.raises(DataError, match="^folder/first: a worker process died .* 2 images"),
    ):
        encoded("train")


@pytest.mark.parametrize("ending", [".zip", ".tar.gz"])
def test_processes_that_are_not_forked_read_archives_too(tmp_path, spawned, ending):
    files = {"a.png": image_bytes(tmp_path, 0)}
    folder = open_folder((make_zip if ending == ".zip" else make_tar)(tmp_path / f"x{ending}", files))
    split = Split((folder,), [("a.png",)], [])
    with working(1, {"train": split}, encode_image) as encoded:
        ((image,),) = encoded("train")
    assert image.data == files["a.png"]
