"""Preprocessing: how an image becomes the size that is trained on."""

import functools
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from inputs.images import BadImage, resize

CROPPING = ("resize_and_crop", "crop", "scale_width_and_crop", "scale_and_crop", "pad_and_crop")
MODES = (*CROPPING, "scale_width", "none")
SCALING = tuple(mode for mode in MODES if mode not in ("crop", "none"))  # in which load_size has an effect
SQUEEZING = ("resize_and_crop", "pad_and_crop")  # that give an image other proportions
MOST_PIXELS = 100_000_000  # of an image that is scaled before the crop
MULTIPLE = 4  # of which the sides of uncropped images are made: the generators halve them twice


class Preprocessing(Protocol):
    """What a config says about preprocessing."""

    @property
    def preprocess(self) -> str:
        """One of MODES."""

    @property
    def crops(self) -> bool:
        """Whether `preprocess` is one of CROPPING, so that all training images have one size."""

    @property
    def load_size(self) -> int:
        """Side before the crop, in pixels."""

    @property
    def image_size(self) -> int:
        """Side of the crop, in pixels."""

    @property
    def least_side(self) -> int:
        """The least height and width that the networks take, in pixels."""

    @property
    def flip(self) -> bool:
        """Whether half of the training images are mirrored."""


def prepared_image(image: np.ndarray, config: Preprocessing) -> np.ndarray:
    """Does what training does to an image before chance comes in: resizes and pads it.

    Args:
      image: uint8 array [height, width, channels].
      config: what to do.

    Returns:
      uint8 array [height, width, channels], for `drawn_images`.

    Raises:
      BadImage: the image is smaller than the crop or than the networks take, or long enough to become huge.
    """
    image = _scale(image, config)
    if config.preprocess == "pad_and_crop":
        image = _pad(image, config)
    if config.crops:
        _room(image, config)
    return image


def drawn_images(images: Sequence[np.ndarray], config: Preprocessing, chances: Sequence[Sequence[int]]) -> np.ndarray:
    """Crops and flips images for training.

    Args:
      images: each from `prepared_image`, with the same config; of one size where the config does not crop.
      config: what to do.
      chances: for each three random integers >= 0, which decide on the crop's top, its left and the flip.

    Returns:
      uint8 array [len(images), height, width, channels]; height and width are `image_size` where the config crops.
    """
    if config.crops:
        crops = []
        for image, (top, left, _) in zip(images, chances, strict=True):
            rows, columns = _room(image, config)
            crops.append(_crop(image, top % (rows + 1), left % (columns + 1), config.image_size))
        images = crops
    drawn = np.stack(images)
    if config.flip:
        turned = [number for number, (*_, side) in enumerate(chances) if side % 2]
        # A mirrored view of pixels of three bytes takes six times as long to copy.
        channels = [drawn[turned, :, ::-1, channel] for channel in range(drawn.shape[3])]
        drawn[turned] = np.stack(channels, axis=3)
    return drawn


def held_out_image(image: np.ndarray, config: Preprocessing) -> np.ndarray:
    """Resizes an image as in training, but without chance: the middle is cropped, nothing is flipped.

    With `resize_and_crop` and `pad_and_crop` the whole image is resized to the crop's size instead, as the reference's
    test does.

    Args:
      image: uint8 array [height, width, channels].
      config: what to do.

    Returns:
      uint8 array [height, width, channels].

    Raises:
      BadImage: the image is smaller than the crop or than the networks take, or long enough to become huge.
    """
    if config.preprocess in SQUEEZING:
        return resize(image, config.image_size, config.image_size)
    image = _scale(image, config)
    if not config.crops:
        return image
    rows, columns = _room(image, config)
    return _crop(image, rows // 2, columns // 2, config.image_size)


def _scale(image: np.ndarray, config: Preprocessing) -> np.ndarray:
    """Resizes an image as the mode says, before any crop; BadImage where no crop follows and it is too small."""
    scaled = _scaled(image, config)
    height, width = scaled.shape[:2]
    if not config.crops and min(height, width) < config.least_side:
        raise BadImage(
            f"is {image.shape[1]}x{image.shape[0]}, which preprocess={config.preprocess} makes {width}x{height}, but "
            f"the networks need at least {config.least_side} px in height and width; take it out, or take "
            "preprocess=resize_and_crop"
        )
    return scaled


def _scaled(image: np.ndarray, config: Preprocessing) -> np.ndarray:
    height, width = image.shape[:2]
    load_size = config.load_size
    match config.preprocess:
        case "resize_and_crop":
            return resize(image, load_size, load_size)
        case "crop":
            return image
        case "pad_and_crop":
            return resize(image, config.image_size, config.image_size)
        case "scale_and_crop":
            shorter = min(height, width)
            return _resized(image, round(height * load_size / shorter), round(width * load_size / shorter))
        case "scale_width_and_crop":
            return _resized(image, max(height * load_size // width, config.image_size), load_size)
        case "scale_width":
            return _resized(image, _rounded(height * load_size / width), _rounded(load_size))
        case "none":
            return resize(image, _rounded(height), _rounded(width))
    raise ValueError(f"preprocess={config.preprocess}: must be one of {', '.join(MODES)}")


def _resized(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resizes an image that keeps its proportions; BadImage where a very long one would become a huge one."""
    if height * width > MOST_PIXELS:
        raise BadImage(
            f"is {image.shape[1]}x{image.shape[0]}, which scaled would be {width}x{height}; cut it, lower load_size, "
            "or take preprocess=resize_and_crop"
        )
    return resize(image, height, width)


def _pad(image: np.ndarray, config: Preprocessing) -> np.ndarray:
    """Mirrors the border of an image, without repeating the edge, until it is load_size pixels wide and high."""
    mirrored = _mirrored(config.image_size, config.load_size)
    return image.take(mirrored, axis=0).take(mirrored, axis=1)


@functools.cache
def _mirrored(side: int, padded: int) -> np.ndarray:
    """Which of `side` rows stands at each of the `padded` ones."""
    border = padded - side
    return np.pad(np.arange(side), (border // 2, border - border // 2), mode="reflect")


def _rounded(side: float) -> int:
    return max(1, round(side / MULTIPLE)) * MULTIPLE


def _room(image: np.ndarray, config: Preprocessing) -> tuple[int, int]:
    """Gives by how many (rows, columns) an image is larger than the crop."""
    height, width = image.shape[:2]
    size = config.image_size
    if height < size or width < size:
        raise BadImage(
            f"is {width}x{height} before the crop, smaller than the crop of {size}x{size}; "
            "lower image_size, raise load_size, or take preprocess=resize_and_crop"
        )
    return height - size, width - size


def _crop(image: np.ndarray, top: int, left: int, size: int) -> np.ndarray:
    return image[top : top + size, left : left + size]
