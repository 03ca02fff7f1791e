"""The reader: what stands at any position of the streams; the threads of tf.data call it."""

import atexit
import functools
import itertools
import threading
import time
import weakref
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from base.errors import DataError
from inputs.damage import Damage
from inputs.images import BadImage, DamagedImage, located
from inputs.order import chances_at, index_at, replacement
from inputs.preparation import Entry, Prepare, prepare_here
from inputs.sources import Source
from inputs.streams import Input, Prepared, check_pair

Entries = dict[Entry, Prepared | DataError]

IDLE_SECONDS = 0.1
READ_AT_ONCE = 32  # entries of each stream, at most
KEPT_BYTES = 256 << 20  # of what is kept, at most: all of CIFAR-10, padded

_readers: weakref.WeakSet = weakref.WeakSet()


class Reader:
    """Reads some consecutive entries of each stream at a time.

    What is prepared of a stream is kept in memory for the next epochs, where the whole of it takes no more than its
    share of KEPT_BYTES; of images that differ in size, those that are small enough.

    Another image takes the place of a damaged one, in all streams of its key: which depends on the seed and the index
    of the damaged one alone, not on what was read before.

    Attributes:
      streams: what it reads, by name.
      config: as for `inputs.pipeline.build_pipeline`.
      share_size: int, images of each stream that it reads of a part.
      read_size: int, of which it reads so many at a time.
      reads: int, such reads that a step takes.
    """

    def __init__(
        self,
        streams: Mapping[str, Input],
        sources: Mapping[str, Source],
        config: Any,
        workers: int = 1,
        worker: int = 0,
        prepare: Prepare | None = None,
    ):
        """Takes what `inputs.pipeline.build_pipeline` takes."""
        self.streams = streams
        self.config = config
        self.share_size = config.part_size // workers
        at_once = min(self.share_size, READ_AT_ONCE) if config.crops else 1  # what is not cropped may differ in size
        self.read_size = next(size for size in range(at_once, 0, -1) if self.share_size % size == 0)
        self.reads = config.batch_size // workers // self.read_size
        self.function = lambda number: tuple(self.read(number))  # for `base.graph_mode.numpy_function`
        self._workers, self._worker = workers, worker
        self._prepare = prepare or functools.partial(prepare_here, streams, sources, config)
        self._sources = {name: sources[stream.split] for name, stream in streams.items()}
        by_key = sorted(streams.items(), key=lambda item: item[1].key)
        self._groups = {  # by key: the streams that go in step, by name
            key: dict(items) for key, items in itertools.groupby(by_key, key=lambda item: item[1].key)
        }
        self._damage = {
            key: Damage(max(len(self._sources[name]) for name in group)) for key, group in self._groups.items()
        }
        self._keepable = KEPT_BYTES // max(1, sum(stream.images for stream in streams.values()))  # bytes, of a stream
        self._kept: dict[str, dict[int, Prepared]] = {name: {} for name in streams}  # by name and index
        # One thread draws at a time, while others prepare: small steps of Python and NumPy in several threads take each
        # other's turn so often that all together are slower than one.
        self._drawing = threading.Lock()
        self._errors: dict[int, DataError] = {}  # by the number of the read
        self._busy: set[int] = set()  # numbers of the reads that go on
        self._ready: dict[int, float] = {}  # number of a read: when it had ended
        self._last_read = 0.0  # when the last of them ended
        self._stopped = False
        _readers.add(self)

    def read(self, number: int) -> list[np.ndarray]:
        """Reads `read_size` entries of each stream.

        Args:
          number: how many such reads come before.

        Returns:
          List of uint8 arrays [read_size, height, width, channels], or int64 [read_size] of Labels; one for each
          stream.

        Raises:
          DataError: an image cannot be read, or too many are damaged; `error` will find it again.
        """
        number = int(number)
        part, place = divmod(number * self.read_size, self.share_size)
        start = (part * self._workers + self._worker) * self.share_size + place
        self._busy.add(number)
        try:
            with self._drawing:
                return self._read(range(start, start + self.read_size))
        except DataError as error:
            self._errors[number] = error
            raise
        finally:
            self._last_read = self._ready[number] = time.perf_counter()
            self._busy.discard(number)

    def ready_times(self, step: int) -> list[float]:
        """When the last image of each part of a step had been read, as `time.perf_counter` gives it; forgotten then."""
        times = [self._ready.pop(number) for number in self._numbers(step)]
        size = self.share_size // self.read_size
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
        return range(step * self.reads, (step + 1) * self.reads)

    def _read(self, positions: range) -> list[np.ndarray]:
        """Reads the entries of each stream at some positions."""
        if self._stopped:
            raise DataError("the program is about to end")
        seed = self.config.seed
        first = {  # by key: of each position the indices that stand there, by name
            key: [{name: index_at(seed, key, place, len(self._sources[name])) for name in group} for place in positions]
            for key, group in self._groups.items()
        }
        ready = self._entries(entry for found in first.values() for indices in found for entry in indices.items())
        drawn = {}
        for key, group in self._groups.items():
            intact = [self._intact(key, *stands, ready) for stands in zip(positions, first[key], strict=True)]
            chances = chances_at(seed, key, positions)
            for (name, stream), entries in zip(group.items(), zip(*intact, strict=True), strict=True):
                drawn[name] = stream.draw(entries, self.config, chances)
        return [drawn[name] for name in self.streams]

    def _intact(self, key: int, position: int, first: dict[str, int], ready: Entries) -> list[Prepared]:
        """Gives the entries that stand at a position, or those that take their place where one is damaged.

        Args:
          key, position: where.
          first: their indices, by the names of the streams.
          ready: they themselves.
        """
        damage, indices = self._damage[key], first
        for attempt in itertools.count(1):  # Damage ends it, where too many are damaged
            try:
                return self._in_step(indices, ready)
            except DamagedImage as error:
                damage.note(error, position)
            finally:
                damage.saw(max(indices.values()))
            indices = {
                name: replacement(self.config.seed, key, index, attempt, len(self._sources[name]))
                for name, index in first.items()
            }
            ready = self._entries(indices.items())
        raise AssertionError("unreachable")

    def _in_step(self, indices: dict[str, int], ready: Entries) -> list[Prepared]:
        """Gives one entry of each stream of a key, where they go together."""
        entries: list[Prepared] = []
        for name, index in indices.items():
            entry = ready[name, index]
            if isinstance(entry, DataError):
                raise entry
            try:
                check_pair(entry, entries, self.config)
            except BadImage as reason:
                raise located(reason, self._sources[name].where(index)) from reason
            entries.append(entry)
        return entries

    def _entries(self, wanted: Iterable[Entry]) -> Entries:
        """Prepares entries, but for those that are kept."""
        entries: Entries = {}
        missing: dict[Entry, None] = {}  # a set that keeps their order
        for name, index in wanted:
            kept = self._kept[name].get(index)
            if kept is None:
                missing[name, index] = None
            else:
                entries[name, index] = kept
        if missing:
            self._drawing.release()
            try:
                found = self._prepare(list(missing))
            finally:
                self._drawing.acquire()
            for (name, index), prepared in zip(missing, found, strict=True):
                entries[name, index] = self._keep(name, index, prepared)
        return entries

    def _keep(self, name: str, index: int, prepared: Prepared | DataError) -> Prepared | DataError:
        """Keeps an entry where the whole stream has room, and gives it back."""
        if isinstance(prepared, DataError) or prepared.values.nbytes * len(self._sources[name]) > self._keepable:
            return prepared
        own = prepared._replace(values=np.asarray(prepared.values, order="C"))  # half of an image would keep the whole
        self._kept[name][index] = own
        return own

    def _size_error(self, numbers: Iterable[int]) -> DataError | None:
        """Gives a DataError if the images of some reads are of different sizes, or None."""
        if self.config.crops:
            return None
        for images in zip(*map(self.read, numbers), strict=True):
            sizes = sorted({image.shape[1:3] for image in images})
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
