"""Archives: read in place, whole or not at all, and nothing that leads outside of them."""

import multiprocessing
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from base.errors import DataError
from inputs import archives
from inputs.archives import ENDINGS, is_archive, open_archive
from inputs.trees import TreePath, read_file
from tests.helpers.archives import call_in_threads, make_tar, make_zip, special
from tests.helpers.errors import complaint

FILES = {"set/trainA/1.png": b"one", "set/trainA/2.png": bytes(range(256)) * 40, "set/readme.txt": b""}


def make(path: Path, files) -> Path:
    """Writes an archive of the kind that its name says."""
    return (make_zip if path.suffix == ".zip" else make_tar)(path, files)


def contents(archive):
    return {name: read_file(TreePath(archive) / name, 1 << 20) for name in archive.sizes}


@pytest.mark.parametrize("ending", ENDINGS)
def test_files_are_those_that_were_packed(tmp_path, ending):
    path = make(tmp_path / f"x{ending}", FILES)
    assert is_archive(path) and contents(open_archive(path)) == FILES


@pytest.mark.parametrize("ending", [".zip", ".tar", ".tar.gz"])
def test_an_archive_is_opened_once_and_again_when_it_changed(tmp_path, ending):
    path = make(tmp_path / f"x{ending}", FILES)
    first = open_archive(path)
    assert open_archive(path) is first
    make(path, {"a.png": b"new"})
    assert contents(open_archive(path)) == {"a.png": b"new"}


def test_other_files_and_folders_are_no_archives(tmp_path):
    (tmp_path / "folder.zip").mkdir()
    (tmp_path / "x.png").touch()
    assert not any(is_archive(tmp_path / name) for name in ("folder.zip", "x.png", "none.zip"))


@pytest.mark.parametrize("ending", [".zip", ".tar"])
def test_names_have_no_detours_and_macos_files_are_left_out(tmp_path, ending):
    path = make(tmp_path / f"x{ending}", {"./a//b/./1.png": b"1", "__MACOSX/a/._1.png": b"junk"})
    assert list(open_archive(path).sizes) == ["a/b/1.png"]


@pytest.mark.parametrize("ending", [".zip", ".tar"])
@pytest.mark.parametrize("name", ["/etc/x.png", "../x.png", "a/../../x.png", ".."])
def test_paths_that_lead_outside_are_refused(tmp_path, ending, name):
    path = make(tmp_path / f"x{ending}", {"a.png": b"1", name: b"2"})
    with pytest.raises(DataError, match=r"x\.\w+: '.*' in it leads outside of it"):
        open_archive(path)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar_are_refused(tmp_path, kind):
    path = make_tar(tmp_path / "x.tar", FILES, special("set/link.png", kind, "/etc/passwd"))
    with pytest.raises(DataError, match="'set/link.png' in it is a link, or no regular file"):
        open_archive(path)


def test_links_in_a_zip_are_refused(tmp_path):
    path = make_zip(tmp_path / "x.zip", FILES, {"set/link.png": "/etc/passwd"})
    with pytest.raises(DataError, match="'set/link.png' in it is a link, or no regular file"):
        open_archive(path)


def test_sparse_files_are_refused(tmp_path):
    sparse = special("a.png", tarfile.REGTYPE)
    facts = {"major": "0", "minor": "1", "map": "0,0", "size": "0"}
    sparse.pax_headers = {f"GNU.sparse.{name}": value for name, value in facts.items()}
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(sparse)
    with pytest.raises(DataError, match="'a.png' in it is a link, or no regular file"):
        open_archive(path)


def test_files_of_less_than_nothing_are_refused(tmp_path):
    first, member = special("a.png", tarfile.REGTYPE), special("b.png", tarfile.REGTYPE)
    member.size = -512  # behind which comes the same header again, without end
    (tmp_path / "x.tar").write_bytes(first.tobuf() + member.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    with pytest.raises(DataError, match=r"x\.tar: is no archive, or a damaged one"):
        open_archive(tmp_path / "x.tar")


def test_encrypted_files_are_refused(tmp_path):
    data = bytearray(make_zip(tmp_path / "x.zip", {"a.png": b"1"}).read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(DataError, match="'a.png' in it is encrypted"):
        open_archive(tmp_path / "x.zip")


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("content", [b"", b"hello", b"\x1f\x8b\x08" + bytes(30), b"PK\x05\x06" + bytes(9)])
def test_what_is_no_archive_is_one_line(tmp_path, ending, content):
    path = tmp_path / f"x{ending}"
    path.write_bytes(content)
    said = complaint(DataError, open_archive, path)
    assert said.startswith(f"{path}: is no archive, or a damaged one: ")


@pytest.mark.parametrize("ending", [".tar", ".tar.gz", ".zip"])
def test_an_archive_that_is_cut_short_is_damaged(tmp_path, ending):
    path = make(tmp_path / f"x{ending}", {"a.png": os.urandom(5000), "b.png": os.urandom(5000)})
    path.write_bytes(path.read_bytes()[:7000])
    with pytest.raises(DataError, match="is no archive, or a damaged one"):
        open_archive(path)


def test_damaged_file_in_a_zip_does_not_cost_the_others(tmp_path):
    path = make_zip(tmp_path / "x.zip", FILES)
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        data[archive.getinfo("set/trainA/1.png").header_offset + 30 + len("set/trainA/1.png")] ^= 255
    path.write_bytes(data)
    archive = open_archive(path)
    with pytest.raises(OSError, match="it cannot be unpacked"):
        b"".join(archive.chunks("set/trainA/1.png"))
    assert b"".join(archive.chunks("set/trainA/2.png")) == FILES["set/trainA/2.png"]


def test_a_file_that_says_to_be_small_gives_no_more(tmp_path):
    path = make_zip(tmp_path / "x.zip", {"bomb.png": bytes(10_000_000)})
    data = bytearray(path.read_bytes())
    place = data.index(b"PK\x01\x02") + 24
    data[place : place + 4] = (1000).to_bytes(4, "little")
    path.write_bytes(data)
    archive = open_archive(path)
    given = 0
    with pytest.raises(OSError, match="it cannot be unpacked: Bad CRC-32"):
        for chunk in archive.chunks("bomb.png"):
            given += len(chunk)
    assert given <= 1000


def test_too_many_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_FILES", 2)
    for ending in (".zip", ".tar"):
        with pytest.raises(DataError, match="holds more than 2 files"):
            open_archive(make(tmp_path / f"x{ending}", FILES))


def test_too_long_a_list_of_files_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_INDEX", 1000)
    with pytest.raises(DataError, match="its list of files has .* bytes, more than 1,000"):
        open_archive(make_zip(tmp_path / "x.zip", {f"{number}.png": b"" for number in range(50)}))


def test_a_compressed_tar_that_would_fill_the_disk_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_UNPACKED", 1 << 20)
    path = make_tar(tmp_path / "x.tar.gz", {"bomb": bytes(5_000_000)})
    with pytest.raises(DataError, match="takes more than half of the room in .*; unpack it yourself, or set TMPDIR"):
        open_archive(path)


def test_a_compressed_tar_leaves_no_file(tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(archives.tempfile, "tempdir", str(tmp_path / "temporary"))
    archive = open_archive(make_tar(tmp_path / "x.tgz", FILES))
    assert not list((tmp_path / "temporary").iterdir()) and contents(archive) == FILES


@pytest.mark.parametrize("ending", [".zip", ".tar"])
def test_files_are_read_by_many_threads_at_once(tmp_path, ending):
    files = {f"{number}.png": bytes([number]) * 100_000 for number in range(20)}
    archive = open_archive(make(tmp_path / f"x{ending}", files))
    wrong = []

    def read():
        for name in list(files) * 5:
            if b"".join(archive.chunks(name)) != files[name]:
                wrong.append(name)

    call_in_threads(read)
    assert not wrong


def _send_contents(archive, connection):
    for _ in range(9):
        contents(archive)
    connection.send(contents(archive))


@pytest.mark.parametrize("ending", [".zip", ".tar", ".tar.gz"])
@pytest.mark.parametrize("how", ["fork", pytest.param("spawn", marks=pytest.mark.slow)])
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_processes_read_at_once_and_each_the_same(tmp_path, ending, how):
    files = {f"{number}.png": bytes([number]) * 200_000 for number in range(9)}
    archive = open_archive(make(tmp_path / f"x{ending}", files))
    context = multiprocessing.get_context(how)
    pipes = [context.Pipe() for _ in range(4)]
    processes = [context.Process(target=_send_contents, args=(archive, theirs)) for _, theirs in pipes]
    for process in processes:
        process.start()
    for (ours, _), process in zip(pipes, processes, strict=True):
        assert ours.poll(30) and ours.recv() == files
        process.join()
