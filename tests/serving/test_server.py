"""The server, byte by byte: lies about lengths, slow and vanishing clients, too many of them, and its end."""

import contextlib
import os
import signal
import socket
import threading
import time

import numpy as np
import pytest

from base.errors import UsageError
from inference.isolated import Isolated
from serving import server
from serving.app import Application
from serving.limits import Limits
from serving.server import listen
from tests.helpers.serving import (
    HeldNetwork,
    NetworkHere,
    exchange,
    fake_network,
    parsed,
    pixels,
    png,
    post,
    received,
    running,
)

GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
TRANSLATE = "/translate?direction=AtoB"


@pytest.fixture(scope="module")
def web():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "LINGER_SECONDS", 0.2)
        with running() as web:
            yield web


@pytest.fixture
def hasty(monkeypatch):
    """A server whose clients have little time."""
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.2)
    monkeypatch.setattr(server, "LINGER_SECONDS", 0.2)
    with running(seconds=0.3) as web:
        yield web


@contextlib.contextmanager
def connected(web):
    with socket.create_connection(("127.0.0.1", web.port), timeout=20) as connection:
        yield connection


def assert_well(web):
    code, _, body = parsed(exchange(web, GET))
    assert code == 200 and b'"ok"' in body


def test_images_are_translated_over_the_wire(web):
    code, headers, body = parsed(exchange(web, post(TRANSLATE, png())))
    assert code == 200 and headers["content-type"] == "image/png" and headers["connection"] == "close"
    np.testing.assert_array_equal(pixels(body), 255 - pixels(png()))


def test_chunks_are_put_together(web):
    data = png()
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (data[:7], data[7:], b""))
    head = f"POST {TRANSLATE} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    assert parsed(exchange(web, head + chunks))[0] == 200
    many = b"".join(b"ffff\r\n%s\r\n" % bytes(0xFFFF) for _ in range(17))  # more than the 1 MB that a body may have
    assert parsed(exchange(web, head + many))[0] == 413
    for broken in (b"zz\r\nabc", b"-5\r\nabc\r\n", b"5\r\nab", b"", b"ffffffffffffffff\r\nabc"):
        assert parsed(exchange(web, head + broken, end=True))[0] == 400


@pytest.mark.parametrize(
    "data, code",
    [
        (b"GARBAGE\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),  # of somebody who wants to speak TLS
        (b"GET /healthz\r\n\r\n", 200),  # HTTP/0.9 gets an answer of today
        (b"GET /healthz HTTP/2.0\r\n\r\n", 505),
        (b"GET //[ HTTP/1.1\r\n\r\n", (400, 404)),
        (b"GET http://[::1 HTTP/1.1\r\n\r\n", 400),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nA: " + b"b" * 70_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: localhost\r\n\r\n", 421),
        (b"BREW /healthz HTTP/1.1\r\n\r\n", 405),
        (b"GET /\x00\xff HTTP/1.1\r\n\r\n", 404),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\r\n", 200),
    ],
    ids=lambda value: repr(value[:25]) if isinstance(value, bytes) else "",
)
def test_odd_requests_get_an_answer_with_a_status(web, data, code):
    assert parsed(exchange(web, data))[0] in (code if isinstance(code, tuple) else (code,))
    assert_well(web)


@pytest.mark.parametrize("length, code", [("5", 400), ("-5", 400), ("x", 400), ("9" * 30, 413), ("5000000", 413)])
def test_lengths_that_are_not_true_are_told(web, length, code):
    request = f"POST {TRANSLATE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\nabc".encode()
    assert parsed(exchange(web, request, end=True))[0] == code


def test_what_is_too_large_is_told_while_it_is_sent(web):
    code, _, body = parsed(exchange(web, post(TRANSLATE, bytes(4_000_000))))
    assert code == 413 and b"larger than it may be" in body


def test_a_second_request_on_the_connection_is_not_taken_for_a_part_of_the_first(web):
    before = web.answered
    answer = exchange(web, GET + GET)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert parsed(answer)[0] == 200 and web.answered == before + 1


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: loc", post(TRANSLATE, png())[:-20]])
def test_slow_clients_have_their_time_and_no_more(hasty, sent):
    with connected(hasty) as slow:
        slow.sendall(sent)
        assert_well(hasty)
        answer = received(slow)
    assert not answer or parsed(answer)[0] in (400, 408)


def test_a_byte_now_and_then_does_not_buy_time(hasty):
    with connected(hasty) as slow:
        started = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - started < 20:
                slow.sendall(b"A")
                time.sleep(0.03)
                slow.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    if slow.recv(100) == b"":
                        break
                slow.setblocking(True)
    assert time.monotonic() - started < 10


def test_clients_that_go_away_leave_nothing(web):
    for _ in range(20):
        with connected(web) as connection:
            connection.sendall(post(TRANSLATE, png())[:-5])
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # closes with a reset
        with connected(web) as connection:
            connection.sendall(post(TRANSLATE, png()))
    assert_well(web)


def test_too_many_connections_are_turned_away(monkeypatch):
    monkeypatch.setattr(server, "SPARE_CONNECTIONS", 3)
    with running(queue=0) as web, contextlib.ExitStack() as stack:
        idle = [stack.enter_context(connected(web)) for _ in range(3)]
        with connected(web) as one_more:
            code, headers, _ = parsed(received(one_more))
        assert code == 503 and headers["retry-after"] == "1"
        idle[0].sendall(GET)
        assert parsed(received(idle[0]))[0] == 200
        time.sleep(0.05)  # for its thread to end
        assert_well(web)


def test_a_full_queue_is_told_and_passes():
    network = HeldNetwork()
    with running(network, queue=0) as web:
        with connected(web) as first:
            first.sendall(post(TRANSLATE, png()))
            network.begun.wait()
            code, headers, _ = parsed(exchange(web, post(TRANSLATE, png())))
            assert code == 503 and int(headers["retry-after"]) >= 1
            assert_well(web)
            network.go.set()
            assert parsed(received(first))[0] == 200
        assert parsed(exchange(web, post(TRANSLATE, png())))[0] == 200


@pytest.mark.slow
def test_the_death_of_the_network_costs_one_request():
    with contextlib.closing(Isolated(fake_network, "summer", 1.0)) as network, running(network) as web:
        with connected(web) as victim:
            victim.sendall(post(TRANSLATE, png()))
            while b'"requests": 1' not in exchange(web, GET):
                time.sleep(0.001)
            os.kill(network._process.pid, signal.SIGKILL)
            code, _, body = parsed(received(victim))
        assert code == 500 and b"ended the network's process (SIGKILL)" in body
        assert parsed(exchange(web, post(TRANSLATE, png())))[0] == 200  # by another process


@pytest.mark.slow
def test_what_takes_too_long_is_ended():
    with contextlib.closing(Isolated(fake_network, "summer", 60.0)) as network, running(network, seconds=0.5) as web:
        process = network._process
        assert parsed(exchange(web, post(TRANSLATE, png())))[0] == 504
        assert process.exitcode is not None
        assert_well(web)


def test_the_end_waits_for_what_is_being_answered():
    network = HeldNetwork()
    with contextlib.ExitStack() as stack:
        web = stack.enter_context(running(network))
        first, idle = stack.enter_context(connected(web)), stack.enter_context(connected(web))
        first.sendall(post(TRANSLATE, png()))
        network.begun.wait()
        web.stop.set()
        while True:
            try:
                connection = socket.create_connection(("127.0.0.1", web.port))
            except ConnectionError:  # refused, or torn as the last one in the line
                break
            connection.close()
        network.go.set()
        assert parsed(received(first))[0] == 200
        idle.close()


def test_the_end_does_not_wait_for_ever(monkeypatch):
    monkeypatch.setattr(server, "STOP_SECONDS", 0.1)
    begun, go = threading.Event(), threading.Event()

    def stuck(environ, start_response):
        begun.set()
        go.wait()
        return Application(NetworkHere(), Limits())(environ, start_response)

    with running(app=stuck) as web:
        first = socket.create_connection(("127.0.0.1", web.port))
        first.sendall(GET)
        begun.wait()
    go.set()
    first.close()


def test_a_port_or_a_host_that_cannot_be_had_is_one_line():
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"--host=127.0.0.1 --port={port}: Address already in use; choose another"):
            listen("127.0.0.1", port)
    with pytest.raises(UsageError, match="--host=203.0.113.1 --port=0: Cannot assign"):
        listen("203.0.113.1", 0)
    for host in ("no.such.host.invalid", "", "a" * 300, "x y", "é" * 70):
        if host:
            with pytest.raises(UsageError, match=r"--host=.*: there is no such host"):
                listen(host, 0)


def test_an_address_of_the_next_generation_is_in_brackets():
    try:
        listening = listen("::1", 0)
    except UsageError:
        pytest.skip("this machine has no IPv6")
    limits = Limits()
    with server.Server(Application(NetworkHere(), limits), listening, limits) as web:
        assert web.url == f"http://[::1]:{web.port}/"
