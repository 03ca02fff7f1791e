"""Apache Beam's workers make the shards of splits, to the same bytes as the worker processes of one machine.

What they share is a folder on a disk that all of them reach. First the images of some records become a file; once the
sizes of all are known, each shard is put together of such files. A file has a name of its own until it is whole, so
that an attempt may fail, be repeated, or run twice at once.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from base.apart import run_apart
from base.errors import DataError, UsageError
from base.files import written_whole
from base.places import partial_name
from base.terminal import standard_error_in
from inputs.dataset import SplitFacts
from inputs.record_index import index_path, write_index
from inputs.records import FRAME_BYTES, write_record
from inputs.shards import Encode, MakeRecord, Tally, encode_record, shard_numbers, shard_path
from inputs.splits import Split
from inputs.workers import result_or_reason

RUNNERS = ("DirectRunner", "FlinkRunner", "SparkRunner")
CHUNK_RECORDS = 256  # that a worker makes one file of
STAGING = ".chunks"  # folder of these files
COPIED_BYTES = 1 << 20  # at a time


class Job(NamedTuple):
    """What all workers know."""

    folder: Path  # where the shards are written
    encode: Encode
    make_record: MakeRecord
    shard_bytes: int


class Chunk(NamedTuple):
    """Some records of a split, one after the other."""

    split_name: str
    number: int
    part: Split  # of these records alone


class Encoded(NamedTuple):
    """A chunk that has become a file of records."""

    number: int
    path: Path
    sizes: list[int]  # bytes of each record with its frame
    tally: Tally


class Piece(NamedTuple):
    """Bytes of a file."""

    path: Path
    start: int
    end: int


def check_beam(arguments: Sequence[str]) -> None:
    """Raises UsageError where Beam is not installed, or does not know an option of its own or of its runners."""
    try:
        with tempfile.TemporaryFile() as held, standard_error_in(held):  # it tells what optional parts are missing
            from apache_beam.options.pipeline_options import PipelineOptions
    except ImportError:
        raise UsageError("--runner needs Apache Beam: pip install -e '.[beam]'") from None

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            raise UsageError(f"--runner_options: {message}")

    parser = Parser(add_help=False, allow_abbrev=False)
    for options_class in PipelineOptions.__subclasses__():
        if "_add_argparse_args" in vars(options_class):
            options_class._add_argparse_args(parser)
    unknown = parser.parse_known_args(list(arguments))[1]
    if unknown:
        raise UsageError(f"--runner_options: Apache Beam knows no {unknown[0]}")


def write_splits(job: Job, splits: Mapping[str, Split], arguments: Sequence[str]) -> dict[str, SplitFacts]:
    """Writes the shards of splits and their indexes, as `inputs.shards.write_split` does.

    Args:
      job: what the workers know; the folder is there and empty.
      splits: by name.
      arguments: of Beam and its runner, which `check_beam` has seen.

    Raises:
      DataError: the pipeline failed; the message has Beam's last line, and names a file with all that it said.
      OSError: a file cannot be written or removed.
    """
    staging = job.folder / STAGING
    staging.mkdir()
    with tempfile.NamedTemporaryFile(prefix="beam-", suffix=".log", delete=False) as log:
        failure = ""
        try:
            failure = run_apart(functools.partial(_run, job, splits, arguments), log.name)
        finally:
            if not failure:
                os.remove(log.name)
    if failure:
        reason = re.sub(r"^RuntimeError: | \[while running .*", "", failure.strip().splitlines()[-1])
        raise DataError(f"the pipeline failed: {reason}; nothing was written; more in {log.name}")
    facts = {name: read_facts(job, name) for name in splits}
    shutil.rmtree(staging)
    return facts


def _run(job: Job, splits: Mapping[str, Split], arguments: Sequence[str]) -> None:
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    without_names = {name: split._replace(names=[]) for name, split in splits.items()}
    with beam.Pipeline(options=PipelineOptions(arguments)) as pipeline:
        (
            pipeline
            | "chunks" >> beam.Create(list(chunks(splits)))
            | "spread" >> beam.Reshuffle()
            | "encode" >> beam.Map(functools.partial(encode_chunk, job))
            | "by split" >> beam.GroupByKey()
            | "plan" >> beam.FlatMap(functools.partial(plan_shards, job, without_names))
            | "spread again" >> beam.Reshuffle()
            | "write" >> beam.Map(write_shard)
        )


def chunks(splits: Mapping[str, Split]) -> Iterator[Chunk]:
    """Takes splits apart."""
    for name, split in splits.items():
        for number, start in enumerate(range(0, len(split.names), CHUNK_RECORDS)):
            part = split._replace(names=split.names[start : start + CHUNK_RECORDS], left_out=[])
            yield Chunk(name, number, part)


def encode_chunk(job: Job, chunk: Chunk) -> tuple[str, Encoded]:
    """Makes a file of records, and gives it with the name of its split. OSError where it cannot be written."""
    path = job.folder / STAGING / f"{chunk.split_name}.{chunk.number}.tfrecord"
    task = functools.partial(encode_record, {chunk.split_name: chunk.part}, job.encode)
    images = (result_or_reason(task, chunk.split_name, number) for number in range(len(chunk.part.names)))
    tally, sizes = Tally(), []
    with written_whole(path) as partial, open(partial, "wb") as file:
        for record in tally.records(chunk.part, images, job.make_record):
            write_record(file, record)
            sizes.append(len(record) + FRAME_BYTES)
    return chunk.split_name, Encoded(chunk.number, path, sizes, tally)


def plan_shards(
    job: Job, splits: Mapping[str, Split], found: tuple[str, Iterable[Encoded]]
) -> Iterator[tuple[Path, list[Piece]]]:
    """Says what each shard of a split is made of, and writes down the facts about the split.

    Args:
      job: what the workers know.
      splits: by name; names of files are not needed.
      found: name of the split, and all its chunks.
    """
    name, unordered = found
    encoded = sorted(unordered, key=lambda each: each.number)
    numbers = shard_numbers((size for each in encoded for size in each.sizes), job.shard_bytes)
    tally, shards = Tally(), [[]]  # type: tuple[Tally, list[list[Piece]]]
    for each in encoded:
        tally.add(each.tally)
        start = 0
        for size in each.sizes:
            if next(numbers) == len(shards):
                shards.append([])
            if shards[-1] and shards[-1][-1].path == each.path:
                shards[-1][-1] = shards[-1][-1]._replace(end=start + size)
            else:
                shards[-1].append(Piece(each.path, start, start + size))
            start += size
    shards = [pieces for pieces in shards if pieces]
    with written_whole(_facts_file(job, name)) as file:
        file.write_text(json.dumps(dataclasses.asdict(tally.facts(splits[name], len(shards)))))
    for number, pieces in enumerate(shards):
        yield shard_path(job.folder, name, number, len(shards)), pieces


def read_facts(job: Job, name: str) -> SplitFacts:
    """The facts about a split that has been planned."""
    return SplitFacts(**json.loads(_facts_file(job, name).read_text()))


def write_shard(shard: tuple[Path, list[Piece]]) -> None:
    """Puts a shard together, and its index. OSError where it cannot be written."""
    path, pieces = shard
    partial = path.parent / STAGING / f"{partial_name()}.tfrecord"
    with open(partial, "wb") as file:
        for piece in pieces:
            with open(piece.path, "rb") as chunk:
                chunk.seek(piece.start)
                for start in range(piece.start, piece.end, COPIED_BYTES):
                    file.write(chunk.read(min(COPIED_BYTES, piece.end - start)))
    write_index(partial)
    os.replace(index_path(partial), index_path(path))
    os.replace(partial, path)


def _facts_file(job: Job, name: str) -> Path:
    return job.folder / STAGING / f"{name}.json"
