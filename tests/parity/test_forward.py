"""Forward passes: with the same weights and images, our networks and PyTorch's give the same numbers."""

import numpy as np
import pytest

from modules.discriminators import patch_discriminator, pixel_discriminator
from modules.generators import resnet_generator, unet_generator
from ops.norm import NORMS
from training.tensorflow_setup import tf

torch = pytest.importorskip("torch")

from scripts import torch_reference as reference
from tests.parity.side_by_side import fresh_network, load_weights, random_images, to_numpy, to_torch

LARGEST_DIFFERENCE = 1e-4


def largest_difference(session, ours, theirs, role, norm, images):
    """Runs both networks on the same images with the same weights; gives the largest absolute difference of their outputs."""
    fresh_network(theirs, norm)
    x = tf.placeholder(tf.float32, [len(images), None, None, images.shape[-1]])
    result = ours(x, name="network")
    load_weights(session, theirs, role, "network")
    with torch.no_grad():
        expected = to_numpy(theirs(to_torch(images)))
    got = session.run(result, {x: images})
    assert got.shape == expected.shape
    assert expected.std() > 0.01, "outputs so close to constant would show nothing"
    return np.abs(got - expected).max()


@pytest.mark.parametrize("norm", reference.NORMS)
@pytest.mark.parametrize("blocks, height, width", [(6, 64, 64), (9, 45, 61)])
def test_resnet_generator(session, blocks, height, width, norm):
    ours = lambda x, name: resnet_generator(x, 3, ngf=8, blocks=blocks, norm=NORMS[norm], name=name)
    theirs = reference.ResNetGenerator(3, 3, ngf=8, blocks=blocks, norm=norm)
    difference = largest_difference(session, ours, theirs, "generator_ab", norm, random_images(2, height, width))
    assert difference <= LARGEST_DIFFERENCE


@pytest.mark.parametrize("norm", reference.NORMS)
@pytest.mark.parametrize("levels, height, width", [(7, 128, 384), (8, 256, 256)])
def test_unet_generator(session, levels, height, width, norm):
    ours = lambda x, name: unet_generator(x, 3, ngf=8, levels=levels, norm=NORMS[norm], name=name)
    theirs = reference.UNetGenerator(3, 3, ngf=8, levels=levels, norm=norm)
    difference = largest_difference(session, ours, theirs, "generator_ab", norm, random_images(2, height, width))
    assert difference <= LARGEST_DIFFERENCE


@pytest.mark.parametrize("norm", reference.NORMS)
@pytest.mark.parametrize("layers, height, width", [(1, 32, 32), (3, 64, 64), (3, 61, 83), (5, 143, 128)])
def test_patch_discriminator(session, layers, height, width, norm):
    ours = lambda x, name: patch_discriminator(x, ndf=16, layers=layers, norm=NORMS[norm], name=name)
    theirs = reference.PatchDiscriminator(3, ndf=16, layers=layers, norm=norm)
    difference = largest_difference(session, ours, theirs, "discriminator_a", norm, random_images(2, height, width))
    assert difference <= LARGEST_DIFFERENCE


@pytest.mark.parametrize("norm", reference.NORMS)
def test_pixel_discriminator(session, norm):
    ours = lambda x, name: pixel_discriminator(x, ndf=16, norm=NORMS[norm], name=name)
    theirs = reference.PixelDiscriminator(3, ndf=16, norm=norm)
    difference = largest_difference(session, ours, theirs, "discriminator_a", norm, random_images(2, 33, 47))
    assert difference <= LARGEST_DIFFERENCE


def test_resnet_generator_at_full_width(session):
    ours = lambda x, name: resnet_generator(x, 3, ngf=64, blocks=9, name=name)
    theirs = reference.ResNetGenerator(3, 3, ngf=64, blocks=9)
    difference = largest_difference(session, ours, theirs, "generator_ab", "instance", random_images(1, 256, 256))
    assert difference <= LARGEST_DIFFERENCE


def test_unet_generator_at_full_width(session):
    ours = lambda x, name: unet_generator(x, 3, ngf=64, levels=8, name=name)
    theirs = reference.UNetGenerator(3, 3, ngf=64, levels=8)
    difference = largest_difference(session, ours, theirs, "generator_ab", "instance", random_images(1, 256, 256))
    assert difference <= LARGEST_DIFFERENCE


def test_patch_discriminator_at_full_width(session):
    ours = lambda x, name: patch_discriminator(x, name=name)
    theirs = reference.PatchDiscriminator(3)
    difference = largest_difference(session, ours, theirs, "discriminator_a", "instance", random_images(1, 256, 256))
    assert difference <= LARGEST_DIFFERENCE
