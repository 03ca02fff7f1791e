"""Archives are unpacked whole, to regular files, and into the folder alone."""

import shutil
import tarfile

import pytest

from base.errors import DataError, OutputError
from downloads import unpack as unpacking
from downloads.unpack import unpack
from tests.helpers.archives import make_tar, make_zip, special

FILES = {"horses/trainA/1.jpg": b"1", "horses/trainB/2.jpg": b"22", "horses/readme.txt": b"", "horses/a/b/c.jpg": b"3"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def found(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("make, name", [(make_zip, "x.zip"), (make_tar, "x.tar"), (make_tar, "x.tar.gz")])
def test_files_are_written_from_the_data_sets_own_folder_on(folder, make, name):
    assert unpack(make(folder.parent / name, FILES), folder) == 4
    assert found(folder) == {name.removeprefix("horses/"): data for name, data in FILES.items()}
    assert all(path.stat().st_mode & 0o111 == 0 for path in folder.rglob("*.jpg"))


def test_only_split_in_an_archive_stays_a_folder(folder):
    unpack(make_zip(folder.parent / "x.zip", {"faces/train/1.jpg": b"1"}), folder)
    assert found(folder) == {"train/1.jpg": b"1"}


@pytest.mark.parametrize("name", ["../x.jpg", "/tmp/x.jpg", "a/../../x.jpg"])
def test_nothing_is_written_of_an_archive_that_leads_outside(folder, name):
    for make, file in ((make_zip, "x.zip"), (make_tar, "x.tar")):
        with pytest.raises(DataError, match="leads outside of it"):
            unpack(make(folder.parent / file, {**FILES, name: b"bad"}), folder)
    assert not found(folder.parent / "out") and not (folder.parent / "x.jpg").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_nothing_is_written_of_an_archive_with_links_or_devices(folder, kind):
    archive = make_tar(folder.parent / "x.tar", FILES, special("horses/link", kind, "/etc"))
    with pytest.raises(DataError, match="is a link, or no regular file"):
        unpack(archive, folder)
    assert not found(folder)


def test_nothing_is_written_of_what_is_more_than_there_is_room_for(folder, monkeypatch):
    archive = make_zip(folder.parent / "x.zip", FILES)
    monkeypatch.setattr(unpacking.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(9, 6, 3))
    with pytest.raises(OutputError, match="x.zip: holds 0.0 MB of files, and 0.0 MB are free in"):
        unpack(archive, folder)
    assert not found(folder)


def test_damaged_file_is_named(folder):
    archive = make_zip(folder.parent / "x.zip", {"a/1.jpg": bytes(1000), "a/2.jpg": bytes(1000)})
    data = bytearray(archive.read_bytes())
    data[data.index(b"a/1.jpg") + 8] ^= 255
    archive.write_bytes(data)
    with pytest.raises(DataError, match="x.zip: a/1.jpg in it cannot be read: it cannot be unpacked"):
        unpack(archive, folder)


def test_file_that_is_shorter_than_it_says_is_named(folder):
    archive = make_zip(folder.parent / "x.zip", {"a/1.jpg": bytes(1000)})
    data = bytearray(archive.read_bytes())
    place = data.index(b"PK\x01\x02") + 24
    data[place : place + 4] = (2000).to_bytes(4, "little")
    archive.write_bytes(data)
    with pytest.raises(DataError, match="x.zip: a/1.jpg in it has 1,000 bytes, not 2,000: the archive is damaged"):
        unpack(archive, folder)


def test_file_and_folder_of_one_name_are_one_line(folder):
    archive = make_tar(folder.parent / "x.tar", {"a": b"1", "a/b": b"2", "c/d": b"3"})
    with pytest.raises(OutputError, match="a/b: cannot be written: "):
        unpack(archive, folder)


def test_other_files_are_no_archives(folder):
    (folder.parent / "x.rar").touch()
    for name in ("x.rar", "none.zip"):
        with pytest.raises(DataError, match="is no file that is named as a zip or tar archive"):
            unpack(folder.parent / name, folder)
