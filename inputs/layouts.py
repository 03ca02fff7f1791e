"""What folders and file names mean: splits and their other names, pairs, classes, and two places joined by a comma.

A split is named "trainA", "trainB", "testA", "testB" where there are two domains and "train", "test" where there is one
set of images, or one of pairs; "train/A" and "train/B" are the first and the second images of the pairs, in one order.
"""

import glob
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePath
from typing import NamedTuple, TypeVar

from base.errors import DataError
from base.places import AnyPath, RemotePath, absolute, as_path, exists, real
from inputs.archives import is_archive, open_archive
from inputs.cifar import holds_batches, open_batches
from inputs.images import check_folder, is_image, list_images
from inputs.lsun import holds_database, open_database
from inputs.trees import Folder, TreePath

DOMAINS = ("A", "B")  # also the images of a pair: left and right, or first and second folder
TRAIN, TEST = "train", "test"
DOMAIN_SPLITS = tuple(f"{split}{domain}" for split in (TRAIN, TEST) for domain in DOMAINS)
PLACE_SPLITS = DOMAIN_SPLITS[:2]  # what places joined by a comma stand for
TEST_SPLITS = (TEST, *DOMAIN_SPLITS[2:])
OTHER_NAMES = {  # of splits, in public data sets
    "test": ("val",),
    # Kaggle's Monet competition: folders, and files such as monet00-60.tfrec
    "trainA": ("monet_tfrec", "monet_jpg", "monet"),
    "trainB": ("photo_tfrec", "photo_jpg", "photo"),
}
LAYOUTS = (
    "understood are: the output of build_data.py; a folder with sub-folders of images named by split "
    "(trainA, trainB, testA, testB; for one set of images train, test); a folder of TFRecord files with the split in "
    "their names; two places A,B joined by a comma, each a folder of images, a folder of TFRecord files, or a glob "
    "pattern; or, for one set of images without a test split, one such place; where a folder of images is meant, a zip "
    "or tar archive of it does, too"
)
PAIR_LAYOUTS = (
    "understood are: the output of build_data.py --pairs; a folder train (and test or val) of images that each show "
    "two side by side; folders trainA and trainB (testA and testB) whose images have equal names; or two such folders "
    "A,B joined by a comma"
)

Found = TypeVar("Found")


class Place(NamedTuple):
    """Where images lie: as files, or in TFRecord files."""

    root: Folder  # that the images are named by
    images: list[str]  # paths of the image files relative to `root`, sorted
    shards: list[AnyPath]  # paths of the TFRecord files, sorted; where there are any, `images` is empty


def held_out_split(split: str) -> str:
    """Names the test split that belongs to a training split: "testA" for "trainA", "test/A" for "train/A"."""
    return TEST + split.removeprefix(TRAIN)


def halves(split: str) -> list[str]:
    """Names the two images of each pair of a split: ["train/A", "train/B"]."""
    return [f"{split}/{half}" for half in DOMAINS]


def whole_and_half(split: str) -> tuple[str, str]:
    """Takes "train/A" apart into "train" and "A"; for a split that is no half of pairs, the second is empty."""
    whole, _, half = split.partition("/")
    return whole, half


def places(data_dir: str | os.PathLike) -> list[str]:
    """The places that a `--data_dir` names: two joined by a comma, or one, an existing folder, whatever its name.

    Raises:
      DataError: one of them is empty, as an unset shell variable is, or no path at all.
    """
    text = os.fspath(data_dir)
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != len(PLACE_SPLITS) or os.path.exists(os.path.expanduser(text)):
        parts = [text]
    if not all(part.strip() for part in parts):
        raise DataError(f"data_dir={text!r}: names no folder{' before or after the comma' if ',' in text else ''}")
    if "\0" in text:
        raise DataError(f"data_dir={text!r}: is no path")
    return parts


def contains(data_dir: str | os.PathLike, path: str | os.PathLike) -> bool:
    """Says whether a path lies in a place that a `--data_dir` names, so that images written there would become data."""
    found = real(as_path(path))
    return any(found.is_relative_to(real(_fixed_part(place))) for place in places(data_dir))


def find_split(data_dir: str | os.PathLike, split: str) -> Place | None:
    """Finds a split that has a place of its own: a sub-folder, TFRecord files named after it, or one of two places.

    Args:
      data_dir: a folder, two places joined by a comma, or a glob pattern.
      split: its name; not that of a half of pairs.

    Returns:
      Place, or None where there is none.

    Raises:
      DataError: there is nothing at all, or it cannot be read.
    """
    named = places(data_dir)
    if len(named) > 1:
        return look_at(named[PLACE_SPLITS.index(split)]) if split in PLACE_SPLITS else None
    path = expanded(data_dir)
    if not path.exists() and glob.glob(str(path), recursive=True):
        return None  # a pattern
    folder = open_folder(path)
    check_folder(folder)
    own = split_folder(folder, split, _holds_data)
    if own:
        return look_at(own)
    names = _names(split)
    shards = [path for path in find_shards(folder) if any(_names_split(path, name) for name in names)]
    return Place(folder, [], shards) if shards else None


def find_set(data_dir: str | os.PathLike, split: str) -> list[Place]:
    """Finds where a split of one set of images lies.

    Args:
      data_dir: as for `find_split`.
      split: "train" or "test".

    Returns:
      Its own place; or, where there are two domains, those of both (trainA and trainB); or, for "train", one of all
      that is not named as a test split; or none.

    Raises:
      DataError: there is nothing at all, or it cannot be read.
    """
    own = find_split(data_dir, split)
    if own:
        return [own]
    one_folder = len(places(data_dir)) == 1
    domains = [find_split(data_dir, f"{split}{domain}") for domain in DOMAINS] if one_folder else []
    found = [place for place in domains if place]
    return found or ([look_at(data_dir, without=TEST_SPLITS)] if split == TRAIN else [])


def split_folder(folder: Folder, split: str, holds: Callable[[Folder], object]) -> Folder | None:
    """Finds the sub-folder of a split, by its own or another name: of several, the first in which `holds` finds what
    is looked for; None where there is none.
    """
    names = _names(split)
    if isinstance(folder, RemotePath):  # one request for all names
        listed = {path.name for path in folder.iterdir()}
        names = tuple(name for name in names if name in listed)
    folders = [folder / name for name in names if (folder / name).is_dir()]
    return next(filter(holds, folders), folders[0]) if len(folders) > 1 else next(iter(folders), None)


def split_names(splits: Iterable[str]) -> set[str]:
    """All names that some splits go by."""
    return {name for split in splits for name in _names(split)}


def find_pairs(find: Callable[[str], Found | None], split: str) -> list[Found]:
    """Finds where the pairs of a split lie.

    Args:
      find: function from the name of a split to where it lies, or None.
      split: "train" or "test".

    Returns:
      One entry, of images that each show two side by side or of records of pairs; two, whose images have equal names;
      or none.
    """
    whole = find(split)
    if whole is not None:
        return [whole]
    found = [find(f"{split}{domain}") for domain in DOMAINS]
    return [place for place in found if place is not None] if None not in found else []


def look_at(place: str | os.PathLike | TreePath, without: Iterable[str] = ()) -> Place:
    """Says what lies in a folder of TFRecord files or of images (sub-folders too), or where a glob pattern leads.

    Args:
      place: path of a folder, of what `open_folder` takes for one, or a glob pattern.
      without: names of splits; sub-folders and TFRecord files of a folder that are named by them are skipped.

    Raises:
      DataError: there are no images, or they cannot be read.
    """
    path = place if isinstance(place, TreePath) else open_folder(place)
    shards = find_shards(path)
    if isinstance(path, TreePath) or path.is_dir():
        skipped = split_names(without)
        shards = [shard for shard in shards if not any(_names_split(shard, name) for name in skipped)]
        found = Place(path, [] if shards else list_images(path, skipped), shards)
    else:
        files = [Path(name) for name in sorted(glob.glob(str(path), recursive=True))]
        images = [file for file in files if file.is_file() and is_image(file.name)]
        root = images[0].parent if images else path.parent
        found = Place(root, [] if shards else [os.path.relpath(file, root) for file in images], shards)
    if not found.images and not found.shards:
        exists = path.is_dir() or files
        raise DataError(f"{place}: {'no images or TFRecord files there' if exists else 'no such folder or files'}")
    return found


def open_folder(path: str | os.PathLike) -> Folder:
    """The folder that a path names: one of the disk, or with a scheme; or what an archive holds, from the first folder
    on that does not hold all the others; or the images of CIFAR-10's batches, on the disk or in an archive; or those of
    a database of LSUN's.

    Raises:
      DataError: an archive or batch is damaged, or holds what is not taken.
      OSError: it cannot be read.
    """
    named = expanded(path)
    if isinstance(named, RemotePath):
        if is_archive(named):
            raise DataError(f"{named}: archives are read on this machine only; fetch it, or unpack it there")
        return named
    if holds_database(named):
        return open_database(named)
    folder: Folder = archive_folder(named) if is_archive(named) else named
    return open_batches(folder) if holds_batches(folder) else folder


def archive_folder(path: Path) -> TreePath:
    """The folder in an archive that its data set starts in; errors as for `open_folder`."""
    folder = TreePath(open_archive(path))
    while True:
        _, folders, files = next(folder.walk())
        splits = split_names((TRAIN, TEST, *DOMAIN_SPLITS))
        if len(folders) != 1 or folders[0] in splits or any(is_image(name) or _is_record_name(name) for name in files):
            return folder
        folder /= folders[0]


def find_shards(place: Folder) -> list[AnyPath]:
    """Lists the TFRecord files, sorted, of a folder or a glob pattern; DataError where they lie in an archive."""
    if isinstance(place, TreePath):
        _, _, names = next(place.walk())
        if any(map(_is_record_name, names)):
            raise DataError(f"{place}: TFRecord files are not read out of an archive; unpack it")
        return []
    files = place.iterdir() if place.is_dir() else map(Path, glob.glob(str(place), recursive=True))
    named = (file for file in files if _is_record_name(file.name))
    return sorted(file for file in named if isinstance(file, RemotePath) or file.is_file())  # a request for each


def check_complete(shards: Sequence[AnyPath]) -> None:
    """Raises DataError where files are missing beside those that are named "...-00002-of-00008..."."""
    names = set(map(str, shards))
    numbered = (re.fullmatch(r"(.*-)\d{5,}(-of-(\d{5,}).*)", name) for name in names)
    for before, after, total in {match.groups() for match in numbered if match}:
        wanted = [f"{before}{number:05d}{after}" for number in range(int(total))]
        missing = [path for path in wanted if path not in names and not exists(path)]
        if missing:
            raise DataError(f"{missing[0]}: {len(missing)} of {len(wanted)} shards are missing, this is the first")


def match_names(names_a: Iterable[str], names_b: Iterable[str]) -> tuple[list[tuple[str, str]], list[str], list[str]]:
    """Matches the images of two folders by their names without extension.

    Args:
      names_a, names_b: paths relative to the folders.

    Returns:
      (pairs, alone_a, alone_b): list of (name in A, name in B), and the lists of names without a partner; sorted.

    Raises:
      DataError: two images of one folder have one name.
    """
    a, b = _by_stem(names_a), _by_stem(names_b)
    pairs = [(a[stem], b[stem]) for stem in sorted(a.keys() & b.keys())]
    return pairs, sorted(a[stem] for stem in a.keys() - b.keys()), sorted(b[stem] for stem in b.keys() - a.keys())


def class_of(name: str, where: object) -> str:
    """Names the class of an image: its sub-folder of the split's folder; or, where it lies in none, what follows the
    number in its name, "cat" for 123_cat.png.

    Args:
      name: its path relative to the split's folder.
      where: what a message calls it.

    Raises:
      DataError: it lies in no sub-folder and has no such name, or in one that is no class.
    """
    first, *inside = PurePath(readable(name)).parts
    if first in DOMAIN_SPLITS:
        raise DataError(f"{where}: lies in {first}, which is named as a split of two domains and no class")
    if inside and first != os.pardir:
        return first
    numbered = re.fullmatch(r"\d+_(.+)", PurePath(first).stem)
    if not numbered or inside:
        raise DataError(
            f"{where}: lies in no class folder; classes are sub-folders, such as train/cat and train/dog, or in the "
            "names of the files, such as train/1_cat.png"
        )
    return numbered[1]


def classes_of(names: Sequence[str], where: Callable[[int], object]) -> set[str]:
    """Names the classes of the images of a split, or of all splits of a data set.

    Args:
      names: as `class_of` takes them.
      where: function from an index to what a message calls that image.

    Raises:
      DataError: an image has none, or some lie in class folders and others do not.
    """
    classes = {class_of(name, where(index)) for index, name in enumerate(names)}
    loose = [index for index, name in enumerate(names) if "/" not in name]
    if 0 < len(loose) < len(names):
        raise DataError(f"{where(loose[0])}: lies in no class folder, but other images do")
    return classes


def sort_classes(names: Iterable[str]) -> list[str]:
    """Lists names of classes in the order of their numbers: alphabetical, but numbers by their value, and first."""
    return sorted(names, key=lambda name: (not name.isdecimal(), int(name) if name.isdecimal() else 0, name))


def parent_hint(folder: str | os.PathLike | TreePath) -> str:
    """What to do where a folder that should hold splits is called as one itself, such as trainA; else empty."""
    path = as_path(absolute(str(folder)))
    if path.name not in split_names((TRAIN, TEST, *DOMAIN_SPLITS)):
        return ""
    return f"it looks like one split of a data set: name the folder that it lies in, {path.parent}"


def expanded(path: str | os.PathLike) -> AnyPath:
    """Path with `~` as the home folder; where there is no such user, it stays as it is."""
    return as_path(os.path.expanduser(path))


def readable(name: str) -> str:
    """Makes a file name printable: bytes that are not UTF-8 are written as escapes."""
    return os.fsencode(name).decode(errors="backslashreplace")


def _fixed_part(place: str) -> AnyPath:
    """The folder that a place is, or that all its files lie in where it is a glob pattern."""
    path = expanded(place)
    while glob.has_magic(str(path)) and not path.exists():
        path = path.parent
    return path


def _names(split: str) -> tuple[str, ...]:
    return (split, *OTHER_NAMES.get(split, ()))


def _is_record_name(name: str) -> bool:
    return re.search(r"\.tfrec(ords?)?([.-]|$)", name) is not None and not name.startswith(".")


def _holds_data(folder: Folder) -> bool:
    """Whether `look_at` finds something in a folder."""
    return bool(list_images(folder) or (not isinstance(folder, TreePath) and find_shards(folder)))


def _names_split(path: AnyPath, split: str) -> bool:
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(split)}(\d+-\d+)?(?![A-Za-z0-9])", path.name) is not None


def _by_stem(names: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        other = found.setdefault(PurePath(name).with_suffix("").as_posix(), name)
        if other != name:
            raise DataError(
                f"{other} and {name} lie in one folder, but pairs are matched by name without extension; take one out"
            )
    return found
