"""Which images build_data.py puts into which split, and in which order."""

import pytest

from base.errors import DataError
from inputs.layouts import open_folder
from inputs.splits import (
    divide,
    divide_domains,
    domain_splits,
    find_classes,
    image_split,
    image_splits,
    pair_split,
    pair_splits,
)
from tests.helpers.archives import make_tar, make_zip
from tests.helpers.images import save_blank
from tests.helpers.records import make_shard

NAMES = [f"{number}.png" for number in range(10)]


@pytest.mark.parametrize("fraction, tests", [(0, 0), (0.01, 1), (0.3, 3), (0.99, 9)])
def test_a_share_is_divided_off_but_never_all(tmp_path, fraction, tests):
    save_blank(tmp_path, *NAMES)
    splits = divide(image_split(tmp_path, 0), fraction)
    assert [len(split.names) for split in splits.values()] == ([10 - tests, tests] if tests else [10])
    assert sorted(name for split in splits.values() for name in split.names) == [(name,) for name in NAMES]


def test_an_added_image_does_not_move_the_others(tmp_path):
    save_blank(tmp_path, *NAMES)
    before = image_split(tmp_path, 0).names
    save_blank(tmp_path, "new.png")
    assert [name for name in image_split(tmp_path, 0).names if name != ("new.png",)] == before


def test_order_depends_on_the_seed(tmp_path):
    save_blank(tmp_path, *NAMES)
    assert image_split(tmp_path, 0).names != image_split(tmp_path, 1).names


def test_domains_are_found_and_divided(tmp_path):
    save_blank(tmp_path, "trainA/a.png", "trainB/b.png", "testB/c.png")
    assert list(domain_splits(tmp_path, 0)) == ["trainA", "trainB", "testB"]
    assert list(divide_domains([tmp_path / "trainA", tmp_path / "trainB"], 0, 0.0)) == ["trainA", "trainB"]


def test_missing_domain_is_named(tmp_path):
    save_blank(tmp_path, "trainA/a.png")
    with pytest.raises(DataError, match="trainB: no such folder"):
        domain_splits(tmp_path, 0)


def test_sub_folder_with_images_is_preferred_to_one_without(tmp_path):
    save_blank(tmp_path, "monet_jpg/a.png", "photo_jpg/b.png")
    (tmp_path / "monet_tfrec").mkdir()
    assert domain_splits(tmp_path, 0)["trainA"].folder == tmp_path / "monet_jpg"


@pytest.mark.parametrize("find", [domain_splits, image_splits, pair_splits])
def test_records_in_the_place_of_images_are_named(tmp_path, find):
    make_shard(tmp_path / "set/monet00-1.tfrec", "a.png")
    with pytest.raises(DataError, match=r"set: holds TFRecord files, which train.py takes as they are$"):
        find(tmp_path / "set", 0)


@pytest.mark.parametrize("find", [domain_splits, image_splits, pair_splits])
def test_records_in_an_archive_are_to_be_unpacked(tmp_path, find):
    folder = open_folder(make_tar(tmp_path / "x.tar", {"monet00-1.tfrec": b""}))
    with pytest.raises(DataError, match=r"TFRecord files are not read out of an archive; unpack it$"):
        find(folder, 0)


def test_val_is_taken_for_test(tmp_path):
    save_blank(tmp_path, "train/a.png", "val/b.png")
    assert image_splits(tmp_path, 0)["test"].names == pair_splits(tmp_path, 0)["test"].names == [("b.png",)]


def test_pairs_keep_their_two_files_together(tmp_path):
    save_blank(tmp_path, "a/1.png", "a/2.png", "b/2.jpg", "b/1.jpg", "b/3.jpg")
    split = pair_split([tmp_path / "a", tmp_path / "b"], 0)
    assert sorted(split.names) == [("1.png", "1.jpg"), ("2.png", "2.jpg")]
    assert split.paths(0) == tuple(tmp_path / half / name for half, name in zip("ab", split.names[0], strict=True))
    assert split.left_out == [{"file": "b/3.jpg", "reason": "no image of that name in a"}]


def test_classes_of_all_splits_are_in_the_order_of_their_numbers(tmp_path):
    save_blank(tmp_path, "train/10/a.png", "train/9/b.png", "test/cat/c.png")
    assert find_classes(image_splits(tmp_path, 0)) == ["9", "10", "cat"]


@pytest.mark.parametrize("find", [domain_splits, pair_splits])
def test_a_split_given_as_the_source_is_told_from_its_data_set(tmp_path, find):
    save_blank(tmp_path, "trainA/a.png")
    with pytest.raises(DataError, match=f"name the folder that it lies in, {tmp_path}"):
        find(tmp_path / "trainA", 0)


def test_one_set_of_two_domains_keeps_tests_apart(tmp_path):
    save_blank(tmp_path, "trainA/a.png", "trainB/a.png", "testA/c.png", "other/d.png")
    splits = image_splits(tmp_path, 0)
    assert {name: sorted(split.names) for name, split in splits.items()} == {
        "train": [("trainA/a.png",), ("trainB/a.png",)],
        "test": [("testA/c.png",)],
    }
    assert splits["train"].paths(0) == (tmp_path / splits["train"].names[0][0],)


def test_images_beside_a_test_folder_are_the_training_split(tmp_path):
    save_blank(tmp_path, "a.png", "cat/b.png", "test/c.png")
    splits = image_splits(tmp_path, 0)
    assert {name: sorted(split.names) for name, split in splits.items()} == {
        "train": [("a.png",), ("cat/b.png",)],
        "test": [("c.png",)],
    }
    with pytest.raises(DataError, match="has a sub-folder test; its sub-folders are the splits"):
        image_splits(tmp_path, 0, 0.5)


def test_domains_are_no_classes(tmp_path):
    save_blank(tmp_path, "trainA/a.png", "trainB/a.png")
    with pytest.raises(DataError, match="named as a split of two domains and no class"):
        find_classes(image_splits(tmp_path, 0))


def test_splits_are_those_of_the_folder_wherever_it_lies(tmp_path):
    names = ["trainA/a.png", "trainA/sub/b.png", "trainA/.c.png", "trainB/a.png", "trainB/sub/b.png", "testA/d.png"]
    save_blank(tmp_path / "set", *names)
    files = {f"set/{name}": (tmp_path / "set" / name).read_bytes() for name in names}
    for archive in (make_zip(tmp_path / "x.zip", files), make_tar(tmp_path / "x.tar", files)):
        packed, folder = open_folder(archive), tmp_path / "set"
        for find in (domain_splits, image_splits, pair_splits):
            expected, found = find(folder, 0), find(packed, 0)
            assert {name: split.names for name, split in found.items()} == {
                name: split.names for name, split in expected.items()
            }


def test_classes_in_the_names_of_files_are_found(tmp_path):
    save_blank(tmp_path, "train/1_cat.png", "train/2_sea_horse.png", "test/10_cat.jpg")
    assert find_classes(image_splits(tmp_path, 0)) == ["cat", "sea_horse"]


def test_classes_are_either_in_folders_or_in_names(tmp_path):
    save_blank(tmp_path, "train/1_cat.png", "train/dog/2_dog.png")
    with pytest.raises(DataError, match=f"{tmp_path}/train/1_cat.png: lies in no class folder, but other images do"):
        find_classes(image_splits(tmp_path, 0))
