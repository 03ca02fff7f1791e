"""scripts/translate.py: names kept, nothing overwritten, bad files skipped, mistakes told in one line."""

import errno
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from base.errors import ConfigError, DataError, OutputError, UsageError, UserError
from base.signals import STOP_SIGNALS, Stopped
from inference import outputs
from inputs.images import encode_for_record, read_image
from inputs.records import image_record
from scripts import translate
from scripts.translate import main
from tests.helpers.records import write_records
from tests.helpers.untrained import FakeRun, loaded_here, make_run, noise

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Folder of a small CycleGAN run."""
    return make_run(tmp_path_factory.mktemp("run") / "summer")


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """Loads runs into the process of the tests: what the process of their own is for is tested elsewhere."""
    monkeypatch.setattr(translate, "IsolatedRun", loaded_here)


@pytest.fixture
def fake_network(monkeypatch):
    """Puts a network that changes nothing in the place of the run's; gives the function that puts another there."""

    def use(function, **values):
        monkeypatch.setattr(translate, "IsolatedRun", lambda *arguments: FakeRun(function, **values))

    use(lambda image: image)
    return use


@pytest.fixture
def photos(tmp_path):
    """An empty folder for inputs."""
    (tmp_path / "photos").mkdir()
    return tmp_path / "photos"


@pytest.fixture
def records(tmp_path):
    """A TFRecord file of three images, whose names are those of a file, of no file, and none."""
    noise(8, 8).save(tmp_path / "x.jpg")
    image = encode_for_record(tmp_path / "x.jpg")
    made = [image_record(image.data, image.format, name, 8, 8) for name in (b"photo.jpg", b"00068bc07f", b"")]
    return write_records(tmp_path / "photos.tfrec", *made)


def call(run, source, output, *more, direction="AtoB"):
    return main([f"--run_dir={run}", f"--direction={direction}", f"--input={source}", f"--output={output}", *more])


def files(folder):
    """Images in a folder, without the page and its pictures."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if name != "index.html" and not name.startswith("inputs"))


def shape(file):
    return read_image(file).shape[:2]


@pytest.mark.slow
def test_results_have_the_sizes_of_the_inputs(run, photos, tmp_path):
    sizes = [(1, 1), (7, 5), (33, 64), (90, 3)]
    for height, width in sizes:
        noise(height, width).save(photos / f"{height}x{width}.png")
    assert call(run, photos, tmp_path / "out") == 0
    assert [shape(tmp_path / "out" / f"{height}x{width}.png") for height, width in sizes] == sizes


def test_max_side_downsizes(fake_network, photos, tmp_path):
    noise(20, 40).save(photos / "a.png")
    call("run", photos, tmp_path / "out", "--max_side=10")
    assert shape(tmp_path / "out" / "a.png") == (5, 10)


def test_training_size_is_that_of_the_run(fake_network, photos, tmp_path, capsys):
    fake_network(lambda image: image, image_size=64, load_size=72)
    noise(180, 720).save(photos / "a.png")
    call("run", photos, tmp_path / "out", "--size=training")
    assert shape(tmp_path / "out" / "a.png") == (36, 144)
    assert "720 &times; 180" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "--size=training" not in capsys.readouterr().out


def test_scale_that_the_network_has_never_seen_is_told(fake_network, photos, tmp_path, capsys):
    fake_network(lambda image: image, image_size=64, load_size=72)
    noise(500, 500).save(photos / "a.png")
    call("run", photos, tmp_path / "out")
    assert "6.9 times that size, which it has never seen: --size=training" in capsys.readouterr().out
    assert shape(tmp_path / "out" / "a.png") == (500, 500)


def test_names_and_subfolders_are_kept(fake_network, photos, tmp_path):
    (photos / "b" / "c").mkdir(parents=True)
    for name in ("cat.jpg", "b/DOG.JPEG", "b/c/cow.png"):
        noise(8, 8).save(photos / name)
    assert call("run", photos, tmp_path / "out") == 0
    assert files(tmp_path / "out") == ["b/DOG.JPEG", "b/c/cow.png", "cat.jpg"]
    with Image.open(tmp_path / "out" / "cat.jpg") as image:
        assert image.format == "JPEG"


def test_folder_of_results_named_inputs_keeps_clear_of_the_pages_pictures(fake_network, photos, tmp_path):
    (photos / "inputs").mkdir()
    noise(8, 8).save(photos / "inputs" / "a.jpg")
    assert call("run", photos, tmp_path / "out") == 0
    assert [path.name for path in (tmp_path / "out" / "inputs").iterdir()] == ["a.jpg"]
    assert len(list((tmp_path / "out" / "inputs-2").iterdir())) == 1


def test_bad_files_are_skipped_and_the_exit_code_says_so(fake_network, photos, tmp_path, capsys):
    noise(8, 8).save(photos / "good.png")
    (photos / "empty.jpg").touch()
    (photos / "text.png").write_text("not an image")
    assert call("run", photos, tmp_path / "out") == 1
    out, err = capsys.readouterr()
    assert "skipped empty.jpg: is empty" in err and "skipped text.png: is not an image" in err
    assert out.startswith("1 translated, 2 skipped")
    assert files(tmp_path / "out") == ["good.png"]


def test_image_that_the_network_refuses_is_skipped(fake_network, photos, tmp_path, capsys):
    def limited(image):
        if image.shape[0] > 8:
            raise DataError("64 x 64 px need more memory than there is; try --max_side=32")
        return image

    fake_network(limited)
    for side in (8, 64):
        noise(side, side).save(photos / f"{side}.png")
    assert call("run", photos, tmp_path / "out") == 1
    assert "skipped 64.png: 64 x 64 px need more memory than there is; try --max_side=32" in capsys.readouterr().err


def test_full_disk_ends_the_run(fake_network, photos, tmp_path, monkeypatch):
    def full(array, path):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(outputs, "save_image", full)
    noise(8, 8).save(photos / "a.png")
    with pytest.raises(OutputError, match="a.png: cannot be written: No space left on device"):
        call("run", photos, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("stop_signal", STOP_SIGNALS)
def test_stopping_leaves_whole_files_and_a_page_of_all_of_them(fake_network, photos, tmp_path, stop_signal):
    calls = []

    def interrupted(image):
        calls.append(image)
        if len(calls) == 12:
            os.kill(os.getpid(), stop_signal)
        return image

    fake_network(interrupted)
    for number in range(20):
        noise(8, 8).save(photos / f"{number:02}.png")
    with pytest.raises(Stopped, match="12 of 20 images done, side by side: .*index.html") as stopped:
        call("run", photos, tmp_path / "out")
    assert stopped.value.signal == stop_signal
    assert files(tmp_path / "out") == [f"{number:02}.png" for number in range(12)]
    for name in files(tmp_path / "out"):
        read_image(tmp_path / "out" / name)
    assert (tmp_path / "out" / "index.html").read_text(encoding="utf-8").count("<figure>") == 12


def test_terminal_that_says_twice_that_it_is_closed_is_no_hurry(fake_network, photos, tmp_path):
    def interrupted(image):
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGHUP)
        return image

    fake_network(interrupted)
    noise(8, 8).save(photos / "a.png")
    with pytest.raises(Stopped, match="1 of 1 images done"):
        call("run", photos, tmp_path / "out")


@pytest.mark.slow
def test_domain_of_one_channel_gives_grey_files(tmp_path, photos):
    grey_run = make_run(tmp_path / "run", channels_a=1, lambda_identity=0.0)
    noise(9, 11).save(photos / "a.png")
    for direction, mode in (("AtoB", "RGB"), ("BtoA", "L")):
        assert call(grey_run, photos, tmp_path / direction, direction=direction) == 0
        with Image.open(tmp_path / direction / "a.png") as image:
            assert image.mode == mode


@pytest.mark.slow
def test_precision_may_differ_from_the_runs(run, photos, tmp_path):
    noise(16, 16).save(photos / "a.png")
    call(run, photos, tmp_path / "exact")
    call(run, photos, tmp_path / "coarse", "--precision=bfloat16")
    exact, coarse = (read_image(tmp_path / name / "a.png").astype(int) for name in ("exact", "coarse"))
    assert 0 < np.abs(exact - coarse).mean() < 5


def test_name_that_is_no_unicode(fake_network, photos, tmp_path):
    name = os.fsdecode(b"caf\xe9.jpg")
    try:
        noise(8, 8).save(photos / name)
    except OSError:
        pytest.skip("this file system takes Unicode names only")
    assert call("run", photos, tmp_path / "out") == 0
    assert 'src="caf%E9.jpg"' in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


def test_existing_results_need_overwrite(fake_network, photos, tmp_path):
    noise(8, 8).save(photos / "a.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.png").write_bytes(b"mine")
    with pytest.raises(UsageError, match="a.png exists; --overwrite"):
        call("run", photos, tmp_path / "out")
    assert (tmp_path / "out" / "a.png").read_bytes() == b"mine"
    assert call("run", photos, tmp_path / "out", "--overwrite") == 0
    assert shape(tmp_path / "out" / "a.png") == (8, 8)


@pytest.mark.parametrize(
    "source, output",
    [("photos", "photos"), ("photos", "photos/out"), ("photos/sub", "photos"), ("photos/a.gif", "photos")],
)
def test_output_and_input_may_not_lie_in_one_another(photos, tmp_path, source, output):
    (photos / "sub").mkdir()
    for name in ("a.gif", "sub/b.png"):
        noise(8, 8).save(photos / name)
    with pytest.raises(UsageError, match="must not lie in one another"):
        call("run", tmp_path / source, tmp_path / output)


def test_linked_folder_of_results_is_not_translated_again(photos, tmp_path):
    (tmp_path / "out").mkdir()
    noise(8, 8).save(tmp_path / "out" / "earlier.png")
    (photos / "link").symlink_to(tmp_path / "out")
    with pytest.raises(UsageError, match="must not lie in one another"):
        call("run", photos, tmp_path / "out", "--overwrite")


@pytest.mark.slow
def test_nothing_is_written_where_the_direction_is_unknown(run, photos, tmp_path):
    noise(8, 8).save(photos / "a.png")
    with pytest.raises(UsageError, match="--direction=AtoC: the model cyclegan of this run has AtoB, BtoA"):
        call(run, photos, tmp_path / "out", direction="AtoC")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_only_the_weights_of_the_direction_are_needed(photos, tmp_path):
    half = make_run(tmp_path / "run", without="generator_ba/")
    noise(8, 8).save(photos / "a.png")
    with pytest.raises(DataError, match="no variable generator_ba/"):
        call(half, photos, tmp_path / "out", direction="BtoA")
    assert call(half, photos, tmp_path / "out", direction="AtoB") == 0


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "missing --run_dir, --direction, --input, --output"),
        (["--run_dri=x"], "unknown flag --run_dri; did you mean --run_dir"),
        (["--max_side=-1"], "--max_side=-1: must be at least 1"),
        (["--max_side=9", "--size=training"], "--max_side=9 has no effect with --size=training"),
        (["--size=64"], "--size=64: must be one of original, training"),
        (["--precision=int8"], "--precision=int8: must be one of"),
        (["--output="], "--output=: must be a path"),
    ],
)
def test_mistyped_flag(arguments, message):
    given = [] if not arguments else ["--run_dir=run", "--direction=AtoB", "--input=in", "--output=out"]
    with pytest.raises((ConfigError, UsageError), match=message):
        main([*given, *arguments])


@pytest.mark.slow
@pytest.mark.parametrize(
    "run_dir, source, output, message",
    [
        ("nowhere", "file.png", "out", "nowhere: no such run folder"),
        ("photos", "file.png", "out", "photos holds no run"),
        (None, "nowhere", "out", "nowhere: no such file or folder"),
        (None, "photos", "out", "photos: no images in it"),
        (None, "file.png", "file.png", "file.png is a file; --output must name a folder"),
        (None, "file.png", "file.png/out", "file.png/out: cannot be written: Not a directory"),
    ],
)
def test_wrong_place(run, photos, tmp_path, run_dir, source, output, message):
    noise(8, 8).save(tmp_path / "file.png")
    with pytest.raises(UserError, match=message):
        call(tmp_path / run_dir if run_dir else run, tmp_path / source, tmp_path / output)


@pytest.mark.slow
def test_script_runs_from_anywhere(run, photos, tmp_path):
    noise(32, 32).save(photos / "a.png")
    script = [sys.executable, ROOT / "scripts" / "translate.py"]
    flags = [f"--run_dir={run}", "--direction=AtoB", "--input=photos", "--output=out"]
    done = subprocess.run([*script, *flags], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("1 translated, 0 skipped") and done.stdout.count("\n") == 2
    again = subprocess.run([*script, *flags], cwd=tmp_path, capture_output=True, text=True)
    assert again.returncode == 2
    assert again.stderr.startswith("translate.py: error: out/index.html exists") and again.stderr.count("\n") == 1


def test_damaged_record_is_skipped(fake_network, records, tmp_path, capsys):
    data = records.read_bytes()
    records.write_bytes(data[:-10] + b"0123456789")
    assert call("run", records, tmp_path / "out") == 1
    assert "record 2 is damaged" in capsys.readouterr().err
    assert files(tmp_path / "out") == ["00068bc07f.jpg", "photo.jpg"]


def test_zip_holds_the_results(fake_network, records, tmp_path, capsys):
    assert call("run", records, tmp_path / "out", f"--zip={tmp_path / 'images.zip'}") == 0
    assert f"Packed: {tmp_path / 'images.zip'}, 3 JPEG images of 8 x 8 px" in capsys.readouterr().out
    with zipfile.ZipFile(tmp_path / "images.zip") as archive:
        assert archive.namelist() == ["photo.jpg", "00068bc07f.jpg", "00002.jpg"]
        assert archive.read("photo.jpg") == (tmp_path / "out/photo.jpg").read_bytes()


@pytest.mark.parametrize(
    "name, words",
    [
        ("there.zip", "there.zip exists; --overwrite"),
        ("no/images.zip", "there is no folder"),
        ("folder.zip", "is a folder"),
        ("out/index.html", "must be the name of a .zip file"),
        ("out/photo.jpg", "must be the name of a .zip file"),
        ("photos.tfrec", "must be the name of a .zip file"),
    ],
)
def test_zip_that_cannot_be_is_refused_before_the_work(records, tmp_path, name, words):
    (tmp_path / "there.zip").touch()
    (tmp_path / "folder.zip").mkdir()
    with pytest.raises(UserError, match=words):
        call("run", records, tmp_path / "out", f"--zip={tmp_path / name}")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("source, output", [("a.zip", "out"), ("b.png", "a.zip"), ("b.png", "a.zip/out")])
def test_zip_that_is_the_input_or_the_output_is_refused(tmp_path, source, output):
    noise(8, 8).save(tmp_path / source, "PNG")
    with pytest.raises(UsageError, match="is the input or the output"):
        call("run", tmp_path / source, tmp_path / output, f"--zip={tmp_path / 'a.zip'}", "--overwrite")
    assert [path.name for path in tmp_path.iterdir()] == [source]


def test_zip_may_lie_in_the_output(fake_network, records, tmp_path):
    assert call("run", records, tmp_path / "out", f"--zip={tmp_path / 'out' / 'images.zip'}") == 0
    assert (tmp_path / "out" / "images.zip").is_file()


def test_records_of_one_name_all_come_out(fake_network, tmp_path):
    noise(8, 8).save(tmp_path / "x.jpg")
    image = encode_for_record(tmp_path / "x.jpg")
    names = (b"00002-a.jpg", b"a.jpg", b"a.jpg", b"A.JPG", b"a\0.jpg", b"..", b"\xff\xfe.jpg", b"\x1b[2J")
    made = [image_record(image.data, image.format, name, 8, 8) for name in names]
    source = write_records(tmp_path / "photos.tfrec", *made)
    assert call("run", source, tmp_path / "out", f"--zip={tmp_path / 'images.zip'}") == 0
    assert len(files(tmp_path / "out")) == len(names)
    with zipfile.ZipFile(tmp_path / "images.zip") as archive:
        assert len(set(archive.namelist())) == len(names)


def test_link_in_the_output_that_leads_to_the_input_is_refused(photos, tmp_path):
    (photos / "sub").mkdir()
    noise(8, 8).save(photos / "sub" / "a.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sub").symlink_to(photos / "sub")
    with pytest.raises(UsageError, match="must not lie in one another"):
        call("run", photos, tmp_path / "out", "--overwrite")


def test_link_in_the_output_is_replaced_and_not_followed(fake_network, photos, tmp_path):
    noise(8, 8).save(photos / "a.png")
    (tmp_path / "mine.png").write_bytes(b"mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.png").symlink_to(tmp_path / "mine.png")
    with pytest.raises(UsageError, match="a.png exists"):
        call("run", photos, tmp_path / "out")
    assert call("run", photos, tmp_path / "out", "--overwrite") == 0
    assert (tmp_path / "mine.png").read_bytes() == b"mine"


@pytest.mark.parametrize("output", ["", "samples", "checkpoints/translated"])
def test_output_may_be_none_of_the_runs_own_folders(run, photos, output):
    noise(8, 8).save(photos / "a.png")
    with pytest.raises(UsageError, match="belongs to a run"):
        call(run, photos, run / output)
    assert not (run / "a.png").exists()


def test_output_may_lie_in_the_run_folder(fake_network, run, photos):
    noise(8, 8).save(photos / "a.png")
    assert call(run, photos, run / "translated") == 0


def test_two_programs_do_not_write_to_one_folder(fake_network, photos, tmp_path):
    noise(8, 8).save(photos / "a.png")
    with (
        outputs.output_folder_held("output", tmp_path / "out"),
        pytest.raises(UsageError, match="out: another program is writing there; choose another --output"),
    ):
        call("run", photos, tmp_path / "out")


def test_file_that_appears_while_the_network_is_loaded_is_kept(fake_network, photos, tmp_path, monkeypatch):
    def other_program(*arguments):
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "a.png").write_bytes(b"mine")
        return FakeRun()

    monkeypatch.setattr(translate, "IsolatedRun", other_program)
    noise(8, 8).save(photos / "a.png")
    with pytest.raises(UsageError, match="a.png exists"):
        call("run", photos, tmp_path / "out")
    assert (tmp_path / "out" / "a.png").read_bytes() == b"mine"


@pytest.mark.parametrize(
    "output, words",
    [
        ("s3://bucket/out", "--output=s3://bucket/out: must be a path on this machine"),
        ("/", "must not lie in one another"),
        ("/proc/translated", "/proc/translated: cannot be written"),
        ("~nosuchuser/out", None),
    ],
)
def test_output_that_is_no_usual_place(fake_network, photos, tmp_path, monkeypatch, output, words):
    monkeypatch.chdir(tmp_path)
    noise(8, 8).save(photos / "a.png")
    if words is None:
        assert call("run", photos, output) == 0
    else:
        with pytest.raises(UserError, match=words):
            call("run", photos, output)


def test_real_photographs(fake_network, shared_data, tmp_path):
    source = shared_data / "cat2dog" / "testA"
    assert call("run", source, tmp_path / "out", "--max_side=64") == 0
    assert files(tmp_path / "out") == sorted(path.name for path in source.iterdir())


def test_real_records_of_the_competition(fake_network, shared_data, tmp_path):
    source = shared_data / "foreign_tfrecords" / "kaggle" / "photo*.tfrec"
    assert call("run", source, tmp_path / "out", f"--zip={tmp_path / 'images.zip'}") == 0
    names = files(tmp_path / "out")
    assert {shape(tmp_path / "out" / name) for name in names} == {(256, 256)}
    with zipfile.ZipFile(tmp_path / "images.zip") as archive:
        assert len(archive.namelist()) == len(names) > 0
    assert read_image(tmp_path / "out" / names[0]).std() > 5
