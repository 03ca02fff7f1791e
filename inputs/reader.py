"""The reader: what stands at any position of the streams; the threads of tf.data call it."""

import atexit
import itertools
import time
import weakref
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from base.errors import DataError
from inputs.damage import Damage
from inputs.images import DamagedImage
from inputs.order import chance_at, index_at, replacement
from inputs.sources import Source
from inputs.streams import Draw, Input

IDLE_SECONDS = 0.1

_readers: weakref.WeakSet = weakref.WeakSet()


class Reader:
    """Reads one entry of each stream at a time.

    Another image takes the place of a damaged one, in all streams of its key: which depends on the seed and the index
    of the damaged one alone, not on what was read before.

    Attributes:
      streams: what it reads, by name.
      config: as for `inputs.pipeline.build_pipeline`.
      share_size: int, images of each stream that it reads of a part.
    """

    def __init__(
        self,
        streams: Mapping[str, Input],
        sources: Mapping[str, Source],
        config: Any,
        workers: int = 1,
        worker: int = 0,
    ):
        """Takes what `inputs.pipeline.build_pipeline` takes."""
        self.streams = streams
        self.config = config
        self.share_size = config.part_size // workers
        self.function = lambda number: tuple(self.read(number))  # for `base.graph_mode.numpy_function`
        self._workers, self._worker = workers, worker
        self._sources = sources
        by_key = sorted(streams.items(), key=lambda item: item[1].key)
        self._groups = {  # by key: the streams that go in step, by name
            key: dict(items) for key, items in itertools.groupby(by_key, key=lambda item: item[1].key)
        }
        self._damage = {
            key: Damage(max(len(sources[stream.split]) for stream in group.values()))
            for key, group in self._groups.items()
        }
        self._errors: dict[int, DataError] = {}  # by the number of the read
        self._busy: set[int] = set()  # numbers of the reads that go on
        self._ready: dict[int, float] = {}  # number of a read: when it had ended
        self._last_read = 0.0  # when the last of them ended
        self._stopped = False
        _readers.add(self)

    def read(self, number: int) -> list[np.ndarray]:
        """Reads one entry of each stream.

        Args:
          number: how many this reader has to read of each stream before.

        Returns:
          List of uint8 arrays [height, width, channels], or int64 scalars of Labels; one for each stream.

        Raises:
          DataError: an image cannot be read, or too many are damaged; `error` will find it again.
        """
        number = int(number)
        part, place = divmod(number, self.share_size)
        position = (part * self._workers + self._worker) * self.share_size + place
        self._busy.add(number)
        try:
            if self._stopped:
                raise DataError("the program is about to end")
            entries: dict[str, np.ndarray] = {}
            for key in self._groups:
                entries |= self._read_group(key, position)
            return [entries[name] for name in self.streams]
        except DataError as error:
            self._errors[number] = error
            raise
        finally:
            self._last_read = self._ready[number] = time.perf_counter()
            self._busy.discard(number)

    def ready_times(self, step: int) -> list[float]:
        """When the last image of each part of a step had been read, as `time.perf_counter` gives it; forgotten then."""
        times, size = [self._ready.pop(number) for number in self._numbers(step)], self.share_size
        return [max(times[start : start + size]) for start in range(0, len(times), size)]

    def error(self, step: int) -> DataError | None:
        """Gives the DataError that the images of a step cause, or None."""
        numbers = self._numbers(step)
        found = [self._errors[number] for number in numbers if number in self._errors]
        return found[0] if found else self._size_error(numbers)

    def new_damage(self, step: int) -> list[str]:
        """Lines about damaged images that others took the place of up to a step, each given once, and naming its file.

        What comes with which step depends on nothing but the seed and the data.
        """
        end = (step + 1) * self.config.batch_size
        return [line for damage in self._damage.values() for line in damage.new(end)]

    def stop(self) -> None:
        """Waits until tf.data's buffers are full of failures, so that none of its threads calls Python any more."""
        self._stopped = True
        while self._busy or time.perf_counter() - self._last_read < IDLE_SECONDS:
            time.sleep(IDLE_SECONDS / 10)

    def _numbers(self, step: int) -> range:
        """The numbers of the reads that are for a step."""
        count = self.config.batch_size // self._workers
        return range(step * count, (step + 1) * count)

    def _read_group(self, key: int, position: int) -> dict[str, np.ndarray]:
        """Reads one entry of each stream of a key, by name."""
        seed, damage = self.config.seed, self._damage[key]
        for attempt in itertools.count():  # Damage ends it, where too many are damaged
            draw = Draw(chance_at(seed, key, position))
            entries = {}
            try:
                for name, stream in self._groups[key].items():
                    source = self._sources[stream.split]
                    first = index_at(seed, key, position, len(source))
                    index = replacement(seed, key, first, attempt, len(source))
                    entries[name] = stream.read(source, index, self.config, draw)
                return entries
            except DamagedImage as error:
                damage.note(error, position)
            finally:
                damage.saw(index)
        raise AssertionError("unreachable")

    def _size_error(self, numbers: Iterable[int]) -> DataError | None:
        """Gives a DataError if the images of some reads are of different sizes, or None."""
        if self.config.crops:
            return None
        for images in zip(*map(self.read, numbers), strict=True):
            sizes = sorted({image.shape[:2] for image in images})
            if len(sizes) > 1:
                shown = " and ".join(f"{width}x{height}" for height, width in sizes[:2])
                problem = f"preprocess={self.config.preprocess} leaves images of different sizes ({shown}) in a batch"
                return DataError(f"{problem}; take batch_size=1, or a preprocess that crops")
        return None


@atexit.register
def stop_readers() -> None:
    """Stops all readers: a thread that calls Python while it ends hangs the program, if no one closed the session."""
    for reader in _readers:
        reader.stop()
