"""Converts folders of images to TFRecord shards. `python build_data.py --help` lists the options."""

import base.early_signals  # noqa: F401 (from here on, Ctrl-C ends the program in one line)

import contextlib
import dataclasses
import functools
import os
import shlex
import time
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path, PurePath
from typing import Any

from base.command_line import parse_arguments, run
from base.errors import ConfigError, DataError
from base.files import clear_leftovers, folder_written_whole, reading, writing
from base.machine import available_cores
from base.options import REQUIRED, Options, option
from base.signals import stop_told
from base.terminal import shortened, track
from inputs.beam import RUNNERS, Job, check_beam, write_splits
from inputs.dataset import Description, SplitFacts, read_description, write_description
from inputs.exclusion import REASON, exclude
from inputs.layouts import DOMAIN_SPLITS, open_folder
from inputs.shards import encode_image, encode_pair, encode_record, make_image_record, make_pair_record, write_split
from inputs.splits import (
    Split,
    divide,
    divide_domains,
    domain_splits,
    find_classes,
    image_splits,
    pair_split,
    pair_splits,
)
from inputs.workers import results, worker_processes

MEGABYTE = 10**6
LOCAL, DIRECT = "local", "DirectRunner"
USAGE = """\
Converts folders of images to TFRecord shards.

  python build_data.py --source=photos --output=data/photos
  python build_data.py --domain_a=cats --domain_b=dogs --test_fraction=0.1 --output=data/cat2dog
  python build_data.py --pairs --source=facades --output=data/facades
  python build_data.py --images=bedrooms --output=data/bedrooms
  python build_data.py --images=cifar10 --labelled --output=data/cifar10

The first form takes a folder with the sub-folders trainA, trainB and, if there are any, testA and testB. With --pairs,
for pix2pix, images of equal names in trainA and trainB make a pair, or each image in the sub-folders train and test (or
val) shows two side by side.

--images takes one set of images, for wgan: all in a folder, or its sub-folders train and test (or val) where it has
these; of a folder for two domains, trainA and trainB become train, and testA and testB test. With --labelled, for
darknet, the sub-folders in there are classes, cifar10/train/cat/1.png, or the names of the files, train/1_cat.png.

Where a folder is meant, a zip or tar archive does, too; it is read as it is. So are CIFAR-10's binary batches.
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class BuildOptions(Options):
    """What the command line says."""

    output: Path = option(REQUIRED, "Folder to write; it appears when all is done.")
    source: Path | None = option(None, "Folder with the sub-folders trainA trainB [testA testB].")
    domain_a: Path | None = option(None, "Folder of images of domain A, instead of --source.")
    domain_b: Path | None = option(None, "Folder of images of domain B, instead of --source.")
    images: Path | None = option(None, "Folder of one set of images, instead of --source; see above.")
    labelled: bool = option(False, "The sub-folders of --images, or of its splits, are classes; or the file names.")
    pairs: bool = option(False, "The images belong together in pairs; see above.")
    test_fraction: float = option(
        0.0, "Share of --domain_a and --domain_b, or of --images, that becomes the test splits; less than 1.", low=0
    )
    max_side: int | None = option(None, "Longest side, in pixels, above which images are downsized.", low=1)
    shard_mb: int = option(150, "Megabytes up to which a file of a split is filled.", low=1, high=100_000)
    exclude: Path | None = option(
        None, "List of images to leave out, as scripts/check_data.py writes it.", metavar="FILE"
    )
    seed: int = option(0, "Decides on the order and on the test splits.")
    workers: int = option(
        None, "Decoding processes.", low=1, high=256, auto="one per core", only={"runner": (LOCAL, DIRECT)}
    )
    runner: str = option(
        LOCAL,
        f"What decodes: {LOCAL} stands for processes of this machine, the others for Apache Beam (docs/data.md).",
        choices=(LOCAL, *RUNNERS),
    )
    runner_options: str | None = option(
        None, "Options of Beam and its runner, as in '--flink_master=HOST:8081'.", only={"runner": RUNNERS}
    )
    strict: bool = option(False, "Fail if any image cannot be used, instead of leaving it out.")
    overwrite: bool = option(False, "Replace an earlier output.")

    def automatic(self) -> dict[str, Any]:
        return {"workers": available_cores()}

    @property
    def runner_arguments(self) -> list[str]:
        """The options of Beam; ConfigError where a quotation mark is missing."""
        try:
            given = shlex.split(self.runner_options or "")
        except ValueError as error:
            raise ConfigError(f"--runner_options={self.runner_options}: {error}") from None
        several = ["--direct_running_mode=multi_processing", f"--direct_num_workers={self.workers}"]
        return [f"--runner={self.runner}", *(several if self.runner == DIRECT else []), *given]

    def check(self) -> None:
        if bool(self.source) + bool(self.domain_a or self.domain_b) + bool(self.images) != 1:
            raise ConfigError("give either --source, or --domain_a and --domain_b, or --images")
        if self.labelled and not self.images:
            raise ConfigError("--labelled goes with --images")
        if self.pairs and self.images:
            raise ConfigError("--pairs goes with --source, or with --domain_a and --domain_b")
        if not (self.source or self.images) and not (self.domain_a and self.domain_b):
            raise ConfigError(f"--domain_{'b' if self.domain_a else 'a'} is missing")
        if self.test_fraction >= 1:
            raise ConfigError(f"--test_fraction={self.test_fraction:g}: must be at least 0 and less than 1")
        if self.source and self.test_fraction:
            raise ConfigError(
                "--test_fraction goes with --domain_a and --domain_b; with --source, its sub-folders are the splits"
            )


def main(arguments: list[str]) -> int:
    build(parse_arguments(arguments, BuildOptions, USAGE))
    return 0


def build(options: BuildOptions) -> None:
    """Converts the images that the options name.

    Raises:
      DataError: the source or the output cannot be used, or too many images cannot.
      OutputError: the output cannot be written.
    """
    started = time.monotonic()
    output = Path(os.path.realpath(options.output))
    check_output(output, options)
    if options.runner != LOCAL:
        check_beam(options.runner_arguments)

    # What becomes what
    with reading():
        splits = find_splits(options)
    if options.exclude:
        splits = exclude(splits, options.exclude)
    classes = find_classes(splits) if options.labelled else []
    if options.images:
        print_joined(splits)
    unit = "pairs" if options.pairs else "images"
    encode = functools.partial(encode_pair if options.pairs else encode_image, max_side=options.max_side)
    make_record = make_pair_record if options.pairs else functools.partial(make_image_record, classes=classes)

    # Convert
    with writing(output):
        clear_leftovers(output)
    check_output(output, options)  # again: an earlier output may have come back
    here = options.runner == LOCAL
    processes: contextlib.AbstractContextManager[Sequence[Connection]] = contextlib.nullcontext([])
    if here:
        processes = worker_processes(options.workers, functools.partial(encode_record, splits, encode))
    with (
        processes as workers,
        writing(output),
        folder_written_whole(output) as folder,
        stop_told(lambda: "nothing was written"),
    ):
        shard_bytes = options.shard_mb * MEGABYTE
        if here:
            facts = {}
            for name, split in splits.items():
                encoded = results(workers, name, len(split.names), lambda name, number: splits[name].paths(number)[0])
                images = track(encoded, len(split.names), unit, name)
                facts[name] = write_split(folder, name, split, images, shard_bytes, make_record)
        else:
            print(
                f"{options.runner} converts {sum(len(split.names) for split in splits.values())} {unit} ...", flush=True
            )
            facts = write_splits(Job(folder, encode, make_record, shard_bytes), splits, options.runner_arguments)
        check_left_out(facts, options.strict)
        write_description(folder, Description(options.seed, options.max_side, facts, classes))
    report(output, facts, unit, time.monotonic() - started)


def find_splits(options: BuildOptions) -> dict[str, Split]:
    """Finds the images, or pairs, of each split. DataError where a folder is missing or holds no images."""
    if options.images:
        return image_splits(open_folder(options.images), options.seed, options.test_fraction)
    if options.source:
        return (pair_splits if options.pairs else domain_splits)(open_folder(options.source), options.seed)
    domains = [open_folder(domain) for domain in (options.domain_a, options.domain_b) if domain]
    if options.pairs:
        return divide(pair_split(domains, options.seed), options.test_fraction)
    return divide_domains(domains, options.seed, options.test_fraction)


def print_joined(splits: Mapping[str, Split]) -> None:
    """Says which folders of two domains make the splits of one set of images, where any do."""
    for split, found in splits.items():
        folders = {PurePath(name).parts[0] for (name,) in found.names} & set(DOMAIN_SPLITS)
        if folders:
            print(f"{split}: made of {' and '.join(sorted(folders))}")


def check_output(output: Path, options: BuildOptions) -> None:
    """Raises DataError if the output must not be written: it holds a source, or something that is not ours.

    Raises OutputError where that cannot be told.
    """
    sources = filter(None, (options.source, options.domain_a, options.domain_b, options.images))
    for source in (Path(os.path.realpath(folder)) for folder in sources):
        if output.is_relative_to(source) or source.is_relative_to(output):
            raise DataError(f"{output}: the output and the source {source} must not lie in one another")
    with writing(output):
        exists = output.exists()
        is_file, is_empty = exists and not output.is_dir(), not exists or not output.is_dir() or not os.listdir(output)
    if is_file:
        raise DataError(f"{output}: is a file; --output must be a folder")
    if not is_empty:
        if read_description(output) is None:
            raise DataError(f"{output}: exists and is no output of build_data.py; choose another --output")
        if not options.overwrite:
            raise DataError(f"{output}: exists; --overwrite replaces it")


def check_left_out(splits: Mapping[str, SplitFacts], strict: bool) -> None:
    """Raises DataError if a split is empty, or, if `strict`, any image was left out but those that should be."""
    count = sum(item["reason"] != REASON for facts in splits.values() for item in facts.left_out)
    empty = [split for split, facts in splits.items() if not facts.images]
    if empty or (strict and count):
        print_left_out(splits)
        unusable = f"{empty[0]}: none of its images can" if empty else f"--strict, and {count} images cannot"
        raise DataError(f"{unusable} be used; nothing was written")


def print_left_out(splits: Mapping[str, SplitFacts]) -> None:
    """Lists the images that were left out, with the reasons; dataset.json lists all of them."""
    lines = [f"{split}/{item['file']}: {item['reason']}" for split, facts in splits.items() for item in facts.left_out]
    print(*shortened(lines, "left out: "), sep="\n", end="\n" if lines else "")


def report(output: Path, splits: Mapping[str, SplitFacts], unit: str, seconds: float) -> None:
    """Says what was written."""
    print_left_out(splits)
    for split, facts in splits.items():
        shards = f"{facts.shards} shard{'s' if facts.shards != 1 else ''}"
        print(f"{split}: {facts.images} {unit} in {shards}, {len(facts.left_out)} left out")
    images = sum(facts.images for facts in splits.values())
    left_out = sum(len(facts.left_out) for facts in splits.values())
    print(f"{output}: {images} {unit}, {left_out} left out, in {seconds:.1f} s ({images / seconds:.0f} {unit}/s)")
    print(
        f"python scripts/check_data.py {shlex.quote(str(output))} looks for copies, odd images and unlike domains in it"
    )


if __name__ == "__main__":
    run(main)
