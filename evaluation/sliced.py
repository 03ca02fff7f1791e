"""Sliced Wasserstein distance: how near the patches of two sets of images lie, at every scale; it needs no network."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

LEAST_SIDE = 16  # pixels of the coarsest level
PATCH = 7  # pixels
PATCHES = 128  # of an image, at each level
DIRECTIONS = 128  # at a time
REPEATS = 4
SCALE = 1e3
SMOOTH = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0


class PatchSet:
    """Patches of a set of images, in the levels of their Laplacian pyramids."""

    def __init__(self, seed: int = 0):
        """Starts an empty set; the seed says where its patches lie."""
        self._random = np.random.RandomState(seed)
        self._levels: dict[int, list[np.ndarray]] = {}  # by side

    def add(self, images: Iterable[np.ndarray]) -> None:
        """Takes patches of float arrays [side, side, channels], all of one shape, of 16 pixels a side at least."""
        for image in images:
            for level in laplacian_pyramid(image):
                self._levels.setdefault(level.shape[0], []).append(self._patches(level))

    def descriptors(self) -> dict[int, np.ndarray]:
        """Patches, float32 [images * 128, 7 * 7 * channels], by side; each channel has mean 0 and deviation 1."""
        found = {}
        for side, parts in self._levels.items():
            patches = np.concatenate(parts)
            patches -= _channel_means(patches)
            patches /= np.maximum(np.sqrt(_channel_means(np.square(patches))), 1e-12)
            found[side] = patches
        return found

    def _patches(self, level):
        height, width, channels = level.shape
        margin = PATCH // 2
        lines = level.reshape(height, width * channels)
        windows = np.lib.stride_tricks.sliding_window_view(lines, (PATCH, PATCH * channels))
        x = self._random.randint(margin, width - margin, PATCHES) - margin
        y = self._random.randint(margin, height - margin, PATCHES) - margin
        return windows[y, x * channels].reshape(PATCHES, -1)


def swd(reals: PatchSet, fakes: PatchSet, seed: int = 0) -> dict[int, float]:
    """Sliced Wasserstein distance times 1000 of two sets of equally many images, by the side of the level.

    Args:
      reals, fakes: sets of images of one shape.
      seed: of the directions.

    Returns:
      Dict from the side of a level in pixels, the finest first, to the distance: 0 where the patches are the same.

    Source: Karras et al. 2018, arXiv 1710.10196, section 5.
    """
    random = np.random.RandomState(seed)
    found = {}
    second = fakes.descriptors()
    for side, patches in reals.descriptors().items():
        distances = []
        for _ in range(REPEATS):
            directions = random.standard_normal([patches.shape[1], DIRECTIONS])
            directions /= np.linalg.norm(directions, axis=0)
            lines = np.ascontiguousarray(directions.T, np.float32)  # so that what is sorted lies in one piece
            first, other = (np.sort(lines @ x.T, axis=1) for x in (patches, second[side]))
            distances.append(np.abs(first - other).mean(dtype=np.float64))
        found[side] = SCALE * float(np.mean(distances))
    return found


def laplacian_pyramid(image: np.ndarray) -> list[np.ndarray]:
    """What each level of an image adds to the coarser one, the finest first; the last is the coarsest itself.

    Args:
      image: float array [height, width, channels]; levels halve as long as 16 pixels a side remain.

    Source: Burt and Adelson 1983, doi 10.1109/TCOM.1983.1095851, with their filter of 5 x 5.
    """
    levels = [image.astype(np.float32)]
    while min(levels[-1].shape[:2]) >= 2 * LEAST_SIDE:
        fine = levels[-1]
        coarse = _smoothed(fine)[::2, ::2]
        spread = np.zeros_like(fine)
        spread[::2, ::2] = coarse
        levels[-1] = fine - 4 * _smoothed(spread)
        levels.append(coarse)
    return levels


def _channel_means(patches):
    """Means over each channel of patches [patches, 7 * 7 * channels], for every pixel the same."""
    means = patches.mean(axis=0, dtype=np.float64).reshape(PATCH**2, -1).mean(axis=0)
    return np.tile(means, PATCH**2).astype(np.float32)


def _smoothed(image):
    """The image under the filter; beyond its edges it is mirrored."""
    height, width, _ = image.shape
    padded = np.pad(image, [(2, 2), (2, 2), (0, 0)], mode="reflect")
    weights = SMOOTH.astype(np.float32)
    rows = sum(weight * padded[start : start + height] for start, weight in enumerate(weights))
    return sum(weight * rows[:, start : start + width] for start, weight in enumerate(weights))
