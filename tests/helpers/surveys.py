"""Data sets of a few images that are looked at, and what is found in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from checks.finding import Finding
from checks.survey import Survey, find_sets, survey
from tests.helpers.images import save


def write_set(folder: Path, images: Mapping[str, Sequence[np.ndarray]]) -> Path:
    """Writes images to sub-folders by name, as 0.png, 1.png and so on, and returns the folder."""
    for name, each in images.items():
        for number, image in enumerate(each):
            save(folder / name / f"{number}.png", image)
    return folder


def looked_at(folder: Path, pairs: bool = False) -> Survey:
    """The survey of a folder."""
    return survey(find_sets(folder, pairs), 1)


def found(check: Callable[[Survey], list[Finding]], folder: Path, pairs: bool = False) -> list[Finding]:
    """What one check finds in a folder."""
    return check(looked_at(folder, pairs))


def listed(finding: Finding) -> list[tuple[str, int]]:
    """The images that a finding lists: set and number, sorted."""
    return sorted((image.set, image.number) for image, _ in finding.listed)
