"""Measures this project beside PyTorch: every contender in a process of its own, in turn; ratios within one round."""

from __future__ import annotations

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))  # works from anywhere, uninstalled

import base.early_signals  # noqa: F401 (from here on, Ctrl-C ends the program in one line)

import dataclasses
import importlib.metadata
import json
import platform
import tempfile
import time
from pathlib import Path

from base.command_line import parse_arguments, run
from base.errors import ConfigError
from base.files import writing, written_whole
from base.machine import PRECISIONS, cpu_name
from base.options import Options, option
from benchmarks.comparisons import COMPARISONS, SIZES, Setting
from inference.outputs import check_output_file

USAGE = """\
Measures speed and memory, prints tables and writes JSON.

  python scripts/benchmark.py                        training steps beside PyTorch's, where torch is installed
  python scripts/benchmark.py --what=loop            the whole of train.py beside the bare step
  python scripts/benchmark.py --what=inference       translating 256 px images, files to files
  python scripts/benchmark.py --what=pipeline        images/s the input pipeline delivers, beside Pillow alone
  python scripts/benchmark.py --what=build_data      images/s converted, beside decoding alone
  python scripts/benchmark.py --what=startup         from the start of the process to the end of the first step
  python scripts/benchmark.py --what=serve           one client of serve.py beside the forward pass; 32 under load

"ours / theirs" is the median over the rounds of this project's figure, in the last of the precisions, to a contender's.
"""


@dataclasses.dataclass(frozen=True)
class BenchmarkOptions(Options):
    """The command line."""

    what: str = option("training", "What to measure.", choices=tuple(COMPARISONS))
    sizes: str = option(
        "small,large",
        f"Comma-separated, of {', '.join(SIZES)}.",
        only={"what": ("training", "loop", "pipeline")},
    )
    precisions: str = option(
        "float32,bfloat16",
        f"Of this project, comma-separated, of {', '.join(PRECISIONS)}.",
        only={"what": ("training", "loop", "inference")},
    )
    xla: bool = option(False, "Measure the compiled training step, too.", only={"what": ("training",)})
    rounds: int = option(2, "How often the contenders take turns.", low=1)
    data_dir: Path | None = option(
        None,
        "Folder with trainA and trainB of your own images, instead of drawn scenes.",
        only={"what": ("inference", "pipeline", "build_data")},
        metavar="DIR",
    )
    json: Path | None = option(None, "Write all figures here, too.", metavar="FILE")
    overwrite: bool = option(False, "Replace the file of --json.")

    def check(self) -> None:
        for name, allowed in (("sizes", tuple(SIZES)), ("precisions", PRECISIONS)):
            unknown = [part for part in getattr(self, name).split(",") if part not in allowed]
            if unknown:
                raise ConfigError(f"--{name}={getattr(self, name)}: {unknown[0]!r} is none of {', '.join(allowed)}")


def main(arguments: list[str]) -> int:
    chosen = parse_arguments(arguments, BenchmarkOptions, USAGE)
    if chosen.json:
        check_output_file("json", chosen.json, chosen.overwrite)
        with writing(chosen.json):  # better told now than after an hour
            tempfile.TemporaryFile(dir=chosen.json.parent).close()
    started = time.perf_counter()
    with writing("the folder for temporary files"):
        temporary = tempfile.TemporaryDirectory()
    with temporary as workdir:
        setting = Setting(
            workdir=workdir,
            sizes=chosen.sizes.split(","),
            precisions=chosen.precisions.split(","),
            rounds=chosen.rounds,
            xla=chosen.xla,
            data_dir=None if chosen.data_dir is None else str(chosen.data_dir.absolute()),
        )
        tables = COMPARISONS[chosen.what](setting)
    report = {
        "machine": describe_machine(),
        "versions": describe_versions(),
        "date": time.strftime("%Y-%m-%d"),
        "command": ["benchmark.py", *arguments],
        "tables": tables,
    }
    protocol = "; ".join(str(report[key]) for key in ("machine", "versions", "date"))
    print(f"\n{protocol}; {time.perf_counter() - started:.0f} s in all")
    if chosen.json:
        with writing(chosen.json), written_whole(chosen.json) as file:
            file.write_text(json.dumps(report, indent=2) + "\n")
    return 0


def describe_machine() -> str:
    """Names the processor and the system."""
    return f"{os.cpu_count()} cores of {cpu_name()}, {platform.system()}"


def describe_versions() -> str:
    """Names the versions of Python and of the frameworks that are installed."""
    found = [f"Python {platform.python_version()}"]
    for package in ("tensorflow", "torch"):
        try:
            found.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return ", ".join(found)


if __name__ == "__main__":
    run(main)
