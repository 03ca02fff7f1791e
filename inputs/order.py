"""The order of the images, and all chance in the data: functions of the seed and of what is drawn, frozen for good."""

import functools
import math

import numpy as np

ALGORITHM = "Feistel network of 12 rounds"  # of `index_at`; recorded with a run, since another gives another order
ROUNDS = 12  # with 6, 4,000 epochs of nine images show that some follow each other more often than others
ORDER, CHANCE, REPLACEMENT = range(3)  # what random numbers are drawn for
BLOCK = 256  # positions whose images are found at once: NumPy costs as much for all of them as for a few
NEXT_INDEX = 1 << 192  # in Philox' counter of 256 bits, whose last 64 are the index


def random_words(seed: int, key: int, purpose: int, index: int, count: int) -> np.ndarray:
    """Draws random 64-bit integers that depend on the arguments alone.

    Args:
      seed, key, purpose, index: integers >= 0 that name the draw.
      count: how many to draw.

    Returns:
      uint64 array [count]: a stretch of the Philox-4x64 stream, which NumPy promises never to change.
    """
    return _philox(seed, key, purpose, index).random_raw(count)


def index_at(seed: int, key: int, position: int, count: int) -> int:
    """Which of `count` images a stream shows at a position, which counts those that it showed before.

    Each epoch is a permutation of its own, and takes no memory: the images lie in a table, row by row, in which each
    round shifts the row by a random function of the column, or the column by one of the row; what ends behind the last
    image goes through the rounds again until it does not.

    Args:
      seed, key: as for `random_words`.
      position: integer >= 0.
      count: at least 1.

    Source: Black and Rogaway 2002, Ciphers with arbitrary finite domains: their generalized Feistel network and cycle
      walking.
    """
    epoch, place = divmod(position, count)
    block, within = divmod(place, BLOCK)
    return _indices(seed, key, epoch, count, block)[within]


def chances_at(seed: int, key: int, positions: range) -> list[list[int]]:
    """The three random numbers that decide on crop and flip of a stream's image, at each of consecutive positions."""
    generator = _philox(seed, key, CHANCE, positions.start)
    chances = []
    for _ in positions:
        chances.append(generator.random_raw(3).tolist())  # of a block of four, after which the counter is one further
        generator.advance(NEXT_INDEX - 1)
    return chances


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


def _philox(seed: int, key: int, purpose: int, index: int) -> np.random.Philox:
    return np.random.Philox(key=[seed, key], counter=[0, 0, purpose, index])


@functools.lru_cache(maxsize=64)  # of each stream the block that is read, and the next one
def _indices(seed: int, key: int, epoch: int, count: int, block: int) -> list[int]:
    """The images that an epoch shows at the places of a block."""
    words = random_words(seed, key, ORDER, epoch, ROUNDS).reshape(-1, 2)  # for the rows and for the columns
    rows = math.isqrt(count - 1) + 1
    columns = -(-count // rows)
    places = np.arange(block * BLOCK, min((block + 1) * BLOCK, count), dtype=np.uint64)
    outside = np.ones(len(places), bool)
    while outside.any():
        row, column = np.divmod(places[outside], columns)
        for row_word, column_word in words:
            row = (row + _mixed(column + row_word) % rows) % rows
            column = (column + _mixed(row + column_word) % columns) % columns
        places[outside] = row * columns + column
        outside = places >= count
    return places.tolist()


def _mixed(words: np.ndarray) -> np.ndarray:
    """64-bit integers that look random, of others (uint64): the output function of SplitMix64.

    Source: Steele, Lea and Flood 2014, Fast splittable pseudorandom number generators; the constants are David
      Stafford's Mix13.
    """
    words = (words ^ words >> 30) * 0xBF58476D1CE4E5B9
    words = (words ^ words >> 27) * 0x94D049BB133111EB
    return words ^ words >> 31
