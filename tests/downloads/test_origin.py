"""What is noted about a data set that was fetched."""

import pytest

from base.errors import DataError
from downloads.origin import FILE, Origin, read_origin_name, write_origin


def test_name_is_read_as_it_was_written(tmp_path):
    write_origin(
        tmp_path, Origin("horses", "http://x/horses.zip", "2026", "horses.zip", 1, "ab", True, 2, "http://x", "free")
    )
    assert read_origin_name(tmp_path) == "horses"


def test_folder_without_the_file_has_no_name(tmp_path):
    assert read_origin_name(tmp_path) is read_origin_name(tmp_path / "none") is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"name": 1}', "[" * 9999])
def test_file_of_somebody_else_is_refused(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(DataError, match="source.json: was not written by get_data.py, or is damaged"):
        read_origin_name(tmp_path)


def test_file_that_cannot_be_read_is_not_taken_for_none(tmp_path):
    (tmp_path / FILE).mkdir()
    with pytest.raises(DataError, match="source.json: cannot be read: Is a directory"):
        read_origin_name(tmp_path)
