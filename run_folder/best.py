"""`best.json`: which checkpoint of a run is the best, and by what rule."""

from __future__ import annotations

import json
import statistics
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from base.errors import DataError
from base.files import read_if_there, writing, written_whole
from base.places import AnyPath
from run_folder.metrics import Metrics

FORMAT_VERSION = 1
MOST_BYTES = 1 << 20  # of the file


class Rule(NamedTuple):
    """What makes one checkpoint better than another.

    Attributes:
      measure: name of the figure.
      higher_is_better: or lower.
      tags: of the values in `metrics.jsonl` that it is the mean of: one for each direction.
      protocol: how the figure is taken.
    """

    measure: str
    higher_is_better: bool
    tags: list[str]
    protocol: Mapping[str, Any]

    def value(self, entry: Mapping[str, Any]) -> float | None:
        """The figure of a line of `metrics.jsonl`; None where the line has none."""
        found = [value for tag in self.tags if isinstance(value := entry.get(tag), float)]
        return statistics.fmean(found) if len(found) == len(self.tags) else None

    def prefers(self, value: float, other: float) -> bool:
        """Whether a value is better than another."""
        return value > other if self.higher_is_better else value < other


class BestCheckpoint:
    """The best checkpoint of a run that is trained.

    What `best.json` names is there: a better one is written before it is named, and the other goes after that.

    Attributes:
      step: int, of the checkpoint that `best.json` names; None where there is none yet.
    """

    def __init__(self, path: AnyPath, rule: Rule, metrics: Metrics, steps: Collection[int]):
        """Finds what is the best so far, and names it.

        Args:
          path: of `best.json`.
          rule: by which it is chosen.
          metrics: of the run.
          steps: of the checkpoints that are there.

        Raises:
          DataError: a file is damaged.
          OutputError: the file cannot be written.
        """
        self._path, self._rule = path, rule
        named = read_best(path)
        if named and (named.step not in steps or (named.rule.measure, named.rule.tags) != (rule.measure, rule.tags)):
            named = None
        self._best = named
        self.step = named.step if named else None
        better = [self.improves(entry) for entry in metrics.entries() if entry["step"] in steps]
        if any(better):
            self.name()

    def improves(self, entry: Mapping[str, Any]) -> bool:
        """Whether a line of `metrics.jsonl` tells of the best so far; `name` is called once its checkpoint is there."""
        value = self._rule.value(entry)
        if value is None or (self._best is not None and not self._rule.prefers(value, self._best.value)):
            return False
        self._best = Best(entry["step"], value, self._rule)
        return True

    def name(self) -> Best:
        """Names the checkpoint of the best line, and gives it. OutputError: the file cannot be written."""
        assert self._best is not None, "a line was better"
        content = {"format_version": FORMAT_VERSION, "step": self._best.step, "value": self._best.value}
        with writing(self._path), written_whole(self._path) as file:
            file.write_text(json.dumps({**content, **self._best.rule._asdict()}, indent=2) + "\n")
        self.step = self._best.step
        return self._best


class Best(NamedTuple):
    """What `best.json` says: the step of the checkpoint, its figure, and the rule by which it was chosen."""

    step: int
    value: float
    rule: Rule


def read_best(path: AnyPath) -> Best | None:
    """Reads `best.json`; None where there is none. DataError: it is damaged."""
    data = read_if_there(path, MOST_BYTES)
    if data is None:
        return None
    try:
        content = json.loads(data)
        if content.pop("format_version") != FORMAT_VERSION:
            raise ValueError("its format version is not known")
        found = Best(content.pop("step"), content.pop("value"), Rule(**content))
        kinds = [(found.step, int), (found.value, float), (found.rule.measure, str), (found.rule.tags, list)]
        if any(type(value) is not kind for value, kind in kinds):
            raise ValueError("step, value, measure or tags are none")
        return found
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise DataError(f"{path}: is damaged ({error}); delete it: train.py makes a new one as it goes on") from None
