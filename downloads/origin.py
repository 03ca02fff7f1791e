"""source.json: where a data set that was fetched comes from; a folder that holds it was made here."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from base.errors import DataError
from base.files import read_if_there

FILE = "source.json"
VERSION = 1
MOST_BYTES = 1 << 16


@dataclasses.dataclass(frozen=True)
class Origin:
    """What is noted."""

    name: str  # of the data set
    url: str  # that it was fetched from, after redirections; or the path of the archive that was given
    date: str  # of the fetching or unpacking, in UTC
    archive: str  # name of its file
    bytes: int  # of the archive
    sha256: str  # of the archive
    checked: bool  # whether that is the hash that is known of it
    files: int  # in it
    homepage: str
    licence: str


def write_origin(folder: Path, origin: Origin) -> None:
    """Writes the file; OSError where that is not possible."""
    (folder / FILE).write_text(json.dumps({"format_version": VERSION, **dataclasses.asdict(origin)}, indent=2) + "\n")


def read_origin_name(folder: Path) -> str | None:
    """The name of the data set that a folder was made of.

    Returns:
      str; None where there is no such file.

    Raises:
      DataError: it cannot be read, or was not written here.
    """
    path = folder / FILE
    content = read_if_there(path, MOST_BYTES)
    if content is None:
        return None
    try:
        values = json.loads(content)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict) or not isinstance(values.get("name"), str):
        raise DataError(f"{path}: was not written by get_data.py, or is damaged; choose another --output")
    return values["name"]
