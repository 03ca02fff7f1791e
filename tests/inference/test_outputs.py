"""Outputs: nothing is replaced without leave, and images appear whole."""

import os
from pathlib import Path

import numpy as np
import pytest

from base.errors import UsageError
from inference import outputs
from inference.outputs import check_apart, check_output_file, check_output_folder, write_image
from inputs.images import read_image


def test_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "out").touch()
    with pytest.raises(UsageError, match="out is a file; --output must name a folder"):
        check_output_folder("output", tmp_path / "out", [], overwrite=True)


def test_files_in_the_way_need_overwrite(tmp_path):
    (tmp_path / "a.png").touch()
    with pytest.raises(UsageError, match="a.png exists; --overwrite replaces .* another --output"):
        check_output_folder("output", tmp_path, ["b.png", "a.png"], overwrite=False)
    check_output_folder("output", tmp_path, ["b.png", "a.png"], overwrite=True)
    check_output_folder("output", tmp_path / "new", ["a.png"], overwrite=False)


def test_file_that_is_a_folder_is_refused(tmp_path):
    with pytest.raises(UsageError, match="is a folder; --zip must name a file"):
        check_output_file("zip", tmp_path, overwrite=True)


def test_what_is_no_regular_file_is_never_replaced(tmp_path):
    os.mkfifo(tmp_path / "a.zip")
    for place in (tmp_path / "a.zip", Path("/dev/null")):
        with pytest.raises(UsageError, match="is no regular file; --zip must name a file"):
            check_output_file("zip", place, overwrite=True)


def test_file_in_the_way_needs_overwrite(tmp_path):
    (tmp_path / "a.zip").touch()
    with pytest.raises(UsageError, match="a.zip exists; --overwrite replaces it, or choose another --zip"):
        check_output_file("zip", tmp_path / "a.zip", overwrite=False)
    check_output_file("zip", tmp_path / "a.zip", overwrite=True)


@pytest.mark.parametrize("output", ["in", "in/out", "."])
def test_output_and_input_may_not_lie_in_one_another(tmp_path, output):
    (tmp_path / "in").mkdir()
    with pytest.raises(UsageError, match="must not lie in one another"):
        check_apart(tmp_path / "in", [tmp_path / "in"], tmp_path / output, [])


def test_folder_beside_the_input_is_apart(tmp_path):
    (tmp_path / "in").mkdir()
    check_apart(tmp_path / "in", [tmp_path / "in"], tmp_path / "in-translated", [tmp_path / "in-translated"])


def test_half_an_image_is_never_seen(tmp_path, monkeypatch):
    def full(array, path):
        path.write_bytes(b"half")
        raise OSError("no space")

    monkeypatch.setattr(outputs, "save_image", full)
    with pytest.raises(OSError, match="no space"):
        write_image(np.zeros([2, 2, 3], np.uint8), tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_image_comes_back_and_its_folder_is_made(tmp_path):
    image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    write_image(image, tmp_path / "sub" / "a.png")
    np.testing.assert_array_equal(read_image(tmp_path / "sub" / "a.png"), image)
