"""Measures of predictions, of whole images or of their pixels, against labels."""

from __future__ import annotations

import numpy as np

BINS = 15  # of confidence


def confusion_matrix(labels: np.ndarray, predictions: np.ndarray, classes: int) -> np.ndarray:
    """Counts how often each class was taken for each.

    Args:
      labels, predictions: integers in [0, classes), one for each image or pixel.
      classes: number of classes.

    Returns:
      int64 array [classes, classes]: entry [i, j] counts those of class i that were taken for class j.
    """
    cells = np.asarray(labels, np.int64) * classes + np.asarray(predictions, np.int64)
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def accuracy(matrix: np.ndarray) -> float:
    """Share of what a confusion matrix counts that was taken for what it is; 0 to 1."""
    return float(np.trace(matrix) / matrix.sum())


def class_accuracy(matrix: np.ndarray) -> float:
    """Mean over the classes that occur of the share of each that was taken for what it is; 0 to 1."""
    counts = matrix.sum(axis=1)
    return float(np.mean(np.diag(matrix)[counts > 0] / counts[counts > 0]))


def mean_iou(matrix: np.ndarray) -> float:
    """Mean over the classes of intersection over union: of what is of a class and what was taken for it; 0 to 1.

    A class that neither occurs nor was seen does not count.

    Source: Long et al. 2015, arXiv 1411.4038, section 5.
    """
    return float(np.nanmean(class_ious(matrix)))


def class_ious(matrix: np.ndarray) -> np.ndarray:
    """Intersection over union of each class, float64 [classes]; nan where it neither occurs nor was seen."""
    both = np.diag(matrix)
    either = matrix.sum(axis=0) + matrix.sum(axis=1) - both
    return np.divide(both, either, out=np.full(len(matrix), np.nan), where=either > 0)


def calibration_error(shares: np.ndarray, labels: np.ndarray) -> float:
    """Expected calibration error: how far a classifier's confidence lies from its accuracy; 0 to 1.

    Args:
      shares: float array [images, classes], of each class; a row adds up to 1.
      labels: integers [images].

    Returns:
      The mean over 15 bins of equal width of |accuracy - confidence|, each bin by its share of the images, where
      confidence is the largest share of an image, and a bin holds its upper end.

    Source: Guo et al. 2017, arXiv 1706.04599, section 2.
    """
    confidence, right = shares.max(axis=1), shares.argmax(axis=1) == labels
    bins = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    gaps = np.bincount(bins, right.astype(np.float64) - confidence, BINS)  # of the sums over each bin
    return float(np.abs(gaps).sum() / len(labels))
