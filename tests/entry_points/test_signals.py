"""Ctrl-C, kill and a closed terminal, from the first moment on: one line, exit code 128 + signal, nothing half done.

What Python itself does before the first line of an entry point cannot be caught, some hundredths of a second.
"""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from base.signals import STOP_SIGNALS
from tests.helpers.entry_points import check_whole, missing, start
from tests.helpers.programs import assert_kept, snapshot

pytestmark = pytest.mark.slow

IMPORTS, WORK = 1.5, 5.0  # seconds after the first line: until what is needed is imported, and until most work is done


def wait_until_it_listens(process):
    """Waits until a process catches SIGTERM, which Python alone does not do."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        pytest.skip("which signals a process catches is told by /proc alone")
    while process.poll() is None:
        caught = next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("SigCgt"))
        if int(caught, 16) & 1 << signal.SIGTERM - 1:
            return
        time.sleep(0.001)


@pytest.mark.parametrize(
    "number, earliest, latest",
    [
        *((number, *times) for number in STOP_SIGNALS for times in ((0.0, 0.02), (0.02, IMPORTS))),
        (signal.SIGHUP, IMPORTS, WORK),  # the other two at work: in the tests of each
    ],
)
def test_signal_to_all_processes_of_it_ends_it_well(entry, material, place, number, earliest, latest):
    before = snapshot(place)
    moment = random.Random(f"{entry.name} {number} {earliest}").uniform(earliest, latest)
    process = start(entry, material, place)
    wait_until_it_listens(process)
    time.sleep(moment)
    if process.poll() is None:
        os.killpg(process.pid, number)
    out, err = process.communicate(timeout=60)
    context = f"after {moment:.3f} s: exit code {process.returncode}\n{out}\n{err}"
    assert "Traceback" not in err and "Exception ignored" not in err and err.count("\n") <= 1, context
    if process.returncode == 0:
        assert not missing(entry, place), context
    else:
        how = "interrupted" if number == signal.SIGINT else f"stopped by {signal.Signals(number).name}"
        saved = f"Stopped by {signal.Signals(number).name}, saved at step"
        assert process.returncode == 128 + number and (err.startswith(f"{entry.name}: {how}") or saved in out), context
    assert_kept(before, place)
    check_whole(place)
