"""What a model makes of the data that it is judged on."""

from types import SimpleNamespace

import numpy as np
import pytest

from base.errors import DataError
from base.graph_mode import tf
from evaluation.judgement import Material, fitting, judge
from evaluation.made import judged_of_model, planned_of_model
from evaluation.run_data import RunData
from evaluation.sets import ImageSet
from inference.load import load_run
from models.model import Comparison, Outputs, Translation
from tests.helpers.images import photo, save
from tests.helpers.untrained import make_run


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Six images a split: of two domains, in classes, and in pairs."""
    folder = tmp_path_factory.mktemp("data")
    for number in range(6):
        for seed, split in enumerate(("trainA", "trainB", "testA", "testB")):
            save(folder / "domains" / split / f"{number}.png", photo(100 * seed + number, 40, 40))
        for split in ("train", "test"):
            save(
                folder / "classes" / split / ("cat", "dog", "cow")[number % 3] / f"{number}.png", photo(number, 20, 20)
            )
            save(folder / "pairs" / split / f"{number}.png", photo(number, 20, 20), photo(9 + number, 20, 20))
    return folder


def judged_of(run, count, data_dir=None, **options):
    return judged_of_model(run.session, run.model, RunData.find(run.config, data_dir, count), **options)


def loaded(tmp_path, data, model, kind, **values):
    return load_run(make_run(tmp_path / "run", model, data_dir=str(data / kind), **values), precision="float32")


@pytest.mark.slow
def test_both_directions_of_a_cyclegan_are_judged_on_test_images(tmp_path, data):
    run = loaded(tmp_path, data, "cyclegan", "domains")
    a_to_b, b_to_a = judged_of(run, 4, training=True)
    assert [a_to_b.name, b_to_a.name] == ["AtoB", "BtoA"]
    assert not a_to_b.paired
    assert [len(images.images) for images in (a_to_b.fakes, a_to_b.reals, a_to_b.train)] == [4, 4, 4]
    np.testing.assert_array_equal(a_to_b.reals.images, b_to_a.sources.images)
    for source, fake, cycled in zip(a_to_b.sources.images, a_to_b.fakes.images, a_to_b.cycled.images):
        np.testing.assert_array_equal(fake, run.translate(source, "AtoB"))
        back = run.translate(fake, "BtoA").astype(int)
        assert np.abs(back - cycled).max() <= 3, "but for the rounding of the translation between"


def test_source_that_is_hidden_in_the_translation_is_lost_under_noise(session):
    """The translation is grey, with a thousandth of its source on it, from which the cycle brings all back."""
    source = tf.placeholder(tf.float32, [1, 16, 16, 3], "a")
    hidden = 0.001 * source
    outputs = Outputs(
        translations={"AtoB": Translation(source, hidden, 1, 1)},
        comparisons={"AtoB": Comparison(source, hidden, truth=tf.placeholder(tf.float32, [1, 16, 16, 3], "b"))},
        cycles={"AtoB": 1000.0 * hidden},
    )
    inputs = {"a": source, "b": outputs.comparisons["AtoB"].truth}
    model = SimpleNamespace(outputs=outputs, inputs=inputs, global_step=tf.constant(0), part_size=1)
    images = ImageSet([photo(number, 16, 16) for number in range(9)], "images of a")
    data = SimpleNamespace(test=lambda name: images, corresponding=lambda source, target: False)
    (judged,) = judged_of_model(session, model, data)
    np.testing.assert_array_equal(judged.cycled.images, images.images)
    assert len(judged.noised) == 8
    (lost,) = judge(Material(judged), "hidden")
    assert lost.value > 40


def test_every_image_is_translated_alone_and_the_first_few_back(session):
    a, b = (tf.placeholder(tf.float32, [2, 4, 4, 1], name) for name in "ab")
    mean_a, mean_b = (tf.ones_like(x) * tf.reduce_mean(x) for x in (a, b))
    outputs = Outputs(
        translations={"AtoB": Translation(a, mean_a, 1, 1), "BtoA": Translation(b, mean_b, 1, 1)},
        comparisons={"AtoB": Comparison(a, mean_a, truth=b), "BtoA": Comparison(b, mean_b, truth=a)},
        cycles={"AtoB": -mean_a},
    )
    model = SimpleNamespace(outputs=outputs, inputs={"a": a, "b": b}, global_step=tf.constant(0), part_size=2)
    plain = {
        name: ImageSet([np.full([4, 4, 1], 2 * level, np.uint8) for level in range(count)], name)
        for name, count in (("a", 20), ("b", 3))
    }
    data = SimpleNamespace(test=plain.get, corresponding=lambda source, target: False)
    a_to_b, b_to_a = judged_of_model(session, model, data)
    assert [int(image[0, 0, 0]) for image in a_to_b.fakes.images] == [2 * level for level in range(20)]
    assert [int(image[0, 0, 0]) for image in a_to_b.cycled.images] == [255 - 2 * level for level in range(16)]
    assert [int(image[0, 0, 0]) for image in b_to_a.fakes.images] == [0, 2, 4] and b_to_a.cycled is None


@pytest.mark.slow
def test_pairs_are_judged_with_their_counterparts(tmp_path, data):
    run = loaded(tmp_path, data, "pix2pix", "pairs")
    (judged,) = judged_of(run, 10)
    assert judged.paired and judged.cycled is None and judged.name == "AtoB"
    assert len(judged.fakes.images) == len(judged.reals.images) == 6


@pytest.mark.slow
def test_noise_becomes_as_many_images_as_there_are_reals(tmp_path, data):
    run = loaded(tmp_path, data, "wgan", "classes")
    (judged,) = judged_of(run, 5, seed=3)
    assert len(judged.fakes.images) == 5 and judged.sources is None
    np.testing.assert_array_equal(judged.fakes.images, list(run.generate(5, 3)))


@pytest.mark.slow
@pytest.mark.usefixtures("shallow_darknet")
def test_classifier_judges_every_test_image(tmp_path, data):
    run = loaded(tmp_path, data, "darknet", "classes")
    (classified,) = judged_of(run, 2)
    assert classified.shares.shape == (6, 3)
    assert sorted(classified.labels.tolist()) == [0, 0, 1, 1, 2, 2]
    assert classified.shares.sum(axis=1) == pytest.approx(1)


@pytest.mark.slow
def test_data_that_has_moved_is_asked_for(tmp_path, data):
    run = loaded(tmp_path, data, "wgan", "nowhere")
    with pytest.raises(DataError, match="--data_dir says where it is"):
        judged_of(run, 5)
    assert judged_of(run, 5, str(data / "classes"))
    with pytest.raises(DataError, match="names no folder"):
        judged_of(run, 5, "")


@pytest.mark.slow
def test_without_a_test_split_the_record_says_training_images(tmp_path, data):
    run = loaded(tmp_path, data, "wgan", "classes")
    (judged,) = judged_of(run, 5, str(data / "domains" / "trainA"), training=True)
    assert judged.reals.origin == "TRAINING images of train"
    assert judged.train is None


@pytest.mark.slow
@pytest.mark.usefixtures("shallow_darknet")
@pytest.mark.parametrize(
    "model, kind, measures",
    [
        ("cyclegan", "domains", ["swd", "cycle_psnr", "change", "hidden", "contrast", "variety"]),
        ("pix2pix", "pairs", ["psnr", "ssim", "l1", "swd", "change", "contrast", "variety"]),
        ("wgan", "classes", ["swd", "contrast", "variety"]),
        ("darknet", "classes", ["accuracy", "calibration_error"]),
    ],
)
def test_measures_that_will_fit_are_known_before_anything_is_made(tmp_path, data, model, kind, measures):
    run = loaded(tmp_path, data, model, kind)
    test_data = RunData.find(run.config, None, 2)
    planned = [fitting(Material(judged)) for judged in planned_of_model(run.model, test_data)]
    made = [fitting(Material(judged)) for judged in judged_of_model(run.session, run.model, test_data)]
    assert planned == made == [measures] * len(made)
