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
        """Patches by side of their level, [images * 128, 7 * 7 * channels], each channel of mean 0 and deviation 1."""
        found = {}
        for side, parts in self._levels.items():
            patches = np.concatenate(parts).astype(np.float64)
            patches -= patches.mean(axis=(0, 1, 2))
            patches /= np.maximum(patches.std(axis=(0, 1, 2)), 1e-12)
            found[side] = patches.reshape(len(patches), -1)
        return found

    def _patches(self, level):
        height, width = level.shape[:2]
        margin = PATCH // 2
        windows = np.lib.stride_tricks.sliding_window_view(level, (PATCH, PATCH), axis=(0, 1))  # [y, x, channel, 7, 7]
        x = self._random.randint(margin, width - margin, PATCHES) - margin
        y = self._random.randint(margin, height - margin, PATCHES) - margin
        return windows[y, x].transpose(0, 2, 3, 1).astype(np.float32)


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
            first, other = (np.sort(x @ directions, axis=0) for x in (patches, second[side]))
            distances.append(np.abs(first - other).mean())
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


def _smoothed(image):
    """The image under the filter; beyond its edges it is mirrored."""
    for axis in (0, 1):
        width = [(2, 2) if i == axis else (0, 0) for i in range(3)]
        padded = np.pad(image, width, mode="reflect")
        length = image.shape[axis]
        image = sum(
            np.float32(weight) * np.take(padded, range(start, start + length), axis)
            for start, weight in enumerate(SMOOTH)
        )
    return image
