"""Worker processes: order, reasons, and their death."""

import os

import pytest

from base.errors import DataError
from inputs.images import BadImage, EncodedImage
from inputs.workers import CHUNK_FILES, encode_all, worker_processes


def encode(paths):
    """Stands for encoding: the image's bytes are its path; "bad" cannot be read, "deadly" kills the process."""
    if paths[0] == "deadly":
        os._exit(1)
    if paths[0] == "bad":
        raise BadImage("is bad")
    return [EncodedImage(path.encode(), "png", 1, 1) for path in paths]


@pytest.mark.parametrize("count", [1, 3])
def test_results_come_in_order_whatever_the_number_of_workers(count):
    paths = [(str(number),) for number in range(10 * CHUNK_FILES + 1)]
    with worker_processes(count, encode) as workers:
        found = list(encode_all(workers, paths))
    assert [image.data.decode() for (image,) in found] == [path for (path,) in paths]


def test_image_that_cannot_be_read_is_its_reason():
    with worker_processes(2, encode) as workers:
        first, second = encode_all(workers, [("bad",), ("a", "b")])
    assert isinstance(first, BadImage) and str(first) == "is bad" and [image.data for image in second] == [b"a", b"b"]


def test_death_of_a_worker_names_where_it_may_have_been():
    with (
        worker_processes(1, encode) as workers,
        pytest.raises(DataError, match="^first: a worker process died .* 2 images"),
    ):
        list(encode_all(workers, [("first",), ("deadly",)]))
