"""Sources: what an image, its name, its class and its place are, wherever it comes from."""

import json

import numpy as np
import pytest

from base.errors import DataError
from inputs import sources
from inputs.images import encode_for_record
from inputs.records import image_record
from inputs.sources import RecordSource, open_place, open_shards
from tests.helpers.images import photo, save, save_blank
from tests.helpers.records import make_labelled_shard, make_pair_shard, make_shard, write_records
from tests.helpers.sources import source_of


def names_of(source):
    return [source.name(index) for index in range(len(source))]


def test_files_are_named_by_their_path_in_the_folder(tmp_path):
    save_blank(tmp_path, "b.png", "sub/a.png")
    source = open_place(tmp_path)
    assert names_of(source) == source.names == ["b.png", "sub/a.png"]
    assert source.file(1) == tmp_path / "sub/a.png" and source.where(1) == str(tmp_path / "sub/a.png")


def test_folder_source_gives_the_bytes_of_the_file(tmp_path):
    save_blank(tmp_path, "x.png")
    assert source_of(tmp_path / "x.png").read(0) == (tmp_path / "x.png").read_bytes()


def test_empty_shard_in_the_middle_is_passed_over(tmp_path):
    paths = [tmp_path / f"{name}.tfrecord" for name in "123"]
    make_shard(paths[0], "a")
    make_shard(paths[1])
    make_shard(paths[2], "b")
    assert names_of(RecordSource(paths)) == ["a", "b"]


def test_place_of_a_record_names_file_and_number(tmp_path):
    make_shard(tmp_path / "1.tfrecord", "a", "b")
    make_shard(tmp_path / "2.tfrecord", "c", "d")
    source = RecordSource(list(tmp_path.glob("*")))
    assert source.where(3) == f"{tmp_path}/2.tfrecord: record 1" and source.file(3) == tmp_path / "2.tfrecord"


def test_file_that_vanished_is_named(tmp_path):
    with pytest.raises(DataError, match="gone.png: cannot be read: No such file"):
        source_of(tmp_path / "gone.png").read(0)


def test_missing_shard_is_named(tmp_path):
    paths = [make_shard(tmp_path / f"trainA-0000{number}-of-00003.tfrecord", "a") for number in (0, 2)]
    with pytest.raises(DataError, match="trainA-00001-of-00003.tfrecord: 1 of 3 shards are missing"):
        open_shards(paths)


def test_missing_ones_of_more_shards_than_five_digits_count_are_named(tmp_path):
    path = make_shard(tmp_path / "trainA-100000-of-100001.tfrecord", "a")
    with pytest.raises(DataError, match="trainA-00000-of-100001.tfrecord: 100000 of 100001 shards are missing"):
        open_shards([path])


def test_files_without_records_are_refused(tmp_path):
    with pytest.raises(DataError, match="trainA.tfrecord: holds no records"):
        RecordSource([make_shard(tmp_path / "trainA.tfrecord")])


def test_unknown_schema_lists_keys_found_and_known(tmp_path):
    path = write_records(tmp_path / "trainA.tfrecord", b"\n\x09\n\x07\n\x03pix\x12\x00")
    with pytest.raises(DataError, match=r"record 0: .*keys \(pix\); known are: image/encoded"):
        RecordSource([path])


def test_record_that_is_no_example_is_named(tmp_path):
    good = image_record(b"image", "png", b"name", 4, 4)
    source = RecordSource([write_records(tmp_path / "x.tfrecord", good, b"hello")])
    with pytest.raises(DataError, match="x.tfrecord: record 1: is not a tf.train.Example"):
        source.name(1)


def test_name_and_bytes_of_a_record_are_read_from_it_once(tmp_path, monkeypatch):
    read, numbers = sources.read_record, []
    monkeypatch.setattr(
        sources, "read_record", lambda path, number, at: numbers.append(number) or read(path, number, at)
    )
    source = RecordSource([make_shard(tmp_path / "x.tfrecord", "a", "b")])
    assert [(source.name(index), source.read(index)) for index in (0, 1)] == [
        ("a", b"bytes of a"),
        ("b", b"bytes of b"),
    ]
    assert numbers == [0, 1]


@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_are_those_of_the_file(tmp_path, channels):
    path = save(tmp_path / "x.png", photo(0))
    encoded = encode_for_record(path)
    record = image_record(encoded.data, encoded.format, b"x.png", encoded.height, encoded.width)
    shard = write_records(tmp_path / "x.tfrecord", record)
    file, recorded = (source.pixels(0, channels) for source in (source_of(path), RecordSource([shard])))
    assert file.shape == (20, 24, channels)
    np.testing.assert_array_equal(file, recorded)


def test_pixels_of_a_damaged_image_are_refused_by_its_place(tmp_path):
    with pytest.raises(DataError, match="x.tfrecord: record 0: is not an image"):
        RecordSource([make_shard(tmp_path / "x.tfrecord", "a")]).pixels(0)


@pytest.mark.parametrize("channels", [1, 3])
def test_halves_are_the_halves_of_the_image(tmp_path, channels):
    left, right = source_of(save(tmp_path / "x.png", photo(0), photo(1))).halves()
    alone = source_of(*(save(tmp_path / f"{number}.png", photo(number)) for number in (0, 1)))
    np.testing.assert_array_equal(left.pixels(0, channels), alone.pixels(0, channels))
    np.testing.assert_array_equal(right.pixels(0, channels), alone.pixels(1, channels))
    assert left.name(0) == "x.png" and left.file(0) == tmp_path / "x.png"


def test_image_of_two_is_decoded_once_for_both(tmp_path, monkeypatch):
    decode, decoded = sources.read_image, []
    monkeypatch.setattr(sources, "read_image", lambda data, channels: decoded.append(data) or decode(data, channels))
    halves = source_of(*(save(tmp_path / f"{i}.png", photo(i), photo(9)) for i in range(3))).halves()
    for index in (2, 0, 1):
        for half in halves:
            half.pixels(index)
    assert len(decoded) == 3


def test_odd_width_cannot_be_halved(tmp_path):
    halves = source_of(save(tmp_path / "x.png", photo(0, width=25))).halves()
    with pytest.raises(DataError, match="x.png: is 25 px wide: two images side by side"):
        halves[1].pixels(0)


def test_halves_of_records_of_pairs_are_their_two_images(tmp_path):
    source = RecordSource([make_pair_shard(tmp_path / "x.tfrecord")])
    first, second = source.halves()
    np.testing.assert_array_equal(first.pixels(2), photo(2))
    np.testing.assert_array_equal(second.pixels(2), 255 - photo(2))
    assert source.holds_pairs and len(first) == len(second) == 3 and second.name(2) == "2.png"


def test_classes_are_the_sub_folders(tmp_path):
    save_blank(tmp_path, "cat/a.png", "cat/more/b.png", "dog/c.png")
    source = open_place(tmp_path)
    assert [source.class_of(index) for index in range(3)] == ["cat", "cat", "dog"] and source.classes() == {
        "cat",
        "dog",
    }


def test_image_in_no_class_folder_is_named(tmp_path):
    save_blank(tmp_path, "cat/a.png", "stray.png")
    with pytest.raises(DataError, match="stray.png: lies in no class folder"):
        open_place(tmp_path).classes()


def test_comma_in_the_name_of_a_class_is_refused(tmp_path):
    save_blank(tmp_path, "a,b/a.png")
    with pytest.raises(DataError, match="'a,b' has a comma"):
        open_place(tmp_path).classes()


def test_records_have_classes(tmp_path):
    source = RecordSource([make_labelled_shard(tmp_path / "train.tfrecord", "dog", "cat", "dog")])
    assert [source.class_of(index) for index in range(3)] == ["dog", "cat", "dog"] and source.classes() == {
        "cat",
        "dog",
    }


def describe(folder, **values):
    fields = {"format_version": 1, "seed": 0, "max_side": None, "splits": {}, **values}
    (folder / "dataset.json").write_text(json.dumps(fields))


def test_classes_that_build_data_noted_need_no_look_at_every_record(tmp_path):
    source = RecordSource([make_labelled_shard(tmp_path / "train.tfrecord", "dog")])
    describe(tmp_path, classes=["cat", "dog"])
    assert source.classes() == {"cat", "dog"}


def test_records_that_were_converted_without_classes_say_so(tmp_path):
    source = RecordSource([make_shard(tmp_path / "train.tfrecord", "a")])
    describe(tmp_path)
    with pytest.raises(DataError, match="made by build_data.py without --labelled"):
        source.classes()


def test_record_without_a_class_is_named(tmp_path):
    with pytest.raises(DataError, match="train.tfrecord: record 0: has no image/class/text nor image/class/label"):
        RecordSource([make_shard(tmp_path / "train.tfrecord", "a")]).classes()


def test_labels_of_tensorflow_datasets_are_read(shared_data):
    source = open_place(f"{shared_data}/foreign_tfrecords/tfds/*trainA*")
    assert source.classes() <= {str(number) for number in range(1000)}


def test_damaged_first_record_does_not_hide_the_schema_nor_the_classes(tmp_path):
    path = make_labelled_shard(tmp_path / "train.tfrecord", "cat", "dog")
    data = bytearray(path.read_bytes())
    data[20] ^= 1
    path.write_bytes(data)
    assert RecordSource([path]).classes() == {"dog"}


def test_name_that_is_not_utf_8_is_printable_in_messages(tmp_path):
    path = tmp_path / "a\udcff.png"
    with pytest.raises(DataError) as caught:
        source_of(path).read(0)
    str(caught.value).encode()
