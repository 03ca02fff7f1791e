"""`evaluation.json`: every figure with what it must be known by, and tables of those of several runs."""

from __future__ import annotations

import importlib.metadata
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from base.errors import DataError, UsageError
from base.files import read_if_there, writing, written_whole
from base.places import AnyPath
from config import Config
from evaluation.judgement import Figure

FORMAT_VERSION = 1
MOST_BYTES = 256 << 20  # of a file of records
LARGEST = 1e100  # value of a figure
LABELS = {  # of parts of a protocol whose values say nothing
    "sha256": "other images", "origin": "another origin", "palette_sha256": "another palette",
}  # fmt: skip
RECORD_TYPES = {
    "subject": (str,), "step": (int, type(None)), "name": (str,), "group": (str,), "fakes": (dict,),
    "protocol": (dict,), "figures": (list,),
}  # fmt: skip
FIGURE_TYPES = {
    "name": (str,), "value": (float,), "title": (str,), "unit": (str,), "better": (str,), "std": (float, type(None)),
    "depends_on": (dict,),
}  # fmt: skip


class Record(NamedTuple):
    """The figures of one set of images.

    Attributes:
      subject: what was judged, in words: "photos, step 1500".
      step: of the checkpoint, or None.
      name: the direction of a translation, or "".
      group: what runs that differ in their seed alone have in common; "" where there is no such thing.
      fakes: the images that were judged, as `ImageSet.record` gives them.
      protocol: how: the sets that they were judged beside, how images are made, versions.
      figures: of `evaluation.judgement`.
    """

    subject: str
    step: int | None
    name: str
    group: str
    fakes: Mapping[str, Any]
    protocol: Mapping[str, Any]
    figures: Sequence[Figure]


def describe_protocol(config: Config | None) -> dict[str, Any]:
    """What figures depend on beside the images and the measures; without a config where no run made them."""
    versions = {name: importlib.metadata.version(name) for name in ("tensorflow", "numpy", "pillow")}
    about = {"images": "8 bit, not compressed", "precision": "float32", "versions": versions}
    if config is None:
        return about
    made = {"preprocess": config.preprocess, "image_size": config.image_size}
    return {**made, **about, "precision": config.precision}


def add_records(path: AnyPath, records: Sequence[Record]) -> list[Record]:
    """Adds records to a file, and gives all that it holds then.

    Those of the same subject, images and protocol are replaced, the others stay.

    Raises:
      DataError: the file is there, and is damaged.
      OutputError: it cannot be written.
    """
    kept = [old for old in read_records(path) if not any(_same(old, new) for new in records)] if path.exists() else []
    found = [*kept, *records]
    entries = [{**each._asdict(), "figures": [figure._asdict() for figure in each.figures]} for each in found]
    with writing(path), written_whole(path) as file:
        file.write_text(json.dumps({"format_version": FORMAT_VERSION, "records": entries}, indent=2) + "\n")
    return found


def read_records(path: AnyPath) -> list[Record]:
    """Reads a file of records.

    Raises:
      UsageError: it is not there.
      DataError: it is damaged.
    """
    try:
        data = read_if_there(path, MOST_BYTES)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None
    if data is None:
        raise UsageError(f"{path}: no such file; scripts/evaluate.py --run_dir={path.parent} makes one")
    try:
        content = json.loads(data)
        if content["format_version"] != FORMAT_VERSION:
            raise ValueError(f"its format version {content['format_version']} is not known")
        return [_record(entry) for entry in content["records"]]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(f"{path}: is damaged ({error}); move it away to begin a new one") from None


def table(figures: Sequence[Figure]) -> list[str]:
    """Figures in lines: name, value, what it is and which way is better."""
    values = list(map(value_in_words, figures))
    words = ["; ".join(filter(None, [figure.title, figure.better])) for figure in figures]
    width, room = max(len(figure.name) for figure in figures), max(map(len, values))
    return [
        f"{figure.name:{width}}  {value:>{room}} {figure.unit:2}  {text}"
        for figure, value, text in zip(figures, values, words)
    ]


def value_in_words(figure: Figure) -> str:
    """The value, with its standard deviation where there is one, to four digits."""
    return " ± ".join(_short(value) for value in (figure.value, figure.std) if value is not None)


def comparison(records: Sequence[Record]) -> list[str]:
    """Records beside each other, in lines: a table of the figures that all have, and how their protocols differ.

    Runs that differ in their seed alone, and were judged alike, are one column of means and standard deviations.

    Args:
      records: at least one; their names (directions) are told apart.
    """
    lines = []
    for name in dict.fromkeys(record.name for record in records):
        named = [record for record in records if record.name == name]
        groups: dict[str, list[Record]] = defaultdict(list)
        for record in named:
            groups[json.dumps([record.group or record.subject, record.protocol])].append(record)
        figures = [
            figure.name
            for figure in named[0].figures
            if all(figure.name in {other.name for other in record.figures} for record in named)
        ]
        columns = [["", *figures]]
        for members in groups.values():
            subject = members[0].subject if len(members) == 1 else f"{members[0].subject} and {len(members) - 1} more"
            columns.append([subject, *(_spread([_value(member, figure) for member in members]) for figure in figures)])
        widths = [max(map(len, column)) for column in columns]
        lines += [name] if name else []
        lines += [
            "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:]))])
            for row in zip(*columns, strict=True)
        ]
        first = named[0]
        lines += [
            f"{record.subject} was not judged as {first.subject}: {', '.join(differences)}"
            for record in named[1:]
            if (differences := _differences(first, record, figures))
        ]
    return lines


def _differences(first: Record, second: Record, figures: Sequence[str]) -> list[str]:
    """What differs in how two records were made, in words."""
    found = []
    for key in dict.fromkeys([*first.protocol, *second.protocol]):
        one, other = first.protocol.get(key), second.protocol.get(key)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            found += [f"{key}: {words}" for words in _differing(one, other)]
        elif one != other:
            found.append(f"{key}: {one} and {other}")
    of_figures: dict[str, list[str]] = defaultdict(list)
    for name in figures:
        for words in _differing(*(_figure(record, name).depends_on for record in (first, second))):
            of_figures[words].append(name)
    return [*found, *(f"{', '.join(names)}: {words}" for words, names in of_figures.items())]


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    return [
        LABELS.get(part) or f"{part} {one.get(part)} and {other.get(part)}"
        for part in dict.fromkeys([*one, *other])
        if one.get(part) != other.get(part)
    ]


def _figure(record: Record, name: str) -> Figure:
    return next(figure for figure in record.figures if figure.name == name)


def _value(record, name):
    return _figure(record, name).value


def _spread(values):
    if len(values) == 1:
        return _short(values[0])
    return f"{_short(float(np.mean(values)))} ± {_short(float(np.std(values, ddof=1)))}"


def _same(old, new):
    dependencies = [[dict(figure.depends_on) for figure in record.figures] for record in (old, new)]
    key = [(record.subject, record.name, record.fakes, record.protocol) for record in (old, new)]
    return key[0] == key[1] and dependencies[0] == dependencies[1]


def _record(entry: Mapping[str, Any]) -> Record:
    """Makes a Record of what JSON has for it; ValueError or TypeError where that is something else."""
    figures = [Figure(**_checked(figure, FIGURE_TYPES)) for figure in _checked(entry, RECORD_TYPES)["figures"]]
    return Record(**{**entry, "figures": figures})


def _checked(values: Any, kinds: Mapping[str, tuple[type, ...]]) -> dict[str, Any]:
    if not isinstance(values, dict) or values.keys() != kinds.keys():
        raise ValueError(f"an entry must have {', '.join(kinds)}")
    for name, kind in kinds.items():
        value = values[name]
        if type(value) not in kind or (isinstance(value, float) and not abs(value) < LARGEST):
            raise ValueError(f"{name} must be a {kind[0].__name__}")
    return values


def _short(value: float) -> str:
    return f"{value:.4g}"
