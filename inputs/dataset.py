"""dataset.json: what build_data.py says about its output; a folder that holds it is one."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from base.errors import DataError
from base.files import read_if_there
from base.places import AnyPath

FILE = "dataset.json"
VERSION = 1
MOST_BYTES = 256 << 20  # of the file: it names every image that was left out
AGAIN = "make the data set again with build_data.py"


@dataclasses.dataclass(frozen=True)
class SplitFacts:
    """What is written about one split."""

    source: str  # the end of the folder's path that its images come from
    images: int  # images, or pairs, in it
    shards: int  # files that they lie in
    height: dict[str, int] | None  # "min", "median", "max" in pixels, of pairs those of A; None if there are no images
    width: dict[str, int] | None  # likewise
    left_out: list[dict[str, str]]  # images that could not be used: "file" and "reason"


@dataclasses.dataclass(frozen=True)
class Description:
    """What is written about the whole."""

    seed: int
    max_side: int | None  # longest side above which images were downsized; None for any
    splits: dict[str, SplitFacts]
    classes: list[str] = dataclasses.field(
        default_factory=list
    )  # in the order of their numbers; empty if there are none


def write_description(folder: Path, description: Description) -> None:
    """Writes the file; OSError where that is not possible."""
    values = {"format_version": VERSION, **dataclasses.asdict(description)}
    if not description.classes:
        del values["classes"]
    (folder / FILE).write_text(json.dumps(values, indent=2) + "\n")


def read_description(folder: AnyPath) -> Description | None:
    """Reads the file.

    Returns:
      Description; None where there is no such file.

    Raises:
      DataError: it cannot be read, or is no description that this version understands.
    """
    path = folder / FILE
    content = read_if_there(path, MOST_BYTES)
    if content is None:
        return None
    try:
        values = json.loads(content)
    except RecursionError:
        raise DataError(f"{path}: is damaged: nested too deep; {AGAIN}") from None
    except ValueError as error:
        raise DataError(f"{path}: is damaged: {error}; {AGAIN}") from None
    version = values.get("format_version") if isinstance(values, dict) else None
    if type(version) is not int:
        raise DataError(f"{path}: was not written by build_data.py; keep it elsewhere, under another name")
    if version != VERSION:
        raise DataError(f"{path}: has the format {version}, but {VERSION} is understood here; {AGAIN}")
    try:
        return _description(values)
    except (_WrongError, RecursionError) as problem:
        raise DataError(f"{path}: is damaged: {problem}; {AGAIN}") from None


class _WrongError(ValueError):
    """Something in the file that cannot be; the message says where and what."""


def _description(values: Mapping[str, Any]) -> Description:
    """Makes a Description of what the file holds."""
    splits = {name: _facts(facts, f"splits/{name}") for name, facts in _entry(values, "splits", dict).items()}
    classes = _entry({"classes": [], **values}, "classes", list)
    for number, name in enumerate(classes):
        _of_type(name, str, f"classes/{number}")
    max_side = None if values.get("max_side") is None else _count(values, "max_side")
    return Description(_entry(values, "seed", int), max_side, splits, classes)


def _facts(values: Any, where: str) -> SplitFacts:
    values = _of_type(values, dict, where)
    left_out = _entry(values, "left_out", list, where)
    return SplitFacts(
        source=_entry(values, "source", str, where),
        images=_count(values, "images", where),
        shards=_count(values, "shards", where),
        height=_summary(values, "height", where),
        width=_summary(values, "width", where),
        left_out=[_left_out(item, f"{where}/left_out/{number}") for number, item in enumerate(left_out)],
    )


def _left_out(values: Any, where: str) -> dict[str, str]:
    return {key: _entry(_of_type(values, dict, where), key, str, where) for key in ("file", "reason")}


def _summary(values: Mapping[str, Any], key: str, where: str) -> dict[str, int] | None:
    if key in values and values[key] is None:
        return None
    sides = _entry(values, key, dict, where)
    return {name: _count(sides, name, f"{where}/{key}") for name in ("min", "median", "max")}


def _count(values: Mapping[str, Any], key: str, where: str = "") -> int:
    count = _entry(values, key, int, where)
    if count < 0:
        raise _WrongError(f"{f'{where}/{key}'.lstrip('/')} must be at least 0, not {count}")
    return count


def _entry(values: Mapping[str, Any], key: str, kind: type, where: str = "") -> Any:
    path = f"{where}/{key}".lstrip("/")
    if key not in values:
        raise _WrongError(f"{path} is missing")
    return _of_type(values[key], kind, path)


def _of_type(value: Any, kind: type, where: str) -> Any:
    if type(value) is not kind:  # not isinstance: True is an int
        shown = json.dumps(value)
        shown = shown if len(shown) <= 50 else f"{shown[:50]}..."
        raise _WrongError(f"{where} must be {KINDS[kind]}, not {shown}")
    return value


KINDS = {int: "a whole number", str: "text", list: "a list", dict: "a table of names and values"}
