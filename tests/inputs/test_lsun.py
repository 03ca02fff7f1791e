"""LSUN's databases as folders of images."""

import io
import pickle
import sys

import numpy as np
import pytest
from PIL import Image

from base.errors import DataError
from inputs.images import list_images, read_image
from inputs.layouts import open_folder
from inputs.lsun import open_database
from inputs.trees import TreePath
from tests.helpers.archives import call_in_threads
from tests.helpers.build import build_well, split_records
from tests.helpers.images import photo

lmdb = pytest.importorskip("lmdb")
COUNT = 30


def webp(seed):
    buffer = io.BytesIO()
    Image.fromarray(photo(seed)).save(buffer, "WEBP", lossless=True)
    return buffer.getvalue()


@pytest.fixture
def database(tmp_path):
    """A database of LSUN's form: keys of hexadecimal digits, values that are WebP files."""
    folder = tmp_path / "bedroom_val_lmdb"
    with lmdb.open(str(folder), map_size=1 << 24) as environment, environment.begin(write=True) as transaction:
        for number in range(COUNT):
            transaction.put(b"%040x" % number, webp(number))
    (folder / "lock.mdb").unlink()
    return folder


def test_images_are_the_values_by_their_keys(database):
    folder = open_folder(database)
    names = list_images(folder)
    assert names == [f"{number:040x}.webp" for number in range(COUNT)]
    np.testing.assert_array_equal(read_image(folder / names[7]), photo(7))


def test_nothing_is_written_beside_the_database(database):
    read_image(open_folder(database) / f"{0:040x}.webp")
    assert [path.name for path in database.iterdir()] == ["data.mdb"]


def test_images_are_read_by_many_threads_at_once(database):
    folder, wrong = open_folder(database), []

    def read():
        for number in range(COUNT):
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
    with pytest.raises(DataError, match=r"data\.mdb: (cannot be read|is cut short)"):
        open_database(database)


def test_other_databases_are_refused(tmp_path):
    with lmdb.open(str(tmp_path)) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"../../x", b"1")
    with pytest.raises(DataError, match="has keys that are no names of files"):
        open_database(tmp_path)


def test_without_lmdb_it_is_said_what_to_install(database, monkeypatch):
    monkeypatch.setitem(sys.modules, "lmdb", None)
    with pytest.raises(DataError, match=r"which needs: pip install -e '.\[lmdb\]'"):
        open_database(database)


def test_path_in_it_is_a_path_in_a_tree(database):
    assert isinstance(open_folder(database), TreePath)
