"""What a person sees of a program at work: a progress bar, or a line now and then; lists cut short; safe streams."""

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any, TextIO, TypeVar

from tqdm import tqdm

LINE_EVERY = 10.0  # seconds between plain lines
LISTED = 20  # lines of a list that are shown

Item = TypeVar("Item")


class ProgressBar:
    """Shows how far a program is, on standard error.

    Attributes:
      done: int, items done.
    """

    def __init__(self, total: int | None, unit: str, label: str = "", done: int = 0, line_every: float = LINE_EVERY):
        """Starts a bar.

        Args:
          total: items to do; None where that is not known.
          unit: what an item is, in the plural ("images").
          label: str before the count.
          done: items done already.
          line_every: seconds between plain lines where there is no terminal.
        """
        self.done = done
        self._total, self._unit, self._label, self._line_every = total, unit, label, line_every
        self._first, self._started = done, time.monotonic()
        self._last_line = self._started
        self._plain = not sys.stderr.isatty()
        self._bar = tqdm(
            desc=f"{label}: " if label else None,
            total=total,
            initial=done,
            unit=unit,
            dynamic_ncols=True,
            disable=self._plain,
            bar_format="{desc}{n}/{total} {unit} |{bar}| {elapsed} elapsed, {remaining} left{postfix}",
        )

    def update(self, text: str = "") -> None:
        """Counts one item; `text` is shown behind the bar, by default the items a second."""
        self.done += 1
        now = time.monotonic()
        rate = (self.done - self._first) / max(now - self._started, 1e-9)
        text = text or f"{rate:.1f} {self._unit}/s"
        self._bar.set_postfix_str(text, refresh=False)
        self._bar.update()
        left = "" if self._total is None else f", {tqdm.format_interval((self._total - self.done) / rate)} left"
        self._say_now_and_then(f"{text}{left}")

    def note(self, text: str) -> None:
        """Shows a text behind the bar, of the item that is being done."""
        self._bar.set_postfix_str(text)
        self._say_now_and_then(text)

    def say(self, line: str) -> None:
        """Prints a line without breaking the bar."""
        self._bar.write(printable(line), file=sys.stderr)

    def close(self) -> None:
        self._bar.close()

    def _say_now_and_then(self, text):
        """Prints a line where there is no terminal, if the last one was a while ago."""
        now = time.monotonic()
        if self._plain and now - self._last_line >= self._line_every:
            self._last_line = now
            label = f"{self._label}: " if self._label else ""
            total = "" if self._total is None else f"/{self._total}"
            self.say(f"{label}{self.done}{total} {self._unit}, {text}")


def track(items: Iterable[Item], total: int, unit: str, label: str = "") -> Iterator[Item]:
    """Passes items through under a ProgressBar; the arguments are its own."""
    bar = ProgressBar(total, unit, label)
    try:
        for item in items:
            yield item
            bar.update()
    finally:
        bar.close()


def shortened(lines: Sequence[str], prefix: str = "") -> list[str]:
    """The first 20 lines of a list, each behind a prefix, and one that counts the others."""
    shown = [printable(f"{prefix}{line}") for line in lines[:LISTED]]
    return shown + ([f"{prefix}... and {len(lines) - LISTED} more"] if len(lines) > LISTED else [])


@contextlib.contextmanager
def standard_error_in(file: IO[bytes]) -> Iterator[None]:
    """Lets what is written to standard error inside the block, by whatever code or process, go to a file."""
    sys.stderr.flush()
    terminal = os.dup(2)
    os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(terminal, 2)
        os.close(terminal)


def printable(text: str) -> str:
    """The text with escapes for what a terminal could take for a command, and for what is no Unicode."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


class SteadyStream:
    """A text stream to a terminal, a pipe or a file, whose loss ends no program: what cannot be written is left out.

    Attributes:
      lost: OSError or ValueError of the first write that failed; None while there is none.
    """

    def __init__(self, stream: TextIO):
        self.lost: Exception | None = None
        self._stream = stream

    def write(self, text: str) -> int:
        if self.lost is None:
            try:
                self._stream.write(text)
            except (OSError, ValueError) as error:
                self.lost = error
        return len(text)

    def flush(self) -> None:
        if self.lost is None:
            try:
                self._stream.flush()
            except (OSError, ValueError) as error:
                self.lost = error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class SteadyLines(SteadyStream):
    """One that takes lines alone: in them, what a terminal could take for a command is escaped."""

    def write(self, text: str) -> int:
        super().write("\n".join(map(printable, text.split("\n"))))
        return len(text)


@contextlib.contextmanager
def steady_output() -> Iterator[SteadyStream]:
    """Makes standard output and standard error safe to print to, whatever becomes of them; gives standard output.

    Streams that the program was started without go nowhere, and letters that they cannot encode are escaped. So is on
    standard output what a terminal could take for a command; standard error has progress bars, which are made of it.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free, which is this one
    before = sys.stdout, sys.stderr
    streams = []
    for descriptor, stream in enumerate(before, 1):
        stream = stream or open(descriptor, "w", closefd=False)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
        streams.append(SteadyLines(stream) if descriptor == 1 else SteadyStream(stream))
    sys.stdout, sys.stderr = streams
    try:
        yield streams[0]
    finally:
        for descriptor, stream in enumerate(streams, 1):
            stream.flush()
            if stream.lost is not None:  # Python would try once more at its end, and complain
                os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
        sys.stdout, sys.stderr = before


def is_closed_pipe(error: Exception | None) -> bool:
    """Whether a write failed because nobody reads any more, as of `| head`: no error, the reader has enough."""
    return isinstance(error, OSError) and error.errno in (errno.EPIPE, errno.EIO)
