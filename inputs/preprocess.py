"""Preprocessing: how an image becomes the size that is trained on."""

import numpy as np

from inputs.images import BadImage, resize

CROPPING = ("resize_and_crop", "crop", "scale_width_and_crop", "scale_and_crop", "pad_and_crop")
MODES = (*CROPPING, "scale_width", "none")
MULTIPLE = 4  # of which the sides of uncropped images are made: the generators halve them twice


def training_image(image, config, chance):
    """Resizes, crops and flips an image for training.

    Args:
      image: uint8 array [height, width, channels].
      config: has `preprocess` (one of MODES), `load_size`, `image_size` (pixels) and `flip` (bool).
      chance: three random integers >= 0, which decide on the crop's top, its left and the flip.

    Returns:
      uint8 array [height, width, channels]; height and width as in `fixed_size` where that is not None.

    Raises:
      BadImage: the image is smaller than the crop.
    """
    top, left, side = (int(number) for number in chance)
    image = _scale(image, config)
    if config.preprocess == "pad_and_crop":
        image = _pad(image, config)
    if config.preprocess in CROPPING:
        rows, columns = _room(image, config)
        image = _crop(image, top % (rows + 1), left % (columns + 1), config.image_size)
    return image[:, ::-1] if config.flip and side % 2 else image


def test_image(image, config):
    """Resizes an image as in training, but without chance: the middle is cropped, nothing is flipped.

    With `resize_and_crop` and `pad_and_crop` the whole image is resized to the crop's size instead, as the reference's test does.

    Args:
      image: uint8 array [height, width, channels].
      config: as for `training_image`.

    Returns:
      uint8 array [height, width, channels].

    Raises:
      BadImage: the image is smaller than the crop.
    """
    if config.preprocess in ("resize_and_crop", "pad_and_crop"):
        return resize(image, config.image_size, config.image_size)
    image = _scale(image, config)
    if config.preprocess not in CROPPING:
        return image
    rows, columns = _room(image, config)
    return _crop(image, rows // 2, columns // 2, config.image_size)


def fixed_size(config):
    """Gives the (height, width) that all training images have, or None where they differ."""
    return (config.image_size, config.image_size) if config.preprocess in CROPPING else None


def _scale(image, config):
    """Resizes an image as the mode says, before any crop."""
    height, width = image.shape[:2]
    if config.preprocess == "resize_and_crop":
        return resize(image, config.load_size, config.load_size)
    if config.preprocess == "crop":
        return image
    if config.preprocess == "pad_and_crop":
        return resize(image, config.image_size, config.image_size)
    if config.preprocess == "scale_and_crop":
        shorter = min(height, width)
        return resize(image, round(height * config.load_size / shorter), round(width * config.load_size / shorter))
    if config.preprocess == "scale_width_and_crop":
        return resize(image, max(height * config.load_size // width, config.image_size), config.load_size)
    if config.preprocess == "scale_width":
        width, height = config.load_size, height * config.load_size / width
    return resize(image, _rounded(height), _rounded(width))


def _pad(image, config):
    """Mirrors the border of an image, without repeating the edge, until it is load_size pixels wide and high."""
    border = config.load_size - config.image_size
    return np.pad(image, [(border // 2, border - border // 2)] * 2 + [(0, 0)], mode="reflect")


def _rounded(side):
    return max(1, round(side / MULTIPLE)) * MULTIPLE


def _room(image, config):
    """Gives by how many (rows, columns) an image is larger than the crop."""
    height, width = image.shape[:2]
    size = config.image_size
    if height < size or width < size:
        raise BadImage(
            f"is {width}x{height} before the crop, smaller than the crop of {size}x{size}; "
            "lower image_size, raise load_size, or take preprocess=resize_and_crop"
        )
    return height - size, width - size


def _crop(image, top, left, size):
    return image[top : top + size, left : left + size]
