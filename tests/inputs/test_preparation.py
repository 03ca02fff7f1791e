"""Images that are prepared in processes of their own: they are what threads prepare, and so are the errors."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from base.errors import DataError
from inputs.preparation import preparation
from inputs.reader import Reader
from inputs.streams import Labels, Stream
from tests.helpers.images import data_config

PAIR = {"input": Stream("trainA"), "target": Stream("trainB", 1)}
COUNT = 5


class Deadly(Stream):
    """Kills the process that prepares an image."""

    def prepare(self, source, index, config):
        os.kill(os.getpid(), signal.SIGKILL)


class Broken(Stream):
    """Has a mistake."""

    def prepare(self, source, index, config):
        return 1 // 0


def read_epochs(streams, sources, epochs=2, **changes):
    """What a reader gives of some epochs, in two threads; what it says of damage."""
    config = data_config(batch_size=COUNT, **changes)
    with preparation(streams, sources, config) as prepare, ThreadPoolExecutor(2) as pool:
        reader = Reader(streams, sources, config, prepare=prepare)
        return list(pool.map(reader.read, range(epochs))), reader.new_damage(epochs)


def assert_same_in_processes(streams, sources, **changes):
    """Gives what was said of damage."""
    (expected, said), (found, said_elsewhere) = (
        read_epochs(streams, sources, read_processes=count, **changes) for count in (0, 2)
    )
    for batch, other in zip(expected, found, strict=True):
        for values, others in zip(batch, other, strict=True):
            np.testing.assert_array_equal(values, others)
    assert said == said_elsewhere
    return said


@pytest.mark.parametrize("preprocess", ["resize_and_crop", "pad_and_crop", "crop"])
def test_processes_prepare_what_threads_do(sources, preprocess):
    assert_same_in_processes(PAIR, sources, preprocess=preprocess)


def test_processes_that_are_not_forked_prepare_it_too(sources, spawned):
    assert_same_in_processes(PAIR, sources)


def test_labels_come_with_their_images(labelled):
    streams = {"image": Stream("train"), "label": Labels("train")}
    assert_same_in_processes(streams, {"train": labelled}, class_names=["c", "b", "a"])


def test_another_image_takes_the_place_of_one_that_is_damaged(sources):
    bad = sources["trainB"].file(3)
    bad.write_bytes(bad.read_bytes()[:-40])
    (line,) = assert_same_in_processes(PAIR, sources)
    assert line.startswith(f"{bad}: is damaged")


def test_file_that_is_gone_ends_the_run(sources):
    sources["trainA"].file(3).unlink()
    with pytest.raises(DataError, match=r"3\.png: cannot be read"):
        read_epochs(PAIR, sources, read_processes=1)


def test_mistake_of_a_program_is_told_with_the_image(sources):
    with pytest.raises(DataError, match=r"/\d\.png: cannot be used: integer division .*cannot be used: mend them"):
        read_epochs({"real_a": Broken("trainA")}, sources, read_processes=1)


def test_death_of_a_process_is_told_with_the_image_and_what_to_do(sources):
    words = r"/\d\.png: a worker process died \(out of memory\?\) at one of the 5 images .*; try fewer --read_processes"
    with pytest.raises(DataError, match=words):
        read_epochs({"real_a": Deadly("trainA")}, sources, read_processes=1)


def test_processes_end_with_the_block(sources):
    config = data_config(read_processes=2)
    with preparation(PAIR, sources, config) as prepare:
        assert len(prepare([("input", 0), ("target", 0)])) == 2
    with pytest.raises(DataError, match="a worker process died"):
        prepare([("input", 0)])
