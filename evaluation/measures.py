"""Measures of images and of predictions, in NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

RANGE = 2.0  # between the darkest and the lightest value of an image in [-1, 1]


def psnr(images: Sequence[np.ndarray], truths: Sequence[np.ndarray]) -> float:
    """Mean peak signal-to-noise ratio, in dB, of float arrays in [-1, 1] against others of the same shapes."""
    errors = [np.mean(np.square(image - truth)) for image, truth in zip(images, truths, strict=True)]
    return float(np.mean(10 * np.log10(RANGE**2 / np.maximum(errors, 1e-12))))


def l1(images: Sequence[np.ndarray], truths: Sequence[np.ndarray]) -> float:
    """Mean absolute difference of float arrays to others of the same shapes."""
    return float(np.mean([np.abs(image - truth).mean() for image, truth in zip(images, truths, strict=True)]))


def confusion_matrix(labels: np.ndarray, predictions: np.ndarray, classes: int) -> np.ndarray:
    """Counts how often each class was taken for each.

    Args:
      labels, predictions: integers in [0, classes), one for each image.
      classes: number of classes.

    Returns:
      int64 array [classes, classes]: entry [i, j] counts images of class i that were taken for class j.
    """
    cells = np.asarray(labels, np.int64) * classes + np.asarray(predictions, np.int64)
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def accuracy(matrix: np.ndarray) -> float:
    """Share of the images in a confusion matrix that were taken for what they are; 0 to 1."""
    return float(np.trace(matrix) / matrix.sum())
