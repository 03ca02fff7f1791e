"""Many images translated, file to file: threads decode ahead of the network and encode behind it."""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from base.errors import DataError, OutputError
from inference.isolated import IsolatedRun
from inference.jobs import Job
from inference.outputs import write_image
from inputs.images import BadImage, read_image, resize, to_luma

THUMBNAIL_SIDE = 640  # pixels; of the inputs on the page
THREADS = 4  # that decode and encode
AHEAD = 4  # images decoded ahead of the network, and images waiting to be encoded behind it
NO_MORE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)  # the next image would meet them too

Size = tuple[int, int]  # height and width, in pixels
Item = TypeVar("Item")


class Outcome(NamedTuple):
    """What became of a Job."""

    job: Job
    source_size: Size = (0, 0)  # of the image in its file
    size: Size = (0, 0)  # of its translation
    skipped: str = ""  # why there is none


class _Input(NamedTuple):
    """An image that was read."""

    pixels: np.ndarray  # uint8 [height, width, channels], in the size in which it is translated
    source_size: Size


def translate_files(
    run: IsolatedRun,
    jobs: Sequence[Job],
    output: Path,
    fit: Callable[[int, int], Size],
    stopped: Callable[[], object] = lambda: False,
) -> Generator[Outcome, None, None]:
    """Translates images one after the other.

    Args:
      run: with the network.
      jobs: what to do.
      output: folder for the results, and for the page's pictures of the inputs.
      fit: function from height and width of an image to those in which it is translated.
      stopped: function that says whether to stop: then no more images are translated, what is finished is written, and
        an image over which `run` was closed is no outcome.

    Yields:
      Outcome of each job, in order, once its files are written.

    Raises:
      OutputError: the output takes no more files.
    """
    pool = ThreadPoolExecutor(THREADS)

    def begin_to_write(readings: Iterable[tuple[Job, Future[_Input]]]) -> Iterator[Future[Outcome]]:
        for job, reading in readings:
            try:
                image = reading.result()
                result = run.translate(image.pixels)
            except (BadImage, DataError) as reason:
                if stopped():
                    return
                yield pool.submit(Outcome, job, skipped=str(reason))
            else:
                yield pool.submit(_write, job, image, result, output)
            if stopped():
                return

    try:
        readings = ahead((job, pool.submit(_read, job, run.channels, fit)) for job in jobs)
        for writing in ahead(begin_to_write(readings)):
            yield writing.result()
    finally:
        pool.shutdown(cancel_futures=True)


def limit_side(height: int, width: int, longest: int) -> Size:
    """The size of an image whose longest side is downsized to `longest` pixels; a smaller one keeps its own."""
    larger = max(height, width)
    if larger <= longest:
        return height, width
    return max(1, round(height * longest / larger)), max(1, round(width * longest / larger))


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Passes items through, AHEAD of them later than they were made: what their making began goes on meanwhile."""
    pending: deque[Item] = deque()
    for item in items:
        pending.append(item)
        if len(pending) > AHEAD:
            yield pending.popleft()
    yield from pending


def _read(job: Job, channels: int, fit: Callable[[int, int], Size]) -> _Input:
    pixels = read_image(job.read())
    height, width = pixels.shape[:2]
    fitted = resize(pixels, *fit(height, width))
    return _Input(to_luma(fitted) if channels == 1 else fitted, (height, width))


def _write(job: Job, image: _Input, result: np.ndarray, output: Path) -> Outcome:
    """Writes a result and the page's picture of its input."""
    height, width = result.shape[:2]
    try:
        write_image(result, output / job.target)
        write_image(resize(image.pixels, *limit_side(height, width, THUMBNAIL_SIDE)), output / job.thumbnail)
    except OSError as error:
        if error.errno in NO_MORE:
            raise OutputError(f"{output / job.target}: cannot be written: {error.strerror}") from None
        return Outcome(job, skipped=f"its translation cannot be written: {error.strerror or error}")
    return Outcome(job, image.source_size, (height, width))
