"""Worker processes that do something with images: in parallel, in order, with a bounded number of results in memory."""

import contextlib
import itertools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any

from base.child import child
from base.errors import DataError, UsageError
from inputs.images import BadImage

CHUNK = 8  # images given to a worker at a time
CHUNKS_AHEAD = 2  # given to each worker before the first is taken back

Task = Callable[[str, int], Any]  # from the name of a split, or stream, and the number of an image, or record, in it


@contextlib.contextmanager
def worker_processes(count: int, task: Task, flag: str = "workers") -> Iterator[list[Connection]]:
    """Starts processes that do a task, and ends them with the block; gives a connection to each.

    Each takes a list of the task's arguments at a time, and gives a list of `result_or_reason`.

    Args:
      count: how many.
      task: what they do.
      flag: the one that says how many.

    Raises:
      UsageError: they cannot be started.
    """
    with contextlib.ExitStack() as stack:
        try:
            connections = [stack.enter_context(child(_work, task, daemon=True))[1] for _ in range(count)]
        except OSError as error:
            raise UsageError(f"--{flag}={count}: cannot be started ({error.strerror}); try fewer") from None
        yield connections


def results(
    connections: Sequence[Connection], name: str, count: int, where: Callable[[str, int], object]
) -> Iterator[Any | BadImage]:
    """Does the task for all images of a split in parallel, in order, with a bounded number of results in memory.

    Args:
      connections: from `worker_processes`; they take turns.
      name: of the split.
      count: how many images it has.
      where: function from the name of a split and the number of an image to what a message calls it.

    Yields:
      What the task gives for each image, or why it gives nothing.

    Raises:
      DataError: a worker died.
    """
    numbers = range(count)
    chunks = [numbers[start : start + CHUNK] for start in numbers[::CHUNK]]
    pending: deque[tuple[Connection, range]] = deque()
    for connection, chunk in zip(itertools.cycle(connections), chunks):
        if len(pending) == CHUNKS_AHEAD * len(connections):
            yield from _receive(*pending.popleft(), name, where)
        with contextlib.suppress(ConnectionError):  # of a dead worker; `_receive` will say so
            connection.send([(name, number) for number in chunk])
        pending.append((connection, chunk))
    for connection, chunk in pending:
        yield from _receive(connection, chunk, name, where)


def _work(connection: Connection, task: Task) -> None:
    """Does the task with the arguments that come in, until the parent process is gone."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            connection.send([result_or_reason(task, *arguments) for arguments in connection.recv()])


def result_or_reason(task: Task, name: str, number: int) -> Any | BadImage:
    """What a task makes of an image, or why nothing can be made of it."""
    try:
        return task(name, number)
    except BadImage as reason:
        return reason
    except Exception as error:  # one image must not cost the others
        return BadImage(" ".join(f"cannot be used: {error or type(error).__name__}".split()))


def death_of_worker(where: object, count: int, flag: str = "workers") -> DataError:
    """What to say when a worker process is gone.

    Args:
      where: what a message calls the first of the images that it was given last.
      count: how many these were.
      flag: the one that says how many processes there are.
    """
    problem = f"a worker process died (out of memory?) at one of the {count} images from here on"
    return DataError(f"{where}: {problem}; try fewer --{flag}, or take the image out")


def _receive(
    connection: Connection, chunk: Sequence[int], name: str, where: Callable[[str, int], object]
) -> list[Any | BadImage]:
    """Receives what a worker made of some images."""
    try:
        return connection.recv()
    except (EOFError, ConnectionError) as error:
        raise death_of_worker(where(name, chunk[0]), len(chunk)) from error
