"""Figures of images and of predictions, in NumPy."""

import numpy as np


def psnr(images, truths):
    """Mean peak signal-to-noise ratio, in dB, of a list of float arrays in [-1, 1] against another of the same shapes."""
    errors = [np.mean(np.square(image - truth)) for image, truth in zip(images, truths)]
    return float(np.mean(10 * np.log10(4.0 / np.maximum(errors, 1e-12))))


def confusion_matrix(labels, predictions, classes):
    """Counts how often each class was taken for each.

    Args:
      labels, predictions: integers in [0, classes), one for each image.
      classes: int.

    Returns:
      int64 array [classes, classes]: entry [i, j] counts images of class i that were taken for class j.
    """
    cells = np.asarray(labels, np.int64) * classes + np.asarray(predictions, np.int64)
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)
