"""A web server on loopback that gives one file, well or badly, answer by answer."""

import contextlib
import http.server
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple
from unittest import mock

Answer = Callable[[http.server.BaseHTTPRequestHandler, bytes], None]


class Web(NamedTuple):
    """A server that runs."""

    url: str  # ends without a slash
    requests: list[tuple[str, Mapping[str, str]]]  # paths and headers, in order


@contextlib.contextmanager
def web_server(data: bytes, *answers: Answer) -> Iterator[Web]:
    """Serves `data` at every path, each request with the next of the answers and those after them with the last."""
    requests: list[tuple[str, Mapping[str, str]]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            requests.append((self.path, dict(self.headers)))
            self.close_connection = True
            with contextlib.suppress(ConnectionError):
                answers[min(len(requests), len(answers)) - 1](self, data)

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        with mock.patch.dict(os.environ, no_proxy="*"):
            yield Web(f"http://127.0.0.1:{server.server_port}", requests)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def head(handler, code: int, **headers: object) -> None:
    """Sends a status and headers, with dashes for underscores; those that are None are left out."""
    handler.send_response(code)
    for name, value in headers.items():
        if value is not None:
            handler.send_header(name.replace("_", "-"), str(value))
    handler.end_headers()


def well(handler, data: bytes, most: int | None = None, tag: str | None = '"1"') -> None:
    """Gives what is asked for, by Range too where If-Range fits; `most` bytes of it, then the connection ends."""
    wanted = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range") or "")
    start = int(wanted[1]) if wanted and handler.headers.get("If-Range") in (None, tag) else 0
    if start > len(data) or (wanted and start == len(data)):
        head(handler, 416, Content_Range=f"bytes */{len(data)}", Content_Length=0)
        return
    part = {"Content_Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
    head(handler, 206 if start else 200, Content_Length=len(data) - start, ETag=tag, **part)
    handler.wfile.write(data[start:][:most])


def cut(most: int, tag: str | None = '"1"') -> Answer:
    """The connection ends after some bytes."""
    return lambda handler, data: well(handler, data, most, tag)


def without_range(handler, data: bytes) -> None:
    """Gives the whole, whatever part is asked for."""
    head(handler, 200, Content_Length=len(data))
    handler.wfile.write(data)


def without_length(handler, data: bytes) -> None:
    """Gives the whole and does not say how long it is; the end of the connection is its end."""
    head(handler, 200)
    handler.wfile.write(data)


def saying_length(length: object) -> Answer:
    """Says that the file is so long."""

    def answer(handler, data):
        head(handler, 200, Content_Length=length)
        handler.wfile.write(data)

    return answer


def giving_part(content_range: str) -> Answer:
    """Gives the whole, and calls it a part."""

    def answer(handler, data):
        head(handler, 206, Content_Range=content_range, Content_Length=len(data))
        handler.wfile.write(data)

    return answer


def code(number: int, **headers: object) -> Answer:
    """Answers with a code and nothing else."""
    return lambda handler, data: head(handler, number, Content_Length=0, **headers)


def silence(handler, data: bytes) -> None:
    """Says nothing until the client gives up."""
    handler.connection.recv(1)


def stalling(most: int) -> Answer:
    """Gives some bytes, and then nothing until the client gives up."""

    def answer(handler, data):
        well(handler, data, most)
        handler.wfile.flush()
        handler.connection.recv(1)

    return answer


def trickling(seconds: float) -> Answer:
    """Gives a byte now and then."""

    def answer(handler, data):
        head(handler, 200, Content_Length=len(data))
        for byte in data:
            handler.wfile.write(bytes([byte]))
            threading.Event().wait(seconds)

    return answer
