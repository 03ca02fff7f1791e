"""Near-copies: images that show what others show, within a set, across splits and across domains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from checks.finding import Finding, finding_of
from checks.hamming import BLOCK, near_hashes
from checks.survey import ImageAt, Survey
from checks.traits import MIRROR, SMALL
from inputs.layouts import DOMAINS, TEST, TRAIN

ALIKE = 0.95  # correlation of near-copies, of 16 x 16 pixels
FAINT = 3.0  # grey levels: standard deviation of these pixels below which an image shows too little to be compared


def near_copies(survey: Survey) -> list[Finding]:
    """Finds images that show the same, mirrored ones too: whether resized, compressed anew, or a little brighter.

    Two are near-copies if their hashes differ in at most 7 of 64 bits and their small pictures correlate by 0.95;
    pairs, if both images are. What is near to a near-copy belongs to the same group.
    """
    groups = find_groups(survey)
    return [*_across_splits(survey, groups), *_across_domains(survey, groups), *_within_sets(survey, groups)]


def find_groups(survey: Survey) -> list[list[ImageAt]]:
    """Groups of two or more near-copies; of pairs, the first images."""
    images, hashes, small = _compared(survey)
    if not images:
        return []
    groups = _Groups(len(images))
    apart = _join_equal_hashes(groups, hashes, small)
    for mirrored in (False, True):
        queries = hashes[apart] ^ MIRROR if mirrored else hashes[apart]
        for query, found in near_hashes(queries, hashes[apart]):
            query, found = apart[query], apart[found]
            new = (query < found) & (groups.of(query) != groups.of(found))
            query, found = query[new], found[new]
            alike = _alike(small[query], small[found][..., ::-1] if mirrored else small[found])
            groups.join(query[alike], found[alike])
    members: dict[int, list[ImageAt]] = {}
    for image, group in zip(images, groups.of(np.arange(len(images))).tolist(), strict=True):
        members.setdefault(group, []).append(image)
    return [group for group in members.values() if len(group) > 1]


class _Groups:
    """Numbers that are joined to groups, each known by its least member."""

    def __init__(self, count: int):
        self._parents = np.arange(count)

    def of(self, numbers: np.ndarray) -> np.ndarray:
        """The groups of numbers."""
        found = self._parents[numbers]
        while (self._parents[found] != found).any():
            found = self._parents[found]
        return found

    def join(self, some: np.ndarray, others: np.ndarray) -> None:
        """Joins each of some to the other at its place."""
        for pair in zip(some.tolist(), others.tolist(), strict=True):
            low, high = sorted(map(self._group, pair))
            self._parents[high] = low

    def _group(self, number: int) -> int:
        while (parent := self._parents[number]) != number:
            self._parents[number] = self._parents[parent]  # so that the way is shorter the next time
            number = parent
        return number


def _join_equal_hashes(groups: _Groups, hashes: np.ndarray, small: np.ndarray) -> np.ndarray:
    """Joins images to the first one of their hash where they are alike; gives the indices of the firsts and all others.

    So the search takes no longer where one image, or the frames of a film in which little moves, are there very often.
    """
    _, first, same = np.unique(hashes, return_index=True, return_inverse=True)
    firsts = first[same.ravel()]
    blocks = np.array_split(np.arange(len(hashes)), len(hashes) // BLOCK + 1)
    alike = np.concatenate([_alike(small[block], small[firsts[block]]) for block in blocks])
    groups.join(np.flatnonzero(alike), firsts[alike])
    return np.flatnonzero(~alike | (firsts == np.arange(len(hashes))))


def _compared(survey: Survey) -> tuple[list[ImageAt], np.ndarray, np.ndarray]:
    """The images, or first images of pairs, that show enough to be compared; their hashes, uint64 [images]; and small
    pictures, uint8 [images, 1 or 2, 16, 16].
    """
    images: list[ImageAt] = []
    hashes, small = [], []
    for name, each in survey.sets.items():
        if name.endswith(f"/{DOMAINS[1]}"):
            continue
        parts = [each.traits]
        if survey.alignments:
            parts.append(survey.sets[survey.partner(ImageAt(name, 0)).set].traits)
        pictures = np.stack([part["small"] for part in parts], axis=1)
        clear = np.flatnonzero((pictures.std((2, 3)) >= FAINT).all(1))
        images += [ImageAt(name, int(index)) for index in clear]
        hashes.append(each.traits["hash"][clear])
        small.append(pictures[clear])
    return images, np.concatenate(hashes), np.concatenate(small)


def _alike(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Whether small pictures, uint8 [images, 1 or 2, 16, 16], correlate with those at the same place; bool [images]."""
    x, y = (_normalised(each) for each in (some, others))
    return ((x * y).sum(2) >= ALIKE).all(1)


def _normalised(small: np.ndarray) -> np.ndarray:
    flat = small.reshape(*small.shape[:2], SMALL**2).astype(np.float32)
    flat -= flat.mean(2, keepdims=True)
    return flat / np.linalg.norm(flat, axis=2, keepdims=True)


def _across_splits(survey: Survey, groups: Sequence[Sequence[ImageAt]]) -> list[Finding]:
    listed, figures = [], []
    for group in groups:
        train, test = ([image for image in group if image.set.startswith(split)] for split in (TRAIN, TEST))
        if train and test:
            shown = survey.name(test[0])
            listed += [(image, f"shows what {shown} shows") for image in train]
            figures.append(([train[0], test[0]], f"{survey.name(train[0])} and {shown}"))
    advice = "leave them out (build_data.py --exclude): on these test images every figure is too good"
    return finding_of("training images that a test split has, too", advice, listed, figures=figures)


def _across_domains(survey: Survey, groups: Sequence[Sequence[ImageAt]]) -> list[Finding]:
    if survey.alignments:
        return []
    listed, figures = [], []
    for group in groups:
        a, b = ([image for image in group if image.set.endswith(domain)] for domain in DOMAINS)
        if a and b:
            listed += [(image, f"shows what {survey.name(b[0])} shows") for image in a]
            listed += [(image, f"shows what {survey.name(a[0])} shows") for image in b]
            figures.append(([a[0], b[0]], f"{survey.name(a[0])} and {survey.name(b[0])}"))
    advice = "one of the two may be in the wrong domain; if they belong together, they are pairs (--pairs)"
    return finding_of("images that both domains have", advice, listed, figures=figures, certain=False)


def _within_sets(survey: Survey, groups: Sequence[Sequence[ImageAt]]) -> list[Finding]:
    listed, figures = [], []
    for group in groups:
        for name in dict.fromkeys(image.set for image in group):
            members = [image for image in group if image.set == name]
            traits = survey.sets[name].traits[[image.number for image in members]]
            kept = members[int(np.argmax(np.minimum(traits["height"], traits["width"])))]
            others = [image for image in members if image != kept]
            listed += [(image, f"shows what {survey.name(kept)} shows") for image in others]
            if others:
                figures.append(([kept, others[0]], f"{survey.name(kept)} and {survey.name(others[0])}"))
    advice = "leave them out (build_data.py --exclude), or they count more often than others"
    return finding_of("images that their set has already", advice, listed, figures=figures)
