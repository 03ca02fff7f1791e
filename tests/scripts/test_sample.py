"""scripts/sample.py: images and grids of a run, the same for the same seed, and mistakes in one line."""

import errno
import os

import numpy as np
import pytest

from base.errors import OutputError, UsageError, UserError
from base.signals import STOP_SIGNALS, Stopped, raise_stopped, stop_signals_handled
from inference import outputs
from inputs.images import read_image, save_image
from scripts.sample import main
from tests.helpers.untrained import make_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Folder of a small WGAN run."""
    return make_run(tmp_path_factory.mktemp("run") / "horses", "wgan")


def pixels(folder):
    return [read_image(path) for path in sorted(folder.iterdir())]


@pytest.mark.slow
def test_images_are_a_function_of_the_seed_whatever_their_number(run, tmp_path):
    for name, seed, count in (("few", 1, 2), ("many", 1, 5), ("other", 2, 2)):
        assert main([f"--run_dir={run}", f"--output={tmp_path / name}", f"--seed={seed}", f"--count={count}"]) == 0
    few, many, other = (pixels(tmp_path / name) for name in ("few", "many", "other"))
    assert [len(few), len(many)] == [2, 5] and few[0].shape == (16, 16, 3)
    np.testing.assert_array_equal(few, many[:2])
    assert (few[0] != other[0]).any()


@pytest.mark.slow
def test_grid_shows_all_images_eight_in_a_line(run, tmp_path):
    grid, images = tmp_path / "sub" / "grid.png", tmp_path / "images"
    main([f"--run_dir={run}", f"--grid={grid}", "--count=9", f"--output={images}"])
    height, width, _ = read_image(grid).shape
    assert width >= 8 * 16 and height >= 2 * 16 and len(pixels(images)) == 9


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], "give --output=DIR"),
        (["--grid={0}/a.jpg"], "must be the name of a .png file"),
        (["--grid={0}/a.png", "--count=0"], "--count=0: must be at least 1"),
        (["--grid={0}/a.png", "--seed=-1"], "--seed=-1: must be at least 0"),
        (["--output={0}/taken"], "00000.png exists; --overwrite"),
        (["--grid={0}/taken/00000.png"], "00000.png exists; --overwrite"),
        (["--grid={0}/folder.png"], "is a folder; --grid must name a file"),
        (["--output={0}/taken/00000.png"], "is a file; --output must name a folder"),
        (["--output="], "--output=: must be a path"),
        (["--grd=x"], "unknown flag --grd; did you mean --grid?"),
    ],
)
def test_mistakes_are_one_line_and_write_nothing(tmp_path, arguments, words):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "00000.png").write_text("")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(UserError) as error:
        main([f"--run_dir={tmp_path / 'run'}", *(argument.format(tmp_path) for argument in arguments)])
    assert words in str(error.value) and "\n" not in str(error.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.png", "taken"]


def flags(run, tmp_path, *more):
    return [f"--run_dir={run}", *(flag.format(tmp_path) for flag in more)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "more, words",
    [
        (["--grid={0}/a.png", "--count=30000000"], "a grid of 16 x 16 px images holds [0-9]+ at most"),
        (["--output={0}/out", "--count=1000000000000"], r"take at least 4,096,000,000.00 MB, and .* MB are free"),
        (["--output={0}/out", "--count=100000000000000000000"], "MB are free"),
        ([f"--output={'x' * 300}", "--count=1"], "File name too long"),
    ],
)
def test_number_that_has_no_room_is_refused_at_once(run, tmp_path, more, words):
    with pytest.raises(UserError, match=words):
        main(flags(run, tmp_path, *more))
    assert list(tmp_path.iterdir()) == []


def test_count_beyond_all_files_still_finds_the_ones_in_the_way(run, tmp_path):
    (tmp_path / "123456.png").touch()
    with pytest.raises(UserError, match="123456.png exists; --overwrite"):
        main(flags(run, tmp_path, "--output={0}", "--count=1000000000"))


@pytest.mark.slow
@pytest.mark.parametrize("more", [["--output={0}/out"], ["--grid={0}/a.png"]])
def test_full_disk_leaves_no_half_image(run, tmp_path, monkeypatch, more):
    def full(array, path):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(outputs, "save_image", full)
    with pytest.raises(OutputError, match=r"png: cannot be written: No space left on device"):
        main(flags(run, tmp_path, *more, "--count=2"))
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.slow
@pytest.mark.parametrize("stop_signal", STOP_SIGNALS)
def test_stopping_tells_what_was_written(run, tmp_path, monkeypatch, stop_signal):
    written = []

    def stop(array, path):
        if len(written) == 3:
            os.kill(os.getpid(), stop_signal)
        save_image(array, path)
        written.append(path)

    monkeypatch.setattr(outputs, "save_image", stop)
    with (
        stop_signals_handled(raise_stopped),
        pytest.raises(Stopped, match="3 of 9 images written to .*out") as stopped,
    ):
        main(flags(run, tmp_path, "--output={0}/out", "--count=9"))
    assert stopped.value.signal == stop_signal
    assert len(pixels(tmp_path / "out")) == 3 == len(list((tmp_path / "out").iterdir()))


def test_output_may_be_none_of_the_runs_own_folders(run, tmp_path):
    with pytest.raises(UsageError, match="belongs to a run"):
        main(flags(run, tmp_path, f"--output={run / 'samples'}"))


@pytest.mark.slow
def test_run_of_another_model_is_refused(tmp_path):
    run = make_run(tmp_path / "summer")
    with pytest.raises(UsageError, match="the model cyclegan of this run makes no images of noise"):
        main([f"--run_dir={run}", f"--grid={tmp_path / 'a.png'}"])
