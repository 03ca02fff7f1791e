"""The line before the network: its order, its length, its time, and networks that fail."""

import threading
import time

import pytest

from base.errors import DataError, UsageError
from inference.isolated import FailedError, OvertimeError, ProcessEndedError
from serving.errors import RequestError
from serving.turns import Turns


class SlowNetwork:
    """Answers when it is told to; each call gives its number."""

    def __init__(self):
        self.begun, self.go, self.error, self.broken = [], threading.Semaphore(0), None, None
        self.seconds, self.ended = [], False

    def revive(self):
        if self.broken:
            raise self.broken
        self.ended = False

    def close(self):
        self.error = ProcessEndedError("SIGKILL")
        self.go.release(9)

    def call(self, method, number, seconds):
        self.begun.append(number)
        self.seconds.append(seconds)
        self.go.acquire()
        self.ended = isinstance(self.error, ProcessEndedError)
        if self.error:
            raise self.error
        return number


class Line:
    """Requests in threads."""

    def __init__(self, turns):
        self._turns, self.answers, self._threads = turns, {}, []

    def ask(self, number):
        """Sends a request, and waits until it is in the line."""
        length = len(self._turns)
        thread = threading.Thread(target=self._ask, args=(number,))
        thread.start()
        self._threads.append(thread)
        wait_for(lambda: len(self._turns) > length)

    def finish(self):
        for thread in self._threads:
            thread.join()

    def _ask(self, number):
        try:
            self.answers[number] = self._turns.call("do", number)
        except RequestError as error:
            self.answers[number] = error.code


def wait_for(condition):
    while not condition():
        time.sleep(0.001)


@pytest.fixture
def network():
    return SlowNetwork()


def test_requests_are_answered_in_their_order_one_at_a_time(network):
    line = Line(Turns(network, most=9, seconds=60))
    for number in range(4):
        line.ask(number)
    for number in range(4):
        wait_for(lambda: len(network.begun) > number)  # noqa: B023 (called before the next)
        assert network.begun == list(range(number + 1))
        network.go.release()
    line.finish()
    assert line.answers == {number: number for number in range(4)}


def test_who_comes_to_a_full_line_is_told_to_come_again(network):
    turns = Turns(network, most=1, seconds=60)
    line = Line(turns)
    line.ask(0)
    line.ask(1)
    with pytest.raises(RequestError, match="2 requests are being answered already") as error:
        turns.call("do", 2)
    assert error.value.code == 503 and error.value.retry_after >= 1
    network.go.release(2)
    line.finish()
    assert line.answers == {0: 0, 1: 1} and network.begun == [0, 1] and len(turns) == 0


def test_who_waits_too_long_is_told_so_and_costs_the_network_nothing(network):
    turns = Turns(network, most=5, seconds=0.05)
    line = Line(turns)
    line.ask(0)
    with pytest.raises(RequestError, match=r"not done in 0.05 s") as error:
        turns.call("do", 1)
    assert error.value.code == 504 and len(turns) == 1
    network.go.release(2)
    line.finish()
    assert turns.call("do", 2) == 2 and network.begun == [0, 2]


def test_the_network_gets_the_time_that_is_left(network):
    turns = Turns(network, most=5, seconds=30)
    network.go.release()
    turns.call("do", 0)
    assert 29 < network.seconds[0] <= 30


def test_the_time_to_start_the_network_anew_is_not_counted(network, monkeypatch):
    monkeypatch.setattr(network, "revive", lambda: time.sleep(0.3))
    turns = Turns(network, most=5, seconds=0.2)
    network.go.release()
    assert turns.call("do", 0) == 0 and network.seconds[0] > 0.1


def test_a_network_that_ended_is_started_anew_before_anyone_asks(network):
    turns = Turns(network, most=5, seconds=30)
    network.error = ProcessEndedError("SIGKILL")
    network.go.release()
    with pytest.raises(RequestError, match="SIGKILL"):
        turns.call("do", 0)
    wait_for(lambda: not network.ended)
    assert network.begun == [0]


@pytest.mark.parametrize(
    "error, code, words",
    [
        (OvertimeError("takes long"), 504, "not done in 30 s"),
        (ProcessEndedError("SIGKILL"), 500, "ended the network's process (SIGKILL)"),
        (FailedError("ValueError /a/path"), 500, "the network failed"),
        (DataError("too large; try --max_side=5"), 422, "too large; try max_side=5"),
        (RequestError("none", 415), 415, "none"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_costs_one_request(network, error, code, words):
    turns = Turns(network, most=5, seconds=30)
    network.go.release(2)
    network.error = error
    with pytest.raises(RequestError) as told:
        turns.call("do", 0)
    assert told.value.code == code and words in str(told.value)
    network.error = None
    assert turns.call("do", 1) == 1 and not turns.trouble


def test_a_network_that_cannot_be_loaded_any_more_may_come_back(network):
    turns = Turns(network, most=5, seconds=30)
    network.broken = UsageError("/a/path: no such run folder")
    with pytest.raises(RequestError, match="cannot be loaded any more") as error:
        turns.call("do", 0)
    assert (error.value.code, error.value.detail) == (503, turns.trouble) == (503, "/a/path: no such run folder")
    network.broken = None
    network.go.release()
    assert turns.call("do", 1) == 1 and not turns.trouble


def test_nothing_is_asked_of_a_network_that_is_closed(network):
    turns = Turns(network, most=5, seconds=30)
    line = Line(turns)
    line.ask(0)
    line.ask(1)
    wait_for(lambda: network.begun)
    turns.close()
    line.finish()
    assert line.answers == {0: 503, 1: 503} and network.begun == [0]
