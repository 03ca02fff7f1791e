"""Forward passes: with the same weights and images, our networks and PyTorch's give the same numbers."""

import numpy as np
import pytest

pytest.importorskip("torch")

from tests.helpers import twin
from tests.helpers.parity import LARGEST_DIFFERENCE, NORMS, draw_weights, our_output, smooth_images


def check(session, kind, shape, norm="instance", **options):
    """Runs both networks on the same images with the same weights and compares their outputs."""
    shapes = twin.shapes_of(twin.NETWORKS[kind](norm=norm, **options))
    weights = draw_weights(shapes, seed=0, bias_stddev=0.02, norm=norm)
    images = smooth_images(*shape)
    expected = twin.output(kind, options, norm, weights, images)
    got = our_output(session, kind, options, norm, weights, images)
    assert got.shape == expected.shape
    assert expected.std() > 0.01, "outputs so close to constant would show nothing"
    assert np.abs(got - expected).max() <= LARGEST_DIFFERENCE


@pytest.mark.slow
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("blocks, height, width", [(6, 64, 64), (9, 45, 61)])
def test_resnet_generator(session, blocks, height, width, norm):
    check(session, "resnet", (2, height, width), norm, ngf=8, blocks=blocks)


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"leak": 0.1}, {"long_skip": True}, {"upsampling": "resize"}], ids=str)
def test_options_of_the_resnet_generator(session, options):
    check(session, "resnet", (2, 32, 24), ngf=8, blocks=2, **options)


@pytest.mark.slow
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("levels, height, width", [(7, 128, 384), (8, 256, 256)])
def test_unet_generator(session, levels, height, width, norm):
    check(session, "unet", (2, height, width), norm, ngf=8, levels=levels)


@pytest.mark.slow
def test_leak_of_the_unet_generator(session):
    check(session, "unet", (2, 32, 32), ngf=8, levels=5, leak=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("layers, height, width", [(1, 32, 32), (3, 64, 64), (3, 61, 83), (5, 143, 128)])
def test_patch_discriminator(session, layers, height, width, norm):
    check(session, "patch", (2, height, width), norm, ndf=16, layers=layers)


@pytest.mark.parametrize("norm", NORMS)
def test_pixel_discriminator(session, norm):
    check(session, "pixel", (2, 33, 47), norm, ndf=16)


@pytest.mark.parametrize("kind", ["patch", "pixel"])
def test_leak_of_the_discriminators(session, kind):
    check(session, kind, (2, 48, 40), ndf=8, leak=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind, side, options",
    [("resnet", 128, {"ngf": 64, "blocks": 9}), ("unet", 256, {"ngf": 64, "levels": 8}), ("patch", 128, {})],
    ids=["resnet", "unet", "patch"],
)
def test_network_at_full_width(session, kind, side, options):
    check(session, kind, (1, side, side), **options)
