"""Single images that are unlike the others: damaged, without content, or of another size or shape."""

from __future__ import annotations

import numpy as np

from checks.finding import Finding, finding_of
from checks.survey import ImageAt, Survey

EMPTY = 2.0  # grey levels: standard deviation of the luma, below which an image is of one colour
DARK = 12.0  # grey levels: mean and standard deviation below which it is black
SCORE = 3.5  # beyond which a value is far from the others (Iglewicz and Hoaglin 1993, "How to detect outliers")
LEAST_SIZE = 2.0  # octaves, doublings, by which a longest side must differ from the median to count at all
LEAST_SHAPE = 1.0  # octaves, of the longer side over the shorter one


def damaged(survey: Survey) -> list[Finding]:
    """Images that cannot be used; what the readers leave out."""
    found = [
        (ImageAt(name, index), reason) for name, each in survey.sets.items() for index, reason in each.damage.items()
    ]
    advice = "mend them or take them out; build_data.py leaves them out, train.py puts others in their place"
    lines = [f"{survey.name(image)}: {reason}" for image, reason in found]
    return finding_of("images that cannot be used", advice, found, listed=(), lines=lines)


def without_content(survey: Survey) -> list[Finding]:
    """Images of one colour, or black."""
    listed = []
    for name, each in survey.sets.items():
        mean, deviation = each.traits["mean"], each.traits["deviation"]
        black = (mean < DARK) & (deviation < DARK)
        for index in np.flatnonzero(each.traits["intact"] & (black | (deviation < EMPTY))):
            reason = "is black, or nearly" if black[index] else "is of one colour, or nearly"
            listed.append((ImageAt(name, int(index)), reason))
    advice = "leave them out (build_data.py --exclude)"
    figures = [([image], f"{survey.name(image)} {reason}") for image, reason in listed]
    return finding_of("images of one colour, or black", advice, listed, figures=figures)


def unusual_sizes(survey: Survey) -> list[Finding]:
    """Images far smaller, larger or longer than those of their set: by modified z-score, and by octaves."""
    listed = []
    for name, each in survey.sets.items():
        intact = np.flatnonzero(each.traits["intact"])
        height, width = (each.traits[side][intact].astype(np.float64) for side in ("height", "width"))
        longer, shorter = np.maximum(height, width), np.minimum(height, width)
        far = _far(np.log2(longer), LEAST_SIZE) | _far(np.log2(longer / shorter), LEAST_SHAPE)
        usual = f"{np.median(width):.0f} x {np.median(height):.0f}" if len(intact) else ""
        for place in np.flatnonzero(far):
            reason = f"is {width[place]:.0f} x {height[place]:.0f} px, usual are {usual}"
            listed.append((ImageAt(name, int(intact[place])), reason))
    advice = "look at them: resized, small ones are blurred and long ones squeezed"
    figures = [([image], f"{survey.name(image)} {reason}") for image, reason in listed]
    return finding_of("images of unusual size or shape", advice, listed, figures=figures, certain=False)


def _far(values: np.ndarray, least: float) -> np.ndarray:
    """Which values are far from their median."""
    if not len(values):
        return np.zeros(0, bool)
    distance = np.abs(values - np.median(values))
    return (distance >= least) & (0.6745 * distance > SCORE * np.median(distance))
