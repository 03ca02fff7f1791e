"""LSUN's databases as folders of images."""

import pickle

import numpy as np
import pytest

from base.errors import DataError
from inputs.images import BadImage, list_images, read_image
from inputs.layouts import open_folder
from inputs.lsun import open_database
from inputs.trees import TreePath
from tests.helpers.archives import call_in_threads
from tests.helpers.build import build_well, split_records
from tests.helpers.images import photo
from tests.helpers.lmdb import IMAGES, webp, write_database


@pytest.fixture
def database(tmp_path):
    """A database of LSUN's form."""
    return write_database(tmp_path / "bedroom_val_lmdb", "lsun")


def test_images_are_the_values_by_their_keys(database):
    folder = open_folder(database)
    names = list_images(folder)
    assert names == [f"{number:040x}.webp" for number in range(IMAGES)]
    np.testing.assert_array_equal(read_image(folder / names[7]), photo(7))


def test_nothing_is_written_beside_the_database(database):
    read_image(open_folder(database) / f"{0:040x}.webp")
    assert [path.name for path in database.iterdir()] == ["data.mdb"]


def test_images_are_read_by_many_threads_at_once(database):
    folder, wrong = open_folder(database), []

    def read():
        for number in range(IMAGES):
            if not np.array_equal(read_image(folder / f"{number:040x}.webp"), photo(number)):
                wrong.append(number)

    call_in_threads(read)
    assert not wrong


def test_tree_that_was_sent_to_another_process_reads_the_same(database):
    tree = pickle.loads(pickle.dumps(open_database(database).tree))
    assert b"".join(tree.chunks(f"{3:040x}.webp")) == webp(3)


@pytest.mark.slow
def test_build_data_reads_it(database, tmp_path):
    build_well(images=database, output=tmp_path / "out", test_fraction=0.2, workers=3)
    found = [len(split_records(tmp_path / "out", split)) for split in ("train", "test")]
    assert found == [24, 6]


@pytest.mark.parametrize("kept", [0, 10, 4096, 8192, -5000])
def test_database_that_is_cut_short_is_named(database, kept):
    file = database / "data.mdb"
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(DataError, match=r"data\.mdb: is (damaged, or cut short|cut short: it must have)"):
        open_database(database)


def test_database_that_changed_meanwhile_is_told_as_an_image_that_cannot_be_read(database):
    folder, file = open_database(database), database / "data.mdb"
    file.write_bytes(file.read_bytes()[:4096])
    with pytest.raises(BadImage, match="is damaged"):
        read_image(folder / f"{0:040x}.webp")


def test_other_databases_are_refused(tmp_path):
    folder = write_database(tmp_path / "base", "lsun")
    data = (folder / "data.mdb").read_bytes()
    (folder / "data.mdb").write_bytes(data.replace(b"%040x" % 3, b"../" + b"x" * 37))
    with pytest.raises(DataError, match="has keys that are no names of files"):
        open_database(folder)


def test_path_in_it_is_a_path_in_a_tree(database):
    assert isinstance(open_folder(database), TreePath)
