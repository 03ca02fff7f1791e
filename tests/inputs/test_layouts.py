"""What names of folders, files and splits mean."""

import pytest

from base.errors import DataError
from base.files import reading
from inputs import layouts
from inputs.layouts import Place, contains, find_pairs, find_set, find_split, match_names, open_folder, places
from tests.helpers.archives import cifar_batches, make_tar, make_zip
from tests.helpers.images import save_blank


def test_names_match_without_their_extension():
    assert match_names(["b/1.png", "a.jpg"], ["b/1.jpeg", "c.png"]) == ([("b/1.png", "b/1.jpeg")], ["a.jpg"], ["c.png"])


def test_two_images_of_one_name_in_one_folder_are_refused():
    with pytest.raises(DataError, match="a.jpg and a.png lie in one folder"):
        match_names(["a.jpg", "a.png"], ["a.png"])


def test_test_split_is_named_after_the_training_split():
    assert [layouts.held_out_split(split) for split in ("train", "trainA", "train/B")] == ["test", "testA", "test/B"]


@pytest.mark.parametrize(
    "data_dir, expected", [("a,b", ["a", "b"]), ("a , b", ["a", "b"]), ("a", ["a"]), ("a,b,c", ["a,b,c"])]
)
def test_comma_joins_two_places(data_dir, expected):
    assert places(data_dir) == expected


def test_existing_folder_with_a_comma_is_one_place(tmp_path):
    (tmp_path / "a,b").mkdir()
    assert places(tmp_path / "a,b") == [f"{tmp_path}/a,b"]


def test_own_name_of_a_split_comes_before_others(tmp_path):
    save_blank(tmp_path, "val/a.png", "test/b.png")
    assert find_split(tmp_path, "test") == Place(tmp_path / "test", ["b.png"], [])


def test_images_side_by_side_come_before_pairs_of_folders():
    assert find_pairs({"train": "whole", "trainA": "a", "trainB": "b"}.get, "train") == ["whole"]
    assert find_pairs({"trainA": "a", "trainB": "b"}.get, "train") == ["a", "b"]
    assert find_pairs({"trainA": "a"}.get, "train") == []


def test_records_come_before_images(tmp_path):
    save_blank(tmp_path, "a.png")
    (tmp_path / "x.tfrecord").touch()
    assert layouts.look_at(tmp_path) == Place(tmp_path, [], [tmp_path / "x.tfrecord"])


def test_class_is_the_first_folder_of_a_name():
    assert layouts.class_of("cat/more/a.png", "here") == "cat"
    with pytest.raises(DataError, match="^here: lies in no class folder"):
        layouts.class_of("a.png", "here")


def test_classes_that_are_numbers_are_sorted_by_value_and_come_first():
    assert layouts.sort_classes(["b", "10", "a", "9"]) == ["9", "10", "a", "b"]


@pytest.mark.parametrize("name, hinted", [("trainA", True), ("val", True), ("monet_jpg", True), ("photos", False)])
def test_only_names_of_splits_hint_at_the_parent(tmp_path, name, hinted):
    assert (str(tmp_path) in layouts.parent_hint(tmp_path / name)) == hinted


@pytest.mark.parametrize("data_dir", ["", " ", "a,", ",b", ",", " , "])
def test_empty_place_is_refused(data_dir):
    with pytest.raises(DataError, match=r"^data_dir='.*': names no folder"):
        places(data_dir)


def test_place_with_a_nul_is_refused():
    with pytest.raises(DataError, match="is no path"):
        places("a\0b")


@pytest.mark.parametrize("data_dir", ["~nosuchuser/a", "~nosuchuser/a,~nosuchuser/b", "x" * 300, "[", "a\udcff"])
def test_odd_places_are_not_there(data_dir):
    with pytest.raises(DataError, match="no such folder|no images|holds no|too long"), reading():
        find_set(data_dir, "train")


def test_set_of_two_domains_is_both_of_them(tmp_path):
    save_blank(tmp_path, "trainA/a.png", "trainB/b.png", "testA/c.png", "photos/d.png")
    assert [place.root.name for place in find_set(tmp_path, "train")] == ["trainA", "trainB"]
    assert [place.root.name for place in find_set(tmp_path, "test")] == ["testA"]


def test_set_of_records_of_two_domains_is_both_of_them(tmp_path):
    for split in ("trainA", "trainB", "testA", "testB"):
        (tmp_path / f"{split}-00000-of-00001.tfrecord").touch()
    names = [[path.name[:6] for path in place.shards] for place in find_set(tmp_path, "train")]
    assert names == [["trainA"], ["trainB"]]


def test_set_without_a_training_split_leaves_out_the_tests(tmp_path):
    save_blank(tmp_path, "a.png", "cat/b.png", "test/c.png", "val/d.png", "testB/e.png", "cat/test/f.png")
    (place,) = find_set(tmp_path, "train")
    assert place.images == ["a.png", "cat/b.png", "cat/test/f.png"]


def test_records_named_as_tests_are_left_out(tmp_path):
    for name in ("a.tfrecord", "test-1.tfrecord", "set-val.tfrecord", "latest.tfrecord"):
        (tmp_path / name).touch()
    (place,) = find_set(tmp_path, "train")
    assert [path.name for path in place.shards] == ["a.tfrecord", "latest.tfrecord"]


def test_domain_is_no_class():
    with pytest.raises(DataError, match="lies in trainA, which is named as a split of two domains and no class"):
        layouts.class_of("trainA/cat/a.png", "here")


def test_path_lies_in_a_place_or_beside_it(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    inside, beside = tmp_path / "a/runs/x", tmp_path / "ab/runs"
    for data_dir in (tmp_path / "a", f"{tmp_path}/b,{tmp_path}/a", f"{tmp_path}/a/*.png", tmp_path / "link"):
        assert contains(data_dir, inside) and not contains(data_dir, beside)
    assert contains(tmp_path / "a", tmp_path / "a") and contains(tmp_path / "a", tmp_path / "link/run")


@pytest.mark.parametrize(
    "name, expected", [("1_cat.png", "cat"), ("0012_sea_horse.jpg", "sea_horse"), ("7_10.png", "10")]
)
def test_class_of_an_image_in_no_folder_follows_the_number_in_its_name(name, expected):
    assert layouts.class_of(name, "here") == expected


@pytest.mark.parametrize("name", ["cat.png", "cat_1.png", "_cat.png", "1_.png", "1-cat.png", "../1_cat.png"])
def test_other_names_tell_no_class(name):
    with pytest.raises(DataError, match="^here: lies in no class folder"):
        layouts.class_of(name, "here")


@pytest.mark.parametrize("names, inside", [
    (["set/trainA/1.png", "set/notes.txt", "notes.txt"], "set"),
    (["trainA/1.png"], ""),
    (["a/b/c/1.png"], "a/b/c"),
    (["a/1.png", "b/1.png"], ""),
    (["set/val/1.png"], "set"),
    (["a/1.png", "2.png"], ""),
    (["set/1.png", "__MACOSX/set/._1.png"], "set"),
    ([], ""),
])  # fmt: skip
def test_folder_that_holds_all_of_an_archive_is_entered(tmp_path, names, inside):
    archive = make_zip(tmp_path / "x.zip", dict.fromkeys(names, b""))
    assert str(open_folder(archive)) == str(tmp_path / "x.zip" / inside)


def test_folder_of_the_disk_is_itself(tmp_path):
    save_blank(tmp_path, "set/trainA/1.png")
    assert open_folder(tmp_path) == tmp_path and open_folder(tmp_path / "none") == tmp_path / "none"


def test_batches_in_an_archive_are_folders_of_images(tmp_path):
    files = {f"cifar-10-batches-bin/{name}": data for name, data in cifar_batches().items()}
    folder = open_folder(make_tar(tmp_path / "cifar-10-binary.tar.gz", files))
    assert len(layouts.look_at(folder / "train").images) == 20
