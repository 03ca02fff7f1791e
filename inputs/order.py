"""The order of the images, and all chance in the data: functions of the seed and of what is drawn, frozen for good."""

import functools

import numpy as np

ORDER, CHANCE, REPLACEMENT = range(3)  # what random numbers are drawn for


def random_words(seed: int, key: int, purpose: int, index: int, count: int) -> np.ndarray:
    """Draws random 64-bit integers that depend on the arguments alone.

    Args:
      seed, key, purpose, index: integers >= 0 that name the draw.
      count: how many to draw.

    Returns:
      uint64 array [count]: a stretch of the Philox-4x64 stream, which NumPy promises never to change.
    """
    return np.random.Philox(key=[seed, key], counter=[0, 0, purpose, index]).random_raw(count)


@functools.lru_cache(maxsize=16)  # the current and the next epoch of each stream
def epoch_order(seed: int, key: int, epoch: int, count: int) -> np.ndarray:
    """Shuffles the indices of `count` images for one epoch of one stream; int64 array [count]."""
    return np.argsort(random_words(seed, key, ORDER, epoch, count), kind="stable")


def index_at(seed: int, key: int, position: int, count: int) -> int:
    """Which of `count` images a stream shows at a position, which counts those that it showed before."""
    epoch, place = divmod(position, count)
    return int(epoch_order(seed, key, epoch, count)[place])


def chance_at(seed: int, key: int, position: int) -> np.ndarray:
    """The three random numbers, uint64, that decide on crop and flip of a stream's image at a position."""
    return random_words(seed, key, CHANCE, position, count=3)


def replacement(seed: int, key: int, index: int, attempt: int, count: int) -> int:
    """Which of `count` images takes the place of one that is damaged.

    Args:
      seed, key: as for `random_words`.
      index: which one is damaged.
      attempt: how many that were to take its place, itself among them, are damaged too; 0 gives `index` back, and
        from 1 to count - 1 each other image comes once.
      count: how many there are.
    """
    if attempt == 0 or count == 1:
        return index
    (start,) = random_words(seed, key, REPLACEMENT, index, count=1)
    return (index + 1 + (int(start) + attempt - 1) % (count - 1)) % count
