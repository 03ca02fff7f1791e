"""Pairs: where they are found, that both images are read alike, and what is wrong with those that cannot be."""

import numpy as np
import pytest
from PIL import Image

from inputs.errors import DataError
from inputs.images import encode_for_record
from inputs.pairs import match_names
from inputs.pipeline import Stream, build_pipeline, load_samples
from inputs.records import pair_record, parse_example, write_record
from inputs.sources import find_source
from tests.inputs.test_pipeline import config
from training.tensorflow_setup import tf

STREAMS = {"source": Stream("train/A"), "target": Stream("train/B")}


def photo(seed, width=24, height=20):
    return np.random.RandomState(seed).randint(0, 256, [height, width, 3]).astype(np.uint8)


def save(path, *images):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(images, axis=1)).save(path)
    return path


def make_side_by_side(folder, split="train"):
    for i in range(3):
        save(folder / split / f"{i}.png", photo(i), 255 - photo(i))


def make_two_folders(folder, split="train"):
    for i in range(3):
        save(folder / f"{split}A" / f"sub/{i}.png", photo(i))
        save(folder / f"{split}B" / f"sub/{i}.bmp", 255 - photo(i))


def make_records(folder, split="train"):
    folder.mkdir(exist_ok=True)
    with open(folder / f"{split}-00000-of-00001.tfrecord", "wb") as file:
        for i in range(3):
            images = [encode_for_record(save(folder / f".{half}.png", image)) for half, image in (("a", photo(i)), ("b", 255 - photo(i)))]
            write_record(file, pair_record(images, [b"%d.png" % i] * 2))


LAYOUTS = [make_side_by_side, make_two_folders, make_records]


def find(data_dir, split="train"):
    return {f"{split}/{half}": find_source(data_dir, f"{split}/{half}") for half in "AB"}


@pytest.mark.parametrize("make", LAYOUTS)
@pytest.mark.parametrize("split", ["train", "test"])
def test_every_layout_gives_both_images_in_one_order(tmp_path, make, split):
    make(tmp_path / "data", split)
    sources = find(tmp_path / "data", split).values()
    same_size = config(preprocess="crop", image_size=20)
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
    pipeline = build_pipeline(STREAMS, find(tmp_path / "data"), config(preprocess=preprocess))
    session.run(pipeline.initializer)
    batches = [session.run(pipeline.batch) for _ in range(9)]
    for batch in batches:  # the target is the negative of the source, before and after
        np.testing.assert_allclose(batch["source"], -batch["target"], atol=2.1 / 127.5)
    assert len({batch["source"].tobytes() for batch in batches}) > 3  # chance is at work


def test_images_of_different_sizes_are_resized_alike_but_not_cropped(session, tmp_path):
    save(tmp_path / "trainA/x.png", photo(0))
    save(tmp_path / "trainB/x.png", photo(0, 48, 40))
    run = {mode: build_pipeline(STREAMS, find(tmp_path), config(preprocess=mode)) for mode in ("resize_and_crop", "crop")}
    session.run(run["resize_and_crop"].initializer)
    assert session.run(run["resize_and_crop"].batch)["target"].shape == (1, 16, 16, 3)
    session.run(run["crop"].initializer)
    with pytest.raises(tf.errors.OpError) as raised:
        session.run(run["crop"].batch)
    assert "x.png: is 48x40, but the image it is paired with 24x20" in str(run["crop"].error(raised.value, 0))


def test_images_without_a_partner_are_left_out_and_named(tmp_path):
    for name in ("trainA/1.png", "trainA/2.png", "trainB/2.jpg", "trainB/3.png"):
        save(tmp_path / name, photo(0))
    sources = find(tmp_path)
    assert [source.names for source in sources.values()] == [["2.png"], ["2.jpg"]]
    assert sources["train/A"].left_out == ["trainA/1.png: trainB has no image of that name"]
    assert sources["train/B"].left_out == ["trainB/3.png: trainA has no image of that name"]


def test_names_match_without_their_extension():
    assert match_names(["b/1.png", "a.jpg"], ["b/1.jpeg", "c.png"]) == ([("b/1.png", "b/1.jpeg")], ["a.jpg"], ["c.png"])


def test_two_images_of_one_name_in_one_folder_are_refused():
    with pytest.raises(DataError, match="a.jpg and a.png lie in one folder"):
        match_names(["a.jpg", "a.png"], ["a.png"])


def test_odd_width_cannot_be_halved(tmp_path):
    save(tmp_path / "train/x.png", photo(0, width=25))
    with pytest.raises(DataError, match="x.png: is 25 px wide: two images side by side"):
        find_source(tmp_path, "train/B").read(0)


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


def test_records_hold_the_keys_of_image_records_twice(tmp_path):
    image = encode_for_record(save(tmp_path / "x.png", photo(0)))
    features = parse_example(pair_record([image, image], [b"x.png", b"y.png"]))
    expected = {f"image_{half}/{key}" for half in "ab" for key in ("encoded", "filename", "format", "height", "width")}
    assert features.keys() == expected and features["image_b/filename"] == [b"y.png"] and features["image_a/height"] == [20]


@pytest.mark.parametrize("place", ["", "*.png", "train"])
def test_single_photographs_lie_in_train_or_in_the_place_itself(tmp_path, place):
    save(tmp_path / place.replace("*.png", "") / "x.png", photo(0))
    data_dir = tmp_path / place if place == "*.png" else tmp_path
    assert find_source(data_dir, "train").names == ["x.png"]
    assert find_source(data_dir, "test", required=False) is None


def test_folders_of_the_monet_competition_are_the_two_domains(tmp_path):
    for name in ("monet_jpg/m.png", "photo_jpg/p.png"):
        save(tmp_path / name, photo(0))
    assert [find_source(tmp_path, split).names for split in ("trainA", "trainB")] == [["m.png"], ["p.png"]]
