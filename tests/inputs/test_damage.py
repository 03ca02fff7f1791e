"""Damaged images while training: others take their place, by seed and index alone; each is told once."""

import itertools

import numpy as np
import pytest

from base.errors import DataError
from inputs.damage import Damage
from inputs.images import DamagedImage
from inputs.order import replacement
from inputs.pipeline import build_pipeline
from inputs.reader import Reader
from inputs.sources import RecordSource
from inputs.streams import Labels, Stream
from tests.helpers.errors import complaint
from tests.helpers.images import data_config, photo, save, shown_images
from tests.helpers.records import make_labelled_shard, make_pair_shard
from tests.helpers.sources import source_of

COUNT = 5
PAIRS = {"input": Stream("train/A"), "target": Stream("train/B")}
ONE = {"real_a": Stream("trainA")}
ORDER_OF_SEED_7 = [1, 2, 3, 4, 0, 2, 0, 4, 1, 3]


def damage(source, *indices):
    """Makes some of a source's images unreadable."""
    for index in indices:
        source.file(index).write_bytes(b"text")


def pairs(tmp_path, *damaged):
    """Sources of the halves of 12 pairs in two folders, whose second image is the first one's negative; some of the
    second are damaged."""
    folders = [
        [save(tmp_path / half / f"{number}.png", image) for number, image in enumerate(images)]
        for half, images in (("a", map(photo, range(12))), ("b", (255 - photo(number) for number in range(12))))
    ]
    first, second = (source_of(*paths) for paths in folders)
    damage(second, *damaged)
    return {"train/A": first, "train/B": second}


def test_replacements_of_an_index_are_all_others_each_once():
    for index, count in itertools.product(range(4), (4, 9)):
        found = [replacement(7, 0, index, attempt, count) for attempt in range(count)]
        assert found[0] == index and sorted(found) == list(range(count))


def test_replacements_are_frozen():
    """Runs of older versions must be resumed with theirs, so these numbers never change."""
    assert [replacement(7, 0, index, 1, 1000) for index in range(3)] == [842, 246, 55]


def test_the_only_image_of_a_set_has_no_replacement():
    assert replacement(7, 0, 0, 1, 1) == 0


def test_another_image_takes_the_place_of_a_damaged_one_and_the_others_stay(session, sources):
    damage(sources["trainA"], 3)
    pipeline = build_pipeline(ONE, sources, data_config())
    session.run(pipeline.initializer)
    shown = shown_images([session.run(pipeline.batch) for _ in range(2 * COUNT)], "real_a")
    other = replacement(7, 0, 3, 1, COUNT)
    assert shown == [other if index == 3 else index for index in ORDER_OF_SEED_7]


def test_replacement_does_not_depend_on_what_was_read_before(tmp_path):
    sources = pairs(tmp_path, 2, 3, 4)
    positions = list(range(30))
    one, other = (Reader(PAIRS, sources, data_config()) for _ in range(2))
    forwards = [one.read(position) for position in positions]
    backwards = [other.read(position) for position in reversed(positions)][::-1]
    np.testing.assert_array_equal(forwards, backwards)
    np.testing.assert_array_equal(forwards[17], Reader(PAIRS, sources, data_config()).read(17))


def test_both_images_of_a_pair_are_replaced_in_step(tmp_path):
    reader = Reader(PAIRS, pairs(tmp_path, 2, 3, 4), data_config(preprocess="none"))
    for position in range(24):
        first, second = reader.read(position)
        np.testing.assert_array_equal(first, 255 - second)


def test_halves_of_one_damaged_record_are_replaced_in_step(tmp_path):
    path = make_pair_shard(tmp_path / "train.tfrecord", count=4)
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(data)
    first, second = RecordSource([path]).halves()
    reader = Reader(PAIRS, {"train/A": first, "train/B": second}, data_config(preprocess="none"))
    for position in range(8):
        a, b = reader.read(position)
        np.testing.assert_array_equal(a, 255 - b)
    assert reader.new_damage(7) == [f"{path}: record 0 is damaged: its checksum does not match its data"]


def test_label_is_that_of_the_replacement(labelled):
    labelled.file(0).write_bytes(b"text")
    streams = {"images": Stream("train"), "labels": Labels("train")}
    reader = Reader(streams, {"train": labelled}, data_config(class_names=["a", "b", "c"]))
    for position in range(18):
        image, label = reader.read(position)
        assert round(image.mean() / 100) == label


def test_damaged_image_is_told_once_at_the_step_it_belongs_to(sources):
    damage(sources["trainA"], 3)
    reader = Reader(ONE, sources, data_config())
    for position in reversed(range(2 * COUNT)):  # as threads may
        reader.read(position)
    told = [reader.new_damage(step) for step in range(2 * COUNT)]
    line = f"{sources['trainA'].file(3)}: is not an image that Pillow can read"
    assert told == [[line] if step == ORDER_OF_SEED_7.index(3) else [] for step in range(2 * COUNT)]


def test_set_that_is_mostly_damaged_ends_the_run(sources):
    damage(sources["trainA"], 0, 1, 2)
    reader = Reader(ONE, sources, data_config())
    with pytest.raises(DataError, match=r"3 of 5 images cannot be used: mend them or take them out"):
        for position in range(COUNT):
            reader.read(position)


def test_single_damaged_image_is_an_error(sources):
    alone = source_of(sources["trainA"].file(0))
    damage(alone, 0)
    reader = Reader(ONE, {"trainA": alone}, data_config())
    with pytest.raises(DataError, match="0.png: is not an image .* 1 of 1 images cannot be used"):
        reader.read(0)
    assert "1 of 1 images" in str(reader.error(0))


def test_image_that_cannot_be_read_this_time_is_not_replaced(sources):
    """It may come back, and then a continued run would not be the same."""
    sources["trainA"].file(3).unlink()
    reader = Reader(ONE, sources, data_config())
    with pytest.raises(DataError, match="3.png: cannot be read: No such file"):
        reader.read(ORDER_OF_SEED_7.index(3))


@pytest.mark.parametrize("read, damaged, fails", [(200, 10, False), (1000, 49, False), (100, 11, True)])
def test_a_share_of_many_images_may_be_damaged(read, damaged, fails):
    found = Damage(10_000)
    for index in range(read):
        found.saw(index)
    said = [
        complaint(DataError, found.note, DamagedImage(f"{number}.png: is damaged"), number) for number in range(damaged)
    ]
    assert not any(said[:-1])
    assert ("11 of the 100 images read so far cannot be used" in said[-1]) == fails and (fails or not said[-1])


def test_images_of_an_unknown_class_are_no_damage(tmp_path):
    path = make_labelled_shard(tmp_path / "train.tfrecord", "cat", "dog", "cat", "cat")
    reader = Reader({"labels": Labels("train")}, {"train": RecordSource([path])}, data_config(class_names=["cat"]))
    with pytest.raises(DataError, match="is of the class dog"):
        for position in range(4):
            reader.read(position)
