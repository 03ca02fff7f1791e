"""Tests of scripts/check_data.py: what it says and writes, and that build_data.py takes its list."""

import numpy as np
import pytest

import build_data
from inputs.dataset import read_description
from inputs.exclusion import REASON
from inputs.scenes import write_scenes
from scripts import check_data
from tests.helpers.images import painting, save
from tests.helpers.programs import run_here, snapshot
from tests.helpers.surveys import write_set


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A current folder with a data set: a copy of a test image and a black one in trainA, an odd one in trainB."""
    sets = {
        "trainA": [*map(painting, range(5)), painting(30), np.zeros([48, 60, 3], np.uint8)],
        "trainB": [*map(painting, range(10, 16)), painting(16, 300, 240)],
        "testA": [painting(30)],
    }
    write_set(tmp_path / "photos", sets)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(capfd, *arguments):
    return run_here(check_data.main, arguments, capfd)


def test_findings_are_a_line_each_and_no_errors(here, capfd):
    code, out, err = check(capfd, "photos", "--workers=2")
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0] == "photos: 7 images in trainA, 7 in trainB, 1 in testA"
    assert [line.split(":")[0] for line in lines[1:-1]] == [
        "- training images that a test split has, too",
        "- images of one colour, or black",
        "- images of unusual size or shape",
    ]
    assert lines[1].endswith("[such as photos/trainA/5.png and photos/testA/0.png]")
    assert lines[-1].startswith("--page=FILE.html shows the images")


def test_page_and_list_are_written(here, capfd):
    code, out, _ = check(capfd, "--data_dir=photos", "--page=found.html", "--exclude=exclude.txt")
    assert code == 0 and out.endswith(
        "exclude.txt: images to leave out: 2; to look at first: 1\nfound.html: shows the images\n"
    )
    assert (here / "found.html").read_text().count("<h2>") == 3
    text = (here / "exclude.txt").read_text()
    assert "# shows what photos/testA/0.png shows\nphotos/trainA/5.png\n" in text
    assert "# photos/trainB/6.png\n" in text


def test_build_data_leaves_out_what_is_on_the_list(here, capfd):
    check(capfd, "photos", "--exclude=exclude.txt")
    ended = run_here(
        build_data.main, ["--source=photos", "--output=out", "--exclude=exclude.txt", "--strict", "--workers=1"], capfd
    )
    assert ended.code == 0 and f"left out: trainA/5.png: {REASON}\n" in ended.out
    assert ended.out.splitlines()[-1].startswith(f"python scripts/check_data.py {here}/out looks for ")
    facts = read_description(here / "out").splits
    assert facts["trainA"].images == 5 and facts["trainB"].images == 7
    assert {item["file"] for item in facts["trainA"].left_out} == {"5.png", "6.png"}
    ended = check(capfd, "out")
    assert ended.code == 0 and "a test split has" not in ended.out and "unusual size" in ended.out


def test_test_images_stay_what_they_were_where_others_are_left_out(here, capfd):
    (here / "list.txt").write_text("photos/trainB/2.png\n")
    for name in ("without", "with"):
        exclude = ["--exclude=list.txt"] if name == "with" else []
        arguments = ["--images=photos/trainB", f"--output={name}", "--test_fraction=0.3", "--workers=1"]
        assert run_here(build_data.main, [*arguments, *exclude], capfd).code == 0
    counts = [
        sum(facts.images for facts in read_description(here / name).splits.values()) for name in ("without", "with")
    ]
    assert counts == [7, 6]


def test_wrong_name_on_the_list_is_an_error_of_one_line(here, capfd):
    (here / "list.txt").write_text("photos/trainA/77.png\n")
    ended = run_here(build_data.main, ["--source=photos", "--output=out", "--exclude=list.txt"], capfd)
    assert ended.code == 2 and ended.err.startswith("build_data.py: error: list.txt: photos/trainA/77.png is none of")
    assert ended.err.count("\n") == 1 and not (here / "out").exists()


def test_list_of_records_is_refused_before_the_work(here, capfd):
    run_here(build_data.main, ["--source=photos", "--output=out", "--workers=1"], capfd)
    ended = check(capfd, "out", "--exclude=exclude.txt")
    assert ended.code == 2 and "out holds TFRecords" in ended.err and not (here / "exclude.txt").exists()


@pytest.mark.parametrize(
    "arguments, told",
    [
        ([], "missing --data_dir"),
        (["nowhere"], "nowhere: no such folder"),
        (["photos", "--page=found.txt"], "must be the name of a .html file"),
        (["photos", "--page=mine.html"], "mine.html exists; --overwrite replaces it"),
        (["photos", "--exclude=photos"], "photos is a folder; --exclude must name a file"),
        (["photos", "--page=x.html", "--exclude=x.html"], "--page and --exclude name one file"),
        (["photos", "--overwrite"], "--overwrite has no effect without"),
        (["photos", "--pairs"], "has the name of one of"),
        (["photos", "more"], "unexpected argument 'more'"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(here, capfd, arguments, told):
    (here / "mine.html").write_text("mine")
    for name in ("0.png", "1.png", "2.png", "3.png", "4.png", "5.png", "6.png"):
        (here / "photos/trainA" / name).rename(here / "photos/trainA" / f"a{name}")
    before = snapshot(here)
    code, out, err = check(capfd, *arguments)
    assert (code, out) == (2, "") and told in err and err.startswith("check_data.py: error: ") and err.count("\n") == 1
    assert snapshot(here) == before


def test_same_command_twice_with_overwrite_writes_the_same(here, capfd):
    arguments = ["photos", "--page=found.html", "--exclude=exclude.txt", "--overwrite"]
    first = check(capfd, *arguments)
    before = snapshot(here)
    assert check(capfd, *arguments) == first and snapshot(here) == before


def test_empty_list_and_page_are_written_where_nothing_is_found(tmp_path, monkeypatch, capfd):
    write_set(tmp_path / "photos", {"train": [painting(seed) for seed in range(3)]})
    monkeypatch.chdir(tmp_path)
    code, out, _ = check(capfd, "photos", "--page=found.html", "--exclude=exclude.txt")
    assert code == 0 and "nothing found\n" in out and "images to leave out: 0" in out
    assert run_here(build_data.main, ["--images=photos", "--output=out", "--exclude=exclude.txt"], capfd).code == 0


def test_built_in_scenes_have_no_fault_but_that_winters_are_bright(tmp_path, capfd):
    write_scenes(tmp_path / "scenes", 24, train=12, test=2)
    lines = check(capfd, str(tmp_path / "scenes")).out.splitlines()
    assert len(lines) == 3 and lines[1].startswith("- mean brightness: ")


def test_file_of_an_image_that_is_no_text_is_named(here, capfd):
    save(here / "photos/trainA/\udcff\n.png", np.zeros([48, 60, 3], np.uint8))
    ended = check(capfd, "photos", "--exclude=exclude.txt", "--page=found.html")
    assert ended.code == 0 and "which no line can hold" in (here / "exclude.txt").read_text()
