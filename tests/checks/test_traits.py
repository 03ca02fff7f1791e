"""What is kept of an image: values of known images, and what stays where a copy is made."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from checks.hamming import RADIUS
from checks.traits import MIRROR, describe, jpeg_quality, look_of, perceptual_hash
from inputs.images import read_image
from tests.helpers.images import painting, photo


def file_of(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def traits_of(image, kind="PNG", **options):
    data = file_of(image, kind, **options)
    return describe(data, read_image(data))


def bits_apart(a, b):
    return int(a["hash"] ^ b["hash"]).bit_count()


def test_size_and_luma_are_those_of_the_image():
    pixels = painting(3, 50, 30)
    luma = np.asarray(Image.fromarray(pixels).convert("L"), np.float64)
    traits = traits_of(Image.fromarray(pixels))
    assert (traits["height"], traits["width"], traits["quality"], traits["intact"]) == (30, 50, 0, True)
    assert traits["mean"] == pytest.approx(luma.mean(), rel=1e-5)
    assert traits["deviation"] == pytest.approx(luma.std(), rel=1e-5)


@pytest.mark.parametrize("quality", [20, 30, 50, 75, 90, 95])
def test_quality_is_the_one_that_a_jpeg_was_written_with(quality):
    assert jpeg_quality(file_of(Image.fromarray(painting(0)), "JPEG", quality=quality)) == pytest.approx(quality, abs=1)


def test_hash_holds_the_signs_of_low_frequencies():
    luma = photo(1, 32, 32)[:, :, 0].astype(np.float64)
    y, x = np.mgrid[:32, :32]
    value = int(perceptual_hash(luma))
    for down, right in ((1, 1), (1, 8), (3, 2), (8, 8)):
        wave = np.cos(np.pi * down * (2 * y + 1) / 64) * np.cos(np.pi * right * (2 * x + 1) / 64)
        assert (value >> (8 * (down - 1) + right - 1) & 1) == ((luma * wave).sum() > 0)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    "copied",
    [
        lambda image: traits_of(image, "JPEG", quality=30),
        lambda image: traits_of(image.resize((image.width // 2, image.height // 2))),
        lambda image: traits_of(image.resize((image.width * 3, image.height * 2))),
        lambda image: traits_of(image.point(lambda level: min(255, round(1.1 * level)))),
        lambda image: traits_of(image.convert("L")),
    ],
    ids=["compressed", "small", "large", "brighter", "grey"],
)
def test_hash_of_a_copy_is_near(copied, seed):
    image = Image.fromarray(painting(seed, 120, 90))
    assert bits_apart(traits_of(image), copied(image)) <= RADIUS


def test_hashes_of_other_images_are_far():
    hashes = [traits_of(Image.fromarray(painting(seed))) for seed in range(12)]
    assert min(bits_apart(a, b) for at, a in enumerate(hashes) for b in hashes[:at]) > RADIUS + 4


def test_mirrored_image_has_the_hash_with_the_bits_of_mirror_turned():
    image = Image.fromarray(painting(2))
    assert traits_of(ImageOps.mirror(image))["hash"] == traits_of(image)["hash"] ^ MIRROR


def test_look_is_two_distributions():
    look = look_of(photo(1, 32, 32), photo(1, 32, 32)[:, :, 0].astype(np.float32))
    assert (look[:64] ** 2).sum() == pytest.approx(1, rel=1e-5) and (look[64:] ** 2).sum() == pytest.approx(1, rel=1e-5)


def test_look_tells_colours_and_directions_of_edges():
    stripes = np.tile(np.repeat([0, 255], 4), 4).astype(np.uint8)
    standing = np.broadcast_to(stripes[None, :, None], (32, 32, 3))
    look = look_of(standing, standing[:, :, 0].astype(np.float32))
    assert look[0] == pytest.approx(0.5**0.5) and look[63] == pytest.approx(0.5**0.5)  # black and white
    assert np.flatnonzero(look[64:]).tolist() == [0, 8, 16, 24]  # one direction, in each quarter
