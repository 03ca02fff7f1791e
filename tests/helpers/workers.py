"""Workers that train together, in threads of the tests' process."""

import threading
import time

from training.group import Group
from training.local_workers import free_addresses


def in_threads(count, work, seconds=10):
    """Calls a function for every worker of a group, each in a thread. Returns what it gave or raised, by worker."""
    groups, results = [Group(addresses, worker) for addresses in [free_addresses(count)] for worker in range(count)], {}

    def run(own):
        try:
            results[own.worker] = work(own)
        except Exception as error:
            results[own.worker] = error

    threads = [threading.Thread(target=run, args=(own,), daemon=True) for own in groups]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
    for own in groups:
        own.leave()
    return [results.get(worker) for worker in range(count)]


def wait_until(so):
    """Waits until something is so, some seconds at most."""
    end = time.monotonic() + 5
    while not so() and time.monotonic() < end:
        time.sleep(0.01)


def run_together(count, work, seconds=200):
    """Calls a function for every worker of a group that has met, each in a thread; raises what one of them raised."""
    results = in_threads(count, lambda own: (own.meet(), work(own))[1], seconds)
    for result in results:
        if isinstance(result, Exception):
            raise result
    return results
