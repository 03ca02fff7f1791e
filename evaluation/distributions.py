"""Measures of sets of features: how near two distributions lie, what one has that the other lacks, what is copied.

Features are float arrays [images, dimensions]. Sums are float64.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

KID_SUBSETS = 100
KID_SUBSET_SIZE = 1000
KID_SEED = 2020  # of the subsets, as the reference's
MANIFOLD_NEIGHBORS = 3  # of precision and recall
DENSITY_NEIGHBORS = 5  # of density and coverage
COPIED = 0.3  # distance to a training image, over what is usual among those, below which an image is a near-copy
BLOCK = 1 << 24  # distances held at a time


class Kid(NamedTuple):
    """Mean and standard deviation over subsets of the squared maximum mean discrepancy; not scaled."""

    mean: float
    std: float
    subset_size: int


class Manifolds(NamedTuple):
    """How fakes and reals cover each other; shares but for density, which may be above 1.

    Attributes:
      precision: share of the fakes that lie where reals are.
      recall: share of the reals that lie where fakes are; low where modes are missing.
      density: how many of the reals' neighbourhoods a fake lies in, over how many it would if it were real.
      coverage: share of the reals in whose neighbourhood a fake lies.
    """

    precision: float
    recall: float
    density: float
    coverage: float


class Copying(NamedTuple):
    """Whether fakes are training images.

    Attributes:
      nearest: int64 [fakes], the training image that lies nearest to each.
      distances: float64 [fakes], how far that is, over the median of the training images' own such distances.
      copies: share of the fakes nearer than 0.3 of that median.
      test_gap: mean distance of fakes to their nearest test image over that to their nearest training image, each of
        equally many; 1 where they are new, above where training images are remembered.
    """

    nearest: np.ndarray
    distances: np.ndarray
    copies: float
    test_gap: float


def fid(reals: np.ndarray, fakes: np.ndarray) -> float:
    """Fréchet distance of the normal distributions with the means and covariances of two sets of features.

    Args:
      reals, fakes: features, at least 2 of each.

    Source: Heusel et al. 2017, arXiv 1706.08500, equation 6. The trace of the root of the product of the covariances
    A'A and B'B is the sum of the singular values of AB', of which no root need be taken, and which is exact for fewer
    images than dimensions, too.
    """
    mean_difference = reals.mean(axis=0, dtype=np.float64) - fakes.mean(axis=0, dtype=np.float64)
    first, second = _covariance_root(reals), _covariance_root(fakes)
    root_trace = np.linalg.norm(first @ second.T, "nuc")
    return float(mean_difference @ mean_difference + np.sum(first**2) + np.sum(second**2) - 2 * root_trace)


def kid(reals: np.ndarray, fakes: np.ndarray, subsets: int = KID_SUBSETS, size: int = KID_SUBSET_SIZE) -> Kid:
    """Kernel distance: the unbiased squared maximum mean discrepancy under the kernel (x'y / dimensions + 1)^3.

    Args:
      reals, fakes: features, at least 2 of each.
      subsets: how many subsets are drawn, each without replacement.
      size: features in each; where there are not more, half of the smaller set, so that subsets differ.

    Source: Binkowski et al. 2018, arXiv 1801.01401, section 4; subsets as in torch-fidelity 0.4.
    """
    fewer = min(len(reals), len(fakes))
    size = size if size < fewer else max(2, fewer // 2)
    random = np.random.RandomState(KID_SEED)
    found = []
    for _ in range(subsets):
        x = reals[random.choice(len(reals), size, replace=False)].astype(np.float64)
        y = fakes[random.choice(len(fakes), size, replace=False)].astype(np.float64)
        within = _without_diagonal(_kernel(x, x)) + _without_diagonal(_kernel(y, y))
        found.append(within / (size * (size - 1)) - 2 * _kernel(x, y).mean())
    return Kid(float(np.mean(found)), float(np.std(found)), size)


def manifolds(reals: np.ndarray, fakes: np.ndarray) -> Manifolds:
    """Precision and recall, density and coverage.

    Args:
      reals, fakes: features, more than 5 of each.

    Source: Kynkäänniemi et al. 2019, arXiv 1904.06991, with 3 neighbours; Naeem et al. 2020, arXiv 2002.09797, with 5.
    """
    fake_radii = _neighbor_distances(fakes, MANIFOLD_NEIGHBORS)
    real_radii = _neighbor_distances(reals, MANIFOLD_NEIGHBORS)
    dense_radii = _neighbor_distances(reals, DENSITY_NEIGHBORS)
    precise, recalled, covered = np.zeros(len(fakes), bool), np.zeros(len(reals), bool), np.zeros(len(reals), bool)
    hits = 0
    for rows, distances in _distances(reals, fakes):
        precise |= (distances <= real_radii[rows, None]).any(axis=0)
        recalled[rows] = (distances <= fake_radii[None]).any(axis=1)
        within = distances <= dense_radii[rows, None]
        hits += int(within.sum())
        covered[rows] = within.any(axis=1)
    density = hits / (DENSITY_NEIGHBORS * len(fakes))
    return Manifolds(float(precise.mean()), float(recalled.mean()), density, float(covered.mean()))


def copying(fakes: np.ndarray, train: np.ndarray, test: np.ndarray | None = None) -> Copying:
    """Looks for the training image that lies nearest to each of some fakes.

    Args:
      fakes: features of what a generator made.
      train: features of what it was trained on, at least 2.
      test: features of what it was not trained on; None where there are none: the gap is then nan.
    """
    usual = float(np.median(_neighbor_distances(train, 1)))
    nearest, distances = _nearest(fakes, train)
    gap = np.nan
    if test is not None:
        count = min(len(train), len(test))  # the more there are, the nearer lies the nearest
        to_train = _nearest(fakes, train[np.linspace(0, len(train) - 1, count).astype(int)])[1].mean()
        gap = _nearest(fakes, test[:count])[1].mean() / max(to_train, 1e-12)
    relative = distances / max(usual, 1e-12)
    return Copying(nearest, relative, float((relative < COPIED).mean()), float(gap))


def diversity(features: np.ndarray) -> float:
    """Mean distance between two of at least 2 features; to be read beside that of the reals."""
    total = sum(float(distances.sum()) for _, distances in _distances(features, features))
    return total / (len(features) * (len(features) - 1))


def _covariance_root(features):
    """An array whose product of its transpose with itself is the covariance: of as few rows as will do."""
    centered = features.astype(np.float64) - features.mean(axis=0, dtype=np.float64)
    return np.linalg.qr(centered / np.sqrt(len(features) - 1), mode="r")


def _kernel(x, y):
    return (x @ y.T / x.shape[1] + 1.0) ** 3


def _without_diagonal(matrix):
    return matrix.sum() - np.trace(matrix)


def _distances(x: np.ndarray, y: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Distances [rows, len(y)] of some rows of x at a time, and which these are."""
    y = y.astype(np.float64)
    squares = np.sum(y**2, axis=1)
    step = max(1, BLOCK // len(y))
    for start in range(0, len(x), step):
        part = x[start : start + step].astype(np.float64)
        squared = np.sum(part**2, axis=1)[:, None] + squares - 2 * part @ y.T
        yield slice(start, start + len(part)), np.sqrt(np.maximum(squared, 0.0))


def _neighbor_distances(features, neighbors):
    """Distance of each feature to its neighbour of a number; itself is none."""
    found = np.empty(len(features))
    for rows, distances in _distances(features, features):
        itself = np.arange(len(features))[rows]
        distances[np.arange(len(distances)), itself] = np.inf
        found[rows] = np.partition(distances, neighbors - 1, axis=1)[:, neighbors - 1]
    return found


def _nearest(x, y):
    """Of each row of x, which row of y lies nearest, and how far."""
    which, distances = np.empty(len(x), np.int64), np.empty(len(x))
    for rows, found in _distances(x, y):
        which[rows] = found.argmin(axis=1)
        distances[rows] = found.min(axis=1)
    return which, distances
