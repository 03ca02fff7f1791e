"""Tests of build_data.py --pairs, run as its users do."""

import json

import numpy as np
import pytest

from inputs.data_dir import find_source
from tests.helpers.build import build, build_well, digests
from tests.helpers.images import photo, save


@pytest.fixture
def side_by_side(tmp_path):
    for split, count in (("train", 5), ("val", 2)):
        for i in range(count):
            save(tmp_path / "source" / split / f"{i}.png", photo(i), 255 - photo(i))
    return tmp_path / "source"


def test_side_by_side_images_become_records_of_both(side_by_side, tmp_path):
    out = build_well("--pairs", source=side_by_side, output=tmp_path / "out")
    assert "train: 5 pairs in 1 shard, 0 left out" in out and "test: 2 pairs in 1 shard," in out
    for split, count in (("train", 5), ("test", 2)):
        a, b = (find_source(tmp_path / "out", f"{split}/{half}") for half in "AB")
        assert len(a) == len(b) == count
        for i in range(count):
            number = int(a.name(i).removesuffix(".png"))
            np.testing.assert_array_equal(a.pixels(i), photo(number))
            np.testing.assert_array_equal(b.pixels(i), 255 - photo(number))


@pytest.mark.slow
def test_same_input_gives_the_same_bytes_whatever_the_number_of_workers(side_by_side, tmp_path):
    for name, workers in (("one", 1), ("two", 2)):
        build_well("--pairs", source=side_by_side, output=tmp_path / name, workers=workers)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


@pytest.mark.parametrize("named", [False, True])
def test_two_folders_are_matched_by_name_and_the_rest_is_reported(tmp_path, named):
    a, b = ("edges", "photos") if named else ("trainA", "trainB")
    for name in (f"{a}/1.png", f"{a}/2.png", f"{a}/3.png", f"{b}/2.jpg", f"{b}/3.png", f"{b}/4.png"):
        save(tmp_path / "in" / name, photo(0))
    (tmp_path / "in" / b / "3.png").write_bytes(b"broken")
    places = (
        {"domain_a": tmp_path / "in" / a, "domain_b": tmp_path / "in" / b} if named else {"source": tmp_path / "in"}
    )
    out = build_well("--pairs", output=tmp_path / "out", **places)
    left_out = json.loads((tmp_path / "out/dataset.json").read_text())["splits"]["train"]["left_out"]
    assert [(item["file"], item["reason"].split(":")[0]) for item in left_out] == [
        (f"{a}/1.png", f"no image of that name in {b}"),
        (f"{b}/4.png", f"no image of that name in {a}"),
        ("3.png", "its image B is not an image that Pillow can read"),
    ]
    assert "1 pairs, 3 left out" in out


def test_a_share_of_the_pairs_becomes_the_test_split(tmp_path):
    for i in range(10):
        save(tmp_path / f"a/{i}.png", photo(i))
        save(tmp_path / f"b/{i}.png", photo(i))
    out = build_well(
        "--pairs", domain_a=tmp_path / "a", domain_b=tmp_path / "b", test_fraction=0.2, output=tmp_path / "out"
    )
    assert "train: 8 pairs" in out and "test: 2 pairs" in out


@pytest.mark.parametrize(
    "names, flags, words",
    [
        (["train/odd.png"], [], "train: none of its images can be used"),
        (["trainA/1.png", "trainB/2.png"], [], "no image in it has the name of one in"),
        (["other/1.png"], [], "no sub-folder train in it, nor trainA and trainB"),
        (["trainA/1.png", "trainA/2.png", "trainB/2.png"], ["--strict"], "--strict, and 1 images cannot be used"),
    ],
)
def test_sources_without_usable_pairs_are_refused(tmp_path, names, flags, words):
    for name in names:
        save(tmp_path / "in" / name, photo(0, width=25))
    ran = build("--pairs", *flags, source=tmp_path / "in", output=tmp_path / "out")
    assert ran.returncode == 2 and words in ran.stderr and ran.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
