"""`metrics.jsonl`: the losses and figures of a run over its steps, one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from base.errors import DataError
from base.files import read_if_there, writing, written_whole
from base.places import AnyPath, RemotePath

MOST_BYTES = 1 << 30  # of the file: a million lines


class Metrics:
    """The file of one run.

    A line is in the file before `add` returns; in a folder with a scheme, where a file cannot grow, when `sync` does.
    It is written before the checkpoint of its step, so that a run which goes on from a checkpoint finds all lines up to
    there, and `rewind` strikes out those that will come again.
    """

    def __init__(self, path: AnyPath):
        """Takes the path, of a file or of none yet."""
        self._path = path
        self._waiting: list[str] = []  # lines for `sync` to write

    def entries(self) -> Iterator[dict[str, Any]]:
        """What the lines say, oldest first; half a line at the end, which a killed process left, does not count.

        Raises:
          DataError: naming a line that says something else; or the file cannot be read.
        """
        for _, entry in self._lines():
            yield entry

    def rewind(self, step: int) -> float:
        """Strikes out what was written after a step, and half a line at the end; errors are those of `entries`.

        Returns:
          The seconds that the run had taken by the last line.

        Raises:
          OutputError: the file cannot be written.
        """
        seconds = 0.0
        with writing(self._path), written_whole(self._path) as whole, open(whole, "w") as file:
            for line, entry in self._lines():
                if entry["step"] <= step:
                    file.write(line)
                    seconds = entry["seconds"]
        return seconds

    def add(self, step: int, seconds: float, values: Mapping[str, float], alarms: Sequence[str] = ()) -> None:
        """Writes a line.

        Args:
          step: steps done.
          seconds: how many the run has taken.
          values: by TensorBoard tag.
          alarms: what was found to go wrong, in words.

        Raises:
          OutputError: it cannot be written.
        """
        line = json.dumps(
            {"step": step, "seconds": round(seconds, 3), **values, **({"alarms": [*alarms]} if alarms else {})}
        )
        if isinstance(self._path, RemotePath):
            self._waiting.append(f"{line}\n")
        else:
            with writing(self._path), open(self._path, "a") as file:
                file.write(f"{line}\n")

    def sync(self) -> None:
        """Makes sure that all lines are in the file. OutputError: they cannot be written."""
        if self._waiting:
            text = "".join([*(line for line, _ in self._lines()), *self._waiting])
            with writing(self._path), written_whole(self._path) as whole:
                whole.write_text(text)
            self._waiting.clear()

    def _lines(self) -> Iterator[tuple[str, dict[str, Any]]]:
        data = read_if_there(self._path, MOST_BYTES) or b""
        for number, line in enumerate(data.decode(errors="replace").split("\n")[:-1], 1):
            yield f"{line}\n", self._entry(line, number)

    def _entry(self, line: str, number: int) -> dict[str, Any]:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            entry = None
        kinds = {"step": int, "seconds": float}
        if not isinstance(entry, dict) or any(type(entry.get(name)) is not kind for name, kind in kinds.items()):
            raise DataError(
                f"{self._path}: line {number} is no JSON object with step and seconds; mend it, or move the file away "
                "to begin a new one"
            )
        return entry
