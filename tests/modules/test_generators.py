"""Shapes, depths and weights of the generators against the tables of their papers."""

import numpy as np
import pytest

from base.graph_mode import tf
from modules.generators import UPSAMPLING, resnet_generator, unet_generator
from ops.norm import Norm, affine_instance_norm, batch_norm
from tests.helpers.graphs import kernels, operations, variable_names


def count_weights():
    return sum(int(np.prod(v.shape)) for v in tf.trainable_variables())


def images(size, channels=3):
    return tf.zeros([1, size, size, channels])


def test_resnet_generator_is_that_of_the_paper(session):
    y = resnet_generator(images(256), 3)
    assert y.shape == [1, 256, 256, 3] and y.dtype == tf.float32
    down = [(7, 7, 3, 64), (3, 3, 64, 128), (3, 3, 128, 256)]
    blocks = [(3, 3, 256, 256)] * 18
    up = [(3, 3, 128, 256), (3, 3, 64, 128), (7, 7, 64, 3)]
    assert kernels() == down + blocks + up
    assert count_weights() == 11_378_179  # as many as the reference prints: 11.378 M


def test_unet_generator_halves_to_one_pixel_and_concatenates_every_level(session):
    y = unet_generator(images(256), 3)
    assert y.shape == [1, 256, 256, 3]
    widths = [64, 128, 256, 512, 512, 512, 512, 512]
    encoder = [(4, 4, a, b) for a, b in zip([3, *widths], widths)]
    concatenated = [1024, 1024, 1024, 1024, 512, 256, 128]  # channels of each level and its skip
    decoder = [(4, 4, out, into) for into, out in zip([512, *concatenated], [512, 512, 512, 512, 256, 128, 64, 3])]
    assert kernels() == encoder + decoder
    sides = (2, 4, 8, 16, 32, 64, 128)
    shapes = [op.outputs[0].shape.as_list()[1:] for op in operations("ConcatV2")]
    assert shapes == [[side, side, channels] for side, channels in zip(sides, concatenated)]


def test_unet_of_seven_levels_serves_128_pixels(session):
    assert unet_generator(images(128), 1, levels=7).shape == [1, 128, 128, 1] and len(kernels()) == 14


@pytest.mark.slow
@pytest.mark.parametrize("norm", [batch_norm, affine_instance_norm])
def test_convolutions_before_a_norm_with_offset_have_no_bias(session, norm):
    resnet_generator(images(32), 3, ngf=2, blocks=1, norm=norm)
    assert variable_names("/bias") == ["resnet_generator/decoder/conv2d/bias"]


@pytest.mark.parametrize("size", [(8, 8), (12, 40), (100, 64)])
def test_resnet_takes_any_multiple_of_four(session, size):
    x = tf.placeholder(tf.float32, [1, None, None, 1])
    y = resnet_generator(x, 3, ngf=2, blocks=1)
    session.run(tf.global_variables_initializer())
    assert session.run(y, {x: np.ones([1, *size, 1])}).shape == (1, *size, 3)


def test_resize_upsampling_has_no_transposed_convolution(session):
    assert resnet_generator(images(16), 3, ngf=2, blocks=1, upsampling="resize").shape == [1, 16, 16, 3]
    assert not operations("Conv2DBackpropInput")


@pytest.mark.slow
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


@pytest.mark.slow
def test_dropout_of_the_unet_is_in_its_three_innermost_decoders(session):
    unet_generator(images(256), 3, dropout=0.5, step=tf.constant(0))
    scopes = {op.name.split("/")[2] for op in operations() if "/dropout/" in op.name}
    assert scopes == {"decoder8", "decoder7", "decoder6"}


@pytest.mark.slow
@pytest.mark.parametrize("has_offset", [False, True])
@pytest.mark.parametrize(
    "generator, last", [(resnet_generator, "decoder/conv2d"), (unet_generator, "decoder1/conv2d_transpose")]
)
def test_with_a_norm_of_ones_own_there_are_biases_where_it_has_no_offset(session, generator, last, has_offset):
    halved = Norm(lambda y, name=None: 0.5 * y, has_offset)
    y = generator(images(256), 3, ngf=2, norm=halved, name="net")
    assert y.shape == [1, 256, 256, 3]
    assert variable_names("/bias")[-1] == f"net/{last}/bias"
    assert len(variable_names("/bias")) == (1 if has_offset else len(kernels()))


def test_unknown_upsampling_is_named_with_those_there_are(session):
    with pytest.raises(ValueError, match="upsampling is 'nearest'; it must be one of transpose, resize"):
        resnet_generator(images(16), 3, upsampling="nearest")


@pytest.mark.parametrize("upsampling", UPSAMPLING)
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_resnet_computes_in_the_asked_dtype_from_float32_weights(session, upsampling, dtype):
    y = resnet_generator(images(16), 3, ngf=2, blocks=1, upsampling=upsampling, dtype=dtype)
    convolutions = operations("Conv2D") + operations("Conv2DBackpropInput")
    assert len(convolutions) == 8 and {op.outputs[0].dtype for op in convolutions} == {tf.as_dtype(dtype)}
    assert {v.dtype.base_dtype for v in tf.trainable_variables()} == {tf.float32} == {y.dtype}


def test_unet_computes_in_the_asked_dtype_from_float32_weights(session):
    y = unet_generator(images(16), 3, ngf=2, levels=4, dtype="bfloat16")
    convolutions = operations("Conv2D") + operations("Conv2DBackpropInput")
    assert len(convolutions) == 8 and {op.outputs[0].dtype for op in convolutions} == {tf.bfloat16}
    assert {v.dtype.base_dtype for v in tf.trainable_variables()} == {tf.float32} == {y.dtype}
