"""What tells two domains apart and is not their content."""

from __future__ import annotations

import numpy as np

from checks.finding import Finding
from checks.survey import Survey
from inputs.layouts import PLACE_SPLITS

MANY_TIMES = 4.0  # images of one domain for each of the other
HUGE = 2.0  # standard deviations between means (Sawilowsky 2009, doi 10.22237/jmasm/1257035100)
QUALITY = 15  # points of JPEG quality between medians
SHARE = 0.5  # between shares of JPEGs
SIZE = 1.5  # ratio of medians of longest sides


def unlike_domains(survey: Survey) -> list[Finding]:
    """Compares the training images of two domains in what a discriminator may learn in the place of their content.

    Source: Grommelt et al. 2024 (arXiv 2403.17608), where detectors learn sizes and JPEG compression; of the counts
    Karras et al. 2020 (arXiv 2006.06676), where discriminators learn small sets by heart.
    """
    if not all(split in survey.sets for split in PLACE_SPLITS):
        return []
    traits = [survey.sets[split].traits for split in PLACE_SPLITS]
    traits = [each[each["intact"]] for each in traits]
    if not all(map(len, traits)):
        return []
    return [*_counts(*traits), *_compression(*traits), *_sizes(*traits), *_brightness(*traits)]


def _counts(a: np.ndarray, b: np.ndarray) -> list[Finding]:
    if max(len(a), len(b)) < MANY_TIMES * min(len(a), len(b)):
        return []
    what = _compared("images", len(a), len(b))
    return [Finding(what, "the fewer may be learnt by heart: keep an eye on test images, or add to them")]


def _compression(a: np.ndarray, b: np.ndarray) -> list[Finding]:
    share_a, share_b = (float(np.mean(each["quality"] > 0)) for each in (a, b))
    advice = "the artefacts tell the domains apart: save both alike, or downsize both with build_data.py --max_side"
    if abs(share_a - share_b) >= SHARE:
        return [Finding(_compared("JPEGs", f"{share_a:.0%}", f"{share_b:.0%}"), advice)]
    if not share_a or not share_b:
        return []
    quality_a, quality_b = (float(np.median(each["quality"][each["quality"] > 0])) for each in (a, b))
    if abs(quality_a - quality_b) < QUALITY:
        return []
    return [Finding(_compared("median JPEG quality", f"{quality_a:.0f}", f"{quality_b:.0f}"), advice)]


def _sizes(a: np.ndarray, b: np.ndarray) -> list[Finding]:
    side_a, side_b = (float(np.median(np.maximum(each["height"], each["width"]))) for each in (a, b))
    low, high = sorted((side_a, side_b))
    if high < SIZE * low:
        return []
    what = _compared("median longest side", f"{side_a:.0f} px", f"{side_b:.0f} px")
    return [Finding(what, f"once resized, one is sharper: build_data.py --max_side={low:.0f} makes them more alike")]


def _brightness(a: np.ndarray, b: np.ndarray) -> list[Finding]:
    mean_a, mean_b = (float(np.mean(each["mean"])) for each in (a, b))
    spread = np.sqrt((np.var(a["mean"]) + np.var(b["mean"])) / 2)
    if abs(mean_a - mean_b) < HUGE * max(spread, 1.0):
        return []
    what = _compared("mean brightness", f"{mean_a:.0f}", f"{mean_b:.0f}")
    return [Finding(what, "that alone tells the domains apart; it is a fault unless you mean to translate it")]


def _compared(what: str, a: object, b: object) -> str:
    first, second = PLACE_SPLITS
    return f"{what}: {a} in {first}, {b} in {second}"
