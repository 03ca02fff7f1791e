"""What a `--data_dir` holds: domains, pairs and single sets in every layout; what is wrong where it cannot be read."""

import os

import numpy as np
import pytest

import inputs.sources
from base.errors import DataError
from base.graph_mode import tf
from inputs.data_dir import absolute_data_dir, find_source, open_splits
from inputs.held_out import load_samples
from inputs.pipeline import build_pipeline
from inputs.streams import Labels, Stream
from tests.helpers.archives import cifar_batches, make_tar, make_zip
from tests.helpers.build import build_well
from tests.helpers.images import data_config, photo, save, save_blank
from tests.helpers.records import make_pair_shard, make_shard

PHOTOS = {"photo": Stream("train")}
DOMAINS = {"real_a": Stream("trainA"), "real_b": Stream("trainB", key=1)}
PAIRS = {"source": Stream("train/A"), "target": Stream("train/B")}
LABELLED = {"images": Stream("train"), "labels": Labels("train")}


def names_of(source):
    return [source.name(index) for index in range(len(source))]


def test_folder_of_split_folders(tmp_path):
    save_blank(tmp_path, "trainA/b.png", "trainA/sub/a.png", "trainB/c.png")
    assert names_of(find_source(tmp_path, "trainA")) == ["b.png", "sub/a.png"]


def test_split_folder_of_records(tmp_path):
    make_shard(tmp_path / "trainA/x.tfrecord", "a", "b")
    assert names_of(find_source(tmp_path, "trainA")) == ["a", "b"]


def test_output_of_build_data(tmp_path):
    make_shard(tmp_path / "trainA-00000-of-00002.tfrecord", "a")
    make_shard(tmp_path / "trainA-00001-of-00002.tfrecord", "b", "c")
    make_shard(tmp_path / "trainB-00000-of-00001.tfrecord", "d")
    source = find_source(tmp_path, "trainA")
    assert [source.read(index) for index in range(3)] == [b"bytes of a", b"bytes of b", b"bytes of c"]


def test_split_name_is_a_whole_word(tmp_path):
    make_shard(tmp_path / "set-trainAB.tfrecord", "a")
    with pytest.raises(DataError, match="holds no split trainA"):
        find_source(tmp_path, "trainA")


def test_two_folders_joined_by_comma(tmp_path):
    save_blank(tmp_path, "cats/a.png", "dogs/b.png")
    assert names_of(find_source(f"{tmp_path}/cats,{tmp_path}/dogs", "trainB")) == ["b.png"]


def test_two_patterns_joined_by_comma(tmp_path):
    save_blank(tmp_path, "cat1.png", "cat2.png", "dog1.png")
    assert names_of(find_source(f"{tmp_path}/cat*,{tmp_path}/dog*", "trainA")) == ["cat1.png", "cat2.png"]


def test_two_places_have_no_test_split(tmp_path):
    with pytest.raises(DataError, match="holds no split testA"):
        find_source(f"{tmp_path}/a,{tmp_path}/b", "testA")


def test_comma_in_the_name_of_an_existing_folder(tmp_path):
    save_blank(tmp_path, "a,b/trainA/c.png")
    assert names_of(find_source(f"{tmp_path}/a,b", "trainA")) == ["c.png"]


@pytest.mark.parametrize(
    "data_dir, problem",
    [
        ("", "data_dir is not given"),
        ("{}/none", "none: no such folder"),
        ("{}/file.txt", "file.txt: is a file, not a folder"),
        ("{}", "holds no split trainA; understood are: "),
        ("{}/none,{}/none", "none: no such folder or files"),
        ("{0}/empty,{0}/empty", "empty: no images or TFRecord files there"),
        ("{0}/file.txt,{0}/file.txt", "file.txt: no images or TFRecord files there"),
    ],
)
def test_wrong_data_dir_is_one_clear_line(tmp_path, data_dir, problem):
    (tmp_path / "file.txt").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=problem) as caught:
        find_source(data_dir.format(tmp_path, tmp_path), "trainA")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "data_dir, names",
    [
        ("{0}/tfds", ["", ""]),
        ("{0}/kaggle/monet*.tfrec,{0}/kaggle/photo*.tfrec", ["cat.4010", "dog.4014"]),
        ("{0}/kaggle", ["cat.4010", "dog.4014"]),
        ("{0}/vanhuyz/cat.tfrecords,{0}/vanhuyz/dog.tfrecords", ["cat.4049.jpg", "dog.4083.jpg"]),
    ],
)
def test_foreign_records_are_read(shared_data, data_dir, names):
    data_dir = data_dir.format(shared_data / "foreign_tfrecords")
    sources = [find_source(data_dir, split) for split in ("trainA", "trainB")]
    assert [len(source) for source in sources] == [8, 8]
    assert [source.read(0)[:2] for source in sources] == [b"\xff\xd8", b"\xff\xd8"]  # where a JPEG starts
    assert [source.name(0) for source in sources] == names


def test_two_places_are_made_absolute_each(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert absolute_data_dir("a, b/*.png") == f"{tmp_path}/a,{tmp_path}/b/*.png"
    assert absolute_data_dir("~") == os.path.expanduser("~")


def test_existing_folder_with_a_comma_is_made_absolute_as_one_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a,b").mkdir()
    assert absolute_data_dir("a,b") == f"{tmp_path}/a,b"


def test_built_in_scenes_are_no_path():
    assert absolute_data_dir("scenes") == "scenes"


# Pairs


def make_side_by_side(folder, split="train"):
    for i in range(3):
        save(folder / split / f"{i}.png", photo(i), 255 - photo(i))


def make_two_folders(folder, split="train"):
    for i in range(3):
        save(folder / f"{split}A" / f"sub/{i}.png", photo(i))
        save(folder / f"{split}B" / f"sub/{i}.bmp", 255 - photo(i))


def make_records(folder, split="train"):
    make_pair_shard(folder / f"{split}-00000-of-00001.tfrecord")


LAYOUTS = [make_side_by_side, make_two_folders, make_records]


def find(data_dir, split="train"):
    return {f"{split}/{half}": find_source(data_dir, f"{split}/{half}") for half in "AB"}


@pytest.mark.parametrize("make", LAYOUTS)
@pytest.mark.parametrize("split", ["train", "test"])
def test_every_layout_gives_both_images_in_one_order(tmp_path, make, split):
    make(tmp_path / "data", split)
    sources = find(tmp_path / "data", split).values()
    same_size = data_config(preprocess="crop", image_size=20)
    a, b = (load_samples(source, range(3), same_size) for source in sources)
    np.testing.assert_allclose(a, -b, atol=1e-6)
    np.testing.assert_allclose(a[1], photo(1)[:, 2:22] / 127.5 - 1, atol=1e-6)


def test_two_places_joined_by_a_comma(tmp_path):
    for name in ("edges", "photos"):
        save(tmp_path / name / "x.png", photo(0))
    assert [len(source) for source in find(f"{tmp_path}/edges,{tmp_path}/photos").values()] == [1, 1]


@pytest.mark.parametrize("make", [make_side_by_side, make_records])
def test_val_is_taken_for_test(tmp_path, make):
    make(tmp_path / "data", "val")
    assert len(find_source(tmp_path / "data", "test/A")) == 3


@pytest.mark.parametrize("preprocess", ["resize_and_crop", "crop", "scale_width", "scale_width_and_crop", "none"])
@pytest.mark.parametrize("make", LAYOUTS)
def test_crop_and_flip_are_the_same_for_both(session, tmp_path, preprocess, make):
    make(tmp_path / "data")
    pipeline = build_pipeline(PAIRS, find(tmp_path / "data"), data_config(preprocess=preprocess))
    session.run(pipeline.initializer)
    batches = [session.run(pipeline.batch) for _ in range(9)]
    for batch in batches:  # the target is the negative of the source, before and after
        np.testing.assert_allclose(batch["source"], -batch["target"], atol=2.1 / 127.5)
    assert len({batch["source"].tobytes() for batch in batches}) > 3  # chance is at work


def test_images_of_different_sizes_are_resized_alike_but_not_cropped(session, tmp_path):
    save(tmp_path / "trainA/x.png", photo(0))
    save(tmp_path / "trainB/x.png", photo(0, 48, 40))
    run = {
        mode: build_pipeline(PAIRS, find(tmp_path), data_config(preprocess=mode))
        for mode in ("resize_and_crop", "crop")
    }
    session.run(run["resize_and_crop"].initializer)
    assert session.run(run["resize_and_crop"].batch)["target"].shape == (1, 16, 16, 3)
    session.run(run["crop"].initializer)
    with pytest.raises(tf.errors.OpError):
        session.run(run["crop"].batch)
    assert "x.png: is 48x40, but the image it is paired with 24x20" in str(run["crop"].error(0))


def test_images_without_a_partner_are_left_out_and_named(tmp_path):
    for name in ("trainA/1.png", "trainA/2.png", "trainB/2.jpg", "trainB/3.png"):
        save(tmp_path / name, photo(0))
    sources = find(tmp_path)
    assert [source.names for source in sources.values()] == [["2.png"], ["2.jpg"]]
    assert sources["train/A"].left_out == ["trainA/1.png: trainB has no image of that name"]
    assert sources["train/B"].left_out == ["trainB/3.png: trainA has no image of that name"]


@pytest.mark.parametrize(
    "names, words",
    [
        (["trainA/1.png", "trainB/2.png"], "no image of trainA has the name of one of trainB, such as 1.png"),
        (["trainA/1.png"], "holds no pairs of split train; understood are: the output of build_data.py --pairs"),
        (["1.png"], "holds no pairs of split train"),
    ],
)
def test_folders_without_pairs_are_refused(tmp_path, names, words):
    for name in names:
        save(tmp_path / name, photo(0))
    with pytest.raises(DataError, match=words):
        find(tmp_path)


def test_records_of_pairs_are_no_single_photographs(tmp_path):
    make_records(tmp_path / "data")
    with pytest.raises(DataError, match="holds pairs of images, but single ones are wanted"):
        find_source(tmp_path / "data", "train")


@pytest.mark.parametrize("place", ["", "*.png", "train"])
def test_single_photographs_lie_in_train_or_in_the_place_itself(tmp_path, place):
    save(tmp_path / place.replace("*.png", "") / "x.png", photo(0))
    data_dir = tmp_path / place if place == "*.png" else tmp_path
    assert find_source(data_dir, "train").names == ["x.png"]
    assert len(open_splits(data_dir, PHOTOS).test["train"]) == 1  # there is no test split


def test_folders_of_the_monet_competition_are_the_two_domains(tmp_path):
    for name in ("monet_jpg/m.png", "photo_jpg/p.png"):
        save(tmp_path / name, photo(0))
    assert [find_source(tmp_path, split).names for split in ("trainA", "trainB")] == [["m.png"], ["p.png"]]


# What the streams of a model read


def test_pairs_are_counted_as_pairs(tmp_path):
    make_two_folders(tmp_path)
    save(tmp_path / "trainA/alone.png", photo(0))
    splits = open_splits(tmp_path, PAIRS)
    assert splits.describe() == "3 pairs in train"
    assert splits.left_out == ["trainA/alone.png: trainB has no image of that name"]


def test_domains_are_counted_each(tmp_path):
    save_blank(tmp_path, "trainA/a.png", "trainB/b.png", "trainB/c.png")
    assert open_splits(tmp_path, DOMAINS).describe() == "1 images in trainA and 2 images in trainB"


def test_labels_are_not_counted(tmp_path):
    save_blank(tmp_path, "train/cat/a.png", "test/cat/b.png")
    assert open_splits(tmp_path, LABELLED).describe() == "1 images in train"


def test_test_split_is_found_beside_the_training_split(tmp_path):
    save_blank(tmp_path, "trainA/a.png", "trainB/b.png", "testB/c.png")
    splits = open_splits(tmp_path, DOMAINS)
    assert names_of(splits.test["trainB"]) == ["c.png"]
    assert splits.test["trainA"] is splits.train["trainA"]  # there is no testA


def test_labels_need_a_test_split(tmp_path):
    save_blank(tmp_path, "train/cat/a.png")
    assert open_splits(tmp_path, PHOTOS)
    with pytest.raises(DataError, match="holds no split test; understood are"):
        open_splits(tmp_path, LABELLED)


@pytest.mark.parametrize("make", [make_side_by_side, make_records])
def test_both_images_of_pairs_come_from_one_reading(tmp_path, make, monkeypatch):
    make(tmp_path)
    sources = open_splits(tmp_path, PAIRS).train
    reads = []
    for name in ("read_bytes", "read_record"):
        read = getattr(inputs.sources, name)
        monkeypatch.setattr(inputs.sources, name, lambda *place, read=read: reads.append(place) or read(*place))
    for source in sources.values():
        source.pixels(1)
    assert len(reads) == 1


# Data of another model


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Outputs of build_data.py of every kind."""
    folder = tmp_path_factory.mktemp("built")
    for i in range(2):
        for name in ("trainA", "trainB", "train/cat", "train/dog", "test/cat"):
            save(folder / "in" / name / f"{i}.png", photo(i))
    build_well(source=folder / "in", output=folder / "domains")
    build_well("--pairs", domain_a=folder / "in/trainA", domain_b=folder / "in/trainB", output=folder / "pairs")
    build_well(images=folder / "in/train/cat", output=folder / "images")
    build_well("--labelled", images=folder / "in", output=folder / "labelled")
    return folder


@pytest.mark.parametrize(
    "made, streams, advice",
    [
        ("pairs", DOMAINS, "made by build_data.py --pairs; add --model=pix2pix"),
        ("images", DOMAINS, "made by build_data.py --images; add --model=wgan"),
        ("labelled", DOMAINS, "made by build_data.py --images --labelled; add --model=darknet"),
        ("domains", PAIRS, "made by build_data.py without --pairs; add --model=cyclegan"),
        ("pairs", PHOTOS, "made by build_data.py --pairs; add --model=pix2pix"),
    ],
)
def test_data_of_another_model_says_which(built, made, streams, advice):
    with pytest.raises(DataError, match=advice) as caught:
        open_splits(built / made, streams)
    assert str(caught.value).startswith(f"{built / made}: ") and "holds no split" not in str(caught.value)


@pytest.mark.parametrize(
    "made, streams", [("domains", DOMAINS), ("pairs", PAIRS), ("images", PHOTOS), ("labelled", LABELLED)]
)
def test_data_of_the_model_is_opened(built, made, streams):
    assert len(open_splits(built / made, streams).train) == len({stream.split for stream in streams.values()})


@pytest.mark.parametrize("streams", [DOMAINS, PAIRS])
def test_a_split_given_as_the_data_dir_is_told_from_its_data_set(tmp_path, streams):
    save_blank(tmp_path / "trainA", "a.png")
    with pytest.raises(DataError, match=f"name the folder that it lies in, {tmp_path}"):
        open_splits(tmp_path / "trainA", streams)


def test_one_set_of_two_domains_trains_on_their_training_images_only(tmp_path):
    save_blank(tmp_path, "trainA/a.png", "trainB/b.png", "testA/c.png", "testB/d.png")
    splits = open_splits(tmp_path, PHOTOS)
    assert names_of(splits.train["train"]) == ["trainA/a.png", "trainB/b.png"]
    assert names_of(splits.test["train"]) == ["testA/c.png", "testB/d.png"]


def test_one_set_of_records_of_two_domains_trains_on_their_training_records_only(tmp_path):
    for split in ("trainA", "trainB", "testA", "testB"):
        make_shard(tmp_path / f"{split}-00000-of-00001.tfrecord", f"{split}.png")
    splits = open_splits(tmp_path, PHOTOS)
    assert names_of(splits.train["train"]) == ["trainA.png", "trainB.png"]
    assert names_of(splits.test["train"]) == ["testA.png", "testB.png"]


def test_images_beside_a_test_folder_are_the_training_set(tmp_path):
    save_blank(tmp_path, "a.png", "test/b.png")
    splits = open_splits(tmp_path, PHOTOS)
    assert [names_of(part["train"]) for part in splits] == [["a.png"], ["b.png"]]


def test_domains_of_images_and_of_records_are_no_one_set(tmp_path):
    save_blank(tmp_path, "trainA/a.png")
    make_shard(tmp_path / "trainB/x.tfrecord", "b")
    with pytest.raises(DataError, match="one holds TFRecord files, the other images"):
        open_splits(tmp_path, PHOTOS)


def test_samples_of_a_run_inside_are_no_data(tmp_path):
    save_blank(tmp_path, "a.png", "run/samples/b.png")
    (tmp_path / "run/checkpoints").mkdir()
    (tmp_path / "run/config.json").touch()
    assert names_of(find_source(tmp_path, "train")) == ["a.png"]


@pytest.mark.parametrize("data_dir", ["", "A,", " "])
def test_empty_data_dir_is_not_the_current_folder(tmp_path, monkeypatch, data_dir):
    save_blank(tmp_path, "A/a.png", "b.png")
    monkeypatch.chdir(tmp_path)
    for function in (absolute_data_dir, lambda data_dir: open_splits(data_dir, DOMAINS)):
        with pytest.raises(DataError, match="names no folder|is not given"):
            function(data_dir)


@pytest.mark.parametrize("ending", [".zip", ".tar", ".tar.gz"])
def test_archive_is_read_as_the_folder_in_it(tmp_path, ending):
    names = ["trainA/a.png", "trainA/sub/b.png", "trainB/a.png", "testA/d.png", "train/cat/x.png"]
    for number, name in enumerate(names):
        save(tmp_path / "set" / name, photo(number))
    files = {f"set/{name}": (tmp_path / "set" / name).read_bytes() for name in names}
    archive = (make_zip if ending == ".zip" else make_tar)(tmp_path / f"x{ending}", files)
    for split in ("trainA", "trainB", "testA", "train"):
        packed, plain = find_source(archive, split), find_source(tmp_path / "set", split)
        assert names_of(packed) == names_of(plain) and packed.fingerprint() == plain.fingerprint()
        assert [packed.read(index) for index in range(len(packed))] == [plain.read(i) for i in range(len(plain))]
        assert packed.where(0) == plain.where(0).replace("/set/", f"/x{ending}/set/")
        assert packed.file(0) == archive
    assert find_source(archive, "train").classes() == {"cat"}


@pytest.mark.parametrize("name", ["trainA.tfrecord", "set/trainA/0.tfrec", "set/monet00-60.tfrec"])
def test_records_in_an_archive_are_one_line_that_says_to_unpack_it(tmp_path, name):
    archive = make_tar(tmp_path / "x.tar", {name: b"", "set/trainB/b.png": b""})
    with pytest.raises(DataError, match=r"x\.tar.*: TFRecord files are not read out of an archive; unpack it$"):
        find_source(archive, "trainA")


def test_images_in_an_archive_are_taken_where_records_of_them_lie_beside(tmp_path):
    names = ("monet_jpg/a.jpg", "monet_tfrec/monet00-60.tfrec", "photo_jpg/b.jpg", "photo_tfrec/photo00-352.tfrec")
    archive = make_zip(tmp_path / "gan-getting-started.zip", dict.fromkeys(names, b""))
    assert [names_of(find_source(archive, split)) for split in ("trainA", "trainB")] == [["a.jpg"], ["b.jpg"]]


def test_two_archives_joined_by_a_comma(tmp_path):
    for name in ("a", "b"):
        make_zip(tmp_path / f"{name}.zip", {f"{name}/{name}.png": b""})
    assert names_of(find_source(f"{tmp_path}/a.zip,{tmp_path}/b.zip", "trainB")) == ["b.png"]


def test_both_domains_of_an_archive_are_one_set(tmp_path):
    archive = make_zip(tmp_path / "x.zip", {"trainA/a.png": b"a", "trainB/b.png": b"b"})
    source = find_source(archive, "train")
    assert names_of(source) == ["trainA/a.png", "trainB/b.png"] and source.read(1) == b"b"


def test_pairs_of_an_archive_are_those_of_its_folders(tmp_path):
    archive = make_zip(tmp_path / "x.zip", {"trainA/a.png": b"1", "trainB/a.jpg": b"2", "trainB/b.jpg": b"3"})
    assert [find_source(archive, f"train/{half}").read(0) for half in "AB"] == [b"1", b"2"]


def test_batches_of_cifar_are_a_labelled_set(tmp_path):
    for name, data in cifar_batches().items():
        (tmp_path / name).write_bytes(data)
    train, test = (find_source(tmp_path, split) for split in ("train", "test"))
    assert (len(train), len(test), sorted(test.classes())) == (20, 4, ["airplane", "automobile", "bird", "cat"])
    assert test.name(3) == "cat/test_batch-00003.png" and test.class_of(3) == "cat"
    np.testing.assert_array_equal(test.pixels(1)[0, 0], [10, 11, 12])
    assert test.file(0) == tmp_path
