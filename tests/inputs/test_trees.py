"""Paths in a tree of files do what pathlib's do."""

import os

import pytest

from inputs.trees import Tree, TreePath, file_on_disk, file_size, file_version, read_file

FILES = {"b/x.png": b"x of b", "b/c/y.png": b"y", "a.png": b""}


class Files(Tree):
    """Files of which each byte is a piece."""

    def __init__(self, path):
        super().__init__(path, {name: len(data) for name, data in FILES.items()})

    def chunks(self, name):
        return (FILES[name][i : i + 1] for i in range(len(FILES[name])))


@pytest.fixture(params=["disk", "tree"])
def folder(request, tmp_path):
    """A folder of these files, on the disk or in a tree."""
    if request.param == "tree":
        return TreePath(Files(tmp_path / "folder"))
    for name, data in FILES.items():
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_bytes(data)
    return tmp_path / "folder"


def test_paths_are_named_as_on_the_disk(folder, tmp_path):
    path = folder / "b" / "c/y.png"
    assert str(path) == f"{tmp_path}/folder/b/c/y.png" and path.name == "y.png" and folder.name == "folder"
    assert str(path.parent) == f"{tmp_path}/folder/b/c" and path.parent.parent == folder / "b"


@pytest.mark.parametrize("name, is_file, is_dir", [("b", 0, 1), ("b/c", 0, 1), ("a.png", 1, 0), ("b/z", 0, 0)])
def test_files_and_folders_are_told_apart(folder, name, is_file, is_dir):
    path = folder / name
    assert (path.is_file(), path.is_dir(), path.exists()) == (is_file, is_dir, is_file or is_dir)


def test_files_are_read_up_to_a_size(folder):
    assert read_file(folder / "b/x.png", 6) == b"x of b" and read_file(folder / "a.png", 0) == b""
    assert file_size(folder / "b/x.png") == 6
    with pytest.raises(OSError, match="it has 6 bytes, more than 5"):
        read_file(folder / "b/x.png", 5)


def test_what_is_not_there_cannot_be_read(folder):
    for function in (file_size, file_version, lambda path: read_file(path, 9)):
        with pytest.raises(FileNotFoundError):
            function(folder / "none")


def test_tree_is_walked_as_the_disk_is(tmp_path):
    folder = TreePath(Files(tmp_path))
    assert list(folder.walk()) == [(".", ["b"], ["a.png"]), ("b", ["c"], ["x.png"]), ("b/c", [], ["y.png"])]
    assert list((folder / "b").walk()) == [(".", ["c"], ["x.png"]), ("c", [], ["y.png"])]


def test_folder_that_is_taken_out_is_not_entered(tmp_path):
    seen = []
    for inside, folders, _ in TreePath(Files(tmp_path)).walk():
        seen.append(inside)
        folders.clear()
    assert seen == ["."]
    assert len(list(TreePath(Files(tmp_path)).walk())) == 3  # the next walk sees all again


def test_file_of_a_tree_in_a_tree_lies_in_the_outer_file(tmp_path):
    outer = TreePath(Files(tmp_path / "x.tar"))
    assert file_on_disk(TreePath(Files(outer / "b")) / "a.png") == tmp_path / "x.tar"
    assert os.fspath(file_on_disk(tmp_path / "y")) == f"{tmp_path}/y"
