"""Damaged images met while training: each is told once, and there may be only so many."""

import threading

import numpy as np

from base.errors import DataError
from inputs.images import DamagedImage

ENOUGH = 10  # damaged images that are never too many, in a set of twice as many
SHARE = 0.05  # of the images read so far that may be damaged


class Damage:
    """What is known of the images of streams that go in step; its methods may be called from several threads."""

    def __init__(self, count: int):
        """Takes the number of images there are."""
        self._read = np.zeros(count, bool)
        self._first_seen: dict[str, int] = {}  # position by message
        self._told: set[str] = set()
        self._lock = threading.Lock()

    def saw(self, index: int) -> None:
        """Counts an image that was read."""
        self._read[index] = True

    def note(self, error: DamagedImage, position: int) -> None:
        """Takes down an image that cannot be used, met at a position.

        Raises:
          DataError: these are too many.
        """
        line = str(error)
        with self._lock:
            self._first_seen[line] = min(position, self._first_seen.get(line, position))
            damaged, read, count = len(self._first_seen), int(self._read.sum()), len(self._read)
        too_many = damaged > ENOUGH and damaged > SHARE * read
        if too_many or 2 * damaged > count:
            found = f"{damaged} of the {read} images read so far" if too_many else f"{damaged} of {count} images"
            raise DataError(f"{line}; {found} cannot be used: mend them or take them out") from error

    def new(self, end: int) -> list[str]:
        """Lines about the images first met before the position `end`, in the order of these, each given once."""
        with self._lock:
            lines = [line for line, seen in self._first_seen.items() if seen < end and line not in self._told]
            self._told.update(lines)
            return sorted(lines, key=lambda line: (self._first_seen[line], line))
