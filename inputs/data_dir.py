"""What a `--data_dir` holds: the sources of its splits, for training and for tests."""

import functools
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from base.errors import DataError
from base.files import reading
from base.places import absolute
from inputs import scenes
from inputs.dataset import read_description
from inputs.layouts import (
    DOMAIN_SPLITS,
    DOMAINS,
    LAYOUTS,
    PAIR_LAYOUTS,
    TEST,
    TRAIN,
    expanded,
    find_pairs,
    find_set,
    find_split,
    halves,
    held_out_split,
    match_names,
    parent_hint,
    places,
    whole_and_half,
)
from inputs.sources import FolderSource, Source, open_found, open_set
from inputs.streams import Input

DOMAINS_MADE = "made by build_data.py without --pairs; add --model=cyclegan, or convert the images again with --pairs"
PAIRS_MADE = "made by build_data.py --pairs; add --model=pix2pix"
IMAGES_MADE = "made by build_data.py --images; add --model=wgan"
LABELLED_MADE = "made by build_data.py --images --labelled; add --model=darknet"


class Splits(NamedTuple):
    """The splits that a model's streams read."""

    train: dict[str, Source]  # by the streams' split names
    test: dict[str, Source]  # by the same names: the test split of each, or where there is none the training split

    @property
    def left_out(self) -> list[str]:
        """Lines about the images that are not used, each once."""
        sources = [*self.train.values(), *self.test.values()]
        return list(dict.fromkeys(line for source in sources for line in source.left_out))

    def fingerprint(self) -> dict[str, Any]:
        """What the splits are made of, as JSON has it: `inputs.fingerprint.describe_change` compares two of them."""
        tests = {
            held_out_split(split): source for split, source in self.test.items() if source is not self.train[split]
        }
        with reading():
            return {split: source.fingerprint() for split, source in {**self.train, **tests}.items()}

    def describe(self) -> str:
        """Counts the training images: "59 pairs in train", or "10 images in trainA and 12 images in trainB"."""
        counts = {}
        for split, source in self.train.items():
            whole, half = whole_and_half(split)
            counts[whole] = f"{len(source)} {'pairs' if half else 'images'} in {whole}"
        return " and ".join(counts.values())


def absolute_data_dir(data_dir: str) -> str:
    """Makes a `--data_dir`, or both its places, independent of the current folder; built-in scenes stay."""
    if data_dir == scenes.NAME:
        return data_dir
    return ",".join(map(absolute, places(data_dir)))


def data_place(data_dir: str | None, image_size: int) -> str:
    """Where the data of a `--data_dir` lie; the built-in scenes are drawn at a size, in pixels, if they are not yet."""
    return scenes.draw(image_size) if data_dir == scenes.NAME else data_dir or ""


def open_splits(data_dir: str | os.PathLike, streams: Mapping[str, Input]) -> Splits:
    """Opens the splits that streams read.

    Args:
      data_dir: a folder, or two places joined by a comma; `inputs.layouts.LAYOUTS` says which are understood.
      streams: by name. Where one of them needs a test split, there must be one.

    Raises:
      DataError: a split is missing or cannot be read.
    """
    splits = list(dict.fromkeys(stream.split for stream in streams.values()))
    must_be_there = {held_out_split(stream.split) for stream in streams.values() if stream.needs_test}
    train = {split: _there(source, data_dir, split) for split, source in find_sources(data_dir, splits).items()}
    tests = find_sources(data_dir, list(map(held_out_split, splits)))
    for split in must_be_there:
        _there(tests[split], data_dir, split)
    return Splits(train, {split: tests[held_out_split(split)] or source for split, source in train.items()})


def find_source(data_dir: str | os.PathLike, split: str) -> Source:
    """Opens one split.

    Args:
      data_dir: as for `open_splits`.
      split: its name, see `inputs.layouts`; "train" is the place itself where that has no such part.

    Raises:
      DataError: there is no such split, or it cannot be read.
    """
    return _there(find_sources(data_dir, [split])[split], data_dir, split)


def find_sources(data_dir: str | os.PathLike, splits: Sequence[str]) -> dict[str, Source | None]:
    """Opens splits, by name in the given order; None for those that are missing. Pairs are opened once, for both.

    Raises:
      DataError: there is no data at all, or it cannot be read.
    """
    if not data_dir:
        raise DataError(f"data_dir is not given; {LAYOUTS}")
    found: dict[str, Source | None] = {}
    with reading():
        for split in splits:
            whole, half = whole_and_half(split)
            if not half:
                found[split] = _open_single(data_dir, split)
            elif split not in found:
                found |= dict(zip(halves(whole), _open_pairs(data_dir, whole), strict=True))
    return {split: found[split] for split in splits}


def holds_pair_records(data_dir: str | os.PathLike) -> bool:
    """Whether the training split is one of records of pairs. DataError where it cannot be read."""
    with reading():
        place = find_split(data_dir, TRAIN)
        return place is not None and bool(place.shards) and open_found(place).holds_pairs


def _open_single(data_dir: str | os.PathLike, split: str) -> Source | None:
    found = find_set(data_dir, split) if split in (TRAIN, TEST) else list(filter(None, [find_split(data_dir, split)]))
    source = open_set(found) if found else None
    if source and source.holds_pairs:
        raise DataError(
            f"{data_dir}: holds pairs of images, but single ones are wanted: {PAIRS_MADE}, and leave out --colorize"
        )
    return source


def _open_pairs(data_dir: str | os.PathLike, split: str) -> tuple[Source | None, Source | None]:
    """Opens the first and the second images of a split's pairs."""
    found = find_pairs(functools.partial(find_split, data_dir), split)
    if not found:
        return None, None
    if len(found) == 1:
        return open_found(found[0]).halves()
    if any(place.shards for place in found):
        _check_model(data_dir, pairs_wanted=True)
        raise DataError(
            f"{data_dir}: images in TFRecord files cannot be matched by name; "
            "convert their folders with build_data.py --pairs"
        )
    a, b = found
    pairs, *alone = match_names(a.images, b.images)
    if not pairs:
        raise DataError(f"{data_dir}: no image of {split}A has the name of one of {split}B, such as {a.images[0]}")
    left_out = [
        [f"{split}{domain}/{name}: {split}{other} has no image of that name" for name in names]
        for domain, other, names in zip(DOMAINS, reversed(DOMAINS), alone, strict=True)
    ]
    first, second = (
        FolderSource([place._replace(images=list(names))], lines)
        for place, names, lines in zip(found, zip(*pairs, strict=True), left_out, strict=True)
    )
    return first, second


def _there(source: Source | None, data_dir: str | os.PathLike, split: str) -> Source:
    """Gives the source back; where there is none, raises a DataError that says what there is instead."""
    if source is not None:
        return source
    whole, half = whole_and_half(split)
    if half or split in DOMAIN_SPLITS:
        _check_model(data_dir, pairs_wanted=bool(half))
    understood = parent_hint(data_dir) or (PAIR_LAYOUTS if half else LAYOUTS)
    raise DataError(f"{data_dir}: holds no {'pairs of ' if half else ''}split {whole}; {understood}")


def _check_model(data_dir: str | os.PathLike, pairs_wanted: bool) -> None:
    """Raises DataError where build_data.py made the data for other models than those that take pairs, or domains."""
    description = read_description(expanded(data_dir))
    if description is None:
        return
    if set(description.splits) & set(DOMAIN_SPLITS):
        made = DOMAINS_MADE if pairs_wanted else ""
    elif description.classes:
        made = LABELLED_MADE
    else:
        made = PAIRS_MADE if holds_pair_records(data_dir) else IMAGES_MADE
    if made:
        raise DataError(f"{data_dir}: {made}")
