"""The networks of DCGAN against their table."""

import pytest

from base.graph_mode import tf
from modules.dcgan import dcgan_critic, dcgan_generator, pyramid
from ops.norm import Norm
from tests.helpers.graphs import kernels, operations, variable_names


@pytest.mark.slow
@pytest.mark.parametrize("size, widths", [(64, [512, 256, 128, 64]), (32, [256, 128, 64]), (16, [128, 64])])
def test_networks_have_the_layers_of_dcgan(session, size, widths):
    images = dcgan_generator(tf.zeros([2, 100]), size, 3, name="generator")
    verdicts = dcgan_critic(images, name="critic")
    assert images.shape == [2, size, size, 3] and verdicts.shape == [2]
    # Transposed kernels are [height, width, out, in].
    assert kernels("generator/") == [(4, 4, out, into) for into, out in zip([100, *widths], [*widths, 3])]
    up = widths[::-1]
    assert kernels("critic/") == [(4, 4, into, out) for into, out in zip([3, *up], [*up, 1])]
    assert not variable_names("/bias")


def test_norms_are_behind_all_convolutions_but_the_critics_first_and_last_and_the_generators_last(session):
    dcgan_critic(dcgan_generator(tf.zeros([2, 100]), 64, 3, name="generator"), name="critic")
    scales = {
        name: [v.shape[0] for v in tf.trainable_variables(f"{name}/") if v.op.name.endswith("/scale")]
        for name in ("generator", "critic")
    }
    assert scales == {"generator": [512, 256, 128, 64], "critic": [128, 256, 512]}


def test_extra_layers_are_3x3_at_half_size(session):
    dcgan_critic(
        dcgan_generator(tf.zeros([2, 8]), 32, 3, 16, extra_layers=2, name="generator"),
        16,
        extra_layers=2,
        name="critic",
    )
    assert kernels("critic/")[1:3] == kernels("generator/")[3:5] == [(3, 3, 16, 16)] * 2


@pytest.mark.slow
@pytest.mark.parametrize("size, innermost", [(16, 4), (48, 6), (64, 4), (80, 5), (112, 7), (256, 4)])
def test_every_multiple_of_16_has_its_networks(session, size, innermost):
    assert pyramid(size)[0] == innermost
    images = dcgan_generator(tf.zeros([1, 4]), size, 1, 1)
    assert images.shape == [1, size, size, 1] and dcgan_critic(images, 1).shape == [1]


@pytest.mark.parametrize("has_offset, biases", [(True, 0), (False, 3)])
def test_with_a_norm_of_ones_own_the_layers_before_it_have_biases_where_it_has_no_offset(session, has_offset, biases):
    halved = Norm(lambda y, name=None: 0.5 * y, has_offset)
    fake = dcgan_generator(tf.zeros([2, 8]), 64, 3, 2, norm=halved, name="generator")
    dcgan_critic(fake, 2, norm=halved, name="critic")
    assert len(variable_names("/bias", "generator/")) == len(variable_names("/bias", "critic/")) == biases


def test_networks_compute_in_the_asked_dtype_from_float32_weights(session):
    fake = dcgan_generator(tf.zeros([2, 8]), 16, 3, 2, dtype="bfloat16")
    verdicts = dcgan_critic(fake, 2, dtype="bfloat16")
    convolutions = operations("Conv2D") + operations("Conv2DBackpropInput")
    assert len(convolutions) == 6 and {op.outputs[0].dtype for op in convolutions} == {tf.bfloat16}
    assert {v.dtype.base_dtype for v in tf.trainable_variables()} == {tf.float32} == {fake.dtype, verdicts.dtype}
