"""Measures of images, alone and beside what they should be."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

RANGE = 2.0  # between the darkest and the lightest value of an image in [-1, 1]
LUMINANCE = np.array([0.299, 0.587, 0.114])  # weights of red, green and blue (ITU-R BT.601)
SSIM_SIDE = 11  # pixels of the window
SSIM_SIGMA = 1.5  # pixels

Pictures = Sequence[np.ndarray]  # float arrays [height, width, channels] in [-1, 1], which may differ in size


def psnr(images: Pictures, truths: Pictures) -> float:
    """Mean peak signal-to-noise ratio of images against others of the same shapes, in dB."""
    errors = [np.mean(np.square(image - truth)) for image, truth in zip(images, truths, strict=True)]
    return float(np.mean(10 * np.log10(RANGE**2 / np.maximum(errors, 1e-12))))


def l1(images: Pictures, truths: Pictures) -> float:
    """Mean absolute difference of images to others of the same shapes."""
    return _mean_over(images, truths, lambda image, truth: np.abs(image - truth).mean())


def contrast(images: Pictures) -> float:
    """Mean over images of the standard deviation of their values: 0 where each is of one colour."""
    return float(np.mean([np.std(image, axis=(0, 1)).mean() for image in images]))


def variety(images: Pictures) -> float:
    """Mean over pixels of the standard deviation over images of one shape: 0 where all are the same."""
    return float(np.std(np.stack(images), axis=0).mean())


def ssim(images: Pictures, truths: Pictures) -> float:
    """Mean structural similarity of images to others of the same shapes, at most 1; over windows and channels alike.

    Windows are those that lie within the image, so that no side may be shorter than 11 pixels.

    Source: Wang et al. 2004, doi 10.1109/TIP.2003.819861, with its Gaussian window and its constants.
    """
    return _mean_over(images, truths, _ssim)


def luminance_correlation(images: Pictures, sources: Pictures) -> float:
    """Mean correlation of images with others of the same height and width, in luminance: 1 where a translation keeps
    what is light and dark, -1 where it inverts it; an image of one grey counts as 0."""
    return _mean_over(images, sources, _luminance_correlation)


def _mean_over(images: Pictures, others: Pictures, measure: Callable[[np.ndarray, np.ndarray], float]) -> float:
    return float(np.mean([measure(image, other) for image, other in zip(images, others, strict=True)]))


def _ssim(image: np.ndarray, truth: np.ndarray) -> float:
    if min(image.shape[:2]) < SSIM_SIDE:
        raise ValueError(f"SSIM needs images of {SSIM_SIDE} pixels a side, not {image.shape[0]} x {image.shape[1]}")
    x, y = image.astype(np.float64), truth.astype(np.float64)
    mean_x, mean_y = _blurred(x), _blurred(y)
    variance_x, variance_y = _blurred(x * x) - mean_x**2, _blurred(y * y) - mean_y**2
    covariance = _blurred(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * RANGE) ** 2, (0.03 * RANGE) ** 2
    similarity = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    return np.mean(similarity / ((mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2)))


def _blurred(x):
    """The Gaussian window's mean at each place where it lies within the image."""
    distances = np.arange(SSIM_SIDE) - SSIM_SIDE // 2
    weights = np.exp(-(distances**2) / (2 * SSIM_SIGMA**2))
    for axis in (0, 1):
        length = x.shape[axis] - SSIM_SIDE + 1
        slices = (np.take(x, range(start, start + length), axis) for start in range(SSIM_SIDE))
        x = sum(weight * part for weight, part in zip(weights / weights.sum(), slices))
    return x


def _luminance_correlation(image: np.ndarray, source: np.ndarray) -> float:
    x, y = (_luminance(picture) for picture in (image, source))
    x, y = x - x.mean(), y - y.mean()
    norm = np.sqrt(np.sum(x * x) * np.sum(y * y))
    return float(np.sum(x * y) / norm) if norm > 1e-12 * x.size else 0.0


def _luminance(image: np.ndarray) -> np.ndarray:
    return image.astype(np.float64) @ LUMINANCE if image.shape[2] == 3 else image[:, :, 0].astype(np.float64)
