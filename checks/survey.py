"""The survey of a data set: every image is decoded once, in worker processes, and described."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from base.errors import DataError
from base.terminal import track
from checks.alignment import ALIGNMENT, align
from checks.traits import TRAITS, describe
from inputs.data_dir import find_source, find_sources, holds_pair_records
from inputs.images import BadImage
from inputs.layouts import DOMAIN_SPLITS, TEST, TRAIN, halves, whole_and_half
from inputs.sources import Source
from inputs.workers import results, worker_processes


class ImageAt(NamedTuple):
    """An image: the name of its set, and its number there."""

    set: str
    number: int


@dataclasses.dataclass(frozen=True)
class Surveyed:
    """A set of images: a split of one domain, of one set, or of one half of pairs.

    Attributes:
      source: the images.
      traits: TRAITS [images].
      damage: why those that are not intact cannot be used, by index.
    """

    source: Source
    traits: np.ndarray
    damage: dict[int, str] = dataclasses.field(default_factory=dict)


class Survey(NamedTuple):
    """What is known of a data set.

    Attributes:
      sets: by name: "trainA", "trainB", "testA", "testB"; or "train", "test"; or of pairs "train/A", "train/B", ...
      alignments: of pairs, ALIGNMENT [pairs] by "train" and "test"; else empty.
    """

    sets: dict[str, Surveyed]
    alignments: dict[str, np.ndarray]

    def name(self, image: ImageAt) -> str:
        """What people call an image: its path, or its place in a file of records, and its name there."""
        found = self.sets[image.set]
        where = found.source.where(image.number)
        called = "" if found.source.holds_files or image.number in found.damage else found.source.name(image.number)
        return f"{where} ({called})" if called else where

    def partner(self, image: ImageAt) -> ImageAt:
        """The other image of a pair."""
        first, second = halves(whole_and_half(image.set)[0])
        return ImageAt(second if image.set == first else first, image.number)


def find_sets(data_dir: str | os.PathLike, pairs: bool) -> dict[str, Source]:
    """Opens all sets of images that a data set has.

    Args:
      data_dir: as `inputs.data_dir.open_splits` takes it.
      pairs: whether its images belong together in pairs; TFRecords say so themselves.

    Returns:
      Dict by the names that `Survey` has.

    Raises:
      DataError: there is no such data, or it cannot be read.
    """
    if pairs or holds_pair_records(data_dir):
        names: Sequence[str] = [*halves(TRAIN), *halves(TEST)]
        find_source(data_dir, names[0])  # or an error that says what there should be
    else:
        domains = find_sources(data_dir, DOMAIN_SPLITS)
        names = DOMAIN_SPLITS if any(domains.values()) else (TRAIN, TEST)
    return {name: source for name, source in find_sources(data_dir, names).items() if source is not None}


def survey(found: Mapping[str, Source], workers: int) -> Survey:
    """Looks at all images of a data set.

    Args:
      found: its sets, from `find_sets`.
      workers: processes.

    Raises:
      DataError: a process died.
      UsageError: the processes cannot be started.
    """
    sets = {name: Surveyed(source, np.zeros(len(source), TRAITS)) for name, source in found.items()}
    steps: dict[str, list[str]] = {}  # names of the sets that go in step
    for name in sets:
        steps.setdefault(whole_and_half(name)[0], []).append(name)
    alignments = {step: np.zeros(len(found[names[0]]), ALIGNMENT) for step, names in steps.items() if len(names) > 1}
    sources = {step: [found[name] for name in names] for step, names in steps.items()}
    with worker_processes(workers, functools.partial(look, sources)) as processes:
        for step, names in steps.items():
            count, unit = len(found[names[0]]), "pairs" if step in alignments else "images"
            looks = results(processes, step, count, lambda step, number: sources[step][0].where(number))
            for number, seen in enumerate(track(looks, count, unit, step)):
                if isinstance(seen, BadImage):
                    sets[names[0]].damage[number] = str(seen)
                    continue
                traits, alignment = seen
                for name, each in zip(names, traits, strict=True):
                    sets[name].traits[number] = each
                if step in alignments:
                    alignments[step][number] = alignment
    return Survey(sets, alignments)


def look(sources: Mapping[str, Sequence[Source]], step: str, number: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Describes the images of one number in the sets that go in step: what worker processes do.

    Returns:
      (TRAITS of each, ALIGNMENT of two or None).

    Raises:
      BadImage: one cannot be used.
    """
    images = []
    for source in sources[step]:
        try:
            images.append((source.read(number), source.pixels(number)))
        except DataError as error:
            first = source is sources[step][0]
            reason = str(error).removeprefix(f"{source.where(number)}: ") if first else f"its partner {error}"
            raise BadImage(reason) from error
    traits = np.array([describe(data, pixels) for data, pixels in images])
    return traits, align(*(pixels for _, pixels in images)) if len(images) > 1 else None
