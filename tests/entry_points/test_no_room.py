"""No permission to write, and a full disk: one line, exit code 1 or 2, and nothing of what was there is touched.

A standard output that is full is told likewise, but the work is done all the same.
"""

import re

import pytest

from tests.helpers.entry_points import check_whole, missing, run
from tests.helpers.programs import assert_kept, snapshot

pytestmark = pytest.mark.slow


def assert_one_line(entry, ended):
    code, _, err = ended
    assert code in (1, 2) and err.startswith(f"{entry.name}: error: ") and err.count("\n") == 1, ended


def test_folder_without_permission_is_named(entry, material, place, unwritable):
    before = snapshot(place)
    ended = run(entry, material, place, unwritable)
    assert_one_line(entry, ended)
    assert "Permission denied" in ended[2] and ended[0] == 1
    assert snapshot(place) == before


@pytest.mark.parametrize(
    "entry, free",
    [
        ("train", 60),
        ("build_data", 8),
        ("get_data", 4),
        ("check_data", 0),
        ("translate", 12),
        ("sample", 24),
        ("export", 60),
        ("import_weights", 40),
        ("evaluate", 0),
        ("benchmark", 0),
    ],
    indirect=["entry"],
)
def test_full_disk_is_told_and_with_room_again_the_same_command_succeeds(entry, material, small_disk, free):
    small_disk.leave(free)
    before = snapshot(small_disk.path)
    ended = run(entry, material, small_disk.path, small_disk.before)
    assert_one_line(entry, ended)
    assert any(words in ended[2] for words in ("No space left", "File too large", "MB are free")), ended
    assert_kept(before, small_disk.path)
    check_whole(small_disk.path)
    small_disk.empty()
    with open("/dev/full", "w") as full:
        code, _, err = run(entry, material, small_disk.path, stdout=full)
    told = rf"{entry.name}: error: standard output cannot be written: .*No space left on device\n"
    assert code == 1 and re.fullmatch(told, err), err
    assert not missing(entry, small_disk.path)
    check_whole(small_disk.path)
