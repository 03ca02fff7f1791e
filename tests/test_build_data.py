"""Tests of build_data.py, run as its users do."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from base.files import MARK, MARKER
from tests.conftest import ROOT
from tests.helpers.archives import cifar_batches, make_tar, make_zip
from tests.helpers.build import PROGRAM, build, build_well, command, digests, split_records
from tests.helpers.images import save_blank
from tests.helpers.programs import assert_kept, snapshot


@pytest.fixture
def source(tmp_path):
    """A source of 7 images in trainA and 5 in trainB."""
    random = np.random.RandomState(0)
    for split, count in (("trainA", 7), ("trainB", 5)):
        (tmp_path / "source" / split).mkdir(parents=True)
        for i in range(count):
            pixels = random.randint(0, 256, (12, 10 + i, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "source" / split / f"{i}.png")
    return tmp_path / "source"


@pytest.fixture
def slow_source(source):
    """A source that takes seconds to convert, since it links to one file many times."""
    Image.effect_noise((1000, 1000), 50).convert("RGB").save(source / "trainA/large.png")
    for i in range(1000):
        (source / "trainA" / f"link{i}.png").symlink_to(source / "trainA/large.png")
    return source


def start(**options):
    """Starts a conversion and waits until it is at work."""
    process = subprocess.Popen(
        command("--overwrite", **options),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
    )
    while not any(path.stat().st_size for path in options["output"].parent.glob("*.partial-*/trainA.*")):
        assert process.poll() is None
        time.sleep(0.01)
    return process


def names_of(shards):
    """The files that some shards consist of, sorted."""
    return sorted(f"{shard}.{kind}" for shard in shards for kind in ("offsets", "tfrecord"))


def names_in(folder, split):
    return [features["image/filename"][0].decode() for features in split_records(folder, split)]


@pytest.mark.slow
def test_records_hold_the_files(source, tmp_path):
    build_well(source=source, output=tmp_path / "out")
    found = {features["image/filename"][0]: features for features in split_records(tmp_path / "out", "trainA")}
    assert len(found) == 7
    assert found[b"3.png"] == {
        "image/encoded": [(source / "trainA/3.png").read_bytes()],
        "image/filename": [b"3.png"],
        "image/format": [b"png"],
        "image/height": [12],
        "image/width": [13],
    }


@pytest.mark.slow
def test_shards_are_of_the_size_asked_for_with_an_index_each(source, tmp_path):
    noise = np.random.RandomState(0)
    for i in range(3):  # of 0.4 MB, which PNG cannot make smaller
        Image.fromarray(noise.randint(0, 256, (365, 365, 3)).astype(np.uint8)).save(source / f"trainA/large{i}.png")
    build_well(source=source, output=tmp_path / "out", shard_mb=1)
    shards = ("trainA-00000-of-00002", "trainA-00001-of-00002", "trainB-00000-of-00001")
    assert sorted(path.name for path in (tmp_path / "out").glob("train*")) == names_of(shards)
    sizes = [(tmp_path / "out" / f"{shard}.tfrecord").stat().st_size for shard in shards]
    assert 500_000 < sizes[0] <= 1_000_000 > sizes[1] > 400_000


@pytest.mark.slow
def test_description_tells_what_was_converted(source, tmp_path):
    (source / "trainA/bad.jpg").write_bytes(b"hello")
    build_well(source=source, output=tmp_path / "out", seed=4)
    description = json.loads((tmp_path / "out/dataset.json").read_text())
    split = description["splits"].pop("trainA")
    del description["splits"]["trainB"]
    assert description == {"format_version": 1, "seed": 4, "max_side": None, "splits": {}}
    assert split == {
        "source": "source/trainA",
        "images": 7,
        "shards": 1,
        "height": {"min": 12, "median": 12, "max": 12},
        "width": {"min": 10, "median": 13, "max": 16},
        "left_out": [{"file": "bad.jpg", "reason": "is not an image that Pillow can read"}],
    }


@pytest.mark.slow
def test_bytes_do_not_depend_on_the_number_of_workers(source, tmp_path):
    (source / "trainA/bad.jpg").write_bytes(b"hello")
    for workers in (1, 3):
        build_well(source=source, output=tmp_path / f"out{workers}", workers=workers, max_side=11)
    assert digests(tmp_path / "out1") == digests(tmp_path / "out3")


@pytest.mark.slow
def test_seed_decides_on_the_order(source, tmp_path):
    orders = []
    for seed in (0, 1):
        build_well(source=source, output=tmp_path / f"out{seed}", seed=seed)
        orders.append(names_in(tmp_path / f"out{seed}", "trainA"))
    assert orders[0] != orders[1] and sorted(orders[0]) == sorted(orders[1])


@pytest.mark.slow
def test_max_side_downsizes(source, tmp_path):
    build_well(source=source, output=tmp_path / "out", max_side=6)
    sizes = json.loads((tmp_path / "out/dataset.json").read_text())["splits"]["trainA"]
    assert max(sizes["height"]["max"], sizes["width"]["max"]) == 6


def test_domains_are_divided_into_train_and_test(source, tmp_path):
    build_well(domain_a=source / "trainA", domain_b=source / "trainB", output=tmp_path / "out", test_fraction=0.3)
    names = {split: names_in(tmp_path / "out", split) for split in ("trainA", "testA", "trainB", "testB")}
    assert {split: len(found) for split, found in names.items()} == {"trainA": 5, "testA": 2, "trainB": 3, "testB": 2}
    assert not set(names["trainA"]) & set(names["testA"])


def test_domains_without_fraction_have_no_test_split(source, tmp_path):
    build_well(domain_a=source / "trainA", domain_b=source / "trainB", output=tmp_path / "out")
    assert names_in(tmp_path / "out", "testA") == []


@pytest.mark.slow
def test_test_splits_of_the_source_are_taken(source, tmp_path):
    (source / "testA").mkdir()
    Image.new("RGB", (4, 4)).save(source / "testA/t.png")
    build_well(source=source, output=tmp_path / "out")
    assert names_in(tmp_path / "out", "testA") == ["t.png"]


def test_bad_images_are_left_out_and_counted(source, tmp_path):
    (source / "trainA/empty.jpg").touch()
    (source / "trainB/cut.png").write_bytes((source / "trainB/1.png").read_bytes()[:-50])
    lines = build_well(source=source, output=tmp_path / "out").splitlines()
    assert lines[0] == "left out: trainA/empty.jpg: is empty"
    assert lines[1].startswith("left out: trainB/cut.png: is damaged")
    assert "12 images, 2 left out" in lines[-2]


@pytest.mark.slow
def test_strict_refuses_bad_images(source, tmp_path):
    (source / "trainA/empty.jpg").touch()
    ran = build("--strict", source=source, output=tmp_path / "out")
    assert (ran.returncode, ran.stderr) == (
        2,
        "build_data.py: error: --strict, and 1 images cannot be used; nothing was written\n",
    )
    assert not list(tmp_path.glob("out*"))


@pytest.mark.slow
def test_split_without_good_images_is_refused(source, tmp_path):
    for path in (source / "trainB").iterdir():
        path.write_bytes(b"")
    ran = build(source=source, output=tmp_path / "out")
    assert (ran.returncode, ran.stderr) == (
        2,
        "build_data.py: error: trainB: none of its images can be used; nothing was written\n",
    )


@pytest.mark.slow
def test_file_name_that_is_not_utf8(source, tmp_path):
    name = os.fsdecode(b"caf\xe9.png")
    try:
        (source / "trainA/1.png").rename(source / "trainA" / name)
    except OSError:
        pytest.skip("the file system takes only UTF-8 names")
    build_well(source=source, output=tmp_path / "out")
    found = [features["image/filename"][0] for features in split_records(tmp_path / "out", "trainA")]
    assert b"caf\xe9.png" in found


@pytest.mark.slow
def test_existing_output_is_not_touched(source, tmp_path):
    build_well(source=source, output=tmp_path / "out")
    before = digests(tmp_path / "out")
    ran = build(source=source, output=tmp_path / "out", seed=1)
    assert (ran.returncode, ran.stderr) == (
        2,
        f"build_data.py: error: {tmp_path}/out: exists; --overwrite replaces it\n",
    )
    assert digests(tmp_path / "out") == before


@pytest.mark.slow
def test_overwrite_replaces_the_output_whole(source, tmp_path):
    build_well("--pairs", source=source, output=tmp_path / "out")
    build_well("--overwrite", source=source, output=tmp_path / "out")
    names = sorted(path.name for path in tmp_path.glob("out*/*"))
    assert names == ["dataset.json", *names_of(f"train{domain}-00000-of-00001" for domain in "AB")]
    assert [path.name for path in tmp_path.glob("out*")] == ["out"]


def test_overwrite_spares_folders_of_others(source, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/mine.txt").touch()
    ran = build("--overwrite", source=source, output=tmp_path / "photos")
    assert ran.returncode == 2 and "is no output of build_data.py" in ran.stderr
    assert (tmp_path / "photos/mine.txt").exists()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_leaves_the_old_output_and_nothing_else(slow_source, tmp_path, number):
    build_well(domain_a=slow_source / "trainB", domain_b=slow_source / "trainB", output=tmp_path / "out")
    before = digests(tmp_path / "out")
    process = start(source=slow_source, output=tmp_path / "out")
    os.killpg(process.pid, number)
    _, errors = process.communicate(timeout=10)
    how = "interrupted" if number == signal.SIGINT else "stopped by SIGTERM"
    assert (process.returncode, errors) == (128 + number, f"build_data.py: {how}; nothing was written\n")
    assert digests(tmp_path / "out") == before
    assert [path.name for path in tmp_path.glob("out*")] == ["out"]


@pytest.mark.slow
def test_leftovers_of_a_killed_run_are_removed_by_the_next(slow_source, tmp_path):
    process = start(source=slow_source, output=tmp_path / "out")
    process.kill()
    process.communicate(timeout=10)  # ends only when the workers have ended too
    assert len(list(tmp_path.glob("out.partial-*"))) == 1
    build_well(domain_a=slow_source / "trainB", domain_b=slow_source / "trainB", output=tmp_path / "out")
    assert [path.name for path in tmp_path.glob("out*")] == ["out"]


@pytest.mark.slow
def test_folder_of_a_run_at_work_is_left_alone(source, tmp_path):
    other = tmp_path / "out.partial-1"
    other.mkdir()
    lock = os.open(other, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    build_well(source=source, output=tmp_path / "out")
    os.close(lock)
    assert other.exists()


@pytest.mark.slow
def test_output_caught_between_two_renames_comes_back(source, tmp_path):
    build_well(source=source, output=tmp_path / "out")
    (tmp_path / "out" / MARKER).write_text(MARK)
    (tmp_path / "out").rename(tmp_path / "out.replaced-1")
    ran = build(source=source, output=tmp_path / "out")
    assert ran.returncode == 2 and "out: exists" in ran.stderr


@pytest.mark.slow
def test_killed_worker_ends_the_run_with_a_clear_line(slow_source, tmp_path):
    process = start(source=slow_source, output=tmp_path / "out", workers=1)
    worker = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    os.kill(int(worker), signal.SIGKILL)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 2 and "a worker process died (out of memory?)" in errors


@pytest.mark.slow
def test_full_disk_is_one_line_and_leaves_nothing(slow_source, tmp_path):
    limited = ["bash", "-c", 'ulimit -f 2000; exec "$@"', "-"]  # files of at most 2 MB, which fails as a full disk does
    ran = subprocess.run(
        limited + command(source=slow_source, output=tmp_path / "out"), capture_output=True, text=True, timeout=60
    )
    assert (ran.returncode, ran.stderr) == (
        1,
        f"build_data.py: error: {tmp_path}/out: cannot be written: File too large\n",
    )
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize(
    "options, problem",
    [
        ({}, "give either --source, or --domain_a and --domain_b"),
        ({"source": "s", "domain_a": "a"}, "give either --source, or --domain_a and --domain_b"),
        ({"domain_a": "a"}, "--domain_b is missing"),
        (
            {"domain_a": "a", "domain_b": "b", "test_fraction": "1"},
            "--test_fraction=1: must be at least 0 and less than 1",
        ),
        ({"source": "s", "test_fraction": "0.1"}, "--test_fraction goes with --domain_a and --domain_b"),
        ({"source": "s", "shard_mb": "0"}, "--shard_mb=0: must be at least 1"),
        ({"source": "s", "sorce": "t"}, "unknown flag --sorce; did you mean --source?"),
        ({"source": "none"}, "none: no such folder"),
        ({"source": 300 * "x"}, "xxx: File name too long"),
        ({"source": str(PROGRAM)}, "build_data.py: is a file, not a folder"),
        ({"source": "s", "workers": "none"}, "--workers=none: must be a whole number or auto"),
        ({"source": str(ROOT / "tests")}, "tests: no sub-folders trainA and trainB in it; for others give"),
    ],
)
def test_wrong_use_is_one_line(tmp_path, options, problem):
    ran = build(output=tmp_path / "out", **options)
    assert ran.returncode == 2 and ran.stdout == ""
    assert ran.stderr.startswith("build_data.py: error: ") and problem in ran.stderr and ran.stderr.count("\n") == 1


def test_a_split_given_as_the_source_is_told_from_its_data_set(source, tmp_path):
    ran = build(source=source / "trainA", output=tmp_path / "out")
    hint = f"it looks like one split of a data set: name the folder that it lies in, {source}"
    assert ran.returncode == 2 and ran.stderr.endswith(f"no sub-folders trainA and trainB in it; {hint}\n")


def test_missing_output_is_named(source):
    ran = build(source=source)
    assert (ran.returncode, ran.stderr) == (2, "build_data.py: error: missing --output (see --help)\n")


@pytest.mark.slow
def test_folders_of_the_monet_competition_are_the_two_domains(tmp_path):
    save_blank(tmp_path / "in", "monet_jpg/m.png", "photo_jpg/p.png")
    (tmp_path / "in/monet_tfrec").mkdir()
    (tmp_path / "in/monet_tfrec/monet00-60.tfrec").touch()
    build_well(source=tmp_path / "in", output=tmp_path / "out")
    assert [names_in(tmp_path / "out", split) for split in ("trainA", "trainB")] == [["m.png"], ["p.png"]]


@pytest.mark.slow
def test_output_with_a_damaged_description_is_not_replaced(source, tmp_path):
    build_well(source=source, output=tmp_path / "out")
    (tmp_path / "out/dataset.json").write_text("{")
    ran = build("--overwrite", source=source, output=tmp_path / "out")
    assert ran.returncode == 2 and "dataset.json: is damaged" in ran.stderr and (tmp_path / "out/dataset.json").exists()


def test_output_inside_source_is_refused(source):
    ran = build(source=source, output=source / "out")
    assert ran.returncode == 2 and "must not lie in one another" in ran.stderr


def test_help_does_not_wait_for_tensorflow():
    modules = "import sys, build_data; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", modules], cwd=ROOT).returncode == 0


@pytest.fixture
def labelled(tmp_path):
    """Images of the classes 9, 10 and cat in train, and of two of them in val."""
    for i, name in enumerate(("train/9/a", "train/10/b", "train/cat/c", "train/cat/more/d", "val/cat/e", "val/9/f")):
        path = tmp_path / "set" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (i, 0, 0)).save(path)
    return tmp_path / "set"


def labels_in(output, split):
    return {
        features["image/filename"][0].decode(): tuple(
            features.get(key, [None])[0] for key in ("image/class/label", "image/class/text")
        )
        for features in split_records(output, split)
    }


def test_labelled_images_keep_their_classes(labelled, tmp_path):
    build_well("--labelled", images=labelled, output=tmp_path / "out")
    assert json.loads((tmp_path / "out/dataset.json").read_text())["classes"] == ["9", "10", "cat"]
    assert labels_in(tmp_path / "out", "train") == {
        "9/a.png": (0, b"9"), "10/b.png": (1, b"10"), "cat/c.png": (2, b"cat"), "cat/more/d.png": (2, b"cat"),
    }  # fmt: skip
    assert labels_in(tmp_path / "out", "test") == {"cat/e.png": (2, b"cat"), "9/f.png": (0, b"9")}


def test_one_set_of_images_is_divided_and_has_no_classes(labelled, tmp_path):
    build_well(images=labelled / "train", output=tmp_path / "out", test_fraction=0.25)
    splits = {split: labels_in(tmp_path / "out", split) for split in ("train", "test")}
    assert {split: len(found) for split, found in splits.items()} == {"train": 3, "test": 1}
    assert {label for found in splits.values() for label in found.values()} == {(None, None)}


@pytest.mark.parametrize(
    "arguments, problem",
    [
        (["--images={0}", "--source={0}"], "give either --source, or --domain_a and --domain_b, or --images"),
        (["--source={0}", "--labelled"], "--labelled goes with --images"),
        (["--images={0}", "--pairs"], "--pairs goes with"),
        (["--images={0}", "--test_fraction=0.5"], "has a sub-folder train"),
        (["--images={0}/train/cat", "--labelled"], "c.png: lies in no class folder"),
        (["--images={0}/none"], "none: no such folder"),
    ],
)
def test_wrong_uses_of_images_are_one_line(labelled, tmp_path, arguments, problem):
    ran = build(*(argument.format(labelled) for argument in arguments), output=tmp_path / "out")
    assert (
        ran.returncode == 2
        and problem in ran.stderr
        and ran.stderr.count("\n") == 1
        and not (tmp_path / "out").exists()
    )


@pytest.fixture
def strangers(tmp_path):
    """What only has the names of leftovers: two folders of a user's, a file, and a pipe."""
    for name in ("out.partial-mynotes/a.txt", "out.replaced/b.txt", "out.replaced-1/c.txt", "out.partial-2"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    os.mkfifo(tmp_path / "out.partial-3")
    os.mkfifo(tmp_path / "out.replaced-4")
    return lambda: (
        sorted(str(path.relative_to(tmp_path)) for path in tmp_path.glob("out.*/**/*"))
        + sorted(path.name for path in tmp_path.glob("out.*"))
    )


@pytest.mark.parametrize("arguments, code", [([], 0), (["--strict", "--shard_mb=0"], 2), (["--max_side=x"], 2)])
def test_what_is_not_its_own_stays(source, strangers, tmp_path, arguments, code):
    before = strangers()
    assert build(*arguments, source=source, output=tmp_path / "out").returncode == code
    assert strangers() == before


@pytest.mark.slow
def test_leftovers_stay_until_the_arguments_are_known_to_be_good(source, tmp_path):
    leftover = tmp_path / "out.partial-1"
    leftover.mkdir()
    (leftover / MARKER).write_text(MARK)
    assert build(source=tmp_path / "none", output=tmp_path / "out").returncode == 2 and leftover.exists()
    build_well(source=source, output=tmp_path / "out")
    assert not leftover.exists()


@pytest.mark.slow
def test_finished_output_holds_no_marker(source, tmp_path):
    for flags in ([], ["--overwrite"]):
        build_well(*flags, source=source, output=tmp_path / "out")
        assert not (tmp_path / "out" / MARKER).exists() and [path.name for path in tmp_path.glob("out*")] == ["out"]


def test_one_set_of_two_domains_says_what_becomes_what(source, tmp_path):
    (source / "trainB").rename(source / "testA")
    said = build_well(images=source, output=tmp_path / "out")
    assert said.startswith("train: made of trainA\ntest: made of testA\n")
    assert [len(split_records(tmp_path / "out", split)) for split in ("train", "test")] == [7, 5]


def test_what_is_no_image_file_is_left_out(source, tmp_path):
    os.mkfifo(source / "trainA/pipe.jpg")
    (source / "trainA/zero.jpg").symlink_to("/dev/zero")
    (source / "trainA/script.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EOF\n")
    (source / os.fsdecode(b"trainA/not utf-8 \xff\n.jpg")).touch()
    with open(source / "trainA/huge.jpg", "wb") as file:
        file.truncate(2 << 40)
    said = build_well(source=source, output=tmp_path / "out")
    assert "trainA: 7 images in 1 shard, 5 left out\n" in said
    assert r"not utf-8 \xff\n.jpg: is empty" in said and said.count("\n") == 9


@pytest.mark.parametrize(
    "output", ["/", "/proc/none", "loop", "/dev/null", "/dev/null/x", 300 * "x", "~nosuchuser/x/y"]
)
def test_output_that_cannot_be_is_one_line(source, tmp_path, output):
    (tmp_path / "loop").symlink_to("loop")
    ran = subprocess.run(command(source=source, output=output), cwd=tmp_path, capture_output=True, text=True)
    if ran.returncode == 0:  # a shell's view of an unknown user: a folder of that name
        assert (tmp_path / output / "dataset.json").exists()
    else:
        assert (
            ran.returncode in (1, 2) and ran.stderr.count("\n") == 1 and ran.stderr.startswith("build_data.py: error:")
        )


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".zip", ".tar", ".tar.gz"])
def test_archive_gives_the_same_bytes_as_the_folder_in_it(source, tmp_path, ending):
    (source / "trainA/bad.jpg").write_bytes(b"hello")
    files = {f"photos/{path.relative_to(source)}": path.read_bytes() for path in source.glob("*/*")}
    archive = (make_zip if ending == ".zip" else make_tar)(tmp_path / f"photos{ending}", files)
    before = snapshot(tmp_path)
    build_well(source=archive, output=tmp_path / "packed")
    build_well(source=source, output=tmp_path / "plain")
    assert_kept(before, tmp_path)
    packed, plain = (digests(tmp_path / name) for name in ("packed", "plain"))
    assert packed.pop("dataset.json") and plain.pop("dataset.json") and packed == plain
    left_out = json.loads((tmp_path / "packed/dataset.json").read_text())["splits"]["trainA"]["left_out"]
    assert left_out == [{"file": "bad.jpg", "reason": "is not an image that Pillow can read"}]


def test_two_archives_are_the_two_domains(source, tmp_path):
    archives = [
        make_zip(tmp_path / f"{name}.zip", {path.name: path.read_bytes() for path in (source / name).iterdir()})
        for name in ("trainA", "trainB")
    ]
    build_well(domain_a=archives[0], domain_b=archives[1], output=tmp_path / "out", workers=3)
    assert [len(names_in(tmp_path / "out", split)) for split in ("trainA", "trainB")] == [7, 5]


def test_damaged_file_in_an_archive_is_left_out(source, tmp_path):
    files = {str(path.relative_to(source)): path.read_bytes() for path in source.glob("*/*")}
    archive = make_zip(tmp_path / "x.zip", files)
    data = bytearray(archive.read_bytes())
    data[data.index(b"trainA/3.png") + 20] ^= 255
    archive.write_bytes(data)
    said = build_well(source=archive, output=tmp_path / "out")
    assert "left out: trainA/3.png: cannot be read: it cannot be unpacked: " in said and "1 left out" in said


def test_batches_keep_their_classes(tmp_path):
    for name, data in cifar_batches().items():
        (tmp_path / "in" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_bytes(data)
    build_well("--labelled", images=tmp_path / "in", output=tmp_path / "out")
    assert labels_in(tmp_path / "out", "test") == {
        "airplane/test_batch-00000.png": (0, b"airplane"), "automobile/test_batch-00001.png": (1, b"automobile"),
        "bird/test_batch-00002.png": (2, b"bird"), "cat/test_batch-00003.png": (3, b"cat"),
    }  # fmt: skip
    assert len(split_records(tmp_path / "out", "train")) == 20


def test_classes_in_the_names_of_files_are_kept(tmp_path):
    save_blank(tmp_path / "in", "train/1_cat.png", "train/2_dog.png", "test/3_dog.png")
    build_well("--labelled", images=tmp_path / "in", output=tmp_path / "out")
    assert labels_in(tmp_path / "out", "train") == {"1_cat.png": (0, b"cat"), "2_dog.png": (1, b"dog")}
    assert labels_in(tmp_path / "out", "test") == {"3_dog.png": (1, b"dog")}


@pytest.mark.parametrize("name, content, problem", [
    ("x.zip", b"hello", "x.zip: is no archive, or a damaged one: File is not a zip file"),
    ("x.rar", b"Rar!", "x.rar: is a file, not a folder"),
    ("x.tar.gz", b"\x1f\x8b", "x.tar.gz: is no archive, or a damaged one: "),
])  # fmt: skip
def test_what_is_no_archive_is_one_line(tmp_path, name, content, problem):
    (tmp_path / name).write_bytes(content)
    ran = build(source=tmp_path / name, output=tmp_path / "out")
    assert ran.returncode == 2 and problem in ran.stderr and ran.stderr.count("\n") == 1
