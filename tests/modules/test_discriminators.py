"""Shapes, depths, fields of view and weights of the discriminators against the tables of their papers, and NumPy."""

import numpy as np
import pytest

from base.graph_mode import tf
from modules.discriminators import patch_discriminator, pixel_discriminator
from ops.norm import Norm, find_norm, no_norm
from tests.helpers.arrays import convolve, leaky
from tests.helpers.graphs import kernels, operations, variable_names


def images(size):
    return tf.zeros([1, size, size, 3])


def random_images():
    return np.random.RandomState(0).uniform(-1, 1, [1, 16, 16, 3]).astype("f")


@pytest.mark.parametrize("layers, side", [(3, 30), (1, 126), (5, 6)])
def test_patch_discriminator_judges_patches(session, layers, side):
    assert patch_discriminator(images(256), layers=layers).shape == [1, side, side, 1]
    assert [shape[-1] for shape in kernels()] == [min(64 * 2**i, 512) for i in range(layers + 1)] + [1]


def test_70_pixels_decide_one_logit_of_three_layers(session):
    x = tf.placeholder(tf.float32, [1, 256, 256, 3])
    logit = patch_discriminator(x, norm=no_norm)[0, 15, 15, 0]
    session.run(tf.global_variables_initializer())
    rows = np.abs(session.run(tf.gradients(logit, x)[0], {x: np.ones(x.shape)})).sum((0, 2, 3))
    assert np.flatnonzero(rows).size == 70


def test_pixel_discriminator_judges_every_pixel(session):
    assert pixel_discriminator(images(20)).shape == [1, 20, 20, 1] and kernels() == [
        (1, 1, 3, 64),
        (1, 1, 64, 128),
        (1, 1, 128, 1),
    ]


def test_discriminator_of_the_monet_recipe_has_one_bias_and_norms_that_start_near_zero(session):
    x = images(256)
    assert patch_discriminator(x, norm=find_norm("affine_instance", 0.0), leak=0.3, bias=False).shape == [1, 30, 30, 1]
    assert kernels() == [(4, 4, 3, 64), (4, 4, 64, 128), (4, 4, 128, 256), (4, 4, 256, 512), (4, 4, 512, 1)]
    assert [tuple(v.shape) for v in tf.trainable_variables() if v.op.name.endswith("bias")] == [(1,)]
    session.run(tf.global_variables_initializer())
    scales = [session.run(v) for v in tf.trainable_variables() if v.op.name.endswith("scale")]
    assert [scale.size for scale in scales] == [128, 256, 512]
    assert all(abs(scale.mean()) < 0.01 and 0.015 < scale.std() < 0.025 for scale in scales)


@pytest.mark.parametrize("leak", [0.2, 0.3, 1.0])
def test_leak_of_the_patch_discriminator_is_its_slope_below_zero(session, leak):
    x = random_images()
    logits = patch_discriminator(tf.constant(x), ndf=4, layers=1, norm=no_norm, leak=leak, bias=False)
    session.run(tf.global_variables_initializer())
    first, second, last = session.run([v for v in tf.trainable_variables() if v.op.name.endswith("/kernel")])
    y = leaky(convolve(x, 20 * first, stride=2, padding=1), leak)
    y = leaky(convolve(y, 20 * second, padding=1), leak)
    np.testing.assert_allclose(400 * session.run(logits), convolve(y, last, padding=1), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("leak", [0.2, 0.3, 1.0])
def test_leak_of_the_pixel_discriminator_is_its_slope_below_zero(session, leak):
    x = random_images()
    logits = pixel_discriminator(tf.constant(x), ndf=4, norm=no_norm, leak=leak, bias=False)
    session.run(tf.global_variables_initializer())
    first, second, last = session.run([v[0, 0] for v in tf.trainable_variables() if v.op.name.endswith("/kernel")])
    y = leaky(leaky(x @ (20 * first), leak) @ (20 * second), leak)
    np.testing.assert_allclose(400 * session.run(logits), y @ last, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("has_offset", [False, True])
def test_with_a_norm_of_ones_own_there_are_biases_where_it_has_no_offset(session, has_offset):
    halved = Norm(lambda y, name=None: 0.5 * y, has_offset)
    patch_discriminator(images(64), ndf=2, norm=halved, name="patch")
    pixel_discriminator(images(64), ndf=2, norm=halved, name="pixel")
    assert len(variable_names("/bias", "patch/")) == (2 if has_offset else 5)
    assert len(variable_names("/bias", "pixel/")) == (1 if has_offset else 3)


@pytest.mark.parametrize("discriminator, count", [(patch_discriminator, 5), (pixel_discriminator, 3)])
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_discriminators_compute_in_the_asked_dtype_from_float32_weights(session, discriminator, count, dtype):
    logits = discriminator(images(64), ndf=2, dtype=dtype)
    convolutions = operations("Conv2D")
    assert len(convolutions) == count and {op.outputs[0].dtype for op in convolutions} == {tf.as_dtype(dtype)}
    assert {v.dtype.base_dtype for v in tf.trainable_variables()} == {tf.float32} == {logits.dtype}
