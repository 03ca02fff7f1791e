"""Tests of where images are found."""

import pytest
from PIL import Image

from inputs.errors import DataError
from inputs.records import image_record, write_record
from inputs.sources import FolderSource, RecordSource, find_source


def make_images(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(folder / name)


def make_shard(path, *names):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        for name in names:
            write_record(file, image_record(f"bytes of {name}".encode(), "png", name.encode(), 4, 4))


def names_of(source):
    return [source.read(index)[1] for index in range(len(source))]


def test_folder_of_split_folders(tmp_path):
    make_images(tmp_path, "trainA/b.png", "trainA/sub/a.png", "trainB/c.png")
    assert names_of(find_source(tmp_path, "trainA")) == ["b.png", "a.png"]


def test_folder_source_gives_the_bytes_of_the_file(tmp_path):
    make_images(tmp_path, "x.png")
    assert FolderSource([tmp_path / "x.png"]).read(0)[0] == (tmp_path / "x.png").read_bytes()


def test_split_folder_of_records(tmp_path):
    make_shard(tmp_path / "trainA/x.tfrecord", "a", "b")
    assert names_of(find_source(tmp_path, "trainA")) == ["a", "b"]


def test_output_of_build_data(tmp_path):
    make_shard(tmp_path / "trainA-00000-of-00002.tfrecord", "a")
    make_shard(tmp_path / "trainA-00001-of-00002.tfrecord", "b", "c")
    make_shard(tmp_path / "trainB-00000-of-00001.tfrecord", "d")
    source = find_source(tmp_path, "trainA")
    assert [source.read(index) for index in range(3)] == [(b"bytes of a", "a"), (b"bytes of b", "b"), (b"bytes of c", "c")]


def test_empty_shard_in_the_middle_is_passed_over(tmp_path):
    paths = [tmp_path / f"{name}.tfrecord" for name in "123"]
    make_shard(paths[0], "a")
    make_shard(paths[1])
    make_shard(paths[2], "b")
    assert names_of(RecordSource(paths)) == ["a", "b"]


def test_split_name_is_a_whole_word(tmp_path):
    make_shard(tmp_path / "set-trainAB.tfrecord", "a")
    assert find_source(tmp_path, "trainA", required=False) is None


def test_two_folders_joined_by_comma(tmp_path):
    make_images(tmp_path, "cats/a.png", "dogs/b.png")
    assert names_of(find_source(f"{tmp_path}/cats,{tmp_path}/dogs", "trainB")) == ["b.png"]


def test_two_patterns_joined_by_comma(tmp_path):
    make_images(tmp_path, "cat1.png", "cat2.png", "dog1.png")
    assert names_of(find_source(f"{tmp_path}/cat*,{tmp_path}/dog*", "trainA")) == ["cat1.png", "cat2.png"]


def test_two_places_have_no_test_split(tmp_path):
    assert find_source(f"{tmp_path}/a,{tmp_path}/b", "testA", required=False) is None


def test_comma_in_the_name_of_an_existing_folder(tmp_path):
    make_images(tmp_path, "a,b/trainA/c.png")
    assert names_of(find_source(f"{tmp_path}/a,b", "trainA")) == ["c.png"]


def test_missing_split_that_is_not_required_is_none(tmp_path):
    make_images(tmp_path, "trainA/a.png")
    assert find_source(tmp_path, "testA", required=False) is None


def test_place_of_a_record_names_file_and_number(tmp_path):
    make_shard(tmp_path / "1.tfrecord", "a", "b")
    make_shard(tmp_path / "2.tfrecord", "c", "d")
    assert RecordSource(tmp_path.glob("*")).where(3) == f"{tmp_path}/2.tfrecord: record 1"


@pytest.mark.parametrize("data_dir, problem", [
    ("", "data_dir is not given"),
    ("{}/none", "none: no such folder"),
    ("{}/file.txt", "file.txt: is a file, not a folder"),
    ("{}", "holds no split trainA; understood are: "),
    ("{}/none,{}/none", "none: no such folder or files"),
    ("{0}/empty,{0}/empty", "empty: no images or TFRecord files there"),
    ("{0}/file.txt,{0}/file.txt", "file.txt: no images or TFRecord files there"),
])
def test_wrong_data_dir_is_one_clear_line(tmp_path, data_dir, problem):
    (tmp_path / "file.txt").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=problem) as caught:
        find_source(data_dir.format(tmp_path, tmp_path), "trainA")
    assert "\n" not in str(caught.value)


def test_missing_shard_is_named(tmp_path):
    make_shard(tmp_path / "trainA-00000-of-00003.tfrecord", "a")
    make_shard(tmp_path / "trainA-00002-of-00003.tfrecord", "b")
    with pytest.raises(DataError, match="trainA-00001-of-00003.tfrecord: 1 of 3 shards are missing"):
        find_source(tmp_path, "trainA")


def test_files_without_records_are_refused(tmp_path):
    make_shard(tmp_path / "trainA.tfrecord")
    with pytest.raises(DataError, match="trainA.tfrecord: holds no records"):
        find_source(tmp_path, "trainA")


def test_unknown_schema_lists_keys_found_and_known(tmp_path):
    with open(tmp_path / "trainA.tfrecord", "wb") as file:
        write_record(file, b"\n\x09\n\x07\n\x03pix\x12\x00")
    with pytest.raises(DataError, match=r"record 0: .*keys \(pix\); known are: image/encoded"):
        find_source(tmp_path, "trainA")


def test_file_that_vanished_is_named(tmp_path):
    with pytest.raises(DataError, match="gone.png: cannot be read: No such file"):
        FolderSource([tmp_path / "gone.png"]).read(0)


@pytest.mark.parametrize("data_dir, names", [
    ("{0}/tfds", ["", ""]),
    ("{0}/kaggle/monet*.tfrec,{0}/kaggle/photo*.tfrec", ["cat.4010", "dog.4014"]),
    ("{0}/kaggle", ["cat.4010", "dog.4014"]),
    ("{0}/vanhuyz/cat.tfrecords,{0}/vanhuyz/dog.tfrecords", ["cat.4049.jpg", "dog.4083.jpg"]),
])
def test_foreign_records_are_read(shared_data, data_dir, names):
    data_dir = data_dir.format(shared_data / "foreign_tfrecords")
    sources = [find_source(data_dir, split) for split in ("trainA", "trainB")]
    first = [source.read(0) for source in sources]
    assert [len(source) for source in sources] == [8, 8]
    assert [data[:2] for data, _ in first] == [b"\xff\xd8", b"\xff\xd8"]  # where a JPEG starts
    assert [name for _, name in first] == names


def test_classes_are_the_sub_folders_of_a_split(tmp_path):
    make_images(tmp_path, "train/cat/a.png", "train/cat/more/b.png", "train/dog/c.png")
    source = find_source(tmp_path, "train")
    assert [source.class_of(index) for index in range(3)] == ["cat", "cat", "dog"] and source.classes() == {"cat", "dog"}


def test_image_in_no_class_folder_is_named(tmp_path):
    make_images(tmp_path, "train/cat/a.png", "train/stray.png")
    with pytest.raises(DataError, match="stray.png: lies in no class folder"):
        find_source(tmp_path, "train").classes()


def test_comma_in_the_name_of_a_class_is_refused(tmp_path):
    make_images(tmp_path, "train/a,b/a.png")
    with pytest.raises(DataError, match="'a,b' has a comma"):
        find_source(tmp_path, "train").classes()


def make_labelled_shard(path, *classes):
    with open(path, "wb") as file:
        for name in classes:
            write_record(file, image_record(b"image", "png", b"name", 4, 4, 7, name))


def test_records_have_classes(tmp_path):
    make_labelled_shard(tmp_path / "train.tfrecord", "dog", "cat", "dog")
    source = find_source(tmp_path, "train")
    assert [source.class_of(index) for index in range(3)] == ["dog", "cat", "dog"] and source.classes() == {"cat", "dog"}


def test_classes_that_build_data_noted_need_no_look_at_every_record(tmp_path):
    make_labelled_shard(tmp_path / "train.tfrecord", "dog")
    (tmp_path / "dataset.json").write_text('{"classes": ["cat", "dog"]}')
    assert find_source(tmp_path, "train").classes() == {"cat", "dog"}


def test_record_without_a_class_is_named(tmp_path):
    make_shard(tmp_path / "train.tfrecord", "a")
    with pytest.raises(DataError, match="train.tfrecord: record 0: has no image/class/text nor image/class/label"):
        find_source(tmp_path, "train").classes()


def test_labels_of_tensorflow_datasets_are_read(shared_data):
    source = find_source(f"{shared_data}/foreign_tfrecords/tfds/*trainA*", "train")
    assert source.classes() <= {str(number) for number in range(1000)}
