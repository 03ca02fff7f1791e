"""Clients of a server under load: what they send, which answers fit, and the table of it."""

import os

import pytest

from base.errors import UserError
from benchmarks import clients, comparisons
from benchmarks.comparisons import Setting
from tests.helpers.serving import NetworkHere, running

SETTING = Setting(workdir="", sizes=[], precisions=["float32"], rounds=2, xla=False, data_dir=None)


def load(web, count=60):
    return clients.load(web.port, os.getpid(), clients.noisy_image(16), count, clients=4)


def test_every_kind_of_request_gets_the_answer_that_fits(monkeypatch):
    monkeypatch.setattr(clients, "WARM", 0.0)
    with running(NetworkHere()) as web:
        figures = load(web)
    assert not figures["wrong"] and sum(figures["requests"].values()) == 60 and len(figures["requests"]) >= 6
    assert len(figures["times"]) == figures["requests"]["an image"]
    assert len(figures["warm_mb"]) == len(figures["end_mb"]) == 2 and figures["end_mb"][0] > 1


def test_an_answer_that_does_not_fit_is_counted():
    class Broken(NetworkHere):
        def call(self, *arguments, **options):
            raise ValueError

    with running(Broken()) as web:
        figures = load(web)
    assert figures["wrong"]["an image: 500"] == figures["requests"]["an image"] > 0


def test_shares_of_the_kinds_are_of_a_hundred():
    assert sum(kind.share for kind in clients.kinds_of_requests(b"image").values()) == 100


@pytest.mark.slow
def test_a_server_that_does_not_start_is_told():
    with pytest.raises(UserError, match=r"did not start: serve.py: error: .*nowhere"), clients.server_of("nowhere"):
        pass


def test_served_times_are_compared_within_a_round(monkeypatch, capsys):
    rounds = iter((1.0, 1.1, 10.0, 12.0) * 2)  # the machine is ten times slower in the second round

    def measure(specification):
        match specification["what"]:
            case "make_run":
                return {}
            case "many_clients":
                figures = {"requests": {"an image": 3, "cut": 1}, "wrong": {}, "seconds": 2.0}
                return {**figures, "times": [0.1, 0.2, 0.3], "warm_mb": [50, 500], "end_mb": [51, 501]}
        return {"times": [next(rounds)] * 3}

    monkeypatch.setattr(comparisons, "measure", measure)
    monkeypatch.setattr(comparisons, "SERVED", {"small": 256})
    one, many = comparisons.serve(SETTING).values()
    assert one[0]["served / forward: time"] == "1.15"
    assert (many[0]["requests"], many[0]["wrong answers"], many[0]["p50 ms"]) == ("4", "0", "200")
    assert many[0]["network MB, warm - end"] == "500 - 501"
    assert "| 50 - 51 |" in capsys.readouterr().out
