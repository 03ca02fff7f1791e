"""Worker processes that encode images: in parallel, in order, with a bounded number of images in memory."""

import contextlib
import itertools
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess

from base.errors import DataError, UsageError
from inputs.images import BadImage, EncodedImage

CHUNK_FILES = 8  # records given to a worker at a time
CHUNKS_AHEAD = 2  # given to each worker before the first is taken back
STOPPING = (signal.SIGINT, signal.SIGTERM)

Encode = Callable[[tuple[str, ...]], list[EncodedImage]]  # from the paths of the files of one record


@contextlib.contextmanager
def worker_processes(count: int, encode: Encode) -> Iterator[list[Connection]]:
    """Starts processes that call `encode`, and ends them with the block; gives a connection to each.

    Raises:
      UsageError: they cannot be started.
    """
    context = get_context("fork" if sys.platform == "linux" else "spawn")  # no threads yet, so forking is safe
    connections: list[Connection] = []
    processes: list[BaseProcess] = []
    try:
        try:
            for _ in range(count):
                _start(context, encode, connections, processes)
        except OSError as error:
            raise UsageError(f"--workers={count}: cannot be started ({error.strerror}); try fewer") from None
        yield connections
    finally:
        for process in processes:
            process.kill()


def encode_all(
    connections: Sequence[Connection], paths: Sequence[tuple[str, ...]]
) -> Iterator[list[EncodedImage] | BadImage]:
    """Encodes images in parallel, in order, with a bounded number of them in memory.

    Args:
      connections: from `worker_processes`; they take turns.
      paths: of the files of each record.

    Yields:
      The images of each record, or why it has none.

    Raises:
      DataError: a worker died.
    """
    chunks = [paths[start : start + CHUNK_FILES] for start in range(0, len(paths), CHUNK_FILES)]
    pending: deque = deque()
    for connection, chunk in zip(itertools.cycle(connections), chunks):
        if len(pending) == CHUNKS_AHEAD * len(connections):
            yield from _receive(*pending.popleft())
        with contextlib.suppress(ConnectionError):  # of a dead worker; `_receive` will say so
            connection.send(chunk)
        pending.append((connection, chunk))
    for connection, chunk in pending:
        yield from _receive(connection, chunk)


def _start(context: BaseContext, encode: Encode, connections: list[Connection], processes: list[BaseProcess]) -> None:
    ours, theirs = context.Pipe()
    connections.append(ours)
    processes.append(context.Process(target=_work, args=(ours, theirs, encode), daemon=True))  # type: ignore[attr-defined]
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)  # until the worker has its own handlers
    try:
        processes[-1].start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    theirs.close()  # so that the death of the worker ends the connection


def _work(parents_end: Connection, connection: Connection, encode: Encode) -> None:
    """Encodes each list of paths that comes in, until the parent process is gone."""
    parents_end.close()  # this process's copy of it, which would keep the connection open
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
    with contextlib.suppress(EOFError, OSError):
        while True:
            connection.send([_encode_or_reason(encode, paths) for paths in connection.recv()])


def _encode_or_reason(encode: Encode, paths: tuple[str, ...]) -> list[EncodedImage] | BadImage:
    try:
        return encode(paths)
    except BadImage as reason:
        return reason
    except Exception as error:  # one image must not cost the others
        return BadImage(" ".join(f"cannot be converted: {error or type(error).__name__}".split()))


def _receive(connection: Connection, chunk: Sequence[tuple[str, ...]]) -> list[list[EncodedImage] | BadImage]:
    """Receives what a worker made of a list of paths."""
    try:
        return connection.recv()
    except (EOFError, ConnectionError) as error:
        problem = f"a worker process died (out of memory?) at one of the {len(chunk)} images from here on"
        raise DataError(f"{chunk[0][0]}: {problem}; try fewer --workers, or take the image out") from error
