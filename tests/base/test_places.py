"""Paths with a scheme do what those of this machine do; what TensorFlow cannot do is an OSError that names the path."""

import errno
import os
import pickle
from pathlib import Path
from unittest import mock

import pytest

from base.errors import ConfigError, DataError, OutputError
from base.files import read_if_there, read_regular, reading, sha256_of, writing, written_whole
from base.graph_mode import tf
from base.places import RemotePath, absolute, as_path, exists, is_remote, is_there, real, stat_of
from tests.helpers.errors import complaint
from tests.helpers.places import names, put


def test_only_paths_with_a_scheme_are_remote():
    assert [is_remote(path) for path in ("gs://a/b", Path("gs://a/b"), "C://x", "a:b", "")] == [True, *[False] * 4]


def test_parts_of_a_path_are_those_that_pathlib_finds():
    path, local = as_path("gs://bucket/run/model-3.index"), Path("/bucket/run/model-3.index")
    assert (path.name, path.suffix) == (local.name, local.suffix)
    assert str(path.parent) == "gs://bucket/run" and str(path.parent / "x" / "y") == "gs://bucket/run/x/y"
    assert str(path.with_suffix(".data")) == "gs://bucket/run/model-3.data"


def test_slash_at_the_end_and_another_process_make_no_other_path():
    assert (
        as_path("gs://bucket/run/")
        == as_path("gs://bucket/run")
        == pickle.loads(pickle.dumps(as_path("gs://bucket/run")))
    )


def test_path_with_a_scheme_is_absolute_and_real_as_it_is():
    assert absolute("gs://a/../b") == "gs://a/../b" and real(as_path("gs://a/b")) == as_path("gs://a/b")


def test_path_lies_in_its_parents_and_in_none_whose_name_only_begins_alike():
    path = as_path("gs://bucket/runs/one")
    assert [path.is_relative_to(other) for other in ("gs://bucket/runs", path, "gs://bucket/run", "/bucket")] == [
        True, True, False, False,
    ]  # fmt: skip


def test_files_and_folders_are_told_apart(anywhere):
    file = put(anywhere / "a.txt", b"12345")
    (anywhere / "sub").mkdir()
    for path, kind in ((file, (True, False)), (anywhere / "sub", (False, True)), (anywhere / "none", (False, False))):
        assert (path.is_file(), path.is_dir()) == kind
        assert path.exists() == exists(path) == is_there(path) == any(kind)
    assert names(anywhere) == ["a.txt", "sub"] and stat_of(file).st_size == 5


def test_folder_is_walked_from_above():
    folder = as_path("ram://walked/here")
    for name in ("b.txt", "a/c.txt", "a/d/e.txt"):
        put(folder / name, b"")
    assert list(folder.walk()) == [(".", ["a"], ["b.txt"]), ("a", ["d"], ["c.txt"]), ("a/d", [], ["e.txt"])]


def test_removed_file_is_gone(anywhere):
    file = put(anywhere / "a.txt", b"")
    file.unlink()
    assert not file.exists()
    file.unlink(missing_ok=True)
    with pytest.raises(FileNotFoundError):
        file.unlink()


def test_any_part_of_a_file_is_read(monkeypatch):
    monkeypatch.setattr("base.places.MOST_AT_ONCE", 1000)
    content = bytes(range(256)) * 100
    with put(as_path("ram://parts/file"), content).open() as file:
        for start, length in ((0, 10), (25_590, 100), (300, 9000), (30_000, 5), (5, -1)):
            file.seek(start)
            assert file.read(length) == content[start:][: length if length >= 0 else None]
        assert file.seek(-3, os.SEEK_END) == len(content) - 3 and file.read() == content[-3:]


def test_file_is_read_whole_up_to_a_size(anywhere):
    file = put(anywhere / "a.txt", b"12345")
    assert read_regular(file, 5) == read_if_there(file, 5) == b"12345"
    assert sha256_of(file).startswith("5994471abb01112a")
    assert complaint(DataError, read_if_there, file, 4) == f"{file}: cannot be read: it has 5 bytes, more than 4"


def test_file_that_is_not_there_is_none_and_one_that_cannot_be_read_is_an_error(anywhere):
    assert read_if_there(anywhere / "none", 5) is None
    assert complaint(DataError, read_if_there, anywhere, 5) == f"{anywhere}: cannot be read: Is a directory"
    unreachable = tf.errors.UnavailableError(None, None, "no network\nat all")
    with mock.patch.object(tf.io.gfile, "stat", side_effect=unreachable):
        assert complaint(DataError, read_if_there, as_path("gs://a/b"), 5) == "gs://a/b: cannot be read: no network"


def test_folder_that_cannot_be_asked_for_is_not_taken_for_a_missing_one():
    unreachable = tf.errors.UnavailableError(None, None, "no network")
    with (
        mock.patch.object(tf.io.gfile, "stat", side_effect=unreachable),
        mock.patch.object(tf.io.gfile, "listdir", side_effect=tf.errors.NotFoundError(None, None, "")),
        pytest.raises(OSError, match="no network"),
    ):
        as_path("gs://a/b").iterdir()


def test_file_appears_whole_or_stays_as_it_was(anywhere):
    file = put(anywhere / "a.txt", b"old")
    with pytest.raises(ZeroDivisionError), written_whole(file) as temporary:
        temporary.write_bytes(b"half")
        raise ZeroDivisionError
    assert (read_regular(file, 9), names(anywhere)) == (b"old", ["a.txt"])
    put(file, b"new")
    assert (read_regular(file, 9), names(anywhere)) == (b"new", ["a.txt"])


def test_file_that_could_not_be_sent_leaves_the_old_one():
    file = put(as_path("ram://sent/a.txt"), b"old")
    full = tf.errors.ResourceExhaustedError(None, None, "quota")
    with pytest.raises(OutputError) as error, writing(file), mock.patch.object(tf.io.gfile, "rename", side_effect=full):
        put(file, b"new")
    assert names(file.parent) == ["a.txt"]
    assert str(error.value) == f"{file}: cannot be written: No space left on device"
    assert read_regular(file, 9) == b"old"


@pytest.mark.parametrize(
    "error, number, reason",
    [
        (tf.errors.PermissionDeniedError, errno.EACCES, "you may not"),
        (tf.errors.UnauthenticatedError, errno.EACCES, "you may not"),
        (tf.errors.InternalError, errno.EIO, "you may not"),
        (tf.errors.NotFoundError, errno.ENOENT, "No such file or directory"),
    ],
)
def test_errors_of_tensorflow_are_those_of_the_system(error, number, reason):
    with (
        pytest.raises(OSError, match=reason) as raised,
        mock.patch.object(tf.io.gfile, "remove", side_effect=error(None, None, "you may not")),
    ):
        as_path("gs://a/b").unlink()
    assert (raised.value.errno, raised.value.strerror, raised.value.filename) == (number, reason, "gs://a/b")


@pytest.mark.parametrize("use", [RemotePath.stat, RemotePath.is_dir, RemotePath.mkdir, lambda path: path.open().read()])
def test_scheme_that_tensorflow_does_not_know_is_named_with_those_that_it_knows(use):
    with (
        pytest.raises(DataError, match=r"^s7://a/b: TensorFlow .* has no file system for it, only for .*gs://"),
        reading(),
    ):
        use(as_path("s7://a/b"))


@pytest.mark.parametrize("path", ["gs://", "ram:///"])
def test_scheme_alone_is_no_path(path):
    assert complaint(ConfigError, as_path, path) == f"{path}: names no folder, only the scheme"


def test_pattern_is_no_path_with_a_scheme():
    problem = r"a path with a scheme cannot have any of * ? [ \ ] in it"
    assert complaint(ConfigError, as_path, "gs://a/*.tfrecord") == f"gs://a/*.tfrecord: {problem}"
