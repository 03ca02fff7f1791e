"""Pairs whose images do not belong together, or do not lie upon each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from checks.finding import Finding, finding_of
from checks.survey import ImageAt, Survey
from inputs.layouts import halves

CLEAR = 12.0  # peak of a phase correlation from which on it tells something: see `checks.alignment.align`
SHIFT = 0.02  # share of a side from which on two images count as shifted
USUAL = 0.8  # share of the pairs that must have such a peak before those without it are doubted
MOST = 0.5  # share of the pairs from which on a shift is no matter of single ones


def unmatched(survey: Survey) -> list[Finding]:
    """Images without a partner of the same name."""
    lines = [line for each in survey.sets.values() for line in each.source.left_out]
    if not lines:
        return []
    return [
        Finding(f"images without a partner: {len(lines)}", "give both the same name; they are left out", lines=lines)
    ]


def unequal(survey: Survey) -> list[Finding]:
    """Pairs of images of different sizes."""
    found = []
    for first, _ in _pairs(survey):
        a, b = survey.sets[first.set].traits[first.number], survey.sets[survey.partner(first).set].traits[first.number]
        if (a["height"], a["width"]) != (b["height"], b["width"]):
            found.append((first, f"{a['width']} x {a['height']} and {b['width']} x {b['height']} px"))
    advice = "only --preprocess=resize_and_crop takes them; see whether one of the two is cropped"
    return finding_of("pairs of different sizes", advice, found, figures=_figures(survey, found), listed=())


def shifted(survey: Survey) -> list[Finding]:
    """Pairs whose images fit each other at a shift, of 2 % of a side or more."""
    pairs = _pairs(survey)
    found = [
        (first, f"the second lies {each['right']:+.1%} to the right and {each['down']:+.1%} down")
        for first, each in pairs
        if each["peak"] >= CLEAR and max(abs(each["right"]), abs(each["down"])) >= SHIFT
    ]
    most = len(found) >= MOST * len(pairs)
    advice = "nearly all are: mend how they were made" if most else "leave them out (build_data.py --exclude)"
    listed = [] if most else found
    return finding_of("shifted pairs", advice, found, figures=_figures(survey, found), listed=listed)


def unlike(survey: Survey) -> list[Finding]:
    """Pairs whose images fit nowhere, where nearly all others do."""
    pairs = _pairs(survey)
    found = [(first, "their edges fit nowhere") for first, each in pairs if each["peak"] < CLEAR]
    if len(found) > (1 - USUAL) * len(pairs):
        return []
    advice = "look at them: the edges of nearly all other pairs fit"
    return finding_of(
        "pairs that may not belong together", advice, found, figures=_figures(survey, found), certain=False
    )


def _pairs(survey: Survey) -> list[tuple[ImageAt, np.ndarray]]:
    """The first image of each intact pair, and the ALIGNMENT of the two."""
    return [
        (ImageAt(halves(split)[0], int(number)), each[number])
        for split, each in survey.alignments.items()
        for number in np.flatnonzero(survey.sets[halves(split)[0]].traits["intact"])
    ]


def _figures(survey: Survey, found: Sequence[tuple[ImageAt, str]]) -> list[tuple[list[ImageAt], str]]:
    figures = []
    for first, reason in found:
        both = [first, survey.partner(first)]
        figures.append((both, f"{' and '.join(dict.fromkeys(map(survey.name, both)))}: {reason}"))
    return figures
