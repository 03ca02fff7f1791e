"""The splits that build_data.py makes: which images or pairs belong to which, and in which order."""

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from config import sort_classes
from inputs.errors import DataError
from inputs.images import check_folder, list_images
from inputs.pairs import HALVES, match_names


class Split(NamedTuple):
    """What becomes one split."""

    folder: Path  # for the description
    names: list  # of the images, str; of pairs, tuples of one (side by side) or two
    paths: list  # of the files, likewise
    left_out: list  # of dicts, images that cannot be used: "file" and "reason"


def find_splits(args):
    """Finds the images of each split.

    Returns:
      Dict of Split by name; the order of the images depends on the seed alone.

    Raises:
      DataError: a folder is missing or holds no images.
    """
    if args.source:
        return find_subfolders(args.source.expanduser(), args.seed)
    splits = {}
    for domain, folder in (("A", args.domain_a.expanduser()), ("B", args.domain_b.expanduser())):
        images = single_images(folder, shuffled_images(folder, args.seed))
        splits |= divide(images, args.test_fraction, f"train{domain}", f"test{domain}")
    return splits


def find_images(args):
    """Finds the splits of one set of images; returns and raises what `find_splits` does."""
    folder = args.images.expanduser()
    if not (folder / "train").is_dir():
        return divide(single_images(folder, shuffled_images(folder, args.seed)), args.test_fraction)
    if args.test_fraction:
        raise DataError(f"{folder}: has a sub-folder train; its sub-folders are the splits, without --test_fraction")
    splits = {"train": single_images(folder / "train", shuffled_images(folder / "train", args.seed))}
    test = next((folder / name for name in ("test", "val") if (folder / name).is_dir()), None)
    return splits | ({"test": single_images(test, shuffled_images(test, args.seed))} if test else {})


def find_classes(splits):
    """Lists the names of the classes, in the order of their numbers; DataError if an image has none."""
    for split in splits.values():
        loose = next((name for name in split.names if "/" not in name), None)
        if loose:
            raise DataError(f"{split.folder / loose}: lies in no class folder; with --labelled, sub-folders are the classes")
    return sort_classes({class_of(name) for split in splits.values() for name in split.names})


def class_of(name):
    """Names the class of an image of a labelled set: the first part of its name."""
    return readable(name).split("/")[0]


def divide(found, fraction, train="train", test="test"):
    """Divides a Split into one for training and, where the fraction is not 0, one for tests: at least one image, and never all of them.

    Returns:
      Dict of Split by the given names.
    """
    count = len(found.names)
    tests = min(count - 1, max(1, round(count * fraction))) if fraction else 0
    splits = {train: found._replace(names=found.names[tests:], paths=found.paths[tests:])}
    return splits | ({test: found._replace(names=found.names[:tests], paths=found.paths[:tests], left_out=[])} if tests else {})


def single_images(folder, names):
    """Makes a Split of the images of a folder."""
    return Split(folder, names, [os.path.join(folder, name) for name in names], [])


def find_subfolders(source, seed):
    """Finds the splits of a folder with sub-folders trainA, trainB and, if there are any, testA and testB."""
    check_folder(source)
    if not any((source / split).is_dir() for split in ("trainA", "trainB")):
        raise DataError(f"{source}: no sub-folders trainA and trainB in it; for others give --domain_a and --domain_b")
    splits = {}
    for split, required in (("trainA", True), ("trainB", True), ("testA", False), ("testB", False)):
        if required or (source / split).exists():
            splits[split] = single_images(source / split, shuffled_images(source / split, seed))
    return splits


def find_pairs(args):
    """Finds the pairs of each split; returns and raises what `find_splits` does."""
    if args.domain_a:
        pairs = matched_images(args.domain_a.expanduser(), args.domain_b.expanduser(), args.seed)
        return divide(pairs, args.test_fraction)
    source, splits = args.source.expanduser(), {}
    check_folder(source)
    for split, names in (("train", ["train"]), ("test", ["test", "val"])):
        halves = [source / f"{split}{half}" for half in HALVES]
        whole = next((source / name for name in names if (source / name).is_dir()), None)
        if whole:
            names = shuffled_images(whole, args.seed)
            splits[split] = Split(whole, [(name,) for name in names], [(os.path.join(whole, name),) for name in names], [])
        elif all(folder.is_dir() for folder in halves):
            splits[split] = matched_images(*halves, args.seed)
        elif split == "train":
            raise DataError(f"{source}: no sub-folder train in it, nor trainA and trainB; for others give --domain_a and --domain_b")
    return splits


def matched_images(folder_a, folder_b, seed):
    """Makes a Split of the images of equal names in two folders; DataError if there are none."""
    folders = folder_a, folder_b
    names, *alone = match_names(*(shuffled_images(folder, seed) for folder in folders))
    if not names:
        raise DataError(f"{folder_a}: no image in it has the name of one in {folder_b}")
    names.sort(key=lambda pair: place_in_order(pair[0], seed))
    left_out = [
        {"file": readable(f"{folder.name}/{name}"), "reason": f"no image of that name in {other.name}"}
        for folder, other, unmatched in zip(folders, reversed(folders), alone) for name in unmatched
    ]
    return Split(folder_a.parent, names, [tuple(map(os.path.join, folders, pair)) for pair in names], left_out)


def shuffled_images(folder, seed):
    """Lists the images of a folder by a hash of seed and name, so that added images do not move the others."""
    check_folder(folder)
    names = list_images(folder)
    if not names:
        raise DataError(f"{folder}: no images in it (files named .jpg, .png, .webp, .bmp, .tif, .gif, ...)")
    return sorted(names, key=lambda name: place_in_order(name, seed))


def place_in_order(name, seed):
    """Gives the key by which an image is sorted."""
    return hashlib.sha256(f"{seed}/".encode() + os.fsencode(name)).digest()


def readable(name):
    """Makes a file name printable: bytes that are not UTF-8 are written as escapes."""
    return os.fsencode(name).decode(errors="backslashreplace")
