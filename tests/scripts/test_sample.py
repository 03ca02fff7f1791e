"""scripts/sample.py: images and grids of a run, the same for the same seed, and mistakes in one line."""

import numpy as np
import pytest
from PIL import Image

from scripts.sample import main
from tests.scripts.test_translate import make_run
from training.command_line import UsageError

TINY = {"model": "wgan", "image_size": 16, "load_size": 16, "ngf": 4, "ndf": 4, "batch_size": 3, "z_size": 5, "generator_blocks": None}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Folder of a small WGAN run."""
    return make_run(tmp_path_factory.mktemp("run") / "horses", **TINY)


def pixels(folder):
    return [np.asarray(Image.open(path)) for path in sorted(folder.iterdir())]


def test_images_are_a_function_of_the_seed_whatever_their_number(run, tmp_path):
    for name, seed, count in (("few", 1, 2), ("many", 1, 5), ("other", 2, 2)):
        assert main([f"--run_dir={run}", f"--output={tmp_path / name}", f"--seed={seed}", f"--count={count}"]) == 0
    few, many, other = (pixels(tmp_path / name) for name in ("few", "many", "other"))
    assert [len(few), len(many)] == [2, 5] and few[0].shape == (16, 16, 3)
    np.testing.assert_array_equal(few, many[:2])
    assert (few[0] != other[0]).any()


def test_grid_shows_all_images_eight_in_a_line(run, tmp_path):
    main([f"--run_dir={run}", f"--grid={tmp_path / 'sub' / 'grid.png'}", "--count=9", f"--output={tmp_path / 'images'}"])
    width, height = Image.open(tmp_path / "sub" / "grid.png").size
    assert width >= 8 * 16 and height >= 2 * 16 and len(pixels(tmp_path / "images")) == 9


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], "give --output=DIR"),
        (["--grid={0}/a.jpg"], "must be the name of a .png file"),
        (["--grid={0}/a.png", "--count=0"], "--count=0: must be at least 1"),
        (["--grid={0}/a.png", "--seed=-1"], "--seed=-1: must be at least 0"),
        (["--output={0}/taken"], "00000.png exists; --overwrite"),
        (["--output={0}/taken/00000.png"], "is a file; --output must name a folder"),
        (["--output="], "must not be empty"),
        (["--grd=x"], "unknown argument '--grd=x'; did you mean --grid?"),
    ],
)
def test_mistakes_are_one_line_and_write_nothing(run, tmp_path, arguments, words):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "00000.png").write_text("")
    with pytest.raises(UsageError) as error:
        main([f"--run_dir={run}", *(argument.format(tmp_path) for argument in arguments)])
    assert words in str(error.value) and "\n" not in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_run_of_another_model_is_refused(tmp_path):
    run = make_run(tmp_path / "summer")
    with pytest.raises(UsageError, match="the model cyclegan of this run makes no images of noise"):
        main([f"--run_dir={run}", f"--grid={tmp_path / 'a.png'}"])
