"""Files from a web server: in parts if need be, within limits of time and size, and checked."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import shutil
import socket
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from base.errors import DataError, DownloadError
from base.files import read_regular, writing
from base.terminal import ProgressBar, printable

TIMEOUT = 30.0  # seconds that a server may take for an answer, and between two pieces of it
SLOW_AFTER = 60.0  # seconds in which
SLOW_BYTES = 60_000  # at least so many must come
ATTEMPTS = 5  # that may fail in turn, none of which comes farther than those before
PAUSE = 1.0  # seconds before the second attempt; doubled before each further one
MOST_BYTES = 1 << 40  # of a file whose size is not known
MEGABYTE = 1_000_000
PIECE = 1 << 16
AGAIN = (408, 425, 429, 500, 502, 503, 504)  # codes after which another attempt is worth it


class _Interrupted(Exception):
    """An attempt that ended before all was there; another may end better. The message is why."""


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirections, but only to the web, and not out of encryption."""

    def redirect_request(self, request, fp, code, message, headers, url):
        if urlsplit(url).scheme not in ("https", urlsplit(request.full_url).scheme):
            raise urllib.error.HTTPError(request.full_url, code, f"leads to {url}", headers, fp)
        return super().redirect_request(request, fp, code, message, headers, url)


class Download:
    """A file on its way: what is there of it lies in a folder of its own, so that another program can go on.

    Attributes:
      url: where it comes from.
      file: path of what is there.
    """

    def __init__(self, url: str, file: Path, size: int | None = None, safe: bool = False, login: str | None = None):
        """Takes a file.

        Args:
          url: where it comes from; http or https.
          file: where it goes; beside it, its name with .json behind it is taken too.
          size: bytes that it must have, None where that is not known.
          safe: whether its content will be checked, so that parts need not be known to be of one version.
          login: value of the header "Authorization", for the first server only.
        """
        self.url, self.file = url, file
        self._size, self._safe, self._login = size, safe, login
        self._notes = file.with_name(f"{file.name}.json")
        self._opener = urllib.request.build_opener(_Redirects)

    @property
    def count(self) -> int:
        """Bytes that are there."""
        return self.file.stat().st_size if self.file.is_file() else 0

    def fetch(self) -> str:
        """Fetches what is missing.

        Returns:
          The URL that it came from in the end, after redirections.

        Raises:
          DataError: what is there is somebody else's.
          DownloadError: the server does not give it, or not so that it can be taken for the file.
          OutputError: it cannot be written.
        """
        if self.count and not self._notes.is_file():
            raise DataError(
                f"{self.file}: was not put there by get_data.py; move it away, or pass --archive={self.file}"
            )
        failures, farthest = 0, self.count
        while True:
            try:
                return self._attempt()
            except _Interrupted as reason:
                problem = reason
            failures = 1 if self.count > farthest else failures + 1
            farthest = max(farthest, self.count)
            if failures == ATTEMPTS:
                kept = f"; {self.count:,} bytes are kept, and the same command goes on" if self.count else ""
                raise DownloadError(f"{self.url}: {problem}{kept}")
            pause = PAUSE * 2 ** (failures - 1)
            print(f"{self.url}: {problem}; trying again in {pause:g} s", file=sys.stderr)
            time.sleep(pause)

    def remove(self) -> None:
        """Removes what is there."""
        for path in (self.file, self._notes):
            with writing(path):
                path.unlink(missing_ok=True)

    def _attempt(self) -> str:
        """Fetches what is missing, if all goes well."""
        notes = self._read_notes()
        if self.count and self.count == (self._size or notes.get("size")):
            return str(notes.get("came_from", self.url))
        version = str(notes.get("version", ""))
        start = self.count if self._safe or version else 0
        with self._answer(start, version) as answer:
            start, total = self._range(answer, start)
            missing = (total or 0) - start
            with writing(self.file):
                free = shutil.disk_usage(self.file.parent).free
            if missing > free:
                room = f"{missing / MEGABYTE:,.0f} MB are missing, and {free / MEGABYTE:,.0f} MB are free"
                raise DownloadError(f"{self.url}: {room} in {self.file.parent}")
            self._write_notes(answer, total)
            place = self._copy(answer, start, total)
            if place < (total or place):
                raise _Interrupted(f"the connection ended after {place:,} of {total:,} bytes")
            return answer.url

    def _read_notes(self) -> dict[str, Any]:
        """What is known of the part that is there; nothing where it cannot be read, or is of another URL."""
        try:
            notes = json.loads(read_regular(self._notes, PIECE))
        except (OSError, ValueError, RecursionError):
            return {}
        return notes if isinstance(notes, dict) and notes.get("url") == self.url else {}

    def _write_notes(self, answer: Any, total: int | None) -> None:
        tag = answer.headers.get("ETag") or ""
        version = tag if tag.startswith('"') else answer.headers.get("Last-Modified") or ""  # else: W/"...", a weak one
        notes = {"url": self.url, "came_from": answer.url, "version": version, "size": total}
        with writing(self._notes):
            self._notes.write_text(json.dumps(notes))

    @contextlib.contextmanager
    def _answer(self, start: int, version: str) -> Iterator[Any]:
        """Asks for the file from a byte on; what goes wrong in the block, too, is told in the two ways there are.

        Args:
          start: the byte.
          version: what the server called that of which a part is there, "" where it said nothing.
        """
        request = urllib.request.Request(self.url, headers={"User-Agent": "get_data", "Accept-Encoding": "identity"})
        if self._login:
            request.add_unredirected_header("Authorization", self._login)
        if start:
            request.add_header("Range", f"bytes={start}-")
            if version.isascii() and version.isprintable() and version:
                request.add_header("If-Range", version)
        try:
            with self._opener.open(request, timeout=TIMEOUT) as answer:
                yield answer
        except urllib.error.HTTPError as error:
            told = " ".join(printable(f"the server answers {error.code} {error.reason}").split())
            error.close()
            if error.code == 416 and start:  # there is nothing from there on
                self.remove()
                raise _Interrupted("the part that was there does not fit") from None
            if error.code in AGAIN:
                raise _Interrupted(told) from None
            raise DownloadError(f"{self.url}: {told}", error.code) from None
        except (OSError, http.client.HTTPException) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            if isinstance(reason, ssl.SSLCertVerificationError | socket.gaierror | str):
                raise DownloadError(f"{self.url}: {printable(str(reason))}") from None
            told = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
            told = f"nothing came for {TIMEOUT:g} s" if isinstance(reason, TimeoutError) else told
            raise _Interrupted(printable(told)) from None

    def _range(self, answer: Any, start: int) -> tuple[int, int | None]:
        """The byte that an answer starts at, and how many the whole file has, None where that is not known."""
        if answer.status == 206:
            match = re.fullmatch(r"bytes (\d{1,15})-\d{1,15}/(\d{1,15}|\*)", answer.headers.get("Content-Range") or "")
            if not match or int(match[1]) != start:
                self.remove()
                raise _Interrupted("the server gives another part than was asked for")
            total = int(match[2]) if match[2] != "*" else None
        elif answer.status == 200:
            start, total = 0, answer.length
        else:
            raise DownloadError(f"{self.url}: the server answers {answer.status}, and gives no file")
        if self._size is not None and total not in (None, self._size):
            raise DownloadError(f"{self.url}: has {total:,} bytes, but the file that is wanted has {self._size:,}")
        return start, total if total is not None else self._size

    def _copy(self, answer: Any, start: int, total: int | None) -> int:
        """Writes what comes to the file, from `start` on; returns where it ended."""
        place, marked, at = start, start, time.monotonic()
        most = MOST_BYTES if total is None else total
        megabytes = None if total is None else -(-total // MEGABYTE)
        bar = ProgressBar(megabytes, "MB", self.file.name, done=start // MEGABYTE)
        try:
            with writing(self.file):
                file = open(self.file, "r+b" if start else "wb", buffering=0)
            with file:
                with writing(self.file):
                    file.truncate(start)
                    file.seek(start)
                while piece := answer.read1(PIECE):
                    place += len(piece)
                    if place > most:
                        raise DownloadError(f"{self.url}: has more than {most:,} bytes")
                    with writing(self.file):
                        file.write(piece)
                    while bar.done < place // MEGABYTE:
                        bar.update()
                    now = time.monotonic()
                    if now - at > SLOW_AFTER:
                        if place - marked < SLOW_BYTES:
                            raise _Interrupted(f"only {place - marked:,} bytes came in {now - at:.0f} s")
                        marked, at = place, now
        finally:
            bar.close()
        return place
