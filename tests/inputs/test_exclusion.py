"""Lists of images to leave out: written and read again, and taken out of splits."""

import os

import pytest

from base.errors import DataError
from inputs.exclusion import REASON, Excluded, exclude, write_exclusions
from inputs.layouts import open_folder
from inputs.splits import domain_splits, image_splits, pair_splits
from tests.helpers.archives import image_bytes, make_zip
from tests.helpers.images import save_blank


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A current folder with images of two domains."""
    save_blank(tmp_path / "data", "trainA/1.png", "trainA/2.png", "trainA/#3.png", "trainB/1.png", "trainB/4.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(split):
    return sorted(split.names)


def left_after(text, splits):
    with open("list.txt", "w") as file:
        file.write(text)
    return exclude(splits, "list.txt")


def test_images_on_the_list_are_left_out_and_reported(here):
    splits = left_after("# why\ndata/trainA/2.png\n\n", domain_splits(open_folder("data"), 0))
    assert names(splits["trainA"]) == [("#3.png",), ("1.png",)] and len(splits["trainB"].names) == 2
    assert splits["trainA"].left_out == [{"file": "2.png", "reason": REASON}] and not splits["trainB"].left_out


@pytest.mark.parametrize("path", ["data/trainA/2.png", "./data//trainB/../trainA/2.png", "{here}/data/trainA/2.png"])
@pytest.mark.parametrize("source", ["data", "./data/", "{here}/data"])
def test_paths_are_those_of_the_current_folder_however_they_are_written(here, source, path):
    splits = domain_splits(open_folder(source.format(here=here)), 0)
    assert ("2.png",) not in left_after(f"{path.format(here=here)}\r\n", splits)["trainA"].names


def test_order_of_the_others_stays(here):
    splits = domain_splits(open_folder("data"), 5)
    kept = left_after("data/trainA/1.png\n", splits)["trainA"].names
    assert kept == [name for name in splits["trainA"].names if name != ("1.png",)]


def test_pair_goes_if_one_of_its_images_is_on_the_list(here):
    save_blank(here / "data", "trainB/2.png")
    splits = left_after("data/trainB/2.png\n", pair_splits(open_folder("data"), 0))
    assert names(splits["train"]) == [("1.png", "1.png")]
    assert {"file": "2.png", "reason": REASON} in splits["train"].left_out


def test_images_in_archives_can_be_on_the_list(here):
    files = {f"x/train/{number}.png": image_bytes(here, number) for number in range(2)}
    make_zip(here / "x.zip", files)
    assert names(left_after("x.zip/x/train/0.png\n", image_splits(open_folder("x.zip"), 0))["train"]) == [("1.png",)]


@pytest.mark.parametrize("name", ["data/trainA/9.png", "1.png", "data/trainA", "nowhere/trainA/1.png"])
def test_name_that_is_none_of_the_images_is_refused(here, name):
    with pytest.raises(DataError, match=f"^list.txt: {name} is none of the images that are converted; paths must"):
        left_after(f"data/trainA/1.png\n{name}\n", domain_splits(open_folder("data"), 0))


def test_others_that_are_none_of_the_images_are_counted(here):
    with pytest.raises(DataError, match="^list.txt: x is none of the images that are converted, nor are 2 others"):
        left_after("x\ny\nz\n", domain_splits(open_folder("data"), 0))


@pytest.mark.parametrize(
    "content, told", [(b"\x89PNG\xff", "list.txt: is no list of images: 'utf-8'"), (None, "list.txt: No such file")]
)
def test_file_that_is_no_list_is_refused(here, content, told):
    if content:
        (here / "list.txt").write_bytes(content)
    with pytest.raises(DataError, match=told):
        exclude({}, here / "list.txt")


def test_list_that_was_written_is_read_again(here):
    odd = os.fsdecode(b"data/trainB/\xff\\x.png")
    save_blank(here, odd)
    images = [
        Excluded("data/trainA/1.png", "is\nodd", True),
        Excluded("data/trainA/2.png", "is perhaps odd", False),
        Excluded(r"data/trainB/\xff\x.png", "has an odd name", True),
        Excluded("data/trainB/new\nline.png", "has an odder one", True),
    ]
    write_exclusions(here / "list.txt", images)
    splits = exclude(domain_splits(open_folder("data"), 0), here / "list.txt")
    assert names(splits["trainA"]) == [("#3.png",), ("2.png",)] and names(splits["trainB"]) == [("1.png",), ("4.png",)]
    text = (here / "list.txt").read_text()
    assert "\n# is odd\ndata/trainA/1.png\n" in text and "\n# is perhaps odd\n# data/trainA/2.png\n" in text


def test_path_that_begins_like_a_comment_is_none(here, monkeypatch):
    monkeypatch.chdir(here / "data/trainA")
    write_exclusions(here / "list.txt", [Excluded("#3.png", "is odd", True)])
    assert names(exclude(image_splits(open_folder("."), 0), here / "list.txt")["train"]) == [("1.png",), ("2.png",)]
