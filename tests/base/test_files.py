"""Files appear whole or not at all, and what cannot be written is told in one line."""

import hashlib
import os

import pytest

from base.errors import DataError, OutputError
from base.files import (
    MARK,
    MARKER,
    clear_leftovers,
    folder_written_whole,
    free_name,
    lock_file,
    lock_folder,
    sha256_of,
    writing,
    written_whole,
)


def test_what_the_file_system_refuses_names_the_path_and_the_reason(tmp_path):
    target = tmp_path / "nowhere" / "x.txt"
    with pytest.raises(OutputError) as error, writing(target):
        target.write_text("x")
    assert str(error.value) == f"{target}: cannot be written: No such file or directory"


def test_an_error_without_a_reason_of_the_system_is_told_in_its_own_words():
    with pytest.raises(OutputError, match="^out.zip: cannot be written: too many files$"), writing("out.zip"):
        raise OSError("too many files")


def test_other_errors_pass_through_writing_as_they_are():
    with pytest.raises(ZeroDivisionError), writing("x"):
        raise ZeroDivisionError


def test_a_file_appears_only_when_it_is_whole(tmp_path):
    target = tmp_path / "grid.png"
    with written_whole(target) as file:
        file.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new" and os.listdir(tmp_path) == ["grid.png"]


def test_a_file_that_was_there_stays_until_the_new_one_is_whole(tmp_path):
    target = tmp_path / "grid.png"
    target.write_text("old")
    with written_whole(target) as file:
        file.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"


def test_what_fails_halfway_leaves_everything_as_it_was(tmp_path):
    target = tmp_path / "grid.png"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), written_whole(target) as file:
        file.write_text("half")
        raise ZeroDivisionError
    assert target.read_text() == "old" and os.listdir(tmp_path) == ["grid.png"]


def test_the_name_on_the_way_is_hidden_and_has_the_same_extension_beside_the_file(tmp_path):
    with written_whole(str(tmp_path / "grid.png")) as file:
        assert file.parent == tmp_path and file.name.startswith(".") and file.suffix == ".png"
        file.touch()


@pytest.mark.parametrize("name", ["x" * 251 + ".png", "ü" * 127 + "x"])
def test_the_longest_name_that_a_folder_takes_can_be_written_whole(tmp_path, name):
    with written_whole(tmp_path / name) as file:
        file.write_text("x")
    assert os.listdir(tmp_path) == [name]


def test_a_folder_appears_only_when_it_is_whole(tmp_path):
    target = tmp_path / "data"
    with folder_written_whole(target) as folder:
        (folder / "new.txt").touch()
        assert not target.exists()
    assert os.listdir(tmp_path) == ["data"] and os.listdir(target) == ["new.txt"]


def test_a_folder_takes_the_place_of_the_one_that_was_there_with_all_it_held(tmp_path):
    target = tmp_path / "data"
    target.mkdir()
    (target / "old.txt").touch()
    with folder_written_whole(target) as folder:
        (folder / "new.txt").touch()
        assert os.listdir(target) == ["old.txt"]
    assert os.listdir(tmp_path) == ["data"] and os.listdir(target) == ["new.txt"]


def test_a_folder_that_fails_halfway_leaves_everything_as_it_was(tmp_path):
    target = tmp_path / "data"
    target.mkdir()
    (target / "old.txt").touch()
    with pytest.raises(ZeroDivisionError), folder_written_whole(target) as folder:
        (folder / "half.txt").touch()
        raise ZeroDivisionError
    assert os.listdir(tmp_path) == ["data"] and os.listdir(target) == ["old.txt"]


def leave(folder, *names, marked=True):
    """Leaves a folder as a program would that was killed in `folder_written_whole`, or as somebody else did."""
    folder.mkdir()
    for name in names:
        (folder / name).touch()
    if marked:
        (folder / MARKER).write_text(MARK)
    return folder


def test_leftovers_of_a_killed_program_are_removed_but_not_those_of_one_at_work(tmp_path):
    dead, other = leave(tmp_path / "data.partial-1"), leave(tmp_path / "data2.partial-1")
    with folder_written_whole(tmp_path / "data") as folder:
        clear_leftovers(tmp_path / "data")
        assert folder.exists() and not dead.exists() and other.exists()


@pytest.mark.parametrize("name", ["data.partial-mine", "data.replaced-mine", "data.replaced"])
def test_what_only_has_the_name_of_a_leftover_stays_where_it_is(tmp_path, name):
    notes = leave(tmp_path / name, "notes.txt", marked=False)
    clear_leftovers(tmp_path / "data")
    assert os.listdir(tmp_path) == [name] and os.listdir(notes) == ["notes.txt"]


def test_a_folder_that_was_caught_between_two_renames_comes_back(tmp_path):
    leave(tmp_path / "data.replaced-1", "old.txt")
    clear_leftovers(tmp_path / "data")
    assert os.listdir(tmp_path) == ["data"] and os.listdir(tmp_path / "data") == ["old.txt"]


def test_what_was_replaced_goes_where_the_new_folder_is_there(tmp_path):
    leave(tmp_path / "data", "new.txt", marked=False)
    leave(tmp_path / "data.replaced-1", "old.txt")
    clear_leftovers(tmp_path / "data")
    assert os.listdir(tmp_path) == ["data"] and os.listdir(tmp_path / "data") == ["new.txt"]


@pytest.mark.parametrize("lock, name", [(lock_folder, ""), (lock_file, "lock")])
def test_what_is_locked_cannot_be_locked_again_before_it_is_free(tmp_path, lock, name):
    descriptor = lock(tmp_path / name)
    with pytest.raises(BlockingIOError):
        lock(tmp_path / name)
    os.close(descriptor)
    os.close(lock(tmp_path / name))


def test_a_file_that_is_locked_keeps_its_content(tmp_path):
    (tmp_path / "file").write_text("mine")
    os.close(lock_file(tmp_path / "file"))
    assert (tmp_path / "file").read_text() == "mine"


def test_the_first_candidate_that_is_free_is_taken():
    assert free_name(["a.png", "a.jpg"], set()) == "a.png"
    assert free_name(["a.png", "a.jpg"], {"a.png"}) == "a.jpg"


def test_the_last_candidate_is_numbered_from_two_where_all_are_taken():
    assert free_name(["b.png", "a.png"], {"b.png", "a.png"}) == "a-2.png"
    assert free_name(["a.png"], {"a.png", "a-2.png", "a-3.png"}) == "a-4.png"


def test_upper_and_lower_case_are_one_name():
    assert free_name(["Cat.png"], {"cat.png"}) == "Cat-2.png"
    assert free_name(["A.png"], {"a.png", "a-2.png"}) == "A-3.png"


def test_hash_is_that_of_the_whole_file(tmp_path):
    data = bytes(range(256)) * 10_000
    (tmp_path / "file").write_bytes(data)
    assert sha256_of(tmp_path / "file") == hashlib.sha256(data).hexdigest()
    with pytest.raises(DataError, match="none: No such file"):
        sha256_of(tmp_path / "none")


def test_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="pipe: it is no regular file"):
        sha256_of(tmp_path / "pipe")
