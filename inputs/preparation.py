"""Where images are prepared for training: in the threads that ask for them, or in processes of their own."""

import contextlib
import functools
import queue
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any

from base.errors import DataError
from inputs.images import BadImage, located
from inputs.sources import Source
from inputs.streams import Input, Prepared
from inputs.workers import death_of_worker, worker_processes

FLAG = "read_processes"

Entry = tuple[str, int]  # name of a stream, index in its source
Prepare = Callable[[Sequence[Entry]], list[Prepared | DataError]]  # gives of each what it is, or why it is not


@contextlib.contextmanager
def preparation(streams: Mapping[str, Input], sources: Mapping[str, Source], config: Any) -> Iterator[Prepare | None]:
    """Gives the function that prepares entries in processes, or None; several threads may call it, within the block.

    Of threads Python runs one at a time, and small images are mostly Python. Processes all run; on Linux they are
    forks, so that TensorFlow must not have threads yet; those that wait for other workers take no part in reading.

    Args:
      streams, sources, config: as for `inputs.pipeline.build_pipeline`; the config's `read_processes` says how many
        processes are started, 0 for none.

    Raises:
      UsageError: the processes cannot be started.
    """
    if not config.read_processes:
        yield None
        return
    task = functools.partial(_prepared, streams, sources, config)
    with worker_processes(config.read_processes, task, FLAG) as connections:
        free: queue.SimpleQueue[Connection] = queue.SimpleQueue()
        for connection in connections:
            free.put(connection)

        def where(name, index):
            return sources[streams[name].split].where(index)

        def prepare_elsewhere(entries):
            connection, results = free.get(), None
            try:
                connection.send(entries)
                results = connection.recv()
            except (EOFError, OSError):
                pass  # told below, where the traceback no longer holds the connection's buffer
            finally:
                free.put(connection)
            if results is None:
                raise death_of_worker(where(*entries[0]), len(entries), FLAG)
            return [
                located(result, where(*entry)) if isinstance(result, BadImage) else result
                for entry, result in zip(entries, results, strict=True)
            ]

        yield prepare_elsewhere


def prepare_here(
    streams: Mapping[str, Input], sources: Mapping[str, Source], config: Any, entries: Sequence[Entry]
) -> list[Prepared | DataError]:
    """Prepares entries in this thread; arguments as for `preparation`."""
    return [_prepared(streams, sources, config, *entry) for entry in entries]


def _prepared(
    streams: Mapping[str, Input], sources: Mapping[str, Source], config: Any, name: str, index: int
) -> Prepared | DataError:
    """Prepares one entry, or says why it cannot be."""
    stream = streams[name]
    try:
        return stream.prepare(sources[stream.split], index, config)
    except DataError as error:
        return error
