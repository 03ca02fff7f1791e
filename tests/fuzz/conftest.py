"""Rounds of attacks, each with its own seed, and within bounds of time and memory."""

import contextlib
import random
import resource
import shlex
import signal

import pytest

MOST_SECONDS = 60  # of a round
MOST_MEMORY = 3 << 30  # bytes that a round may add to what the process has held at most


class OvertimeError(BaseException):
    """A round that takes too long; nothing that the project catches."""


@pytest.fixture
def fuzz(request, tmp_path_factory):
    """Function that calls an attack, a function of a random.Random, in some number of rounds."""
    options, current = request.config.option, tmp_path_factory.getbasetemp() / "round"

    def run(attack, rounds):
        for seed in range(options.fuzz_seed, options.fuzz_seed + (options.fuzz_rounds or rounds)):
            test = shlex.quote(request.node.nodeid)
            command = f"python -m pytest {test} --fuzz_seed={seed} --fuzz_rounds=1"
            current.write_text(f"{command}\n")
            try:
                with _bounded():
                    attack(random.Random(seed))
            except (Exception, OvertimeError) as error:
                raise AssertionError(f"{type(error).__name__}: {error}\nrepeat it: {command}") from error

    return run


@contextlib.contextmanager
def _bounded():
    def give_up(number, frame):
        raise OvertimeError(f"not done after {MOST_SECONDS} s")

    before = signal.signal(signal.SIGALRM, give_up)
    held = _peak()
    signal.alarm(MOST_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    grown = _peak() - held
    assert grown <= MOST_MEMORY, f"took {grown / 1e9:.1f} GB of memory"


def _peak():
    """Bytes that this process, and its largest child, have held at most."""
    return 1024 * sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
