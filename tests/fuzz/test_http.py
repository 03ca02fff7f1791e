"""Damaged requests over a wire: each gets a well formed answer with a right code, or none; the next is answered."""

import base64
import json

import pytest

from serving import server
from tests.helpers.mutations import mutated, mutated_png
from tests.helpers.serving import FakeServed, NetworkHere, exchange, parsed, png, post, running

CODES = {200, 400, 403, 404, 405, 413, 414, 415, 421, 422, 431, 505}
BOUNDARY = "boundary"
A_ROUND = 20  # requests

pytestmark = [pytest.mark.fuzz, pytest.mark.filterwarnings(r"ignore:::PIL\.")]  # as inputs.images does outside of tests


@pytest.fixture(params=["translate", "classify", "generate"])
def web(request, monkeypatch):
    """A server whose clients have little time, and the requests that suit it."""
    monkeypatch.setattr(server, "LINGER_SECONDS", 0.1)
    with running(NetworkHere(FakeServed(request.param)), seconds=1) as web:
        web.requests = whole_requests(request.param)
        yield web


def whole_requests(task):
    """Functions from an image file to the bytes of a request."""
    path = {"translate": "/translate?direction=AtoB&max_side=9", "classify": "/classify", "generate": "/generate"}[task]
    model = f"/v1/models/{'AtoB' if task == 'translate' else task}:predict"

    def form(data):
        part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'.encode()
        body = part + data + f"\r\n--{BOUNDARY}--\r\n".encode()
        return post(path, body, f"Content-Type: multipart/form-data; boundary={BOUNDARY}")

    def chunks(data):
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        return head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data)

    def files(data):
        body = {"instances": [{"b64": base64.b64encode(data).decode()}], "signature_name": "serving_default"}
        return post(model, json.dumps(body).encode())

    def floats(data):
        return post(model, json.dumps({"inputs": [[[[1, 0.5, -1]]]], "signature_name": task}).encode())

    def page(data):
        return b"GET /generate?seed=7&count=3 HTTP/1.1\r\nHost: localhost:80\r\nOrigin: http://localhost:80\r\n\r\n"

    return (lambda data: post(path, data)), form, chunks, files, floats, page


def test_damaged_requests_get_well_formed_answers(fuzz, web):
    def attack(draw):
        for _ in range(A_ROUND):
            data = png() if draw.randrange(3) else draw.choice((mutated, mutated_png))(png(), draw)
            request = draw.choice(web.requests)(data)
            head, end, body = request.partition(b"\r\n\r\n")
            match draw.randrange(4):
                case 0:
                    request = mutated(request, draw)
                case 1:
                    request = mutated(head, draw) + end + body
                case 2:
                    request = head + end + mutated(body, draw)
            answer = exchange(web, request, end=True)
            assert not answer or parsed(answer)[0] in CODES, (request, answer[:300])
        assert parsed(exchange(web, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"))[0] == 200

    fuzz(attack, rounds=8)
