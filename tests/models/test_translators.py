"""What CycleGAN and pix2pix share: options, and networks as a config describes them."""

import dataclasses
from types import SimpleNamespace

import pytest

from base.graph_mode import tf
from models.translators import build_discriminator, build_generator, translation
from tests.helpers.graphs import kernels, operations, variable_names
from tests.helpers.models import tiny_config


def generator(config):
    return build_generator(config, tf.zeros([1, 32, 32, 3]), 3, tf.constant(0), name="g", call="fake")


def discriminator(config):
    return build_discriminator(config, tf.zeros([1, 32, 32, 3]), name="d", call="on_real")


def test_unet_halves_to_one_pixel_unless_said_otherwise():
    sizes = (16, 32, 256)
    assert [tiny_config("pix2pix", image_size=size).unet_levels for size in sizes] == [4, 5, 8]
    assert tiny_config("pix2pix", image_size=32, unet_levels=3).unet_levels == 3


@pytest.mark.parametrize(
    "name, values, leak", [("cyclegan", {}, 0.0), ("pix2pix", {}, 0.2), ("pix2pix", {"leak": 0.0}, 0.0)]
)
def test_leak_is_that_of_the_papers_network_unless_said_otherwise(name, values, leak):
    assert tiny_config(name, **values).leak == leak


@pytest.mark.parametrize(
    "name, values, multiple", [("cyclegan", {}, 4), ("pix2pix", {}, 16), ("pix2pix", {"unet_levels": 2}, 4)]
)
def test_sides_are_multiples_of_what_the_generator_halves(name, values, multiple):
    assert tiny_config(name, **values).size_multiple == multiple


@pytest.mark.parametrize(
    "values, least",
    [
        ({"discriminator_layers": 3}, 24),
        ({"discriminator_layers": 1}, 8),
        ({"discriminator": "pixel"}, 8),
        ({"generator": "unet", "unet_levels": 4, "discriminator": "pixel"}, 16),
    ],
)
def test_least_side_is_the_least_that_the_networks_take(session, values, least):
    config = tiny_config("cyclegan", **values)

    def work(side):
        image = tf.zeros([1, side, side, 3])
        try:
            fake = build_generator(config, image, 3, tf.constant(0), name="g", call=f"fake_{side}")
            verdict = build_discriminator(config, fake, name="d", call=f"on_fake_{side}")
            session.run(tf.global_variables_initializer())
            return all(output.size for output in session.run([fake, verdict]))
        except (ValueError, tf.errors.InvalidArgumentError):
            return False

    assert config.least_side == least and work(least) and not work(least - config.size_multiple)


@pytest.mark.parametrize("values, smallest", [({}, 8), ({"generator": "unet", "unet_levels": 4}, 16)])
def test_translation_tells_what_the_generator_takes(session, values, smallest):
    config, x = tiny_config("cyclegan", **values), tf.zeros([1, 32, 32, 3])
    found = translation(config, x, x)
    assert (found.multiple, found.smallest) == (config.size_multiple, smallest)


def test_options_of_the_resnet_reach_it(session):
    y = generator(tiny_config("cyclegan", generator_blocks=2, ngf=2, norm="batch", upsampling="resize", dropout=True))
    assert y.shape == [1, 32, 32, 3] and kernels("g/")[0] == (7, 7, 3, 2) and kernels("g/").count((3, 3, 8, 8)) == 4
    assert variable_names("/scale", "g/") and not operations("Conv2DBackpropInput")
    assert any("/dropout/" in op.name for op in operations())


def test_options_of_the_unet_reach_it(session):
    generator(tiny_config("cyclegan", generator="unet", unet_levels=3, ngf=2, norm="none", leak=0.4))
    assert kernels("g/")[:3] == [(4, 4, 3, 2), (4, 4, 2, 4), (4, 4, 4, 8)] and not operations("FusedBatchNormV3")
    assert {round(op.get_attr("alpha"), 6) for op in operations("LeakyRelu")} == {0.4}


def test_options_of_the_patch_discriminator_reach_it(session):
    discriminator(
        tiny_config("cyclegan", discriminator_layers=1, ndf=3, discriminator_leak=0.3, discriminator_bias=False)
    )
    assert kernels("d/") == [(4, 4, 3, 3), (4, 4, 3, 6), (4, 4, 6, 1)] and len(variable_names("/bias", "d/")) == 1
    assert {round(op.get_attr("alpha"), 6) for op in operations("LeakyRelu")} == {0.3}


def test_options_of_the_pixel_discriminator_reach_it(session):
    assert discriminator(tiny_config("cyclegan", discriminator="pixel", ndf=3)).shape == [1, 32, 32, 1]
    assert kernels("d/") == [(1, 1, 3, 3), (1, 1, 3, 6), (1, 1, 6, 1)]


@pytest.mark.parametrize(
    "build, values, words",
    [
        (generator, {"generator": "vit"}, "generator is 'vit'; it must be resnet or unet"),
        (discriminator, {"discriminator": "wide"}, "discriminator is 'wide'; it must be patch or pixel"),
        (generator, {"norm": "group"}, "norm is 'group'; it must be one of instance,"),
        (discriminator, {"norm": "group"}, "norm is 'group'; it must be one of instance,"),
        (generator, {"upsampling": "nearest"}, "upsampling is 'nearest'; it must be one of transpose, resize"),
    ],
)
def test_bad_option_is_named_with_what_is_allowed(session, build, values, words):
    config = SimpleNamespace(**{**dataclasses.asdict(tiny_config("cyclegan")), **values})
    with pytest.raises(ValueError, match=words):
        build(config)
