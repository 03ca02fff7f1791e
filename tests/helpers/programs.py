"""Programs run in the process of the tests, how they may end, and what lies in a folder before and after."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from base.command_line import run

TOLD = re.compile(r"skipped .*|.*: the checkpoint is damaged .* passed over")  # lines beside that of an error


class Ended(NamedTuple):
    """How a program ended: its exit code, and what it said."""

    code: int
    out: str
    err: str


def run_here(main: Callable[[list[str]], int], arguments: Sequence[str], capfd) -> Ended:
    """Runs an entry point's `main` as its command line does; `capfd` is pytest's."""
    capfd.readouterr()
    program = f"{main.__module__.rpartition('.')[2]}.py"
    with mock.patch.object(sys, "argv", [program, *arguments]):
        try:
            run(main)
        except SystemExit as end:
            return Ended(int(end.code or 0), *capfd.readouterr())
    raise AssertionError("unreachable")


def assert_well_ended(ended: Ended) -> None:
    """Asserts what holds for every program, whatever it was given: it works, or says in one line why not."""
    assert ended.code in (0, 1, 2), ended
    assert "Traceback" not in ended.out + ended.err, ended
    assert all(line.isprintable() for line in (ended.out + ended.err).split("\n")), ended
    lines = ended.err.splitlines()
    errors = [line for line in lines if not TOLD.fullmatch(line)]
    if ended.code == 2 or (ended.code == 1 and errors):
        assert len(errors) == 1 and errors[0] == lines[-1] and re.match(r"\w+\.py: error: .", errors[0]), ended
    else:
        assert not errors and (ended.code == 0 or lines), ended


def snapshot(folder: Path) -> dict[str, str]:
    """What lies in a folder, by path: hashes of files, targets of links, and what else there is."""
    return {str(path.relative_to(folder)): _fingerprint(path) for path in sorted(folder.rglob("*"))}


def assert_kept(before: dict[str, str], folder: Path, owned: str = "") -> None:
    """Asserts that all that was in a folder is there as it was, but for paths that match the pattern `owned`."""
    after = snapshot(folder)
    lost = [path for path, content in before.items() if after.get(path) != content and not re.fullmatch(owned, path)]
    assert not lost, f"changed or gone: {lost}"


def _fingerprint(path: Path) -> str:
    status = os.lstat(path)
    if stat.S_ISREG(status.st_mode):
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return os.readlink(path) if stat.S_ISLNK(status.st_mode) else str(stat.S_IFMT(status.st_mode))
