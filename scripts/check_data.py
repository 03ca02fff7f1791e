"""Looks for what is wrong with a data set, before a run learns it."""

from __future__ import annotations

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))  # works from anywhere, uninstalled

import base.early_signals  # noqa: F401 (from here on, Ctrl-C ends the program in one line)

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from base.command_line import parse_arguments, run
from base.errors import UsageError
from base.files import writing
from base.machine import available_cores
from base.options import REQUIRED, Options, option
from base.terminal import printable
from checks.finding import Finding
from checks.findings import find_all
from checks.page import write_page
from checks.survey import Survey, find_sets, survey
from inference.outputs import check_output_file
from inputs.exclusion import Excluded, write_exclusions
from inputs.sources import Source

USAGE = """\
Looks at every image of a data set for what a run would learn from it and should not: copies, of test images in the
training split above all; empty, damaged, odd images; domains that differ in more than what they show; pairs that do not
fit. Findings are told, and are no errors: the exit code is 0 once all images were looked at.

  python scripts/check_data.py photos
  python scripts/check_data.py cats,dogs --page=found.html --exclude=exclude.txt
  python scripts/check_data.py facades --pairs

It takes the folders, archives and TFRecords that train.py --data_dir takes. The list of --exclude is for build_data.py
--exclude; the images on it that a person should look at first stand behind a #.
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CheckOptions(Options):
    """What the command line says."""

    first = "data_dir"

    data_dir: str = option(REQUIRED, "Data set, as for train.py; the name alone, first, does, too.", metavar="DIR")
    pairs: bool = option(False, "The images belong together in pairs, as for build_data.py; TFRecords say so.")
    page: Path | None = option(None, "Page to write, with the images found.", metavar="FILE.html")
    exclude: Path | None = option(None, "List to write, of images to leave out.", metavar="FILE")
    workers: int = option(None, "Decoding processes.", low=1, high=256, auto="one per core")
    overwrite: bool = option(False, "Replace files of the names of --page and --exclude.")

    def automatic(self) -> dict[str, Any]:
        return {"workers": available_cores()}

    def check(self) -> None:
        if self.page and self.page.suffix != ".html":
            raise UsageError(f"--page={self.page}: must be the name of a .html file")
        if self.page and self.page == self.exclude:
            raise UsageError("--page and --exclude name one file")
        if self.overwrite and not (self.page or self.exclude):
            raise UsageError("--overwrite has no effect without --page or --exclude; leave it out")


def main(arguments: list[str]) -> int:
    options = parse_arguments(arguments, CheckOptions, USAGE)
    found = find_sets(options.data_dir, options.pairs)
    check_outputs(options, found)
    surveyed = survey(found, options.workers)
    findings = find_all(surveyed)
    facts = describe(found)
    report(options, facts, findings)
    if options.exclude:
        print(write_list(options.exclude, surveyed, findings))
    if options.page:
        name = os.path.basename(os.path.normpath(options.data_dir))
        write_page(options.page, f"What was found in {name}", facts, surveyed, findings)
        print(f"{options.page}: shows the images")
    return 0


def check_outputs(options: CheckOptions, found: Mapping[str, Source]) -> None:
    """Raises a UserError where a file cannot be written, or would list what has no path; before the work."""
    for name in ("page", "exclude"):
        file = getattr(options, name)
        if file:
            check_output_file(name, file, options.overwrite)
    if options.exclude and not all(source.holds_files for source in found.values()):
        raise UsageError(
            f"--exclude={options.exclude}: lists files, but {options.data_dir} holds TFRecords; look at what they were "
            "made of, and make them again with build_data.py --exclude"
        )


def describe(found: Mapping[str, Source]) -> str:
    """Counts the images: "300 images in trainA, 300 in trainB"."""
    counts = [
        f"{len(source)}{'' if number else ' images'} in {name}" for number, (name, source) in enumerate(found.items())
    ]
    return ", ".join(counts)


def report(options: CheckOptions, facts: str, findings: Sequence[Finding]) -> None:
    """Says what was found, a line each."""
    print(printable(f"{options.data_dir}: {facts}"))
    for finding in findings:
        example = next(iter([caption for _, caption in finding.figures] or finding.lines), "")
        such_as = f" [such as {example}]" if example else ""
        print(printable(f"- {finding.what}: {finding.advice}{such_as}"))
    if not findings:
        print("nothing found")
    elif not (options.page or options.exclude):
        print("--page=FILE.html shows the images, --exclude=FILE lists those to leave out")


def write_list(path: Path, surveyed: Survey, findings: Sequence[Finding]) -> str:
    """Writes the list of images to leave out, each once; OutputError where that is not possible. Says what it did."""
    images: dict[str, Excluded] = {}
    for finding in sorted(findings, key=lambda finding: not finding.certain):
        for image, reason in finding.listed:
            name = surveyed.name(image)
            images.setdefault(name, Excluded(name, reason, finding.certain))
    with writing(path):
        write_exclusions(path, images.values())
    certain = sum(image.certain for image in images.values())
    return f"{path}: images to leave out: {certain}; to look at first: {len(images) - certain}"


if __name__ == "__main__":
    run(main)
