"""The splits that build_data.py makes: which images or pairs belong to which, and in which order."""

import functools
import hashlib
import os
from collections.abc import Container, Sequence
from typing import NamedTuple

from base.errors import DataError
from inputs.images import check_folder, list_images
from inputs.layouts import (
    DOMAIN_SPLITS,
    DOMAINS,
    TEST,
    TEST_SPLITS,
    TRAIN,
    classes_of,
    find_pairs,
    find_shards,
    match_names,
    parent_hint,
    readable,
    sort_classes,
    split_folder,
    split_names,
)
from inputs.trees import Folder


class Split(NamedTuple):
    """What becomes one split."""

    folders: tuple[Folder, ...]  # that the files lie in that make each record: one, or two of a pair
    names: Sequence[tuple[str, ...]]  # of these files, relative to their folders
    left_out: list[dict[str, str]]  # images that cannot be used: "file" and "reason"

    @property
    def folder(self) -> Folder:
        """What the description calls the source."""
        return self.folders[0] if len(self.folders) == 1 else self.folders[0].parent

    def paths(self, number: int) -> tuple[Folder, ...]:
        """Paths of the files that make a record."""
        return tuple(folder / name for folder, name in zip(self.folders, self.names[number], strict=True))


def domain_splits(source: Folder, seed: int) -> dict[str, Split]:
    """Finds the splits of two domains: sub-folders trainA, trainB and, if there are any, testA and testB.

    Args:
      source: folder of the sub-folders.
      seed: what the order of the images depends on, and nothing else.

    Raises:
      DataError: a folder is missing, cannot be read or holds no images.
    """
    check_folder(source)
    folders = {split: _split_folder(source, split) for split in DOMAIN_SPLITS}
    train = [split for split in DOMAIN_SPLITS if split.startswith(TRAIN)]
    if not any(folders[split] for split in train):
        _refuse_records(source)
        hint = parent_hint(source) or "for others give --domain_a and --domain_b"
        raise DataError(f"{source}: no sub-folders {' and '.join(train)} in it; {hint}")
    folders |= {split: folders[split] or source / split for split in train}  # so that one that is missing is named
    return {split: image_split(folder, seed) for split, folder in folders.items() if folder}


def image_splits(folder: Folder, seed: int, test_fraction: float = 0.0) -> dict[str, Split]:
    """Finds the splits of one set of images.

    They are its sub-folders train and test (or val); or those of two domains, trainA and trainB for train, testA and
    testB for test; or all that is named as neither, divided.

    Args:
      folder: the images' folder.
      seed: as for `domain_splits`.
      test_fraction: share of the images that becomes the test split, where no sub-folder is one.

    Raises:
      DataError: a folder is missing, cannot be read or holds no images; or it need not be divided.
    """
    check_folder(folder)
    train, test = (_set_folders(folder, split) for split in (TRAIN, TEST))
    if test_fraction and (train or test):
        raise DataError(
            f"{folder}: has a sub-folder {(train or test)[0].name}; its sub-folders are the splits, without "
            "--test_fraction"
        )
    if not train and not test:
        return divide(image_split(folder, seed), test_fraction)
    splits = {TRAIN: _joined(folder, train, seed) if train else image_split(folder, seed, split_names(TEST_SPLITS))}
    return splits | ({TEST: _joined(folder, test, seed)} if test else {})


def pair_splits(source: Folder, seed: int) -> dict[str, Split]:
    """Finds the splits of pairs: sub-folders train and test (or val) of images that each show two side by side, or
    trainA, trainB, testA and testB whose images have equal names.

    Args:
      source: folder of the sub-folders.
      seed: as for `domain_splits`.

    Raises:
      DataError: there are no pairs for training, or a folder cannot be read.
    """
    check_folder(source)
    splits = {}
    for split in (TRAIN, TEST):
        folders: list[Folder] = find_pairs(functools.partial(_split_folder, source), split)
        if folders:
            splits[split] = image_split(folders[0], seed) if len(folders) == 1 else pair_split(folders, seed)
    if TRAIN not in splits:
        _refuse_records(source)
        hint = parent_hint(source) or "for others give --domain_a and --domain_b"
        raise DataError(f"{source}: no sub-folder train in it, nor trainA and trainB; {hint}")
    return splits


def image_split(folder: Folder, seed: int, without: Container[str] = ()) -> Split:
    """Makes a Split of the images of a folder, but for those in sub-folders of some names.

    Raises:
      DataError: there are none, or they cannot be read.
    """
    return Split((folder,), [(name,) for name in _shuffled(folder, seed, without)], [])


def pair_split(folders: Sequence[Folder], seed: int) -> Split:
    """Makes a Split of the images of equal names in two folders; DataError if there are none or they cannot be read."""
    folder_a, folder_b = folders
    pairs, *alone = match_names(_shuffled(folder_a, seed), _shuffled(folder_b, seed))
    if not pairs:
        raise DataError(f"{folder_a}: no image in it has the name of one in {folder_b}")
    pairs.sort(key=lambda pair: _order(pair[0], seed))
    left_out = [
        {"file": readable(f"{folder.name}/{name}"), "reason": f"no image of that name in {other.name}"}
        for folder, other, names in zip(folders, (folder_b, folder_a), alone, strict=True)
        for name in names
    ]
    return Split((folder_a, folder_b), pairs, left_out)


def divide(found: Split, fraction: float, train: str = TRAIN, test: str = TEST) -> dict[str, Split]:
    """Divides a Split into one for training and, if the fraction is not 0, one for tests: an image at least, never all.

    Returns:
      Dict of Split by the given names.
    """
    count = len(found.names)
    tests = min(count - 1, max(1, round(count * fraction))) if fraction else 0
    splits = {train: found._replace(names=found.names[tests:])}
    if tests:
        splits[test] = found._replace(names=found.names[:tests], left_out=[])
    return splits


def divide_domains(folders: Sequence[Folder], seed: int, fraction: float) -> dict[str, Split]:
    """Makes the splits of two folders of images, each divided."""
    splits: dict[str, Split] = {}
    for domain, folder in zip(DOMAINS, folders, strict=True):
        splits |= divide(image_split(folder, seed), fraction, f"{TRAIN}{domain}", f"{TEST}{domain}")
    return splits


def find_classes(splits: dict[str, Split]) -> list[str]:
    """Lists the names of the classes, in the order of their numbers; DataError if an image has none."""
    files = [(split.folder, name) for split in splits.values() for (name,) in split.names]
    return sort_classes(classes_of([name for _, name in files], lambda index: "/".join(map(str, files[index]))))


def _split_folder(source: Folder, split: str) -> Folder | None:
    """The sub-folder of a split: of several, the first that holds images."""
    return split_folder(source, split, list_images)


def _set_folders(folder: Folder, split: str) -> list[Folder]:
    """The sub-folders that a split of one set of images consists of: its own, or those of two domains, or none."""
    own = _split_folder(folder, split)
    return [own] if own else list(filter(None, (_split_folder(folder, f"{split}{domain}") for domain in DOMAINS)))


def _joined(folder: Folder, parts: Sequence[Folder], seed: int) -> Split:
    """Makes a Split of the images of one sub-folder, named relative to it, or of several, relative to `folder`."""
    if len(parts) == 1 and parts[0].name not in DOMAIN_SPLITS:
        return image_split(parts[0], seed)
    names = [f"{part.name}/{name}" for part in parts for name in _shuffled(part, seed)]
    names.sort(key=lambda name: _order(name, seed))
    return Split((folder,), [(name,) for name in names], [])


def _shuffled(folder: Folder, seed: int, without: Container[str] = ()) -> list[str]:
    """Lists the images of a folder by a hash of seed and name, so that added images do not move the others."""
    check_folder(folder)
    names = list_images(folder, without)
    if not names:
        _refuse_records(folder)
        raise DataError(f"{folder}: no images in it (files named .jpg, .png, .webp, .bmp, .tif, .gif, ...)")
    return sorted(names, key=lambda name: _order(name, seed))


def _refuse_records(folder: Folder) -> None:
    """Raises DataError where a folder without images holds TFRecord files."""
    if find_shards(folder):
        raise DataError(f"{folder}: holds TFRecord files, which train.py takes as they are")


def _order(name: str, seed: int) -> bytes:
    """Gives the key by which an image is sorted."""
    return hashlib.sha256(f"{seed}/".encode() + os.fsencode(name)).digest()
