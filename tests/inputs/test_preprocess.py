"""Tests of resizing, cropping and flipping."""

import numpy as np
import pytest
from PIL import Image

from inputs import preprocess
from inputs.images import BadImage
from tests.helpers.images import data_config

IMAGE = np.random.RandomState(0).randint(0, 256, (60, 90, 3)).astype(np.uint8)


def config(mode, load_size=40, image_size=32, flip=False):
    return data_config(preprocess=mode, load_size=load_size, image_size=image_size, flip=flip)


def training_image(image, config, chance):
    (drawn,) = preprocess.drawn_images([preprocess.prepared_image(image, config)], config, [chance])
    return drawn


def bicubic(width, height):
    return np.asarray(Image.fromarray(IMAGE).resize((width, height), Image.Resampling.BICUBIC))


@pytest.mark.parametrize(
    "mode, resized",
    [
        ("resize_and_crop", bicubic(40, 40)),
        ("crop", IMAGE),
        ("scale_width_and_crop", bicubic(40, 32)),
        ("scale_and_crop", bicubic(60, 40)),
        ("pad_and_crop", np.pad(bicubic(32, 32), [(4, 4), (4, 4), (0, 0)], mode="reflect")),
    ],
)
def test_crop_is_a_window_of_the_resized_image(mode, resized):
    height, width, _ = resized.shape
    top, left = 3 % (height - 31), 5 % (width - 31)
    np.testing.assert_array_equal(
        training_image(IMAGE, config(mode), (3, 5, 0)), resized[top : top + 32, left : left + 32]
    )


@pytest.mark.parametrize("mode, resized", [("scale_width", bicubic(40, 28)), ("none", bicubic(88, 60))])
def test_uncropped_sides_are_multiples_of_four(mode, resized):
    np.testing.assert_array_equal(training_image(IMAGE, config(mode), (3, 5, 0)), resized)


def test_flat_image_keeps_a_row():
    flat = np.zeros((1, 400, 3), np.uint8)
    assert training_image(flat, config("scale_width"), (0, 0, 0)).shape == (4, 40, 3)


def test_every_window_can_be_drawn():
    tops = {training_image(IMAGE, config("crop", image_size=58), (i, 0, 0)).tobytes() for i in range(9)}
    assert len(tops) == 3


@pytest.mark.parametrize("flip, side, flipped", [(True, 1, True), (True, 2, False), (False, 1, False)])
def test_flip_follows_option_and_chance(flip, side, flipped):
    image = training_image(IMAGE, config("none", flip=flip), (0, 0, side))
    plain = training_image(IMAGE, config("none"), (0, 0, 0))
    np.testing.assert_array_equal(image, plain[:, ::-1] if flipped else plain)


def test_image_smaller_than_crop_is_refused():
    with pytest.raises(BadImage, match="is 90x60 before the crop, smaller than the crop of 64x64; lower image_size"):
        training_image(IMAGE, config("crop", image_size=64), (0, 0, 0))


@pytest.mark.parametrize(
    "mode, expected",
    [
        ("resize_and_crop", bicubic(32, 32)),
        ("crop", IMAGE[14:46, 29:61]),
        ("scale_width_and_crop", bicubic(40, 32)[:, 4:36]),
        ("scale_width", bicubic(40, 28)),
        ("none", bicubic(88, 60)),
        ("scale_and_crop", bicubic(60, 40)[4:36, 14:46]),
        ("pad_and_crop", bicubic(32, 32)),
    ],
)
def test_held_out_image_has_no_chance_in_it(mode, expected):
    np.testing.assert_array_equal(preprocess.held_out_image(IMAGE, config(mode, flip=True)), expected)


@pytest.mark.parametrize("mode", preprocess.MODES)
@pytest.mark.parametrize("channels", [1, 3])
def test_crops_have_one_size_and_channels_are_kept(mode, channels):
    image = training_image(IMAGE[:, :, :channels], config(mode), (0, 0, 0))
    assert image.shape[2] == channels
    assert image.shape[:2] == (32, 32) or not config(mode).crops


@pytest.mark.parametrize("prepare", [preprocess.prepared_image, preprocess.held_out_image])
def test_unknown_mode_is_refused(prepare):
    with pytest.raises(ValueError, match="preprocess=stretch: must be one of resize_and_crop, crop"):
        prepare(IMAGE, config("stretch"))


@pytest.mark.parametrize("mode", preprocess.MODES)
def test_load_size_counts_in_the_modes_that_say_so(mode):
    small, large = (training_image(IMAGE, config(mode, load_size=size), (3, 5, 0)) for size in (40, 60))
    assert (small.tobytes() != large.tobytes()) == (mode in preprocess.SCALING)


@pytest.mark.parametrize(
    "mode, shape",
    [("scale_and_crop", (3, 20000, 3)), ("scale_width_and_crop", (20000, 3, 3)), ("scale_width", (20000, 3, 3))],
)
def test_long_strip_is_not_made_huge(mode, shape):
    strip, large = np.zeros(shape, np.uint8), config(mode, load_size=286, image_size=256)
    for make in (preprocess.held_out_image, preprocess.prepared_image):
        with pytest.raises(BadImage, match=r"which scaled would be \d+x\d+; cut it, lower load_size"):
            make(strip, large)


@pytest.mark.parametrize("mode, made", [("none", "8x20"), ("scale_width", "40x100")])
def test_image_that_stays_smaller_than_the_networks_take_is_refused(mode, made):
    image, small = np.zeros([20, 8, 3], np.uint8), config(mode, load_size=40, image_size=32)
    for make in (preprocess.held_out_image, preprocess.prepared_image):
        small.least_side = int(made.split("x")[0])
        assert make(image, small).shape[1] == small.least_side
        small.least_side += 1
        with pytest.raises(
            BadImage, match=f"is 8x20, which preprocess={mode} makes {made}, but .* at least {small.least_side} px"
        ):
            make(image, small)


def test_single_pixel_becomes_the_least_that_networks_take():
    assert preprocess.held_out_image(np.zeros([1, 1, 3], np.uint8), config("none")).shape == (4, 4, 3)
