"""Translates images with a trained run: a file or a folder, of any sizes, with a page that shows inputs and outputs."""

from __future__ import annotations

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))  # works from anywhere, uninstalled

import base.early_signals  # noqa: F401 (from here on, Ctrl-C ends the program in one line)

import contextlib
import dataclasses
import functools
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from base.command_line import parse_arguments, run
from base.errors import ConfigError, UsageError
from base.files import writing
from base.options import REQUIRED, Options, changed, option
from base.places import AnyPath, real
from base.signals import Stopped, stop_signals_handled
from base.terminal import ProgressBar
from config import Config
from inference.archive import write_archive
from inference.gallery import write_gallery
from inference.isolated import IsolatedRun
from inference.jobs import Job, find_jobs
from inference.load import CheckpointOptions
from inference.outputs import (
    check_apart,
    check_output_file,
    check_output_folder,
    check_outside_run,
    output_folder_held,
)
from inference.scale import scale_hint, training_size
from inference.tiles import STATISTICS
from inference.translation import Outcome, limit_side, translate_files
from run_folder.folder import LAST

USAGE = """\
Translates images with a trained run.

  python scripts/translate.py --run_dir=runs/horse2zebra --direction=AtoB --input=photos --output=zebras

JPEG and PNG files keep their names; other formats become PNG. Sub-folders are kept; TFRecord files are read too.
index.html in the output shows input and output side by side. The exit code is 0; 1 where images were skipped or could
not be written; and 2 where nothing could be done.
"""
PAGE = "index.html"


@dataclasses.dataclass(frozen=True, kw_only=True)
class TranslateOptions(Options):
    """The command line."""

    run_dir: AnyPath = option(REQUIRED, "Run folder of train.py.", "required", metavar="DIR")
    direction: str = option(
        REQUIRED, "AtoB, BtoA, or what else the run's model translates.", "required", metavar="NAME"
    )
    input: Path = option(
        REQUIRED,
        "Image, or folder of images; sub-folders are walked; or TFRecord files.",
        "required",
        metavar="FILE_OR_DIR",
    )
    output: Path = option(REQUIRED, "Folder to write to; outside the input.", "required", metavar="DIR")

    size: str = option(
        "original",
        "Size in which images are translated: as they are, or as large as training showed them to the network.",
        choices=("original", "training"),
    )
    max_side: int | None = option(
        None,
        "Longest side, in pixels, above which images are downsized.",
        low=1,
        only={"size": ("original",)},
        metavar="PIXELS",
    )
    tile: int | None = option(
        None,
        "Side, in pixels, of the tiles in which images are translated; any size then fits the memory.",
        low=32,
        auto="512 for images that do not fit the memory as a whole",
        metavar="PIXELS",
    )
    statistics: str = option(
        "exact",
        "What norms know of the whole image where it is translated in tiles: all, layer by layer, through temporary "
        "files; or fast, what an image of 4 megapixels shows.",
        choices=STATISTICS,
    )
    precision: str | None = changed(
        Config, "precision", None, help="Dtype of the networks.", group="options", auto="the run's"
    )
    checkpoint: str = changed(CheckpointOptions, "checkpoint", LAST)
    zip: Path | None = option(None, "Also pack the results, as JPEG, into this zip file.", metavar="FILE")
    overwrite: bool = option(False, "Replace files of the same names in the output.")

    def check(self) -> None:
        if self.zip and self.zip.suffix.lower() != ".zip":
            raise ConfigError(f"--zip={self.zip}: must be the name of a .zip file")

    def fit(self, config: Config, height: int, width: int) -> tuple[int, int]:
        """Height and width in which an image is translated, in pixels."""
        if self.size == "training":
            return training_size(config, height, width)
        return limit_side(height, width, self.max_side or max(height, width))


def main(arguments: list[str]) -> int:
    options = parse_arguments(arguments, TranslateOptions, USAGE)
    jobs = find_jobs(options.input)
    check_outputs(options, jobs)
    how = options.precision, options.tile, options.statistics, options.checkpoint
    trained = IsolatedRun(options.run_dir, options.direction, *how)
    with contextlib.closing(trained), output_folder_held("output", options.output):
        check_outputs(options, jobs)  # another program may have written there while this one got ready
        started = time.perf_counter()
        outcomes = translate_jobs(options, trained, jobs)
        seconds = time.perf_counter() - started
        done = [outcome for outcome in outcomes if not outcome.skipped]
        skipped = len(outcomes) - len(done)
        print(f"{len(done)} translated, {skipped} skipped in {seconds:.1f} s ({len(done) / seconds:.1f} images/s)")
        print(f"Side by side: {options.output / PAGE}")
        hint = scale_hint(trained.config, [outcome.size for outcome in done])
        if hint:
            print(hint)
        if options.zip and done:
            with writing(options.zip):
                write_archive(options.zip, options.output, [outcome.job.target for outcome in done])
            sizes = {outcome.size for outcome in done}
            size = "{1} x {0} px".format(*sizes.pop()) if len(sizes) == 1 else "different sizes"
            print(f"Packed: {options.zip}, {len(done)} JPEG images of {size}")
    return 1 if skipped else 0


def check_outputs(options: TranslateOptions, jobs: Sequence[Job]) -> None:
    """Raises UsageError where writing would destroy something."""
    names = [PAGE, *(job.target for job in jobs), *(job.thumbnail for job in jobs)]
    check_outside_run("output", options.output, options.run_dir)
    written = {(options.output / name).parent for name in names}
    check_apart(options.input, {job.source.parent for job in jobs}, options.output, written)
    check_output_folder("output", options.output, names, options.overwrite)
    if options.zip:
        check_output_file("zip", options.zip, options.overwrite)
        place, folder = real(options.zip), real(options.output)
        if folder.is_relative_to(place) or place in {real(job.source) for job in jobs}:
            raise UsageError(f"--zip={options.zip} is the input or the output; give the archive a name of its own")
        if place.parent != folder and not place.parent.is_dir():
            raise UsageError(f"{options.zip}: there is no folder {options.zip.absolute().parent}")


def translate_jobs(options: TranslateOptions, trained: IsolatedRun, jobs: Sequence[Job]) -> list[Outcome]:
    """Translates images under a progress bar, and writes the page.

    Raises:
      Stopped: by Ctrl-C, `kill` or the end of the terminal; the page shows what was finished.
    """
    outcomes: list[Outcome] = []
    stopped_by: list[signal.Signals] = []

    def stop(stop_signal: signal.Signals) -> None:
        if stopped_by and stop_signal == signal.SIGINT:  # asked twice: at once, without a page
            raise Stopped(stop_signal)
        stopped_by.append(stop_signal)
        trained.close()

    bar = ProgressBar(len(jobs), "images")
    trained.heard = lambda done, total: bar.note(f"{done} of {total} tiles of a large one")
    with stop_signals_handled(stop):
        try:
            fit = functools.partial(options.fit, trained.config)
            for outcome in translate_files(trained, jobs, options.output, fit, stopped=lambda: stopped_by):
                outcomes.append(outcome)
                if outcome.skipped:
                    bar.say(f"skipped {outcome.job.name}: {outcome.skipped}")
                bar.update()
        finally:
            bar.close()
            if outcomes:
                page = options.output / PAGE
                with writing(page):
                    write_gallery(page, trained, options.direction, outcomes)
    if stopped_by:
        shown = f", side by side: {options.output / PAGE}" if outcomes else ""
        raise Stopped(stopped_by[0], f"{len(outcomes)} of {len(jobs)} images done{shown}")
    return outcomes


if __name__ == "__main__":
    run(main)
