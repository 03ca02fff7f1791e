"""A loaded run: three lines in a notebook, images of several kinds, and errors that say what to do."""

import shutil

import numpy as np
import pytest

from base.errors import ConfigError, DataError, UsageError
from base.graph_mode import tf
from base.places import as_path
from inference import load
from inference.load import load_run
from inputs.preprocess import held_out_image
from run_folder.checkpoints import Checkpoints
from run_folder.folder import RunFolder
from tests.helpers.models import build
from tests.helpers.places import put_folder
from tests.helpers.untrained import STEP, make_run, noise


@pytest.fixture(scope="module")
def summer(tmp_path_factory):
    """Folder of a small CycleGAN run."""
    return make_run(tmp_path_factory.mktemp("runs") / "summer")


@pytest.fixture(scope="module")
def run(summer):
    return load_run(summer)


@pytest.fixture(scope="module")
def grey(tmp_path_factory):
    """A run whose domain A has one channel."""
    return load_run(make_run(tmp_path_factory.mktemp("runs") / "grey", channels_a=1, lambda_identity=0.0))


@pytest.fixture(scope="module")
def horses(tmp_path_factory):
    """A small WGAN run."""
    return load_run(make_run(tmp_path_factory.mktemp("runs") / "horses", "wgan"))


@pytest.fixture(scope="module")
def animals(tmp_path_factory):
    """A small classifier."""
    return load_run(make_run(tmp_path_factory.mktemp("runs") / "animals", "darknet"))


@pytest.mark.slow
def test_three_lines_translate_a_photograph(summer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(summer, "runs/photos")
    noise(20, 30).save("photo.png")
    lines = (
        "from inference.load import load_run\n"
        'run = load_run("runs/photos")\n'
        'winter = run.translate("photo.png", "AtoB")\n'
    )
    names = {}
    exec(lines, names)
    assert names["winter"].shape == (20, 30, 3) and names["winter"].dtype == np.uint8


def test_run_at_a_path_with_a_scheme_translates_alike(summer, run):
    there = load_run(put_folder(summer, as_path("ram://runs/summer")), "AtoB")
    assert (there.step, there.config.run_dir) == (STEP, "ram://runs/summer")
    np.testing.assert_array_equal(there.translate(noise(24, 24), "AtoB"), run.translate(noise(24, 24), "AtoB"))


def test_run_knows_its_step_config_and_directions(run, summer):
    assert (run.step, run.config.model, run.directions) == (STEP, "cyclegan", ["AtoB", "BtoA"])
    assert run.config.run_dir == str(summer)


@pytest.mark.slow
@pytest.mark.parametrize("direction, source, result", [("AtoB", "real_a", "fake_b"), ("BtoA", "real_b", "fake_a")])
def test_result_is_that_of_the_generator(run, summer, direction, source, result):
    image = np.asarray(noise(12, 16))
    with tf.Graph().as_default(), tf.Session() as session:
        model = build("cyclegan")
        Checkpoints(RunFolder(str(summer)).checkpoints, tf.global_variables()).restore(session)
        values = session.run(getattr(model, result), {getattr(model, source): image[None].astype("f") / 127.5 - 1})
    expected = np.clip((values[0] + 1) * 127.5, 0, 255)
    np.testing.assert_allclose(run.translate(image, direction), expected, atol=0.51)


@pytest.mark.parametrize("height, width", [(1, 1), (7, 5), (33, 64), (90, 3)])
def test_result_has_the_size_of_the_image(run, height, width):
    assert run.translate(noise(height, width), "AtoB").shape == (height, width, 3)


def test_arrays_paths_and_pillows_images_are_one(run, tmp_path):
    image = noise(12, 16)
    image.save(tmp_path / "a.png")
    results = [
        run.translate(given, "AtoB")
        for given in (image, np.asarray(image), tmp_path / "a.png", str(tmp_path / "a.png"))
    ]
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])


@pytest.mark.slow
def test_domain_of_one_channel_takes_and_gives_grey(grey):
    colour = np.asarray(noise(9, 11))
    luma = np.asarray(noise(9, 11).convert("L"))
    assert (grey.channels("AtoB"), grey.channels("BtoA")) == (1, 3)
    np.testing.assert_array_equal(grey.translate(colour, "AtoB"), grey.translate(luma, "AtoB"))
    assert grey.translate(luma, "AtoB").shape == (9, 11, 3)
    assert grey.translate(luma, "BtoA").shape == (9, 11, 1)


@pytest.mark.slow
def test_batch_of_the_run_is_none_of_the_translation(tmp_path):
    run = load_run(make_run(tmp_path / "run", batch_size=4))
    assert run.translate(noise(8, 8), "AtoB").shape == (8, 8, 3) and run.config.batch_size == 4


@pytest.mark.slow
def test_precision_may_differ_from_the_runs(run, summer):
    exact = run.translate(noise(16, 16), "AtoB").astype(int)
    coarse = load_run(summer, precision="bfloat16").translate(noise(16, 16), "AtoB").astype(int)
    assert 0 < np.abs(exact - coarse).mean() < 5


@pytest.mark.parametrize(
    "given",
    [
        np.zeros([4, 4, 3], np.float32),
        np.zeros([4], np.uint8),
        np.zeros([4, 4, 2], np.uint8),
        np.zeros([0, 4, 3], np.uint8),
    ],
)
def test_array_that_is_no_image_is_refused(run, given):
    with pytest.raises(UsageError, match=r"must be a uint8 array \[height, width, 3\] or .*, not (float32|uint8) \["):
        run.translate(given, "AtoB")


def test_file_that_is_no_image_is_refused(run, tmp_path):
    (tmp_path / "a.png").write_text("no image")
    with pytest.raises(DataError, match="a.png: is not an image that Pillow can read"):
        run.translate(tmp_path / "a.png", "AtoB")


@pytest.mark.slow
def test_unknown_direction_names_those_there_are(run, summer):
    message = "--direction=AtoC: the model cyclegan of this run has AtoB, BtoA"
    with pytest.raises(UsageError, match=message):
        run.translate(noise(8, 8), "AtoC")
    with pytest.raises(UsageError, match=message):
        load_run(summer, "AtoC")


@pytest.mark.slow
def test_missing_variable_is_named_but_only_one_that_is_needed(tmp_path):
    half = make_run(tmp_path / "run", without="generator_ba/")
    with pytest.raises(DataError, match="no variable generator_ba/"):
        load_run(half, "BtoA")
    assert load_run(half, "AtoB").translate(noise(8, 8), "AtoB").shape == (8, 8, 3)


@pytest.mark.parametrize("name", ["MemoryError", "ResourceExhaustedError", "AbortedError"])
def test_image_too_large_for_the_memory_is_told(run, monkeypatch, name):
    def limited(session, signature, image):
        raise MemoryError if name == "MemoryError" else getattr(tf.errors, name)(None, None, "OOM")

    monkeypatch.setattr(load, "translate", limited)
    with pytest.raises(DataError, match="^64 x 32 px need more memory than there is; try --max_side=32$"):
        run.translate(noise(32, 64), "AtoB")


def test_translation_that_is_not_finite_is_told(run, monkeypatch):
    monkeypatch.setattr(load, "translate", lambda session, signature, image: image * np.nan)
    with pytest.raises(DataError, match="^its translation is not finite; try --precision=float32$"):
        run.translate(noise(8, 8), "AtoB")


@pytest.mark.parametrize(
    "name, words", [("nowhere", "nowhere: no such run folder"), ("empty", "empty holds no run with a checkpoint")]
)
def test_folder_without_a_run_is_told(tmp_path, name, words):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=words):
        load_run(tmp_path / name)


def test_unknown_precision_is_refused(summer):
    with pytest.raises(ConfigError, match="--precision=int8: must be one of"):
        load_run(summer, precision="int8")


def test_generated_images_are_a_function_of_the_seed_whatever_their_number(horses):
    few, many, other = (list(horses.generate(count, seed)) for count, seed in ((2, 1), (5, 1), (2, 2)))
    assert [len(few), len(many)] == [2, 5] and few[0].shape == (16, 16, 3) and few[0].dtype == np.uint8
    np.testing.assert_array_equal(few, many[:2])
    assert (few[0] != other[0]).any()


@pytest.mark.slow
def test_class_is_that_of_the_resized_image(animals):
    image = np.asarray(noise(40, 24))
    small = held_out_image(image, animals.config)
    assert animals.classify(image) == animals.classify(small)
    assert animals.classify(image) in ("cat", "dog", "cow")
    with pytest.raises(UsageError, match="the model darknet of this run has none"):
        animals.translate(image, "AtoB")


def test_what_a_model_cannot_do_is_told(run, horses):
    with pytest.raises(UsageError, match="the model cyclegan of this run makes no images of noise"):
        run.generate(1)
    with pytest.raises(UsageError, match="the model wgan of this run is no classifier"):
        horses.classify(noise(8, 8))
