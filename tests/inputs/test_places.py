"""Data at paths with a scheme is what it is on this machine: the same images, fingerprints and messages."""

import os

import numpy as np
import pytest

from base.errors import DataError
from base.places import as_path
from inputs.data_dir import absolute_data_dir, find_source
from tests.helpers.build import build_well
from tests.helpers.errors import complaint
from tests.helpers.images import photo, save
from tests.helpers.places import put, put_folder


def names_of(source):
    return [source.name(index) for index in range(len(source))]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The output of build_data.py for four images of each domain."""
    folder = tmp_path_factory.mktemp("built")
    for split in ("trainA", "trainB", "testA"):
        for number in range(4):
            save(folder / "source" / split / f"{number}.png", photo(number))
    build_well(source=folder / "source", output=folder / "output", workers=1)
    return folder / "output"


def test_output_of_build_data_is_the_same(built, anywhere, capsys):
    expected, found = find_source(built, "trainA"), find_source(str(put_folder(built, anywhere)), "trainA")
    assert found.fingerprint() == expected.fingerprint() and names_of(found) == names_of(expected)
    for index in (3, 0, 2, 1):
        np.testing.assert_array_equal(found.pixels(index), expected.pixels(index))
    assert capsys.readouterr().err == ""  # the indexes could be used


def test_damaged_index_is_told(built, anywhere, capsys):
    put_folder(built, anywhere)
    index = put(anywhere / "trainA-00000-of-00001.offsets", b"no index")
    assert len(find_source(str(anywhere), "trainA")) == 4
    assert capsys.readouterr().err.startswith(f"{index}: cannot be used for the file beside it")


def test_missing_shard_is_named(built, anywhere):
    put(anywhere / "trainA-00000-of-00002.tfrecord", (built / "trainA-00000-of-00001.tfrecord").read_bytes())
    with pytest.raises(DataError, match=f"^{anywhere}/trainA-00001-of-00002.tfrecord: 1 of 2 shards are missing"):
        find_source(str(anywhere), "trainA")


def test_folders_of_images_are_the_same_everywhere(tmp_path):
    save(tmp_path / "cats" / "a.png", photo(0))
    save(tmp_path / "dogs" / "sub" / "b.png", photo(1))
    there = put_folder(tmp_path, as_path(f"ram://{tmp_path.name}"))
    for data_dir in (f"{there}/cats,{there}/dogs", f"{tmp_path}/cats,{tmp_path}/dogs"):
        source = find_source(data_dir, "trainB")
        assert names_of(source) == ["sub/b.png"]
        np.testing.assert_array_equal(source.pixels(0), photo(1))


def test_place_with_a_scheme_is_absolute():
    assert absolute_data_dir("gs://a/b/, photos") == f"gs://a/b,{os.getcwd()}/photos"


@pytest.mark.parametrize(
    "name, words",
    [
        ("nothing", "no such folder"),
        ("file", "is a file, not a folder"),
        ("images.zip", "archives are read on this machine only; fetch it, or unpack it there"),
        ("images", "holds no split trainA; understood are:"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(name, words):
    folder = as_path("ram://unreadable")
    for file in ("file", "images.zip", "images/a.png"):
        put(folder / file, b"")
    assert complaint(DataError, find_source, str(folder / name), "trainA").startswith(f"{folder / name}: {words}")
