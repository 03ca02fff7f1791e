"""What a finding is, and how those of several sets are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

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


def counted(what: str, found: Iterable[tuple[ImageAt, str]]) -> str:
    """Says how many images were found, in all and by their sets, of pairs by split: "copies: 12 (trainA 8, trainB 4)".

    Args:
      what: what they are.
      found: each with what there is to say of it.
    """
    counts = Counter(whole_and_half(image.set)[0] for image, _ in found)
    return f"{what}: {counts.total()} ({', '.join(f'{name} {count}' for name, count in sorted(counts.items()))})"
