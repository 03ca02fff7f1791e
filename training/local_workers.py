"""Several workers on this machine: a process each, started together, and again where one died."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence

from base.errors import ConfigError, UsageError
from base.options import Options, option
from base.signals import stop_signals_handled

END_SECONDS = 60.0  # that the others have to end by themselves when one has
USAGE_CODE = UsageError.exit_code  # of what no restart can mend


@dataclasses.dataclass(frozen=True)
class WorkerOptions(Options):
    """How many processes train, and what becomes of them."""

    workers: int = option(1, "Processes on this machine that share every batch.", "run", low=1, high=256)
    restarts: int = option(0, "How often all workers are started again when one has died.", "run", low=0)

    def check(self) -> None:
        if self.restarts and self.workers == 1:
            raise ConfigError(f"--restarts={self.restarts} has no effect without --workers; leave it out")


def run_workers(command: Sequence[str], count: int, restarts: int) -> int:
    """Runs a command in `count` processes that train together.

    Args:
      command: of one worker.
      count: of workers; the cores are shared out among them.
      restarts: how often all are started again where one of them died.

    Returns:
      The exit code of the first that ended badly, or 0.
    """
    for left in range(restarts, -1, -1):
        stopped: list[signal.Signals] = []
        with stop_signals_handled(stopped.append):
            code = _run_once(command, count, stopped)
        if code in (0, USAGE_CODE) or stopped or not left:
            return code
        print(f"A worker ended with code {code}; all are started again, {left - 1} times more at most", flush=True)
    raise AssertionError("unreachable")


def _run_once(command, count, stopped):
    addresses = free_addresses(count)
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    processes = []
    for worker in range(count):
        cluster = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": worker}}
        processes.append(subprocess.Popen(command, env={**os.environ, "TF_CONFIG": json.dumps(cluster)}))
        if len(cores) >= count:
            os.sched_setaffinity(processes[-1].pid, cores[worker::count])
    passed_on, end = 0, float("inf")
    while any(process.poll() is None for process in processes):
        time.sleep(0.1)
        for stop_signal in stopped[passed_on:]:
            processes[0].send_signal(stop_signal)  # which the chief tells the others
            passed_on += 1
        if any(process.poll() is not None for process in processes):
            end = min(end, time.monotonic() + END_SECONDS)
        if time.monotonic() > end:
            for process in processes:
                process.kill()
    codes = [process.returncode for process in processes]
    return next((code if code > 0 else 128 - code for code in codes if code), 0)


def free_addresses(count: int) -> list[str]:
    """Addresses on this machine that nobody uses, nor the port behind the last one, where the chief is met."""
    while True:
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
            ports = [each.getsockname()[1] for each in sockets]
            stack.enter_context(socket.create_server(("127.0.0.1", max(ports) + 1)))
            return [f"127.0.0.1:{port}" for port in ports]
