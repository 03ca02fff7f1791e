"""The survey: which sets of images a data set has, and that each is looked at once."""

import functools

import numpy as np
import pytest

import build_data
from base.errors import DataError
from checks.survey import ImageAt, find_sets, look, survey
from checks.traits import describe
from tests.helpers.archives import image_bytes, make_zip
from tests.helpers.images import painting, photo, save, save_blank
from tests.helpers.programs import run_here
from tests.helpers.records import make_pair_shard
from tests.helpers.surveys import looked_at, write_set


@pytest.mark.parametrize(
    "files, pairs, sets",
    [
        (["trainA/1.png", "trainB/1.png", "testB/1.png"], False, ["trainA", "trainB", "testB"]),
        (["trainA/1.png", "trainB/1.png"], True, ["train/A", "train/B"]),
        (["train/1.png", "val/1.png"], False, ["train", "test"]),
        (["train/1.png", "val/1.png"], True, ["train/A", "train/B", "test/A", "test/B"]),
        (["train/cat/1.png", "test/cat/1.png"], False, ["train", "test"]),
        (["x/1.png", "2.png"], False, ["train"]),
    ],
)
def test_every_layout_has_its_sets(tmp_path, files, pairs, sets):
    save_blank(tmp_path, *files)
    assert list(find_sets(tmp_path, pairs)) == sets


def test_two_places_are_two_domains(tmp_path):
    save_blank(tmp_path, "cats/1.png", "dogs/1.png", "dogs/2.png")
    found = find_sets(f"{tmp_path}/cats,{tmp_path}/dogs", False)
    assert {name: len(source) for name, source in found.items()} == {"trainA": 1, "trainB": 2}


def test_records_of_pairs_need_not_be_called_so(tmp_path):
    make_pair_shard(tmp_path / "train-00000-of-00001.tfrecord")
    assert list(find_sets(tmp_path, False)) == ["train/A", "train/B"]


def test_where_pairs_are_wanted_and_none_are_there_it_says_what_there_should_be(tmp_path):
    save_blank(tmp_path, "trainA/1.png")
    with pytest.raises(DataError, match="holds no pairs of split train; understood are"):
        find_sets(tmp_path, True)


def test_every_image_is_described(tmp_path):
    images = [painting(seed, 40 + seed, 30) for seed in range(20)]
    found = looked_at(write_set(tmp_path, {"train": images})).sets["train"]
    for number in range(20):
        expected = describe(found.source.read(number), found.source.pixels(number))
        assert found.traits[number].tobytes() == expected.tobytes()


def test_images_of_a_pair_are_described_and_aligned_as_one(tmp_path):
    surveyed = looked_at(
        write_set(tmp_path, {"train": [np.concatenate([painting(0), painting(1)], axis=1)]}), pairs=True
    )
    assert surveyed.sets["train/A"].traits["width"] == surveyed.sets["train/B"].traits["width"] == 60
    assert surveyed.sets["train/A"].traits["hash"] != surveyed.sets["train/B"].traits["hash"]
    assert surveyed.alignments["train"].shape == (1,)
    assert surveyed.partner(ImageAt("train/A", 0)) == ("train/B", 0)
    assert surveyed.partner(ImageAt("train/B", 0)) == ("train/A", 0)


def test_damaged_half_of_a_pair_is_named(tmp_path):
    folder = write_set(tmp_path, {"trainA": [painting(0)] * 2, "trainB": [painting(0)] * 2})
    (folder / "trainB/1.png").write_bytes(b"")
    surveyed = looked_at(folder, pairs=True)
    assert surveyed.sets["train/A"].damage == {1: f"its partner {folder}/trainB/1.png: is empty"}
    assert surveyed.sets["train/A"].traits["intact"].tolist() == [True, False]


def test_images_in_archives_are_looked_at_too(tmp_path):
    archive = make_zip(tmp_path / "x.zip", {"x/train/1.png": image_bytes(tmp_path, 1)})
    surveyed = looked_at(archive)
    assert surveyed.sets["train"].traits["intact"].all()
    assert surveyed.name(ImageAt("train", 0)) == f"{archive}/x/train/1.png"


def test_image_in_a_record_is_called_by_its_place_and_its_name(tmp_path, capfd):
    save(tmp_path / "in/trainA/cat.png", photo(1))
    save(tmp_path / "in/trainB/dog.png", photo(2))
    arguments = [f"--source={tmp_path}/in", f"--output={tmp_path}/out", "--workers=1"]
    assert run_here(build_data.main, arguments, capfd).code == 0
    name = looked_at(tmp_path / "out").name(ImageAt("trainB", 0))
    assert name == f"{tmp_path}/out/trainB-00000-of-00001.tfrecord: record 0 (dog.png)"


def test_processes_that_are_not_forked_read_records_too(tmp_path, spawned):
    make_pair_shard(tmp_path / "train-00000-of-00001.tfrecord")
    found = find_sets(tmp_path, False)
    assert survey(found, 1).sets["train/B"].traits["intact"].all()


def test_both_halves_of_an_image_are_decoded_once(tmp_path, monkeypatch):
    save(tmp_path / "train/1.png", photo(1), photo(2))
    sources = list(find_sets(tmp_path, True).values())
    decoded = []
    whole = sources[0]._whole
    monkeypatch.setattr(sources[0]._decode, "_function", lambda index: decoded.append(index) or whole.pixels(index))
    functools.partial(look, {"train": sources})("train", 0)
    assert decoded == [0]
