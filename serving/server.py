"""The HTTP server: bounded threads, bounded time for each step of a request, JSON for what is no HTTP."""

from __future__ import annotations

import contextlib
import io
import json
import re
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler

from base.errors import UsageError
from serving.limits import Limits

HEAD_SECONDS = 10.0  # for a client to send its request line and headers
LINGER_SECONDS = 2.0  # for it to finish sending what is not read any more
SPARE_CONNECTIONS = 32  # beside those that wait for the network: slow clients, and those that ask for a page
SPARE_BYTES = 8 << 20  # that are read of a request beside its body, such as headers
STOP_SECONDS = 10.0  # for requests that are being answered when the server is stopped
ASKED_EVERY = 0.1  # seconds
BACKLOG = 128  # connections that the system keeps until they are accepted
WORDS = b'{"error": "there are too many connections"}'
BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    b"Retry-After: 1\r\nConnection: close\r\n\r\n%s" % (len(WORDS), WORDS)
)


def listen(host: str, port: int) -> socket.socket:
    """Opens a socket for clients, who wait until a Server takes them.

    Args:
      host: name or address of this machine.
      port: 0 for any that is free.

    Raises:
      UsageError: there is no such host, or the port cannot be had.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (OSError, UnicodeError):
        raise UsageError(f"--host={host}: there is no such host") from None
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.listen(BACKLOG)
    except OSError as error:
        opened.close()
        hint = "choose another --port, or 0 for a free one"
        raise UsageError(f"--host={host} --port={port}: {error.strerror or error}; {hint}") from None
    return opened


class Server(BaseWSGIServer):
    """Serves an application to clients of a socket, each request in a thread of its own.

    Attributes:
      url: where it is found.
      answered: int, requests that were answered.
    """

    multithread = True

    def __init__(self, app: Callable, listening: socket.socket, limits: Limits):
        """Takes the WSGI application, a socket of `listen`, which is then the server's, and the limits."""
        host, port = listening.getsockname()[:2]
        super().__init__(host, port, app, RequestHandler, fd=listening.fileno())  # which keeps a copy
        listening.close()
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
        self.seconds, self.most_bytes = limits.seconds, limits.body_bytes + SPARE_BYTES
        self.answered = 0
        self._at_work = 0
        self._count = threading.Lock()
        self._free = threading.BoundedSemaphore(limits.queue + SPARE_CONNECTIONS)

    def serve_until(self, stopped: Callable[[], object]) -> None:
        """Serves until a function says to stop, which is asked again and again; what is being answered is finished."""
        self.timeout = ASKED_EVERY
        with self:  # which closes the socket for new connections
            while not stopped():
                self.handle_request()
        end = time.monotonic() + STOP_SECONDS
        while self._at_work and time.monotonic() < end:
            time.sleep(0.02)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Starts the thread of a connection, or turns it away where there are too many."""
        if not self._free.acquire(blocking=False):
            self._turn_away(request)
            return
        thread = threading.Thread(target=self._handle, args=(request, client_address), daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system has no more
            self._free.release()
            self._turn_away(request)

    def working(self, change: int) -> None:
        """Counts requests that are being answered."""
        with self._count:
            self._at_work += change
            self.answered += change < 0

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of connections that fail: what an application does wrong is its own to tell."""

    def log(self, type: str, message: str, *arguments: Any) -> None:
        """Likewise."""

    def _handle(self, request, client_address):
        try:
            self.finish_request(request, client_address)
        except Exception:
            self.handle_error(request, client_address)
        finally:
            self.shutdown_request(request)
            self._free.release()

    def _turn_away(self, request):
        request.setblocking(False)
        with contextlib.suppress(OSError):
            request.send(BUSY)
        self.shutdown_request(request)


class RequestHandler(WSGIRequestHandler):
    """Reads one request of a connection, and lets the application answer it."""

    server: Server
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"  # of what has none, so that its answer has a status
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self._incoming = _Incoming(self.connection, self.server.most_bytes, self.server.seconds)
        self._incoming.end_in(HEAD_SECONDS)
        self.rfile = io.BufferedReader(self._incoming)

    def make_environ(self) -> dict[str, Any]:
        environ = super().make_environ()
        if environ.get("wsgi.input_terminated"):
            environ["wsgi.input"] = io.BufferedReader(_Chunks(self.rfile))
        return environ

    def run_wsgi(self) -> None:
        self._incoming.end_in(self.server.seconds)
        self.server.working(+1)
        try:
            super().run_wsgi()
        except ValueError:  # of a URL that is none
            self.send_error(400)
        finally:
            self.server.working(-1)

    def send_response(self, code: int, message: str | None = None) -> None:
        self._incoming.end_in(LINGER_SECONDS)
        super().send_response(code, message)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answers what is no request."""
        body = json.dumps({"error": f"this is no request that HTTP knows ({int(code)})"}).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        return "cyclegan-graph"

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Says nothing."""

    def log(self, type: str, message: str, *arguments: Any) -> None:
        """Likewise."""


class _Incoming(io.RawIOBase):
    """What a client sends, until a moment, and to a number of bytes."""

    def __init__(self, connection: socket.socket, most: int, seconds: float):
        self._connection, self._left, self._seconds = connection, most, seconds

    def end_in(self, seconds: float) -> None:
        """From now on there are so many seconds."""
        self._end = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._end - time.monotonic()
        if left <= 0 or self._left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        try:
            count = self._connection.recv_into(memoryview(buffer)[: self._left])
        finally:
            self._connection.settimeout(self._seconds)  # for what is sent
        self._left -= count
        return count


class _Chunks(io.RawIOBase):
    """A body that comes in chunks. What breaks off, or is none, is an OSError."""

    def __init__(self, stream: io.BufferedIOBase):
        self._stream, self._left, self._done = stream, 0, False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left and not self._done:
            self._left = self._read_size()
            self._done = not self._left
        if self._done:
            return 0
        data = self._stream.read(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        if not data or (not self._left and self._stream.readline(3) not in (b"\r\n", b"\n")):
            raise OSError("a chunk breaks off")
        return len(data)

    def _read_size(self):
        size = re.fullmatch(rb"([0-9a-fA-F]{1,15})[ \t]*(;.*)?\r?\n", self._stream.readline(1000))
        if not size:
            raise OSError("a chunk does not say its size")
        return int(size[1], 16)
