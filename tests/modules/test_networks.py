"""Shapes, depths and weights of the networks against the tables of their papers."""

import numpy as np
import pytest

from modules.discriminators import patch_discriminator, pixel_discriminator
from modules.generators import resnet_generator, unet_generator
from ops.norm import affine_instance_norm, batch_norm, find_norm, no_norm
from training.tensorflow_setup import tf


def kernels(scope=""):
    return [tuple(v.shape) for v in tf.trainable_variables(scope) if v.op.name.endswith("kernel")]


def count_weights():
    return sum(int(np.prod(v.shape)) for v in tf.trainable_variables())


def images(size, channels=3, batch=1):
    return tf.zeros([batch, size, size, channels])


def test_resnet_generator_is_that_of_the_paper(session):
    y = resnet_generator(images(256), 3)
    assert y.shape == [1, 256, 256, 3] and y.dtype == tf.float32
    down, blocks, up = [(7, 7, 3, 64), (3, 3, 64, 128), (3, 3, 128, 256)], [(3, 3, 256, 256)] * 18, [(3, 3, 128, 256), (3, 3, 64, 128), (7, 7, 64, 3)]
    assert kernels() == down + blocks + up
    assert count_weights() == 11_378_179  # as many as the reference prints: 11.378 M


def test_unet_generator_halves_to_one_pixel_and_concatenates_every_level(session):
    y = unet_generator(images(256), 3)
    assert y.shape == [1, 256, 256, 3]
    encoder = [(4, 4, a, b) for a, b in zip([3, 64, 128, 256, 512, 512, 512, 512], [64, 128, 256, 512, 512, 512, 512, 512])]
    decoder = [(4, 4, b, a) for a, b in zip([512, 1024, 1024, 1024, 1024, 512, 256, 128], [512, 512, 512, 512, 256, 128, 64, 3])]
    assert kernels() == encoder + decoder
    activations = {op.name: op.outputs[0].shape.as_list()[1:] for op in tf.get_default_graph().get_operations() if op.type == "ConcatV2"}
    assert list(activations.values()) == [[2, 2, 1024], [4, 4, 1024], [8, 8, 1024], [16, 16, 1024], [32, 32, 512], [64, 64, 256], [128, 128, 128]]


def test_unet_of_seven_levels_serves_128_pixels(session):
    assert unet_generator(images(128), 1, levels=7).shape == [1, 128, 128, 1] and len(kernels()) == 14


@pytest.mark.parametrize("layers, side", [(3, 30), (1, 126), (5, 6)])
def test_patch_discriminator_judges_patches(session, layers, side):
    assert patch_discriminator(images(256), layers=layers).shape == [1, side, side, 1]
    assert [shape[-1] for shape in kernels()] == [min(64 * 2**i, 512) for i in range(layers + 1)] + [1]


def test_70_pixels_decide_one_logit_of_three_layers(session):
    x = tf.placeholder(tf.float32, [1, 256, 256, 3])
    logit = patch_discriminator(x, norm=lambda y, name=None: y)[0, 15, 15, 0]
    session.run(tf.global_variables_initializer())
    rows = np.abs(session.run(tf.gradients(logit, x)[0], {x: np.ones(x.shape)})).sum((0, 2, 3))
    assert np.flatnonzero(rows).size == 70


def test_pixel_discriminator_judges_every_pixel(session):
    assert pixel_discriminator(images(20)).shape == [1, 20, 20, 1] and kernels() == [(1, 1, 3, 64), (1, 1, 64, 128), (1, 1, 128, 1)]


@pytest.mark.parametrize("norm", [batch_norm, affine_instance_norm])
def test_convolutions_before_a_norm_with_offset_have_no_bias(session, norm):
    resnet_generator(images(32), 3, ngf=2, blocks=1, norm=norm)
    assert [v.op.name for v in tf.trainable_variables() if v.op.name.endswith("bias")] == ["resnet_generator/decoder/conv2d/bias"]


@pytest.mark.parametrize("size", [(8, 8), (12, 40), (100, 64)])
def test_resnet_takes_any_multiple_of_four(session, size):
    x = tf.placeholder(tf.float32, [1, None, None, 1])
    y = resnet_generator(x, 3, ngf=2, blocks=1)
    session.run(tf.global_variables_initializer())
    assert session.run(y, {x: np.ones([1, *size, 1])}).shape == (1, *size, 3)


def test_resize_upsampling_has_no_transposed_convolution(session):
    assert resnet_generator(images(16), 3, ngf=2, blocks=1, upsampling="resize").shape == [1, 16, 16, 3]
    assert "Conv2DBackpropInput" not in {op.type for op in tf.get_default_graph().get_operations()}


@pytest.mark.parametrize("options", [{"long_skip": True}, {"leak": 0.2}, {"dropout": 0.5}])
def test_every_option_of_the_resnet_changes_what_it_computes(session, options):
    x = tf.constant(np.random.RandomState(0).uniform(-1, 1, [1, 16, 16, 3]), tf.float32)
    plain = resnet_generator(x, 3, ngf=4, blocks=1, name="plain", step=tf.constant(0))
    other = resnet_generator(x, 3, ngf=4, blocks=1, name="other", step=tf.constant(0), **options)
    session.run(tf.global_variables_initializer())
    copies = [b.assign(a) for a, b in zip(tf.trainable_variables("plain/"), tf.trainable_variables("other/"))]
    session.run(copies)
    a, b = session.run([plain, other])
    assert a.shape == b.shape and np.abs(a - b).max() > 1e-3


def test_dropout_of_the_unet_is_in_its_three_innermost_decoders(session):
    unet_generator(images(256), 3, dropout=0.5, step=tf.constant(0))
    scopes = {op.name.split("/")[2] for op in tf.get_default_graph().get_operations() if "/dropout/" in op.name}
    assert scopes == {"decoder8", "decoder7", "decoder6"}


@pytest.mark.parametrize("dtype", [tf.bfloat16, tf.float16])
def test_networks_compute_in_the_asked_dtype_from_float32_weights(session, dtype):
    resnet_generator(images(16), 3, ngf=2, blocks=1, dtype=dtype)
    patch_discriminator(images(64), ndf=2, dtype=dtype)
    convolutions = [op for op in tf.get_default_graph().get_operations() if op.type in ("Conv2D", "Conv2DBackpropInput")]
    assert {op.outputs[0].dtype for op in convolutions} == {dtype}
    assert {v.dtype.base_dtype for v in tf.trainable_variables()} == {tf.float32}


def test_discriminator_of_the_monet_recipe_has_one_bias_and_norms_that_start_near_zero(session):
    x = images(256)
    assert patch_discriminator(x, norm=find_norm("affine_instance", 0.0), leak=0.3, bias=False).shape == [1, 30, 30, 1]
    assert kernels() == [(4, 4, 3, 64), (4, 4, 64, 128), (4, 4, 128, 256), (4, 4, 256, 512), (4, 4, 512, 1)]
    assert [tuple(v.shape) for v in tf.trainable_variables() if v.op.name.endswith("bias")] == [(1,)]
    session.run(tf.global_variables_initializer())
    scales = [session.run(v) for v in tf.trainable_variables() if v.op.name.endswith("scale")]
    assert [scale.size for scale in scales] == [128, 256, 512]
    assert all(abs(scale.mean()) < 0.01 and 0.015 < scale.std() < 0.025 for scale in scales)


def test_leak_of_the_discriminator_is_its_slope_below_zero(session):
    x = tf.constant(np.random.RandomState(0).uniform(-1, 1, [1, 16, 16, 3]), tf.float32)
    linear = patch_discriminator(x, ndf=4, layers=1, norm=no_norm, leak=1.0, bias=False, name="d")
    doubled = patch_discriminator(2 * x, ndf=4, layers=1, norm=no_norm, leak=1.0, bias=False, name="d", call="doubled")
    leaky = patch_discriminator(x, ndf=4, layers=1, norm=no_norm, leak=0.3, bias=False, name="d", call="leaky")
    session.run(tf.global_variables_initializer())
    linear, doubled, leaky = session.run([linear, doubled, leaky])
    np.testing.assert_allclose(doubled, 2 * linear, rtol=1e-4)  # without a bend, without biases
    assert np.abs(leaky - linear).max() > 1e-6
