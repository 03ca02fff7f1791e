"""What networks compute, written in NumPy."""

import numpy as np


def convolve(x, kernel, stride=1, padding=0):
    """Cross-correlation of images [batch, height, width, channels] with a kernel [side, side, channels, filters]."""
    side = kernel.shape[0]
    x = np.pad(x, [(0, 0), (padding, padding), (padding, padding), (0, 0)])
    rows, columns = [(length - side) // stride + 1 for length in x.shape[1:3]]
    y = np.zeros([x.shape[0], rows, columns, kernel.shape[-1]])
    for i in range(rows):
        for j in range(columns):
            window = x[:, i * stride : i * stride + side, j * stride : j * stride + side]
            y[:, i, j] = np.tensordot(window, kernel, axes=3)
    return y


def leaky(x, slope):
    """x where it is positive, else slope * x."""
    return np.where(x > 0, x, slope * x)


def normalized(x, axes):
    """x with mean 0 and variance 1 over some axes."""
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-5)


def softplus(x):
    """log(1 + e^x): the cross-entropy of a logit -x that should be 1."""
    return np.log1p(np.exp(x))
