"""dataset.json: written, read back, and refused where it is something else."""

import copy
import json
import os

import pytest

from base.errors import DataError
from inputs.dataset import Description, SplitFacts, read_description, write_description
from tests.helpers.errors import complaint
from tests.helpers.mutations import ODD_VALUES, paths_in

SIDES = {"min": 1, "median": 2, "max": 3}
FACTS = SplitFacts("photos/trainA", 5, 2, SIDES, SIDES, [{"file": "a.png", "reason": "is empty"}])
WRITTEN = {
    "format_version": 1,
    "seed": 4,
    "max_side": None,
    "splits": {
        "trainA": {
            "source": "photos/trainA",
            "images": 5,
            "shards": 2,
            "height": SIDES,
            "width": SIDES,
            "left_out": [{"file": "a.png", "reason": "is empty"}],
        }
    },
}


def test_file_holds_what_is_described_in_one_order(tmp_path):
    write_description(tmp_path, Description(4, None, {"trainA": FACTS}))
    assert (tmp_path / "dataset.json").read_text() == json.dumps(WRITTEN, indent=2) + "\n"


@pytest.mark.parametrize("classes", [[], ["cat", "dog"]])
def test_what_is_written_is_read_back(tmp_path, classes):
    description = Description(4, 256, {"trainA": FACTS}, classes)
    write_description(tmp_path, description)
    assert read_description(tmp_path) == description


def test_folder_without_the_file_has_no_description(tmp_path):
    assert read_description(tmp_path) is None and read_description(tmp_path / "none") is None


@pytest.mark.parametrize(
    "text, problem",
    [
        ("{", "is damaged"),
        ("[]", "was not written by build_data.py"),
        ('{"classes": []}', "was not written by build_data.py"),
        (json.dumps({**WRITTEN, "format_version": 2}), "has the format 2, but 1 is understood here"),
        (json.dumps({"format_version": 1, "seed": 0, "max_side": None}), "splits is missing"),
        (json.dumps({**WRITTEN, "splits": {"train": {}}}), "is damaged"),
        (json.dumps({**WRITTEN, "classes": "cat"}), 'classes must be a list, not "cat"'),
        (json.dumps({**WRITTEN, "classes": [1]}), "classes/0 must be text, not 1"),
    ],
)
def test_other_files_of_the_name_are_refused(tmp_path, text, problem):
    (tmp_path / "dataset.json").write_text(text)
    with pytest.raises(DataError, match=problem) as caught:
        read_description(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}/dataset.json: ") and "\n" not in str(caught.value)


@pytest.mark.parametrize("path", list(paths_in(WRITTEN)), ids=str)
def test_any_value_of_another_kind_is_refused_by_name_or_understood(tmp_path, path):
    for odd in ODD_VALUES:
        values = copy.deepcopy(WRITTEN)
        place = values
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = odd
        (tmp_path / "dataset.json").write_text(json.dumps(values))
        said = complaint(DataError, read_description, tmp_path)
        assert not said or path == ("format_version",) or str(path[-1]) in said


def test_deeply_nested_file_is_refused(tmp_path):
    (tmp_path / "dataset.json").write_text(100_000 * "[" + 100_000 * "]")
    with pytest.raises(DataError, match="is damaged: nested too deep"):
        read_description(tmp_path)


def test_pipe_of_the_name_is_refused(tmp_path):
    os.mkfifo(tmp_path / "dataset.json")
    with pytest.raises(DataError, match="cannot be read: it is no regular file"):
        read_description(tmp_path)
