"""The shards of Apache Beam's workers are those of one machine, whatever order they come in and however often."""

import functools
import random
import sys
from collections import defaultdict

import pytest

from base.errors import UsageError
from inputs import beam
from inputs.beam import Job, check_beam, chunks, encode_chunk, plan_shards, write_shard
from inputs.shards import encode_image, encode_record, make_image_record, write_split
from inputs.splits import domain_splits
from inputs.workers import result_or_reason
from tests.helpers.build import build, build_well, digests
from tests.helpers.errors import complaint
from tests.helpers.images import photo, save

COUNT = 11


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Images of two domains and of different sizes, one of them damaged."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(COUNT):
        for seed, split in enumerate(("trainA", "trainB")):
            save(folder / split / f"{number}.png", photo(100 * seed + number, 8 + 4 * number, 20))
    (folder / "trainA" / "4.png").write_bytes(b"\x89PNG")
    return folder


@pytest.fixture
def job(tmp_path, monkeypatch):
    """A job whose chunks have two records and whose shards have a few."""
    monkeypatch.setattr(beam, "CHUNK_RECORDS", 2)
    (tmp_path / "out" / beam.STAGING).mkdir(parents=True)
    return Job(tmp_path / "out", encode_image, make_image_record, shard_bytes=6000)


def encode_again_and_again(job, splits):
    """All chunks, in any order, some of them twice: by the name of their split."""
    todo = list(chunks(splits))
    found = defaultdict(list)
    for chunk in random.Random(0).sample(todo, len(todo)):
        if chunk.number % 2:
            encode_chunk(job, chunk)
        name, encoded = encode_chunk(job, chunk)
        found[name].append(encoded)
    return found


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_shards_are_those_of_one_machine_and_of_every_attempt(photos, job, tmp_path):
    splits = domain_splits(photos, seed=3)
    task = functools.partial(encode_record, splits, encode_image)
    for found in encode_again_and_again(job, splits).items():
        for shard in [*plan_shards(job, splits, found)] * 2:
            write_shard(shard)
    expected = tmp_path / "expected"
    expected.mkdir()
    for name, split in splits.items():
        images = (result_or_reason(task, name, number) for number in range(len(split.names)))
        facts = write_split(expected, name, split, images, job.shard_bytes, make_image_record)
        assert beam.read_facts(job, name) == facts
        assert facts.shards > 2 and len(facts.left_out) == (name == "trainA")
    assert files(job.folder) == files(expected)


def test_attempt_that_fails_leaves_nothing_among_the_shards(photos, job):
    splits = domain_splits(photos, seed=3)
    ((*_, shard), *_) = [[*plan_shards(job, splits, found)] for found in encode_again_and_again(job, splits).items()]
    shard[1][-1].path.unlink()
    with pytest.raises(FileNotFoundError):
        write_shard(shard)
    assert files(job.folder) == {}


def test_missing_beam_is_told_with_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "apache_beam", None)
    assert complaint(UsageError, check_beam, []) == "--runner needs Apache Beam: pip install -e '.[beam]'"


@pytest.mark.slow
def test_pipeline_of_several_processes_makes_what_one_machine_makes(photos, tmp_path):
    pytest.importorskip("apache_beam", reason="needs Apache Beam, the extra [beam]")
    here = build_well(source=photos, output=tmp_path / "here", workers=1)
    there = build_well(source=photos, output=tmp_path / "there", workers=2, runner="DirectRunner")
    assert digests(tmp_path / "there") == digests(tmp_path / "here")
    said = [[line for line in text.splitlines() if str(tmp_path) not in line] for text in (here, there)]
    assert said[1] == [f"DirectRunner converts {2 * COUNT} images ...", *said[0]]


@pytest.mark.slow
@pytest.mark.parametrize(
    "options, words",
    [
        ("--flink_mastr=x", "Apache Beam knows no --flink_mastr=x"),
        ("--parallelism=x", "argument --parallelism: invalid int value: 'x'"),
    ],
)
def test_option_that_beam_does_not_know_is_one_line(photos, tmp_path, options, words):
    pytest.importorskip("apache_beam", reason="needs Apache Beam, the extra [beam]")
    ended = build(source=photos, output=tmp_path / "out", runner="FlinkRunner", runner_options=options)
    assert (ended.returncode, ended.stderr) == (2, f"build_data.py: error: --runner_options: {words}\n")
