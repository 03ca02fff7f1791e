"""The line before the network, which answers one request at a time: who comes first is first, and nobody waits long."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

from base.errors import UserError
from inference.isolated import FailedError, Isolated, OvertimeError, ProcessEndedError
from serving.errors import RequestError

LONGEST_RETRY = 120  # seconds


class Turns:
    """Lets requests to the network one by one, in their order.

    Attributes:
      trouble: str, why the network could not be loaded when it was needed last; empty while all is well.
    """

    def __init__(self, network: Isolated, most: int, seconds: float):
        """Takes the network, how many requests may wait, and the seconds that one may take with its wait."""
        self.trouble = ""
        self._network, self._most, self._seconds, self._closed = network, most, seconds, False
        self._line: list[threading.Event] = []  # the first is at work; the others are told when they are
        self._lock, self._starting = threading.Lock(), threading.Lock()
        self._last = 0.0  # seconds that the last request took

    def __len__(self) -> int:
        return len(self._line)

    def call(self, method: str, *arguments: Any) -> Any:
        """Calls a method of the network, once those before are done.

        Raises:
          RequestError: too many wait, or it takes too long, or fails.
        """
        deadline = time.monotonic() + self._seconds
        turn = threading.Event()
        with self._lock:
            if len(self._line) > self._most:
                after = min(max(1, round(self._last * len(self._line))), LONGEST_RETRY)
                raise RequestError(f"{len(self._line)} requests are being answered already", 503, after)
            self._line.append(turn)
            self._line[0].set()
        try:
            if not turn.wait(self._seconds):
                raise self._overtime()
            return self._ask(method, arguments, deadline)
        finally:
            with self._lock:
                self._line.remove(turn)
                if self._line:
                    self._line[0].set()

    def close(self) -> None:
        """Ends the network's process, and answers nothing any more."""
        self._closed = True
        self._network.close()

    def _revive(self):
        """Starts the network's process anew where it has ended."""
        try:
            with self._starting:
                self._network.revive()
            self.trouble = ""
        except UserError as error:
            self.trouble = str(error)
            raise RequestError("the network cannot be loaded any more", 503, LONGEST_RETRY, self.trouble) from None

    def _revive_ahead(self):
        """Does so before the next request comes to need it."""
        with contextlib.suppress(RequestError):
            self._revive()
        if self._closed:  # meanwhile
            self._network.close()

    def _ask(self, method, arguments, deadline):
        left = deadline - time.monotonic()
        if self._closed:
            raise self._stopped()
        self._revive()  # whose time does not count: else a process that takes long to start never answered
        started = time.monotonic()
        try:
            return self._network.call(method, *arguments, seconds=left)
        except RequestError:
            raise
        except OvertimeError:
            threading.Thread(target=self._revive_ahead, daemon=True).start()
            raise self._overtime() from None
        except ProcessEndedError as end:
            if self._closed:
                raise self._stopped() from None
            threading.Thread(target=self._revive_ahead, daemon=True).start()
            how = f"ended the network's process ({end}), maybe for lack of memory"
            raise RequestError(f"the request {how}; a smaller image may do", 500) from None
        except FailedError as error:
            raise RequestError("the network failed", 500, detail=str(error)) from None
        except UserError as error:
            raise RequestError(str(error).replace("--", ""), 422) from None
        finally:
            self._last = time.monotonic() - started

    def _stopped(self):
        return RequestError("the server is being stopped", 503)

    def _overtime(self):
        return RequestError(f"not done in {self._seconds:g} s; a smaller image takes less", 504)
