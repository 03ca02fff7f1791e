"""Runs the page of an export in a browser without a window; `exports.checker` loads this file as it loads a program.

It stands alone: it knows three functions of the page, and how to speak to Chromium through a pair of pipes.
"""

from __future__ import annotations

import atexit
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

PAGE = "page.html"  # in the current folder
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
FLAGS = ("--headless", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe", "--user-data-dir=profile")
TIMEOUT = 600.0  # seconds for the page, and for each image
CALL = """
(async () => {
  const bytes = Uint8Array.from(atob("%s"), letter => letter.charCodeAt(0)), given = %s;
  const { values, shape } = await compute(given.length === 4 ? toValues(bytes) : new Float32Array(bytes.buffer), given);
  const text = array => {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    let letters = "";
    for (let i = 0; i < bytes.length; i += 32768) letters += String.fromCharCode(...bytes.subarray(i, i + 32768));
    return btoa(letters);
  };
  return [text(values), shape.length === 4 ? text(toLevels(values, shape[3])) : "", shape];
})()
"""


def find_browser() -> str | None:
    """Path of a browser of Chromium's family; None where there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


class Browser:
    """A browser that shows a page."""

    def __init__(self, url: str = ""):
        """Starts it; without a URL, it shows PAGE."""
        path = find_browser()
        if path is None:
            raise RuntimeError("there is no Chromium and no Chrome to try the page in")
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        place = Path(self._folder.name)
        for name in ("in", "out"):
            os.mkfifo(place / name)
        flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]  # which Chromium's root has to do without
        command = ["sh", "-c", 'exec "$@" 3<in 4>out', "sh", path, *flags]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(command, cwd=place, stdin=quiet, stdout=quiet, stderr=quiet)
        self._in = open(place / "in", "wb", buffering=0)
        self._out = open(place / "out", "rb", buffering=0)
        self._rest, self._number, self._session = b"", 0, ""
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._ask("Page.enable")
        self._ask("Page.navigate", url=url or Path(PAGE).resolve().as_uri())
        self._wait(lambda message: message.get("method") == "Page.loadEventFired")

    def evaluate(self, expression: str) -> Any:
        """Gives what a promise of the page becomes. RuntimeError where it fails."""
        answer = self._ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[-300:])
        return answer["result"]["value"]

    def choose_file(self, selector: str, file: Path) -> None:
        """Gives a file to the input that a selector of CSS names."""
        root = self._ask("DOM.getDocument")["root"]["nodeId"]
        node = self._ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self._ask("DOM.setFileInputFiles", nodeId=node, files=[str(file)])

    def close(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.wait()
        self._in.close()
        self._out.close()
        self._folder.cleanup()

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        session = {"sessionId": self._session} if self._session else {}
        message = {"id": self._number, "method": method, "params": parameters, **session}
        data = memoryview(json.dumps(message).encode() + b"\0")
        while data:
            data = data[self._in.write(data) :]
        answer = self._wait(lambda message: message.get("id") == self._number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def _wait(self, wanted):
        """Reads messages until one is wanted."""
        deadline = time.monotonic() + TIMEOUT
        while True:
            message, end, rest = self._rest.partition(b"\0")
            if end:
                self._rest = rest
                parsed = json.loads(message)
                if wanted(parsed):
                    return parsed
                continue
            ready, _, _ = select.select([self._out], [], [], max(0.0, deadline - time.monotonic()))
            data = self._out.read(1 << 20) if ready else b""
            if not data:
                raise RuntimeError("the browser ended" if ready else f"the browser took more than {TIMEOUT:g} s")
            self._rest += data


if __name__ == "<run_path>":  # loaded as a program
    browser = Browser()
    atexit.register(browser.close)


def run(values: np.ndarray) -> np.ndarray:
    """Gives what the page makes of float32 values: noise, or an image [1, height, width, channels] in [-1, 1] whose
    values are those of levels.
    """
    given = values
    if values.ndim == 4:
        given = np.full([*values.shape[1:3], 4], 255, np.uint8)
        given[:, :, :3] = np.rint((values[0] + 1) * 127.5)
    floats, shown, shape = browser.evaluate(CALL % (base64.b64encode(given.tobytes()).decode(), list(values.shape)))
    result = np.frombuffer(base64.b64decode(floats), np.float32).reshape(shape)
    if result.ndim == 4:
        found = np.frombuffer(base64.b64decode(shown), np.uint8).reshape(*shape[:3], 4)
        expected = np.clip(np.rint((result + 1) * 127.5), 0, 255)
        if np.abs(found[..., :3] - expected).max() > 1 or (found[..., 3] != 255).any():
            raise RuntimeError("the page shows other levels than its network gives")
    return result
