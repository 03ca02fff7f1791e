"""build_data.py run in a process of its own, and the records that it writes."""

import hashlib
import subprocess
import sys
from pathlib import Path

from inputs.records import index_records, parse_example, read_record
from tests.conftest import ROOT

PROGRAM = ROOT / "build_data.py"


def command(*arguments: str, **options) -> list[str]:
    """The command line, with options as flags."""
    flags = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, str(PROGRAM), *arguments, *flags]


def build(*arguments: str, **options) -> subprocess.CompletedProcess:
    """Runs it to its end."""
    return subprocess.run(command(*arguments, **options), capture_output=True, text=True, timeout=60)


def build_well(*arguments: str, **options) -> str:
    """Runs it, checks that it had nothing to complain of, and returns what it said."""
    ran = build(*arguments, **options)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def records(path: Path) -> list[dict]:
    """Features of all records of a file."""
    index = index_records(path)
    return [parse_example(read_record(path, number, index)) for number in range(len(index))]


def split_records(folder: Path, split: str) -> list[dict]:
    """Features of all records of a split."""
    return [features for path in sorted(folder.glob(f"{split}-*.tfrecord")) for features in records(path)]


def digests(folder: Path) -> dict[str, str]:
    """Hashes of the files of a folder by name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
