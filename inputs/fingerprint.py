"""Fingerprints of data: what a run has read, told from names and sizes alone, so that a change shows."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

LISTED = 1000  # files up to which each is listed, so that the one that changed can be named


def fingerprint(images: int, files: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Makes the fingerprint of a split.

    Args:
      images: how many it has.
      files: name of each file that they lie in, in order, and what it is known by: its size, and what is cheap to know.

    Returns:
      Dict as JSON has it: "images", "files", the "sha256" over all names and what they are known by, and where these
      are few "listed", the two by name.
    """
    digest = hashlib.sha256()
    count, listed = 0, {}
    for name, known_by in files:
        digest.update(f"{name}\0{known_by}\n".encode(errors="surrogateescape"))
        count += 1
        if count <= LISTED:
            listed[name] = known_by
    found = {"images": images, "files": count, "sha256": digest.hexdigest()}
    return {**found, "listed": listed} if count <= LISTED else found


def describe_change(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Says in one line how the data of two fingerprints differ.

    Args:
      old, new: fingerprints by split, as from `inputs.data_dir.Splits.fingerprint`.

    Returns:
      str, empty where they are the same: "trainA: 12 images, were 11 (x.jpg is new)".
    """
    changes = []
    for split in dict.fromkeys([*old, *new]):
        if split not in old or split not in new:
            changes.append(f"{split}: {'was not there' if split in new else 'is gone'}")
        elif old[split] != new[split]:
            changes.append(f"{split}: {_change(old[split], new[split])}")
    return "; ".join(changes)


def _change(old: Any, new: Mapping[str, Any]) -> str:
    if not isinstance(old, Mapping) or not isinstance(listed := old.get("listed", {}), Mapping):
        return "its fingerprint is damaged"
    count, before = new["images"], old.get("images")
    what = f"{count} images, were {before}" if count != before else f"{count} images as before, but other files"
    hint = _first_change(listed, new["listed"]) if listed and "listed" in new else ""
    return f"{what} ({hint})" if hint else what


def _first_change(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            return f"{name} {'is new' if name not in old else 'is gone' if name not in new else 'changed'}"
    return "another order"
