"""What a finding is, and how those of several sets are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from checks.survey import ImageAt
from inputs.layouts import whole_and_half


class Finding(NamedTuple):
    """Something about a data set that its owner should know.

    Attributes:
      what: what was found, and how often.
      advice: what to do.
      figures: images that show it, those of each figure beside each other, and what stands below them.
      listed: images to leave out, and why.
      certain: whether these can be left out unseen; False where a person should look first.
      lines: what there is to say of single images that cannot be shown.
    """

    what: str
    advice: str
    figures: Sequence[tuple[Sequence[ImageAt], str]] = ()
    listed: Sequence[tuple[ImageAt, str]] = ()
    certain: bool = True
    lines: Sequence[str] = ()


def finding_of(what: str, advice: str, found: Sequence[tuple[ImageAt, str]], **details: Any) -> list[Finding]:
    """A Finding of images, which says how many there are; none where there are none.

    Args:
      what: what they are; "copies" becomes "copies: 12 (trainA 8, trainB 4)", where pairs count by split.
      advice: what to do.
      found: the images, each with what there is to say of it; they are listed, unless `details` have other ones.
      details: further attributes of the Finding.
    """
    counts = Counter(whole_and_half(image.set)[0] for image, _ in found)
    places = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
    return [Finding(f"{what}: {counts.total()} ({places})", advice, **{"listed": found, **details})] if found else []
