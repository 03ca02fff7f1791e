"""Worker processes that encode images: in parallel, in order, with a bounded number of images in memory."""

import contextlib
import itertools
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess

from base.errors import DataError, UsageError
from base.signals import leave_stop_signals_to_parent, stop_signals_blocked
from inputs.images import BadImage, EncodedImage
from inputs.splits import Split
from inputs.trees import Folder

CHUNK_FILES = 8  # records given to a worker at a time
CHUNKS_AHEAD = 2  # given to each worker before the first is taken back

Encode = Callable[[tuple[Folder, ...]], list[EncodedImage]]  # from the paths of the files of one record


@contextlib.contextmanager
def worker_processes(count: int, splits: Mapping[str, Split], encode: Encode) -> Iterator[list[Connection]]:
    """Starts processes that call `encode` for records of splits, and ends them with the block; gives a connection to
    each.

    Raises:
      UsageError: they cannot be started.
    """
    context = get_context("fork" if sys.platform == "linux" else "spawn")  # no threads yet, so forking is safe
    connections: list[Connection] = []
    processes: list[BaseProcess] = []
    try:
        try:
            for _ in range(count):
                _start(context, splits, encode, connections, processes)
        except OSError as error:
            raise UsageError(f"--workers={count}: cannot be started ({error.strerror}); try fewer") from None
        yield connections
    finally:
        for process in processes:
            process.kill()


def encode_all(connections: Sequence[Connection], name: str, split: Split) -> Iterator[list[EncodedImage] | BadImage]:
    """Encodes the images of a split in parallel, in order, with a bounded number of them in memory.

    Args:
      connections: from `worker_processes`; they take turns.
      name: of the split.
      split: the same that the workers know by that name.

    Yields:
      The images of each record, or why it has none.

    Raises:
      DataError: a worker died.
    """
    numbers = range(len(split.names))
    chunks = [numbers[start : start + CHUNK_FILES] for start in numbers[::CHUNK_FILES]]
    pending: deque[tuple[Connection, range]] = deque()
    for connection, chunk in zip(itertools.cycle(connections), chunks):
        if len(pending) == CHUNKS_AHEAD * len(connections):
            yield from _receive(*pending.popleft(), split)
        with contextlib.suppress(ConnectionError):  # of a dead worker; `_receive` will say so
            connection.send((name, chunk))
        pending.append((connection, chunk))
    for connection, chunk in pending:
        yield from _receive(connection, chunk, split)


def _start(
    context: BaseContext,
    splits: Mapping[str, Split],
    encode: Encode,
    connections: list[Connection],
    processes: list[BaseProcess],
) -> None:
    ours, theirs = context.Pipe()
    connections.append(ours)
    arguments = (ours, theirs, splits, encode)
    processes.append(context.Process(target=_work, args=arguments, daemon=True))  # type: ignore[attr-defined]
    with stop_signals_blocked():  # until the worker ignores them
        processes[-1].start()
    theirs.close()  # so that the death of the worker ends the connection


def _work(parents_end: Connection, connection: Connection, splits: Mapping[str, Split], encode: Encode) -> None:
    """Encodes the records whose numbers come in, until the parent process is gone."""
    parents_end.close()  # this process's copy of it, which would keep the connection open
    leave_stop_signals_to_parent()
    with contextlib.suppress(EOFError, OSError):
        while True:
            name, numbers = connection.recv()
            connection.send([_encode_or_reason(encode, splits[name].paths(number)) for number in numbers])


def _encode_or_reason(encode: Encode, paths: tuple[Folder, ...]) -> list[EncodedImage] | BadImage:
    try:
        return encode(paths)
    except BadImage as reason:
        return reason
    except Exception as error:  # one image must not cost the others
        return BadImage(" ".join(f"cannot be converted: {error or type(error).__name__}".split()))


def _receive(connection: Connection, chunk: Sequence[int], split: Split) -> list[list[EncodedImage] | BadImage]:
    """Receives what a worker made of some records."""
    try:
        return connection.recv()
    except (EOFError, ConnectionError) as error:
        problem = f"a worker process died (out of memory?) at one of the {len(chunk)} images from here on"
        raise DataError(f"{split.paths(chunk[0])[0]}: {problem}; try fewer --workers, or take the image out") from error
