"""Clients of scripts/serve.py: one after the other, or many at once of whom some send damage or go away."""

from __future__ import annotations

import contextlib
import io
import random
import re
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from base.errors import UserError

ROOT = Path(__file__).resolve().parents[1]
PATH = "/translate?direction=AtoB"
WARM = 0.05  # share of the requests after which memory is first looked at
PATIENCE = 120.0  # seconds for an answer
RESET = b"\1\0\0\0\0\0\0\0"  # for SO_LINGER: the connection is not closed, but torn


class Kind(NamedTuple):
    """One kind of request.

    Attributes:
      share: how many of 100 are such.
      data: what is sent.
      codes: of answers that fit; 0 stands for none.
      torn: whether the client goes away at once.
    """

    share: int
    data: bytes
    codes: Sequence[int]
    torn: bool = False


def kinds_of_requests(image: bytes) -> dict[str, Kind]:
    """Requests with an image, by name: most are whole."""
    whole = request(image)
    return {
        "an image": Kind(70, whole, [200]),
        "health": Kind(5, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", [200]),
        "half an image": Kind(5, request(image[: len(image) // 2]), [400]),
        "no image": Kind(5, request(b"no image"), [415]),
        "no HTTP": Kind(3, b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", [400]),
        "too large": Kind(2, request(b"", length=10**12), [413]),
        "cut": Kind(5, whole[: len(whole) // 2], [0], torn=True),
        "gone": Kind(5, whole, [0], torn=True),
    }


def request(body: bytes, length: int | None = None) -> bytes:
    """The bytes of a request for a translation, which may say another length."""
    length = len(body) if length is None else length
    return f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n".encode() + body


def noisy_image(side: int) -> bytes:
    """A square PNG file of noise."""
    buffer = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, [side, side, 3], np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@contextlib.contextmanager
def server_of(run_dir: str, *flags: str) -> Iterator[tuple[int, int]]:
    """Runs scripts/serve.py; gives its port and its process id. UserError where it does not start."""
    command = [sys.executable, str(ROOT / "scripts/serve.py"), f"--run_dir={run_dir}", "--port=0", *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        found = re.search(r":(\d+)/ ", line)
        if not found:
            raise UserError(f"scripts/serve.py did not start: {process.communicate()[1]}")
        yield int(found[1]), process.pid
    finally:
        process.terminate()
        process.communicate()


def ask(port: int, kind: Kind) -> int:
    """Sends a request; gives the code of its answer, 0 for none."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        try:
            connection.sendall(kind.data)
            if kind.torn:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                return 0
            return _code(connection)
        except ConnectionError:
            return 0


def load(port: int, process: int, image: bytes, count: int, clients: int) -> dict[str, Any]:
    """Puts a server under load.

    Args:
      port: of the server.
      process: its id.
      image: file to translate.
      count: requests in all.
      clients: that send them, each one after the other.

    Returns:
      Requests by kind, those with answers that do not fit (`wrong`: kind and code), seconds of whole images' answers
      (`times`), seconds in all, and MB of memory of the server and of its network's process, warm and at the end.
    """
    kinds = kinds_of_requests(image)
    names = random.Random(0).choices(list(kinds), [kind.share for kind in kinds.values()], k=count)
    left = iter(names)
    lock = threading.Lock()
    wrong: Counter[str] = Counter()
    times: list[float] = []
    warm: list[float] = []

    def client() -> None:
        while True:
            with lock:
                name = next(left, None)
                if name is None:
                    return
            started = time.perf_counter()
            code = ask(port, kinds[name])
            seconds = time.perf_counter() - started
            with lock:
                if code not in kinds[name].codes:
                    wrong[f"{name}: {code}"] += 1
                if name == "an image":
                    times.append(seconds)
                if not warm and len(times) > WARM * count:
                    warm.extend(_memory(process))

    started = time.perf_counter()
    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    figures: Mapping[str, Any] = {"requests": Counter(names), "wrong": wrong, "times": times, "seconds": seconds}
    return {**figures, "warm_mb": warm, "end_mb": _memory(process)}


def _code(connection):
    """The status of an answer that comes whole."""
    answer = b""
    while part := connection.recv(1 << 16):
        answer += part
        head, end, body = answer.partition(b"\r\n\r\n")
        length = re.search(rb"\r\nContent-Length: (\d+)", head)
        if end and length and len(body) >= int(length[1]):
            return int(answer.split(b" ", 2)[1])
    return 0


def _memory(process):
    """MB that a process and its largest child hold."""
    listed = subprocess.run(["ps", "-o", "rss=", "--ppid", str(process)], capture_output=True, text=True).stdout
    own = subprocess.run(["ps", "-o", "rss=", "-p", str(process)], capture_output=True, text=True).stdout
    return [int(own) / 1024, max(map(int, listed.split()), default=0) / 1024]
