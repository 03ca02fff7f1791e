"""scripts/translate.py: any size, names kept, nothing overwritten, bad files skipped, mistakes told in one line."""

import errno
import html
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image

from training.tensorflow_setup import tf  # isort: skip
from config import make_config
from models.registry import MODELS
from scripts import translate
from scripts.jobs import target_names
from scripts.translate import Translator, main
from training.checkpoints import Checkpoints
from training.command_line import UsageError
from training.run_folder import RunFolder

ROOT = Path(__file__).resolve().parents[2]
STEP = 7


def make_run(path, without="", **values):
    """Makes the folder of an untrained run; its checkpoint lacks the variables whose names start with `without`."""
    tiny = {"image_size": 32, "generator_blocks": 1, "ngf": 4, "precision": "float32", "data_dir": "scenes"}
    folder = RunFolder(str(path))
    config = make_config({name: value for name, value in {**tiny, **values}.items() if value is not None})
    folder.claim(config)
    with tf.Graph().as_default(), tf.Session() as session:
        model = MODELS[config.model](config)
        kept = [v for v in tf.global_variables() if not without or not v.op.name.startswith(without)]
        checkpoints = Checkpoints(folder.checkpoints, kept)
        session.run([tf.global_variables_initializer(), model.global_step.assign(STEP)])
        assert checkpoints.save(session, STEP)
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Folder of a small CycleGAN run."""
    return make_run(tmp_path_factory.mktemp("run") / "summer")


@pytest.fixture
def fake_network(monkeypatch):
    """Puts a network that changes nothing in the place of the run's; gives the function that puts another there."""

    def use(function):
        translator = Translator(function, channels=3, step=STEP, out_of_memory=(MemoryError,))
        monkeypatch.setattr(translate, "open_run", lambda *arguments: translator)

    use(lambda image: image)
    return use


@pytest.fixture
def photos(tmp_path):
    """An empty folder for inputs."""
    (tmp_path / "photos").mkdir()
    return tmp_path / "photos"


def noise(height, width, seed=0):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, [height, width, 3], np.uint8))


def call(run, source, output, *more, direction="AtoB"):
    return main([f"--run_dir={run}", f"--direction={direction}", f"--input={source}", f"--output={output}", *more])


def files(folder):
    """Images in a folder, without the page and its pictures."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if name != "index.html" and not name.startswith("inputs"))


def test_results_have_the_sizes_of_the_inputs(run, photos, tmp_path):
    sizes = [(1, 1), (7, 5), (33, 64), (90, 3)]
    for width, height in sizes:
        noise(height, width).save(photos / f"{width}x{height}.png")
    assert call(run, photos, tmp_path / "out") == 0
    assert [Image.open(tmp_path / "out" / f"{width}x{height}.png").size for width, height in sizes] == sizes


def test_max_side_downsizes(run, fake_network, photos, tmp_path):
    noise(20, 40).save(photos / "a.png")
    call(run, photos, tmp_path / "out", "--max_side=10")
    assert Image.open(tmp_path / "out" / "a.png").size == (10, 5)


@pytest.mark.parametrize("direction, source, result", [("AtoB", "real_a", "fake_b"), ("BtoA", "real_b", "fake_a")])
def test_result_is_that_of_the_generator(run, photos, tmp_path, direction, source, result):
    noise(12, 16).save(photos / "a.png")
    call(run, photos, tmp_path / "out", direction=direction)
    with tf.Graph().as_default(), tf.Session() as session:
        model = MODELS["cyclegan"](RunFolder(str(run)).config())
        Checkpoints(os.path.join(run, "checkpoints"), tf.global_variables()).restore(session)
        image = np.asarray(noise(12, 16), np.float32)[None] / 127.5 - 1
        fake = session.run(getattr(model, result), {getattr(model, source): image})[0]
    expected = np.clip((fake + 1) * 127.5, 0, 255)
    np.testing.assert_allclose(np.asarray(Image.open(tmp_path / "out" / "a.png")), expected, atol=0.51)


def test_names_and_subfolders_are_kept(run, fake_network, photos, tmp_path):
    (photos / "b" / "c").mkdir(parents=True)
    for name in ("cat.jpg", "b/DOG.JPEG", "b/c/cow.png"):
        noise(8, 8).save(photos / name)
    assert call(run, photos, tmp_path / "out") == 0
    assert files(tmp_path / "out") == ["b/DOG.JPEG", "b/c/cow.png", "cat.jpg"]
    assert Image.open(tmp_path / "out" / "cat.jpg").format == "JPEG"


def test_formats_that_become_png_collide_with_nothing():
    names = ["A.tif", "a.gif", "a.gif.png", "a.png", "b.c.webp", "noextension", "sub/a.bmp"]
    targets = ["A.tif.png", "a.gif-2.png", "a.gif.png", "a.png", "b.c.png", "noextension.png", "sub/a.png"]
    assert target_names(names) == targets


def test_folder_of_results_named_inputs_keeps_clear_of_the_pages_pictures(run, fake_network, photos, tmp_path):
    (photos / "inputs").mkdir()
    noise(8, 8).save(photos / "inputs" / "a.jpg")
    assert call(run, photos, tmp_path / "out") == 0
    assert [path.name for path in (tmp_path / "out" / "inputs").iterdir()] == ["a.jpg"]
    assert len(list((tmp_path / "out" / "inputs-2").iterdir())) == 1


def test_bad_files_are_skipped_and_the_exit_code_says_so(run, fake_network, photos, tmp_path, capsys):
    noise(8, 8).save(photos / "good.png")
    (photos / "empty.jpg").touch()
    (photos / "text.png").write_text("not an image")
    assert call(run, photos, tmp_path / "out") == 1
    out, err = capsys.readouterr()
    assert "skipped empty.jpg: is empty" in err and "skipped text.png: is not an image" in err
    assert out.startswith("1 translated, 2 skipped")
    assert files(tmp_path / "out") == ["good.png"]


def test_image_too_large_for_the_memory_is_skipped(run, photos, tmp_path, monkeypatch, capsys):
    def limited(self, session, image, direction):
        if image.shape[0] > 8:
            raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
        return image

    monkeypatch.setattr(MODELS["cyclegan"], "translate", limited)
    for side in (8, 64):
        noise(side, side).save(photos / f"{side}.png")
    assert call(run, photos, tmp_path / "out") == 1
    assert "skipped 64.png: 64 x 64 px need more memory than there is; try --max_side=32" in capsys.readouterr().err


def test_translation_that_is_not_finite_is_skipped(run, fake_network, photos, tmp_path, capsys):
    fake_network(lambda image: image * np.nan)
    noise(8, 8).save(photos / "a.png")
    assert call(run, photos, tmp_path / "out") == 1
    assert "skipped a.png: its translation is not finite" in capsys.readouterr().err


def test_full_disk_ends_the_run(run, fake_network, photos, tmp_path, monkeypatch):
    def full(array, path):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(translate, "save_image", full)
    noise(8, 8).save(photos / "a.png")
    with pytest.raises(UsageError, match="a.png: cannot be written: No space left on device"):
        call(run, photos, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_interruption_leaves_whole_files_and_a_page(run, fake_network, photos, tmp_path):
    calls = []

    def interrupted(image):
        calls.append(image)
        if len(calls) == 12:
            raise KeyboardInterrupt
        return image

    fake_network(interrupted)
    for place in range(20):
        noise(8, 8).save(photos / f"{place:02}.png")
    with pytest.raises(KeyboardInterrupt):
        call(run, photos, tmp_path / "out")
    assert 0 < len(files(tmp_path / "out")) < 12
    for name in files(tmp_path / "out"):
        Image.open(tmp_path / "out" / name).load()
    assert (tmp_path / "out" / "index.html").read_text().count("<figure>") > 0


def test_domain_of_one_channel(tmp_path, photos):
    grey_run = make_run(tmp_path / "run", channels_a=1, lambda_identity=0.0)
    noise(9, 11).save(photos / "a.png")
    for direction, mode in (("AtoB", "RGB"), ("BtoA", "L")):
        assert call(grey_run, photos, tmp_path / direction, direction=direction) == 0
        assert Image.open(tmp_path / direction / "a.png").mode == mode


def test_precision_may_differ_from_the_runs(run, photos, tmp_path):
    noise(16, 16).save(photos / "a.png")
    call(run, photos, tmp_path / "exact")
    call(run, photos, tmp_path / "coarse", "--precision=bfloat16")
    exact, coarse = (np.asarray(Image.open(tmp_path / name / "a.png"), int) for name in ("exact", "coarse"))
    assert 0 < np.abs(exact - coarse).mean() < 5


def test_page_escapes_names_and_finds_its_images(run, fake_network, photos, tmp_path):
    name = """<b>"q" & 'x' #1 50%:é.jpg"""
    noise(8, 16).save(photos / name)
    (photos / "broken & <i>.png").touch()
    call(run, photos, tmp_path / "out")
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert f"<b>{html.escape(name)}</b>" in page and f'src="{quote(name)}" width="16" height="8"' in page
    assert "<b>broken &amp; &lt;i&gt;.png</b> is empty" in page
    assert f"<title>summer · AtoB · step {STEP}</title>" in page
    pictures = list((tmp_path / "out" / "inputs").iterdir())
    assert len(pictures) == 1 and f'src="inputs/{pictures[0].name}"' in page


def test_name_that_is_no_unicode(run, fake_network, photos, tmp_path):
    name = os.fsdecode(b"caf\xe9.jpg")
    try:
        noise(8, 8).save(photos / name)
    except OSError:
        pytest.skip("this file system takes Unicode names only")
    assert call(run, photos, tmp_path / "out") == 0
    assert 'src="caf%E9.jpg"' in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


def test_existing_results_need_overwrite(run, fake_network, photos, tmp_path):
    noise(8, 8).save(photos / "a.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.png").write_bytes(b"mine")
    with pytest.raises(UsageError, match="a.png exists; --overwrite"):
        call(run, photos, tmp_path / "out")
    assert (tmp_path / "out" / "a.png").read_bytes() == b"mine"
    assert call(run, photos, tmp_path / "out", "--overwrite") == 0
    assert Image.open(tmp_path / "out" / "a.png").size == (8, 8)


@pytest.mark.parametrize(
    "source, output", [("photos", "photos"), ("photos", "photos/out"), ("photos/sub", "photos"), ("photos/a.gif", "photos")]
)
def test_output_and_input_may_not_lie_in_one_another(run, photos, tmp_path, source, output):
    (photos / "sub").mkdir()
    for name in ("a.gif", "sub/b.png"):
        noise(8, 8).save(photos / name)
    with pytest.raises(UsageError, match="must not lie in one another"):
        call(run, tmp_path / source, tmp_path / output)


def test_linked_folder_of_results_is_not_translated_again(run, photos, tmp_path):
    (tmp_path / "out").mkdir()
    noise(8, 8).save(tmp_path / "out" / "earlier.png")
    (photos / "link").symlink_to(tmp_path / "out")
    with pytest.raises(UsageError, match="must not lie in one another"):
        call(run, photos, tmp_path / "out", "--overwrite")


def test_unknown_direction_names_those_there_are(run, photos, tmp_path):
    noise(8, 8).save(photos / "a.png")
    with pytest.raises(UsageError, match="--direction=AtoC: the model cyclegan of this run has AtoB, BtoA"):
        call(run, photos, tmp_path / "out", direction="AtoC")
    assert not (tmp_path / "out").exists()


def test_missing_variable_is_named_but_only_one_that_is_needed(photos, tmp_path):
    half = make_run(tmp_path / "run", without="generator_ba/")
    noise(8, 8).save(photos / "a.png")
    with pytest.raises(UsageError, match="no variable generator_ba/"):
        call(half, photos, tmp_path / "out", direction="BtoA")
    assert call(half, photos, tmp_path / "out", direction="AtoB") == 0


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "missing --run_dir, --direction, --input, --output"),
        (["--run_dri=x"], "unknown argument '--run_dri=x'; did you mean --run_dir"),
        (["--max_side=-1"], "--max_side: must be a whole number of pixels"),
        (["--precision=int8"], "--precision: invalid choice: 'int8'"),
        (["--output="], "--output: must not be empty"),
    ],
)
def test_mistyped_flag(arguments, message):
    with pytest.raises(UsageError, match=message):
        main(arguments)


@pytest.mark.parametrize(
    "run_dir, source, output, message",
    [
        ("nowhere", "photos", "out", "nowhere: no such run folder"),
        ("photos", "photos", "out", "photos holds no run"),
        (None, "nowhere", "out", "nowhere: no such file or folder"),
        (None, "photos", "out", "photos: no images in it"),
        (None, "file.png", "file.png", "file.png is a file; --output must name a folder"),
        (None, "file.png", "file.png/out", "cannot be made: Not a directory"),
    ],
)
def test_wrong_place(run, photos, tmp_path, run_dir, source, output, message):
    noise(8, 8).save(tmp_path / "file.png")
    with pytest.raises(UsageError, match=message):
        call(tmp_path / run_dir if run_dir else run, tmp_path / source, tmp_path / output)


def test_script_runs_from_anywhere(run, photos, tmp_path):
    noise(8, 8).save(photos / "a.png")
    script = [sys.executable, ROOT / "scripts" / "translate.py"]
    flags = [f"--run_dir={run}", "--direction=AtoB", "--input=photos", "--output=out"]
    done = subprocess.run([*script, *flags], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("1 translated, 0 skipped")
    again = subprocess.run([*script, *flags], cwd=tmp_path, capture_output=True, text=True)
    assert again.returncode == 2
    assert again.stderr.startswith("translate.py: error: out/index.html exists") and again.stderr.count("\n") == 1


def test_real_photographs(run, fake_network, shared_data, tmp_path):
    source = shared_data / "cat2dog" / "testA"
    assert call(run, source, tmp_path / "out", "--max_side=64") == 0
    assert files(tmp_path / "out") == sorted(path.name for path in source.iterdir())
