"""Something small to have in a process of its own."""

import os
import signal
import time

from base.errors import UsageError


class Thing:
    """What `inference.isolated` may be given to make."""

    def __init__(self, name: str):
        if name == "none":
            raise UsageError("there is no such thing")
        if name == "dying":
            os.kill(os.getpid(), signal.SIGKILL)
        self.about = f"a {name}"

    def add(self, one: int, other: int) -> int:
        return one + other

    def count(self, most: int) -> int:
        for number in range(1, most + 1):
            self.tell(number, most)
        return most

    def wait(self, seconds: float) -> str:
        time.sleep(seconds)
        return "done"

    def die(self) -> None:
        os._exit(3)

    def refuse(self) -> None:
        raise UsageError("not that")

    def fail(self) -> None:
        raise ValueError("two\nlines")
