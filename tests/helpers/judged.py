"""What measures are tried on: features, images and predictions drawn from seeds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

FILE = Path(__file__).parents[1] / "data" / "measures.json"  # what others' libraries make of these
FEATURE_CASES = {  # images of both sets, dimensions
    "more images than dimensions": (400, 300, 24),
    "fewer images than dimensions": (40, 50, 64),
}


class Features(NamedTuple):
    """Two sets that overlap in part."""

    reals: np.ndarray
    fakes: np.ndarray


def features(case: str) -> Features:
    """Features of a case, float32; correlated, of means that differ."""
    reals, fakes, dimensions = FEATURE_CASES[case]
    random = np.random.RandomState(5)
    mixed = random.standard_normal([dimensions, dimensions]) / np.sqrt(dimensions)
    first = random.standard_normal([reals, dimensions]) @ mixed
    second = 0.95 * random.standard_normal([fakes, dimensions]) @ mixed + 0.1
    return Features(first.astype(np.float32), second.astype(np.float32))


def picture_pair(channels: int) -> tuple[np.ndarray, np.ndarray]:
    """A smooth image in [-1, 1], 37 x 50 pixels, and the same with noise."""
    random = np.random.RandomState(6)
    y, x = np.mgrid[:37, :50]
    phases = np.arange(channels)
    smooth = 0.8 * np.sin(x[..., None] / 7 + phases) * np.cos(y[..., None] / 5 - phases)
    noisy = np.clip(smooth + 0.2 * random.standard_normal(smooth.shape), -1, 1)
    return noisy.astype(np.float32), smooth.astype(np.float32)


def predictions() -> tuple[np.ndarray, np.ndarray]:
    """Shares [300, 5] of classes, and labels [300] that they tell something about."""
    random = np.random.RandomState(7)
    labels = random.randint(0, 5, 300)
    scores = random.standard_normal([300, 5]) + 1.5 * np.eye(5)[labels]
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return shares, labels


def stored() -> dict:
    """What others' libraries gave."""
    return json.loads(FILE.read_text())
