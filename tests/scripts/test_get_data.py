"""Tests of scripts/get_data.py, against a server on loopback and archives of the inner layout of the real ones."""

import dataclasses
import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from base.files import MARK, MARKER
from downloads import catalogue, fetch
from downloads.catalogue import DATA_SETS
from inputs.data_dir import find_source
from scripts import get_data
from tests.conftest import ROOT
from tests.helpers import web
from tests.helpers.archives import cifar_batches, image_bytes, make_tar, make_zip
from tests.helpers.build import build_well
from tests.helpers.programs import assert_kept, run_here, snapshot
from tests.helpers.web import web_server

CYCLEGAN = ("trainA", "trainB", "testA", "testB")


@pytest.fixture(autouse=True)
def workplace(tmp_path, monkeypatch):
    """The current folder is empty, and waiting is short."""
    monkeypatch.setattr(fetch, "TIMEOUT", 0.3)
    monkeypatch.setattr(fetch, "PAUSE", 0.01)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def archive(tmp_path):
    """An archive as those of CycleGAN's data sets: a folder of their name, with four in it."""
    files = {f"horse2zebra/{split}/{n}.jpg": image_bytes(tmp_path, n) for n, split in enumerate(CYCLEGAN)}
    return make_zip(tmp_path / "horse2zebra.zip", files)


def know(monkeypatch, name, archive, **changes):
    """Makes the catalogue know an archive as that of a data set."""
    data = archive.read_bytes()
    known = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), **changes}
    monkeypatch.setitem(catalogue.DATA_SETS, name, dataclasses.replace(DATA_SETS[name], **known))
    return data


def get(capfd, *arguments):
    return run_here(get_data.main, arguments, capfd)


def test_data_set_is_fetched_checked_and_unpacked(archive, monkeypatch, capfd, tmp_path):
    data = know(monkeypatch, "horse2zebra", archive)
    with web_server(data, web.well) as server:
        ended = get(capfd, "horse2zebra", f"--mirror={server.url}/mirror/")
    assert ended.code == 0 and "as it should be" in ended.out and "python train.py" in ended.out, ended
    assert server.requests[0][0] == "/mirror/horse2zebra.zip"
    folder = tmp_path / "data/horse2zebra"
    assert sorted(path.name for path in folder.iterdir()) == ["source.json", *sorted(CYCLEGAN)]
    assert [path.name for path in folder.parent.iterdir()] == ["horse2zebra"]
    noted = json.loads((folder / "source.json").read_text())
    assert noted["url"] == f"{server.url}/mirror/horse2zebra.zip" and noted["files"] == 4 and noted["checked"] is True
    assert noted["sha256"] == hashlib.sha256(data).hexdigest() and noted["bytes"] == len(data)


def test_its_own_server_is_asked_first(archive, monkeypatch, capfd):
    with web_server(archive.read_bytes(), web.well) as server:
        know(monkeypatch, "horse2zebra", archive, url=f"{server.url}/a/horse2zebra.zip")
        assert get(capfd, "--name=horse2zebra", "--output=h").code == 0
    assert server.requests[0][0] == "/a/horse2zebra.zip"


def test_folder_is_one_that_training_and_build_data_take(archive, monkeypatch, capfd, tmp_path):
    know(monkeypatch, "horse2zebra", archive)
    assert get(capfd, "horse2zebra", f"--archive={archive}", "--output=h").code == 0
    assert [len(find_source("h", split)) for split in CYCLEGAN] == [1, 1, 1, 1]
    build_well(source=tmp_path / "h", output=tmp_path / "records")
    assert archive.exists()


def test_pairs_are_taken_too(monkeypatch, capfd, tmp_path):
    files = {f"facades/{split}/1.jpg": image_bytes(tmp_path, 1, 2) for split in ("train", "val", "test")}
    archive = make_tar(tmp_path / "facades.tar.gz", files)
    know(monkeypatch, "pix2pix_facades", archive)
    assert get(capfd, "pix2pix_facades", f"--archive={archive}", "--output=f").code == 0
    assert len(find_source("f", "train/A")) == len(find_source("f", "test/B")) == 1
    assert "1 pairs" in build_well("--pairs", source=tmp_path / "f", output=tmp_path / "records")


def test_batches_are_taken_too(monkeypatch, capfd, tmp_path):
    files = {f"cifar-10-batches-bin/{name}": data for name, data in cifar_batches().items()}
    archive = make_tar(tmp_path / "cifar-10-binary.tar.gz", files)
    know(monkeypatch, "cifar10", archive)
    assert get(capfd, "cifar10", f"--archive={archive}", "--output=c").code == 0
    assert (len(find_source("c", "train")), find_source("c", "test").class_of(3)) == (20, "cat")
    build_well("--labelled", images=tmp_path / "c", output=tmp_path / "records")


def test_hash_that_is_not_known_is_noted(archive, monkeypatch, capfd):
    know(monkeypatch, "horse2zebra", archive, size=None, sha256=None)
    ended = get(capfd, "horse2zebra", f"--archive={archive}", "--output=h")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    noted = json.loads(Path("h/source.json").read_text())
    assert f"SHA-256 {digest}: not known before" in ended.out and (noted["sha256"], noted["checked"]) == (digest, False)


@pytest.mark.parametrize("damage", [lambda data: data[:-1] + b"x", lambda data: data + b"x", lambda data: data[:-1]])
def test_wrong_bytes_are_not_unpacked_and_not_kept(archive, monkeypatch, capfd, tmp_path, damage):
    data = know(monkeypatch, "horse2zebra", archive)
    with web_server(damage(data), web.well) as server:
        ended = get(capfd, "horse2zebra", f"--mirror={server.url}")
    assert ended.code in (1, 2) and ended.err.count("\n") == 1
    assert "has the SHA-256 " in ended.err or "but the file that is wanted has" in ended.err
    assert not list((tmp_path / "data").iterdir())


@pytest.mark.parametrize("damage, problem", [
    (lambda data: b"<html>not found</html>", "is no archive, or a damaged one"),
    (lambda data: data[:-30], "is no archive, or a damaged one"),
])  # fmt: skip
def test_what_is_no_archive_is_not_kept(archive, monkeypatch, capfd, tmp_path, damage, problem):
    data = know(monkeypatch, "horse2zebra", archive, size=None, sha256=None)
    with web_server(damage(data), web.well) as server:
        ended = get(capfd, "horse2zebra", f"--mirror={server.url}")
    assert ended.code == 2 and problem in ended.err and ended.err.endswith("; what was fetched is removed\n")
    assert not list((tmp_path / "data").iterdir())


@pytest.mark.parametrize("changes, problem", [
    ({"size": 5}, "bytes, but horse2zebra.zip has 5\n"),
    ({"sha256": "00"}, "but that of horse2zebra.zip is 00\n"),
])  # fmt: skip
def test_archive_that_is_given_is_checked_and_stays(archive, monkeypatch, capfd, tmp_path, changes, problem):
    know(monkeypatch, "horse2zebra", archive, **changes)
    before = snapshot(tmp_path)
    ended = get(capfd, "horse2zebra", f"--archive={archive}", "--output=h")
    assert ended.code == 2 and problem in ended.err
    assert_kept(before, tmp_path)
    assert not (tmp_path / "h").exists()


def test_folder_that_is_there_already_is_not_made_again(archive, monkeypatch, capfd, tmp_path):
    know(monkeypatch, "horse2zebra", archive)
    get(capfd, "horse2zebra", f"--archive={archive}", "--output=h")
    before = snapshot(tmp_path / "h")
    ended = get(capfd, "horse2zebra", "--output=h", "--mirror=http://127.0.0.1:9")
    assert ended.code == 0 and "is there already" in ended.out
    assert snapshot(tmp_path / "h") == before


@pytest.mark.parametrize("make", [
    lambda folder: (folder / "mine.txt").write_text("mine"),
    lambda folder: (folder / "source.json").write_text("{}"),
    lambda folder: (folder / "source.json").write_text('{"name": "maps"}'),
])  # fmt: skip
def test_folder_of_somebody_else_is_left_alone(archive, monkeypatch, capfd, tmp_path, make):
    know(monkeypatch, "horse2zebra", archive)
    (tmp_path / "h").mkdir()
    make(tmp_path / "h")
    before = snapshot(tmp_path)
    ended = get(capfd, "horse2zebra", f"--archive={archive}", "--output=h")
    assert ended.code == 2 and "choose another --output" in ended.err and snapshot(tmp_path) == before


def test_download_in_use_is_left_alone(archive, monkeypatch, capfd, tmp_path):
    know(monkeypatch, "horse2zebra", archive)
    (tmp_path / "h.download").mkdir()
    lock = os.open(tmp_path / "h.download", os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    ended = get(capfd, "horse2zebra", "--output=h", "--mirror=http://127.0.0.1:9")
    os.close(lock)
    assert ended.code == 2 and "h.download: another program fetches to it" in ended.err


def test_interrupted_download_is_kept_for_the_next_time(archive, monkeypatch, capfd, tmp_path):
    data = know(monkeypatch, "horse2zebra", archive)
    with web_server(data, web.cut(1000), web.code(404), web.well) as server:
        first = get(capfd, "horse2zebra", f"--mirror={server.url}", "--output=h")
        assert first.code == 1 and (tmp_path / "h.download/horse2zebra.zip").stat().st_size == 1000
        assert get(capfd, "horse2zebra", f"--mirror={server.url}", "--output=h").code == 0
    assert server.requests[-1][1]["Range"] == "bytes=1000-"


@pytest.mark.parametrize("name", [name for name, found in DATA_SETS.items() if not found.url])
def test_what_cannot_be_fetched_says_what_to_do_in_one_line(capfd, name):
    ended = get(capfd, name)
    assert ended.code == 2 and ended.err.count("\n") == 1 and "--archive=" in ended.err


def test_refused_data_set_says_what_else_can_be_done(capfd):
    with web_server(b"", web.code(404)) as server:
        ended = get(capfd, "cityscapes", f"--mirror={server.url}")
    assert ended.code == 1 and "the server answers 404 Not Found; " in ended.err and "https://" in ended.err


def test_list_names_every_set_and_its_size(capfd):
    ended = get(capfd, "--list")
    rows = {line.split()[0]: line for line in ended.out.splitlines()[1:]}
    assert ended.code == 0 and set(rows) == set(DATA_SETS)
    assert all(("unknown" in rows[name]) == (None in (found.size, found.sha256)) for name, found in DATA_SETS.items())


@pytest.mark.parametrize("arguments, problem", [
    ([], "say which data set, or --list"),
    (["horse2zebra", "--list"], "say which data set, or --list"),
    (["horse2zebr"], "horse2zebr: no such data set; did you mean horse2zebra?"),
    (["x y"], "x y: no such data set (see --list)"),
    (["maps", "facades"], "unexpected argument 'facades'"),
    (["maps", "--mirror=ftp://x"], "--mirror=ftp://x: must begin with https:// or http://"),
    (["maps", "--mirror=http://a b"], "and hold no spaces"),
    (["maps", "--mirror=http://x", "--archive=y"], "--mirror has no effect with --archive"),
    (["maps", "--archive=none.zip"], "none.zip: No such file"),
    (["maps", "--output=/dev/null/x"], "cannot be written"),
])  # fmt: skip
def test_wrong_use_is_one_line(capfd, arguments, problem):
    ended = get(capfd, *arguments)
    assert ended.code in (1, 2) and problem in ended.err and ended.err.count("\n") == 1, ended


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_in_one_line_and_keeps_what_is_there(tmp_path, number):
    with web_server(bytes(5_000_000), web.stalling(3_000_000)) as server:
        command = [sys.executable, ROOT / "scripts/get_data.py", "monet", f"--mirror={server.url}", "--output=m"]
        process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True)
        part = tmp_path / "m.download" / DATA_SETS["monet"].file
        while not (part.exists() and part.stat().st_size >= 3_000_000):
            assert process.poll() is None
            time.sleep(0.01)
        os.kill(process.pid, number)
        _, errors = process.communicate(timeout=10)
    assert process.returncode == 128 + number and errors.count("\n") == 1
    assert errors.endswith("; 3,000,000 bytes are kept, and the same command goes on\n") and part.exists()


def test_leftovers_of_a_killed_program_are_removed_by_the_next(archive, monkeypatch, capfd, tmp_path):
    know(monkeypatch, "horse2zebra", archive)
    (tmp_path / "h.partial-1").mkdir()
    (tmp_path / "h.partial-1" / MARKER).write_text(MARK)
    assert get(capfd, "horse2zebra", f"--archive={archive}", "--output=h").code == 0
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith(".")) == ["h", "horse2zebra.zip"]


def test_token_of_kaggle_is_for_kaggle_alone(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("KAGGLE_API_TOKEN", "secret")
    files = {f"{place}/1.jpg": image_bytes(tmp_path, 1) for place in ("monet_jpg", "photo_jpg")}
    archive = make_zip(tmp_path / "gan-getting-started.zip", files)
    with web_server(archive.read_bytes(), web.well) as server:
        assert get(capfd, "monet", f"--mirror={server.url}", "--output=mirrored").code == 0
        know(monkeypatch, "monet", archive, url=f"{server.url}/own")
        assert get(capfd, "monet", "--output=own").code == 0
    assert [headers.get("Authorization") for _, headers in server.requests] == [None, "Bearer secret"]
    assert [len(find_source("own", split)) for split in ("trainA", "trainB")] == [1, 1]


def test_set_that_needs_a_token_says_so(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KAGGLE_API_TOKEN", raising=False)
    ended = get(capfd, "monet")
    assert ended.code == 2 and "no token of Kaggle's" in ended.err and "--archive=" in ended.err
    assert ended.err.count("\n") == 1
