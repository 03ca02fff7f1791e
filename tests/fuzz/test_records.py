"""Damaged TFRecord files, in the framing and behind right checksums in what it holds; and damaged indexes of them."""

import hashlib

import numpy as np
import pytest

from base.errors import DataError
from inputs.images import encode_for_record
from inputs.reader import Reader
from inputs.record_index import index_path, open_indexes, write_index
from inputs.records import image_record, index_records, pair_record, read_record, spans_of
from inputs.sources import RecordSource
from inputs.streams import Labels, Stream
from scripts import translate
from tests.helpers.errors import complaint
from tests.helpers.images import data_config, photo, save
from tests.helpers.mutations import mutated, mutated_records
from tests.helpers.programs import assert_kept, assert_well_ended, run_here, snapshot
from tests.helpers.records import write_records
from tests.helpers.untrained import FakeRun

COUNT = 6

pytestmark = pytest.mark.fuzz


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """Records of small images, by what they are of."""
    folder = tmp_path_factory.mktemp("images")
    images = [encode_for_record(save(folder / f"{number}.png", photo(number, 8, 8))) for number in range(COUNT)]
    names = [b"%d.png" % number for number in range(COUNT)]
    return {
        "image": [image_record(image.data, "png", name, 8, 8, 1, "b") for image, name in zip(images, names)],
        "pair": [pair_record([image, images[0]], [name, name]) for image, name in zip(images, names)],
    }


@pytest.fixture
def damaged_file(records, tmp_path):
    """Function that draws a file of damaged records of a kind and gives its path."""

    def make(kind, draw):
        path = write_records(tmp_path / f"{draw.random()}" / "train.tfrecord", *records[kind])
        if draw.randrange(3):
            mutated_records(path, draw)
        else:
            path.write_bytes(mutated(path.read_bytes(), draw))
        return path

    return make


def test_no_record_is_read_that_was_not_written(fuzz, records, tmp_path):
    def read_all(path):
        index = index_records(path)
        return [read_record(path, number, index) for number in range(len(index))]

    def attack(draw):
        path = write_records(tmp_path / "x.tfrecord", *records["image"])
        path.write_bytes(mutated(path.read_bytes(), draw))
        found = []
        complaint(DataError, lambda: found.extend(read_all(path)))
        assert set(found) <= set(records["image"])

    fuzz(attack, rounds=200)


@pytest.fixture
def indexed_file(records, tmp_path):
    """A file of records with its index."""
    path = write_records(tmp_path / "x.tfrecord", *records["image"])
    write_index(path)
    return path


def test_damaged_index_is_told_and_the_records_are_found_without_it(fuzz, indexed_file, capfd):
    index, expected = index_path(indexed_file), index_records(indexed_file)
    whole = index.read_bytes()

    def attack(draw):
        index.write_bytes(mutated(whole, draw))
        (found,) = open_indexes([str(indexed_file)])
        np.testing.assert_array_equal(found.spans, expected)
        assert capfd.readouterr().err.count("\n") == (index.read_bytes() != whole)

    fuzz(attack, rounds=200)


def test_index_that_lies_behind_a_right_checksum_gives_no_record_that_was_not_written(fuzz, records, indexed_file):
    lengths = index_records(indexed_file)[:, 1].tolist()

    def attack(draw):
        lies, kept = list(lengths), []
        one, other = draw.sample(range(COUNT), 2)
        moved = draw.choice((1, draw.randrange(200), draw.getrandbits(64)))
        lies[one] += moved
        if draw.randrange(4):  # so that the file's size still fits
            lies[other] -= moved
        lies = np.array([length % 2**64 for length in lies], "<u8")
        index_path(indexed_file).write_bytes(hashlib.sha256(spans_of(lies).tobytes()).digest() + lies.tobytes())
        (found,) = open_indexes([str(indexed_file)])

        def keep(number):
            kept.append(read_record(indexed_file, number, found.spans))

        for number in range(len(found.spans)):
            complaint(DataError, keep, number)
        assert set(kept) <= set(records["image"])

    fuzz(attack, rounds=200)


@pytest.mark.parametrize("kind", ["image", "pair"])
def test_training_reads_damaged_records_or_says_why_not(fuzz, damaged_file, kind):
    def attack(draw):
        path = damaged_file(kind, draw)
        before = snapshot(path.parent)
        config = data_config(class_names=["a", "b"], preprocess=draw.choice(("none", "resize_and_crop")))
        sources = []
        complaint(DataError, lambda: sources.append(RecordSource([path])))
        for source in sources:
            splits, streams = {"train": source}, {"images": Stream("train"), "labels": Labels("train")}
            if kind == "pair":
                splits = dict(zip(("A", "B"), source.halves(), strict=True))
                streams = {"first": Stream("A"), "second": Stream("B")}
            else:
                complaint(DataError, source.classes)
            reader = Reader(streams, splits, config)
            for position in range(COUNT):
                complaint(DataError, reader.read, position)
            source.fingerprint()
        assert_kept(before, path.parent)

    fuzz(attack, rounds=80)


@pytest.mark.slow
def test_translate_skips_damaged_records(fuzz, damaged_file, monkeypatch, capfd):
    monkeypatch.setattr(translate, "IsolatedRun", lambda *arguments: FakeRun())

    def attack(draw):
        path = damaged_file(draw.choice(("image", "image", "pair")), draw)
        before = snapshot(path.parent)
        output = path.parent / "out"
        flags = ["--run_dir=run", "--direction=AtoB", f"--input={path}", f"--output={output}"]
        more = draw.choice(([], ["--size=training"], [f"--zip={path.parent / 'all.zip'}"]))
        assert_well_ended(run_here(translate.main, [*flags, *more], capfd))
        assert_kept(before, path.parent)

    fuzz(attack, rounds=40)
