"""Servers with a network that is a function of arrays, in the process of the tests; and requests as bytes."""

from __future__ import annotations

import contextlib
import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
from PIL import Image

from exports.frozen import CLASSIFY, GENERATE, TRANSLATE
from inputs.preprocess import CROPPING
from serving.app import Application
from serving.limits import Limits
from serving.network import Network
from serving.served import About
from serving.server import Server, listen

ANY = (None, None, None, 3)
CLASSES = ("cat", "dog", "<cow>")
SIDE = 8  # of the images that are made of noise, and of those that classes are told of
BATCH, NOISE = 2, 3
SHAPES = {
    TRANSLATE: {"AtoB": (ANY, ANY), "BtoA": (ANY, ANY)},
    GENERATE: {GENERATE: ((BATCH, NOISE), (BATCH, SIDE, SIDE, 3))},
    CLASSIFY: {CLASSIFY: ((None, SIDE, SIDE, 3), (None, len(CLASSES)))},
}


class FakeServed:
    """Like what `serving.served` has: AtoB gives negatives, BtoA mirrors; images of noise have the seed's level."""

    def __init__(self, task: str = TRANSLATE, seconds: float = 0.0):
        self._seconds = seconds
        names = CLASSES if task == CLASSIFY else ()
        self.about = About("<summer>", task, 7, "" if task == GENERATE else "crops", SHAPES[task], names)
        sizes = {"load_size": 20, "image_size": 16}
        self.config = SimpleNamespace(preprocess="resize_and_crop", crops=CROPPING, least_side=1, flip=False, **sizes)

    def translate(self, pixels, name):
        time.sleep(self._seconds)
        return 255 - pixels if name == "AtoB" else pixels[:, ::-1]

    def generate(self, count, seed):
        return (np.full([SIDE, SIDE, 3], (seed + number) % 256, np.uint8) for number in range(count))

    def shares(self, pixels):
        return dict(zip(CLASSES, (0.25, 0.75, 0.0), strict=True))

    def compute(self, name, values):
        if self.about.task == TRANSLATE:
            return -values
        shape = self.about.shapes[name][1][1:]
        return np.full([len(values), *shape], 0.5, np.float32)


class NetworkHere:
    """Like an Isolated with a Network, in this process."""

    def __init__(self, served: Any = None, pixels: int = 10_000):
        self.network = Network(served or FakeServed(), pixels)
        self.about = self.network.about

    def revive(self) -> None:
        pass

    def call(self, method: str, *arguments: Any, seconds: float | None = None) -> Any:
        return getattr(self.network, method)(*arguments)

    def close(self) -> None:
        pass


class HeldNetwork(NetworkHere):
    """A NetworkHere whose answers wait until the event `go` is set; `begun` is, once one is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go = threading.Event(), threading.Event()

    def call(self, method: str, *arguments: Any, seconds: float | None = None) -> Any:
        self.begun.set()
        self.go.wait()
        return super().call(method, *arguments, seconds=seconds)


def fake_network(name: str, seconds: float) -> Network:
    """A Network that takes some seconds for a translation, for a process of its own."""
    return Network(FakeServed(seconds=seconds), 10_000)


@contextlib.contextmanager
def running(isolated: Any = None, app: Callable | None = None, **limits: Any) -> Iterator[Server]:
    """A server on a free port of loopback, in threads of this process."""
    values = Limits(**{"body_mb": 1, "megapixels": 0.01, "seconds": 5.0, **limits})
    server = Server(app or Application(isolated or NetworkHere(), values), listen("127.0.0.1", 0), values)
    server.stop = threading.Event()
    thread = threading.Thread(target=server.serve_until, args=(server.stop.is_set,))
    thread.start()
    try:
        yield server
    finally:
        server.stop.set()
        thread.join()


def png(height: int = 6, width: int = 5, seed: int = 0) -> bytes:
    """A noisy image as PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, [height, width, 3], np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def pixels(data: bytes) -> np.ndarray:
    """What a PNG file shows."""
    return np.asarray(Image.open(io.BytesIO(data)))


def post(path: str, body: bytes, *headers: str) -> bytes:
    """The bytes of a request."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def exchange(server: Server, data: bytes, end: bool = False) -> bytes:
    """What a server sends back for some bytes, until it closes the connection; `end`: no more bytes will come."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(data)
            if end:
                connection.shutdown(socket.SHUT_WR)
        return received(connection)


def received(connection: socket.socket) -> bytes:
    """All that comes until the other side closes the connection."""
    answer = b""
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(1 << 16):
            answer += part
    return answer


def parsed(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers in lower case and body of an answer, which must be well formed."""
    while answer.startswith(b"HTTP/1.1 100 "):
        answer = answer.partition(b"\r\n\r\n")[2]
    head, end, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    version, code, _ = first.split(" ", 2)
    assert version in ("HTTP/1.0", "HTTP/1.1") and end, answer[:200]
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    assert int(headers["content-length"]) == len(body) or not body, answer[:200]
    if headers["content-type"] == "application/json" and body:
        json.loads(body)
    return int(code), headers, body
