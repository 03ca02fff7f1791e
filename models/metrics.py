"""Figures of images, in NumPy."""

import numpy as np


def psnr(images, truths):
    """Mean peak signal-to-noise ratio, in dB, of a list of float arrays in [-1, 1] against another of the same shapes."""
    errors = [np.mean(np.square(image - truth)) for image, truth in zip(images, truths)]
    return float(np.mean(10 * np.log10(4.0 / np.maximum(errors, 1e-12))))
