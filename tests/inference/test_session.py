"""Running a Session over images: padding and cropping, whole batches, and batches of one image."""

import numpy as np
import pytest

from base.graph_mode import tf
from inference.session import generate, run_in_batches, translate
from models.model import Generation, Translation


class Doubler:
    """As much of a Model as is needed: images, and what they are twice, in batches of 4."""

    def __init__(self):
        self.part_size = 4
        images = tf.placeholder(tf.float32, [4, None, None, 1])
        self.inputs = {"images": images}
        self.tensors = {"twice": 2 * images}


@pytest.fixture
def doubler(session):
    return Doubler()


@pytest.mark.parametrize("height, width", [(1, 1), (4, 8), (9, 30)])
def test_image_is_padded_by_reflection_and_cropped_back(session, height, width):
    source = tf.placeholder(tf.float32, [2, None, None, 1])
    signature = Translation(source, tf.ensure_shape(2 * source, [2, None, None, 1]), multiple=8, smallest=16)
    image = np.random.RandomState(0).uniform(-1, 1, [height, width, 1]).astype("f")
    np.testing.assert_array_equal(translate(session, signature, image), 2 * image)


@pytest.mark.parametrize("side, padded", [(1, 16), (16, 16), (17, 24)])
def test_sides_are_multiples_and_not_too_small(session, side, padded):
    source = tf.placeholder(tf.float32, [1, None, None, 1])
    sides = tf.cast(tf.shape(source)[1:3], tf.float32)
    result = tf.zeros_like(source) + sides[:, None][:1]
    signature = Translation(source, result, multiple=8, smallest=16)
    assert translate(session, signature, np.zeros([side, side, 1], "f"))[0, 0, 0] == padded


def test_noise_is_drawn_in_whole_batches_so_that_images_do_not_depend_on_their_number(session):
    noise = tf.placeholder(tf.float32, [3, 5])
    signature = Generation(noise, noise + tf.reduce_mean(noise))
    few, many = (list(generate(session, signature, seed=1, count=count)) for count in (2, 7))
    assert [len(few), len(many)] == [2, 7]
    np.testing.assert_array_equal(few, many[:2])
    assert (next(generate(session, signature, seed=2, count=1)) != few[0]).any()


def test_any_number_of_images_comes_back_in_order(session, doubler):
    images = np.arange(6, dtype="f").reshape(6, 1, 1, 1)
    found = run_in_batches(session, doubler, doubler.tensors, {"images": images})
    np.testing.assert_array_equal(np.ravel([each["twice"] for each in found]), 2 * np.arange(6))


def test_shortest_input_says_how_many(session, doubler):
    doubler.inputs["others"] = tf.placeholder(tf.float32, [4, 1, 1, 1])
    images = {"images": np.zeros([6, 1, 1, 1]), "others": np.zeros([5, 1, 1, 1])}
    assert len(list(run_in_batches(session, doubler, doubler.tensors, images))) == 5
