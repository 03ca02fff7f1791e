"""The scale of training: what images are resized to, and what is said about it."""

import pytest

from inference.scale import describe_training, scale_hint, training_size
from inputs.preprocess import MODES
from tests.helpers.images import data_config


@pytest.mark.parametrize(
    "preprocess, size",
    [
        ("resize_and_crop", (36, 144)),  # 72 x 72 = 36 x 144 pixels
        ("pad_and_crop", (32, 128)),  # 64 x 64
        ("scale_and_crop", (72, 288)),
        ("scale_width_and_crop", (18, 72)),
        ("scale_width", (18, 72)),
        ("crop", (100, 400)),
        ("none", (100, 400)),
    ],
)
def test_image_gets_the_size_in_which_training_showed_it(preprocess, size):
    assert training_size(data_config(preprocess=preprocess, load_size=72, image_size=64), 100, 400) == size


def test_small_images_are_enlarged_and_no_side_vanishes():
    config = data_config(preprocess="scale_width", load_size=64)
    assert training_size(config, 10, 32) == (20, 64)
    assert training_size(config, 1, 1000) == (1, 64)


@pytest.mark.parametrize("preprocess", MODES)
def test_every_mode_is_described(preprocess):
    text = describe_training(data_config(preprocess=preprocess, load_size=72, image_size=64))
    assert ("crops of 64 x 64 px of" in text) == (preprocess.endswith("crop") and preprocess != "pad_and_crop")
    assert ("72" in text) == (preprocess not in ("crop", "none", "pad_and_crop"))


def test_unknown_mode_is_refused():
    config = data_config(preprocess="stretch")
    with pytest.raises(ValueError, match="preprocess=stretch: must be one of"):
        training_size(config, 10, 10)


def test_images_much_larger_than_in_training_are_worth_a_hint():
    config = data_config(preprocess="resize_and_crop", load_size=72, image_size=64)
    assert "6.9 times that size" in scale_hint(config, [(500, 500), (500, 500), (64, 64)])
    assert "0.5 times that size" in scale_hint(config, [(36, 36)])
    assert "139 times that size" in scale_hint(config, [(10_000, 10_000)])
    assert "--size=training" in scale_hint(config, [(500, 500)])


def test_images_about_as_large_as_in_training_need_no_hint():
    config = data_config(preprocess="resize_and_crop", load_size=72, image_size=64)
    assert scale_hint(config, [(64, 64), (100, 130), (5000, 5000)]) == ""
    assert scale_hint(config, []) == ""
    assert scale_hint(data_config(preprocess="crop"), [(5000, 5000)]) == ""
