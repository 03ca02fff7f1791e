"""Image files through graph ops: the very levels that Pillow gives, and back."""

import io

import numpy as np
import pytest
from PIL import Image

from base.graph_mode import tf
from exports.pixels import decoded, levels_to_values, values_to_levels
from inputs.images import read_image, to_uint8, to_unit
from tests.helpers.images import photo


def encoded(image, kind, **options):
    """The bytes of a Pillow image's file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def smooth(width, height):
    """An image of Pillow's like a photograph: noise, enlarged."""
    return Image.fromarray(photo(0, 6, 5)).resize((width, height), Image.Resampling.BICUBIC)


def all_alphas():
    """An RGBA image with every alpha beside every level."""
    alpha, level = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    return Image.fromarray(np.stack([level, 255 - level, level // 2, alpha], axis=-1))


FILES = {
    "jpeg": encoded(smooth(61, 43), "JPEG", quality=90),
    "jpeg without subsampling": encoded(smooth(61, 43), "JPEG", quality=75, subsampling=0),
    "progressive jpeg": encoded(smooth(33, 64), "JPEG", progressive=True),
    "grey jpeg": encoded(smooth(40, 31).convert("L"), "JPEG"),
    "png": encoded(smooth(30, 17), "PNG"),
    "grey png": encoded(smooth(30, 17).convert("L"), "PNG"),
    "palette": encoded(smooth(30, 17).quantize(200), "PNG"),
    "palette of 4 bits": encoded(smooth(30, 17).quantize(16), "PNG"),
    "black and white": encoded(smooth(30, 17).convert("1"), "PNG"),
    "palette with a transparent colour": encoded(smooth(20, 10).quantize(8), "PNG", transparency=3),
    "transparent colour": encoded(Image.fromarray(photo(0)), "PNG", transparency=tuple(map(int, photo(0)[3, 4]))),
    "alpha": encoded(all_alphas(), "PNG"),
    "grey and alpha": encoded(all_alphas().convert("LA"), "PNG"),
    "one pixel": encoded(smooth(1, 1), "PNG"),
}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", FILES)
def test_files_are_decoded_to_the_levels_of_pillow(session, name, channels):
    levels = session.run(decoded(tf.constant(FILES[name]), channels))
    np.testing.assert_array_equal(levels, read_image(FILES[name], channels))


def test_what_is_no_image_is_an_error(session):
    with pytest.raises(tf.errors.InvalidArgumentError):
        session.run(decoded(tf.constant(b"no image"), 3))


def test_levels_become_the_very_floats_that_the_run_is_fed(session):
    levels = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(session.run(levels_to_values(levels)), to_unit(levels.astype(np.float32)))


def test_floats_become_the_levels_that_the_run_gives(session):
    edges = to_unit(np.arange(0, 255, 0.5, dtype=np.float32))
    values = np.concatenate([edges, np.nextafter(edges, 2), np.nextafter(edges, -2), [-1.5, 1.5]]).astype(np.float32)
    np.testing.assert_array_equal(session.run(values_to_levels(tf.constant(values))), to_uint8(values))
