"""Writes a trained network as files that others use without this project, once they give what the run gives."""

from __future__ import annotations

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))  # works from anywhere, uninstalled

import base.early_signals  # noqa: F401 (from here on, Ctrl-C ends the program in one line)

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from base.command_line import parse_arguments, run
from base.errors import ConfigError, UsageError
from base.files import clear_leftovers, folder_written_whole, writing
from base.options import REQUIRED, Options, changed, option
from base.places import AnyPath, real
from base.signals import stop_told
from exports.folder import holds_exports_only, write_export
from exports.forms import FORMS, find_forms
from exports.programs import PLAIN_ARITHMETIC
from exports.web_runtime import PACKAGE, VERSION
from inference.load import CheckpointOptions, LoadedRun, load_run
from inference.outputs import check_outside_run
from run_folder.folder import LAST

USAGE = f"""\
Writes a trained network as files that others use without this project.

  python scripts/export.py --run_dir=runs/horse2zebra --direction=AtoB --output=zebras
  python scripts/export.py --run_dir=runs/horse2zebra --direction=both --formats=saved_model,onnx --output=exported

Before the folder appears, every form is loaded in a fresh process and compared with the run; where one differs by more
than it may, nothing is written, and the exit code is 2. README.md in the folder says how each is used.

Forms: {", ".join(FORMS)}.
"""
BOTH = "both"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExportOptions(Options):
    """The command line."""

    run_dir: AnyPath = option(REQUIRED, "Run folder of train.py.", "required", metavar="DIR")
    output: Path = option(REQUIRED, "Folder to write; it appears when all is done.", "required", metavar="DIR")

    direction: str | None = option(
        None,
        "AtoB, BtoA, or what else the run's model translates; both: each in a folder of that name.",
        auto="the only one there is",
        metavar="NAME",
    )
    formats: str = option("saved_model", f"Forms, joined by commas: {', '.join(FORMS)}.", metavar="NAMES")
    onnxruntime_web: Path | None = option(
        None,
        f"For html: the npm package {PACKAGE}, as folder or .tgz.",
        auto=f"version {VERSION}, fetched from npm's registry, its hash checked",
        metavar="PATH",
    )
    half: bool = option(False, "Store the weights as float16: half the size, and up to 3 grey levels off.")
    checkpoint: str = changed(CheckpointOptions, "checkpoint", LAST)
    overwrite: bool = option(False, "Replace an earlier export.")

    def check(self) -> None:
        for name in self.form_names:
            if name not in FORMS:
                raise ConfigError(f"--formats={self.formats}: {name or 'nothing'} must be one of {', '.join(FORMS)}")
        if self.onnxruntime_web and "html" not in self.form_names:
            raise ConfigError("--onnxruntime_web goes with --formats=html")

    @property
    def form_names(self) -> list[str]:
        """Names of the forms, each once."""
        return list(dict.fromkeys(self.formats.split(",")))


def main(arguments: list[str]) -> int:
    options = parse_arguments(arguments, ExportOptions, USAGE)
    output = real(options.output)
    check_output(output, options)
    forms = find_forms(options.form_names, options.onnxruntime_web)
    named = None if options.direction == BOTH else options.direction
    run = load_run(options.run_dir, named, "float32", options.checkpoint)
    directions = choose_directions(run, options.direction)
    with writing(output):
        clear_leftovers(output)
    check_output(output, options)  # again: an earlier export may have come back
    with writing(output), folder_written_whole(output) as folder, stop_told(lambda: "nothing was written"):
        for direction in directions:
            place = folder / direction if len(directions) > 1 and direction else folder
            place.mkdir(exist_ok=True)
            report(write_export(place, run, direction, forms, options.half))
    print(f"Written to {options.output}; README.md says how each form is used.")
    return 0


def choose_directions(run: LoadedRun, given: str | None) -> list[str | None]:
    """The directions to export, of those that were loaded; None for a model that does not translate.

    Raises:
      UsageError: there are several, and none was named.
    """
    if given is None and len(run.directions) > 1:
        known = ", ".join(run.directions)
        raise UsageError(f"missing --direction: the model {run.config.model} of this run has {known}, or {BOTH}")
    return [given] if given not in (None, BOTH) else list(run.directions) or [None]


def check_output(output: Path, options: ExportOptions) -> None:
    """Raises UsageError where writing would destroy something."""
    check_outside_run("output", output, options.run_dir)
    with writing(output):
        if not os.path.lexists(output) or (output.is_dir() and not os.listdir(output)):
            return
        if not output.is_dir():
            raise UsageError(f"{output} is a file; --output must name a folder")
        if not holds_exports_only(output):
            raise UsageError(f"{output} holds something else than an earlier export; choose another --output")
    if not options.overwrite:
        raise UsageError(f"{output} exists; --overwrite replaces it, or choose another --output")


def report(parity: Mapping[str, Any]) -> None:
    """Says how near each form came to the run."""
    for name, found in parity["forms"].items():
        levels = "" if found["levels"] is None else f", grey levels by {found['levels']}"
        print(f"{parity['direction']}, {name}: values differ by {found['values']:.2g}{levels}")


if __name__ == "__main__":
    os.environ.update(PLAIN_ARITHMETIC)  # before TensorFlow is imported
    run(main)
