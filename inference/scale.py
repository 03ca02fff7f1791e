"""The scale that a network knows: how large photographs were when it was trained on them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from inputs.preprocess import MODES, Preprocessing

MUCH = 2.0  # ratio of sides, to those in training, that is worth a word


def training_size(config: Preprocessing, height: int, width: int) -> tuple[int, int]:
    """The size in which training showed an image before the crop, with the image's own proportions.

    Where training squeezes images into a square, the proportions stay and the image gets as many pixels as that square.

    Args:
      config: the run's.
      height, width: of the image, in pixels.

    Returns:
      (height, width) in pixels, each at least 1.
    """
    scale = _scale(config, height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def describe_training(config: Preprocessing) -> str:
    """Says what the network was trained on: "crops of 64 x 64 px of whole images squeezed to 72 x 72 px"."""
    match config.preprocess:
        case "resize_and_crop":
            before = f"whole images squeezed to {config.load_size} x {config.load_size} px"
        case "pad_and_crop":
            return f"whole images squeezed to {config.image_size} x {config.image_size} px"
        case "scale_and_crop":
            before = f"images whose shorter side is {config.load_size} px"
        case "scale_width_and_crop" | "scale_width":
            before = f"images {config.load_size} px wide"
        case _:
            before = "images as they are"
    return f"crops of {config.image_size} x {config.image_size} px of {before}" if config.crops else before


def scale_hint(config: Preprocessing, sizes: Sequence[tuple[int, int]]) -> str:
    """A line about images much larger or smaller than training showed them; empty where most of them are not.

    Args:
      config: the run's.
      sizes: (height, width) of the images that were translated, in pixels.
    """
    ratio = statistics.median(1 / _scale(config, *size) for size in sizes) if sizes else 1.0
    if 1 / MUCH < ratio < MUCH:
        return ""
    times = f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.2g}"
    return (
        f"The network was trained on {describe_training(config)}; most of these are {times} times that size, "
        "which it has never seen: --size=training resizes them to what it knows."
    )


def _scale(config: Preprocessing, height: int, width: int) -> float:
    match config.preprocess:
        case "resize_and_crop":
            return config.load_size / math.sqrt(height * width)
        case "pad_and_crop":
            return config.image_size / math.sqrt(height * width)
        case "scale_and_crop":
            return config.load_size / min(height, width)
        case "scale_width_and_crop" | "scale_width":
            return config.load_size / width
        case "crop" | "none":
            return 1.0
    raise ValueError(f"preprocess={config.preprocess}: must be one of {', '.join(MODES)}")
