"""Traits: what is kept of an image so that findings about a data set need no second look at it, in some 500 bytes."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from inputs.images import open_image

SIDE = 32  # pixels of the square that an image is shrunk to
SMALL = 16  # pixels of the one that is kept
COLOURS = 64  # bins of the histogram of colours: 4 levels of red, green and blue
DIRECTIONS = 8  # bins of a histogram of edges, in each quarter of the image
TRAITS = np.dtype(
    [
        ("intact", "?"),  # False: it is damaged, and all else is 0
        ("height", "u4"),
        ("width", "u4"),
        ("quality", "u1"),  # of a JPEG, 1 to 100; 0: the file is none
        ("mean", "f4"),  # of the luma, 0 to 255
        ("deviation", "f4"),  # its standard deviation
        ("hash", "u8"),  # see `perceptual_hash`
        ("small", "u1", (SMALL, SMALL)),  # luma
        ("look", "f2", COLOURS + 4 * DIRECTIONS),  # see `look_of`
    ]
)
STANDARD_TABLE = 3685  # sum of the luminance quantisation table of ITU-T T.81, annex K.1

_FREQUENCIES = np.arange(1, 9)  # of the cosines of a hash; all but the mean of a line
_COSINES = np.cos(np.pi * np.outer(_FREQUENCIES, 2 * np.arange(SIDE) + 1) / (2 * SIDE))
_BITS = np.uint64(1) << np.arange(64, dtype=np.uint64)
MIRROR = np.sum(_BITS[np.tile(_FREQUENCIES % 2 == 1, 8)])  # bits of a hash that are turned over with the image


def describe(data: bytes, pixels: np.ndarray) -> np.ndarray:
    """Describes an image.

    Args:
      data: bytes of its file.
      pixels: uint8 [height, width, 3].

    Returns:
      Array of one TRAITS.
    """
    image = Image.fromarray(pixels)
    counts = np.array(image.convert("L").histogram(), np.float64)
    levels = np.arange(256)
    mean = np.average(levels, weights=counts)
    shrunk = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=3.0)
    luma = np.asarray(shrunk.convert("L"), np.float32)
    traits = np.zeros((), TRAITS)
    traits["intact"] = True
    traits["height"], traits["width"] = pixels.shape[:2]
    traits["quality"] = jpeg_quality(data)
    traits["mean"] = mean
    traits["deviation"] = np.sqrt(np.average((levels - mean) ** 2, weights=counts))
    traits["hash"] = perceptual_hash(luma)
    traits["small"] = np.rint(luma.reshape(SMALL, SIDE // SMALL, SMALL, SIDE // SMALL).mean((1, 3)))
    traits["look"] = look_of(np.asarray(shrunk), luma)
    return traits


def perceptual_hash(luma: np.ndarray) -> np.uint64:
    """The signs of 64 low frequencies of an image, which stay where it is resized or compressed anew.

    Args:
      luma: float [32, 32].

    Returns:
      uint64. Its 1-bits are the cosines, 1 to 8 periods of a half in height (by eights) and width, with a positive
      weight; the mirrored image has the same but for the bits of MIRROR.

    Source: pHash (Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash Functions", 3.2.1), which
    compares with the median in the place of 0.
    """
    weights = _COSINES @ luma @ _COSINES.T  # [height, width]
    return np.sum(_BITS[weights.ravel() > 0], dtype=np.uint64)


def look_of(pixels: np.ndarray, luma: np.ndarray) -> np.ndarray:
    """Colours and edges of an image, without what it shows where.

    Args:
      pixels: uint8 [32, 32, 3].
      luma: float [32, 32].

    Returns:
      float32 [96]: the roots of a histogram of colours and of one of the directions of edges in each quarter, weighted
      by their strength; so a scalar product of two compares distributions (Bhattacharyya 1943).

    Source: of the edges Dalal and Triggs 2005 (doi 10.1109/CVPR.2005.177), without its normalised blocks.
    """
    levels = pixels.astype(np.intp) >> 6
    colours = np.bincount((levels @ [16, 4, 1]).ravel(), minlength=COLOURS) / SIDE**2
    down, right = np.gradient(luma)
    direction = ((np.arctan2(down, right) % np.pi) * (DIRECTIONS / np.pi)).astype(np.intp) % DIRECTIONS
    half = np.arange(SIDE) // (SIDE // 2)
    quarter = 2 * half[:, None] + half
    edges = np.bincount((quarter * DIRECTIONS + direction).ravel(), np.hypot(down, right).ravel(), 4 * DIRECTIONS)
    return np.sqrt(np.concatenate([colours, edges / max(edges.sum(), 1e-6)])).astype(np.float32)


def jpeg_quality(data: bytes) -> int:
    """The quality, 1 to 100, that the file of an image was written with if it is a JPEG, by libjpeg's scale; else 0.

    Below 20, where the table is cut off at 255, it says more than was asked for.

    Source: libjpeg's jcparam.c, which scales the standard table; other encoders have tables of their own, of which this
    gives the nearest.
    """
    table = getattr(open_image(io.BytesIO(data)), "quantization", {}).get(0)
    if not table:
        return 0
    percent = 100 * sum(table) / STANDARD_TABLE
    quality = (200 - percent) / 2 if percent <= 100 else 5000 / percent
    return int(np.clip(round(quality), 1, 100))
