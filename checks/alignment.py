"""How far the two images of a pair are shifted against each other, by the phase correlation of their edges."""

from __future__ import annotations

import numpy as np
from PIL import Image

SIDE = 128  # pixels of the square that both are resized to
FINEST = 0.2  # periods a pixel: the width of the Gaussian that weighs frequencies down, in which edges of pairs differ
NEAR = 1e-9  # of a spectrum in which there is nothing
ALIGNMENT = np.dtype(
    [
        ("down", "f4"),  # how far the second image lies below the first, as a share of the height
        ("right", "f4"),  # likewise to the right, of the width
        ("peak", "f4"),  # how clear that is: height of the correlation's peak in standard deviations of its surface
    ]
)

_WINDOW = np.outer(*[np.hanning(SIDE + 2)[1:-1]] * 2)
_FREQUENCIES = np.hypot(*np.meshgrid(np.fft.rfftfreq(SIDE), np.fft.fftfreq(SIDE)))
_WEIGHTS = np.exp(-((_FREQUENCIES / FINEST) ** 2) / 2)


def align(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Finds the shift at which the edges of two images fit best.

    Edges, not levels: the images of a pair may have any colours. Photographs and what was made of them (inverted, grey,
    contours, maps of labels) have a peak of 12 to 90; images of other things one of 5 to 11, at any place, and so has
    a map of few, coarse labels.

    Args:
      first, second: uint8 [height, width, 3], of any sizes.

    Returns:
      Array of one ALIGNMENT; its peak is 0 where an image has no edges.

    Source: Kuglin and Hines 1975, "The phase correlation image alignment method".
    """
    spectra = [np.fft.rfft2(_edges(image)) for image in (first, second)]
    product = spectra[1] * np.conj(spectra[0])
    surface = np.fft.irfft2(product / (np.abs(product) + NEAR) * _WEIGHTS, s=(SIDE, SIDE))
    down, right = np.unravel_index(surface.argmax(), surface.shape)
    deviation = surface.std()
    peak = (surface.max() - surface.mean()) / deviation if deviation > NEAR else 0.0
    return np.array((_signed(down), _signed(right), peak), ALIGNMENT)


def _edges(image: np.ndarray) -> np.ndarray:
    """Strength of the edges, faded out towards the border."""
    luma = Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BICUBIC, reducing_gap=3.0).convert("L")
    strength = np.hypot(*np.gradient(np.asarray(luma, np.float32)))
    return (strength - strength.mean()) * _WINDOW


def _signed(place: np.intp) -> float:
    """A place on a surface that is joined at its ends, as a share of its side from -0.5 to 0.5."""
    return ((int(place) + SIDE // 2) % SIDE - SIDE // 2) / SIDE
