"""Makes images of noise with a trained run: as single files, as one grid, or both."""

from __future__ import annotations

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))  # works from anywhere, uninstalled

import base.early_signals  # noqa: F401 (from here on, Ctrl-C ends the program in one line)

import contextlib
import dataclasses
import re
import shutil
from pathlib import Path

import numpy as np

from base.command_line import parse_arguments, run
from base.errors import ConfigError, UsageError
from base.files import writing
from base.machine import available_memory
from base.options import REQUIRED, Options, changed, option
from base.places import AnyPath
from base.signals import stop_told
from base.terminal import track
from config import Config
from inference.load import CheckpointOptions, LoadedRun, load_run
from inference.outputs import (
    check_output_file,
    check_output_folder,
    check_outside_run,
    output_folder_held,
    write_image,
)
from inputs.images import to_unit
from run_folder.folder import LAST
from training.samples import draw_grid

USAGE = """\
Makes images of noise with a trained run of a model that does so, such as wgan.

  python scripts/sample.py --run_dir=runs/bedrooms --count=1000 --output=bedrooms
  python scripts/sample.py --run_dir=runs/bedrooms --count=64 --seed=3 --grid=bedrooms.png

Image i of a seed is the same however many are made. The generator's batch norms take the statistics of whole batches of
the run's size.
"""
MAX_GRID_PIXELS = 80_000_000  # of a picture that image viewers, and Pillow without a warning, still open
GRID_COPIES = 12  # bytes of memory for each of the grid's, at its drawing
SMALLEST_FILE = 4096  # bytes, a block of usual file systems
BEST_COMPRESSION = 20  # of a PNG file of what a network makes


@dataclasses.dataclass(frozen=True, kw_only=True)
class SampleOptions(Options):
    """The command line."""

    run_dir: AnyPath = option(REQUIRED, "Run folder of train.py.", metavar="DIR")
    output: Path | None = option(None, "Folder for single images, 00000.png, ...", metavar="DIR")
    grid: Path | None = option(None, "PNG file for one picture of all images, eight in a line.", metavar="FILE")
    count: int = option(64, "Number of images.", low=1)
    seed: int = option(0, "What the noise is drawn from.", low=0, high=2**32 - 1)
    precision: str | None = changed(
        Config, "precision", None, help="Dtype of the networks.", group="options", auto="the run's"
    )
    checkpoint: str = changed(CheckpointOptions, "checkpoint", LAST)
    overwrite: bool = option(False, "Replace files of the same names.")

    def check(self) -> None:
        if not (self.output or self.grid):
            raise UsageError("give --output=DIR for single images, --grid=FILE for one picture, or both")
        if self.grid and self.grid.suffix.lower() != ".png":
            raise ConfigError(f"--grid={self.grid}: must be the name of a .png file")


def main(arguments: list[str]) -> int:
    options = parse_arguments(arguments, SampleOptions, USAGE)
    check_outputs(options)
    trained = load_run(options.run_dir, precision=options.precision, checkpoint=options.checkpoint)
    check_room(options, trained)
    with output_folder_held("output", options.output) if options.output else contextlib.nullcontext():
        check_outputs(options)  # another program may have written there while this one got ready
        make_images(options, trained)
    places = " and ".join(str(path) for path in (options.output, options.grid) if path)
    print(f"{options.count} images of step {trained.step}: {places}")
    return 0


def check_outputs(options: SampleOptions) -> None:
    """Raises UsageError where writing would destroy something."""
    if options.output:
        check_outside_run("output", options.output, options.run_dir)
        own = (re.fullmatch(r"(\d{5,})\.png", name) for name in existing_names(options.output))
        names = sorted(match[0] for match in own if match and int(match[1]) < options.count)
        check_output_folder("output", options.output, names, options.overwrite)
    if options.grid:
        check_output_file("grid", options.grid, options.overwrite)


def check_room(options: SampleOptions, trained: LoadedRun) -> None:
    """Raises UsageError where the images can have no room: in a picture, in the memory or on the disk."""
    height, width, channels = trained.generated_shape
    if options.grid:
        most = MAX_GRID_PIXELS // (height * width)
        memory = available_memory()
        if memory is not None:
            most = min(most, memory // (GRID_COPIES * height * width * channels))
        if options.count > most:
            raise UsageError(f"--count={options.count}: a grid of {width} x {height} px images holds {most} at most")
    if options.output:
        folder = next(path for path in (options.output, *options.output.absolute().parents) if os.path.exists(path))
        with writing(folder):
            free = shutil.disk_usage(folder).free
        least = options.count * max(SMALLEST_FILE, height * width * channels // BEST_COMPRESSION)
        if least > free:
            need = f"the images take at least {least / 1e6:,.2f} MB"
            raise UsageError(f"--count={options.count}: {need}, and {free / 1e6:,.2f} MB are free in {folder}")


def make_images(options: SampleOptions, trained: LoadedRun) -> None:
    """Makes the images and writes them.

    Raises:
      Stopped: by Ctrl-C, `kill` or the end of the terminal; the words say what was written.
    """
    written = 0
    kept: list[np.ndarray] = []
    where = f" written to {options.output}" if options.output else " made, nothing written"
    with stop_told(lambda: f"{written} of {options.count} images{where}"):
        for image in track(trained.generate(options.count, options.seed), options.count, "images"):
            if options.output:
                file = options.output / image_name(written)
                with writing(file):
                    write_image(image, file)
            if options.grid:
                kept.append(image)
            written += 1
    if options.grid:
        rows = {"": [to_unit(image.astype(np.float32)) for image in kept]}
        with writing(options.grid):
            write_image(draw_grid(rows), options.grid)


def existing_names(folder: Path) -> list[str]:
    """Names in a folder; none where it is not there, or is no folder."""
    if not os.path.isdir(folder):
        return []
    with writing(folder):
        return os.listdir(folder)


def image_name(number: int) -> str:
    """Names the file of an image."""
    return f"{number:05d}.png"


if __name__ == "__main__":
    run(main)
