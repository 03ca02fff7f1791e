"""Where images come from: TFRecord files or folders of images, found from one `--data_dir`."""

import glob
import json
import os
import re
from pathlib import Path

import numpy as np

from inputs.errors import DataError
from inputs.images import BadImage, check_folder, is_image, list_images, read_bytes
from inputs.pairs import HALVES, SideBySideSource, match_names
from inputs.records import PAIR_SCHEMAS, SCHEMAS, find_schema, index_records, parse_example, read_record

LAYOUTS = (
    "understood are: the output of build_data.py; a folder with sub-folders of images named by split "
    "(trainA, trainB, testA, testB; for one set of images train, test); a folder of TFRecord files with the split in "
    "their names; two places A,B joined by a comma, each a folder of images, a folder of TFRecord files, or a glob "
    "pattern; or, for one set of images without a test split, one such place"
)
PAIR_LAYOUTS = (
    "understood are: the output of build_data.py --pairs; a folder train (and test or val) of images that each show two side by side; "
    "folders trainA and trainB (testA and testB) whose images have equal names; or two such folders A,B joined by a comma"
)
PLACE_SPLITS = ("trainA", "trainB")  # what places joined by a comma stand for
OTHER_NAMES = {  # of splits, in public data sets
    "test": ("val",),
    "trainA": ("monet_tfrec", "monet_jpg", "monet"),  # Kaggle's Monet competition: folders, and files such as monet00-60.tfrec
    "trainB": ("photo_tfrec", "photo_jpg", "photo"),
}


class FolderSource:
    """Images that are files.

    Attributes:
      names: list of str, the paths relative to the root.
      left_out: list of str, lines about images there that are not used.
    """

    def __init__(self, paths, root=None, left_out=()):
        """Takes the paths of the image files, at least one; the folder they are named by (default: the one of the first); and `left_out`."""
        self.paths = [Path(path) for path in paths]
        self.root = root or self.paths[0].parent
        self.left_out = left_out

    @property
    def names(self):
        return [os.path.relpath(path, self.root) for path in self.paths]

    def __len__(self):
        return len(self.paths)

    def read(self, index):
        """Reads the image at `index`: its encoded bytes and file name; DataError if it cannot be read."""
        try:
            return read_bytes(self.paths[index]), self.paths[index].name
        except BadImage as reason:
            raise DataError(f"{self.where(index)}: {reason}") from reason

    def class_of(self, index):
        """Name of the class of the image at `index`: its sub-folder of the root; DataError if it lies in none."""
        inside = os.path.relpath(self.paths[index], self.root).split(os.sep)
        if len(inside) < 2 or inside[0] == os.pardir:
            raise DataError(f"{self.where(index)}: lies in no class folder; classes are sub-folders, such as train/cat and train/dog")
        return inside[0]

    def classes(self):
        """Set of the names of all classes."""
        return _checked_classes({self.class_of(index) for index in range(len(self))}, self.root)

    def where(self, index):
        """Says where the image at `index` lies, for messages."""
        return str(self.paths[index])


class RecordSource:
    """Images in TFRecord files of a known schema, in the order of the files."""

    left_out = ()

    def __init__(self, paths, schema=None):
        """Indexes the files.

        Args:
          paths: paths of uncompressed TFRecord files.
          schema: Schema of the records; None to find it.

        Raises:
          DataError: a file is damaged, none has records, or the first record has no known schema.
        """
        self.paths = sorted(str(path) for path in paths)
        self.indexes = [index_records(path) for path in self.paths]
        self.ends = np.cumsum([len(index) for index in self.indexes])
        if not len(self):
            raise DataError(f"{self.paths[0]}: holds no records, nor do the {len(self.paths) - 1} files after it")
        self.schema = schema or self._find_schema()

    def __len__(self):
        return int(self.ends[-1])

    def read(self, index):
        """Reads the image at `index`: its encoded bytes and its name, "" if it has none.

        Raises:
          DataError: the record is damaged or lacks the image.
        """
        features = self._features(index)
        if not isinstance(_first(features, self.schema.image), bytes):
            raise DataError(f"{self.where(index)}: has no image under the key {self.schema.image}")
        name = _first(features, self.schema.name)
        return _first(features, self.schema.image), name.decode(errors="replace") if isinstance(name, bytes) else ""

    def class_of(self, index):
        """Name of the class of the image at `index`, or its number where the record has no name; DataError if it has neither."""
        features = self._features(index)
        text, label = (_first(features, key) for key in (self.schema.class_name, self.schema.class_number))
        if text is None and label is None:
            wanted = " nor ".join(filter(None, (self.schema.class_name, self.schema.class_number))) or "class known to its schema"
            raise DataError(f"{self.where(index)}: has no {wanted}, so that its class is unknown")
        return str(label) if text is None else text.decode(errors="replace")

    def classes(self):
        """Set of the names of all classes: those that build_data.py noted beside the files, or those of all records, one by one."""
        folder = Path(self.paths[0]).parent
        try:
            noted = json.loads((folder / "dataset.json").read_text()).get("classes")
        except (OSError, ValueError):  # not an output of build_data.py
            noted = None
        return _checked_classes(set(noted or map(self.class_of, range(len(self)))), folder)

    def where(self, index):
        """Says where the image at `index` lies, for messages."""
        path, number, _ = self._locate(index)
        return f"{path}: record {number}"

    def _locate(self, index):
        shard = int(np.searchsorted(self.ends, index, side="right"))
        number = index - int(self.ends[shard]) + len(self.indexes[shard])
        return self.paths[shard], number, self.indexes[shard]

    def _features(self, index):
        try:
            return parse_example(read_record(*self._locate(index)))
        except DataError:
            raise
        except ValueError as error:
            raise DataError(f"{self.where(index)}: {error}") from error

    def _find_schema(self):
        features = self._features(0)
        schema = find_schema(features)
        if schema is None:
            known = "; ".join(f"{s.image} + {s.name}" if s.name else s.image for s in SCHEMAS)
            found = ", ".join(sorted(features)) or "none"
            raise DataError(f"{self.where(0)}: cannot tell the image from its keys ({found}); known are: {known}")
        return schema


def find_source(data_dir, split, required=True):
    """Finds the images of one split.

    Args:
      data_dir: a folder, or two places joined by a comma; `LAYOUTS` says which are understood.
      split: name of the split, such as "trainA"; "train/A" and "train/B" are the first and the second images of pairs, in one order;
        "train" is the place itself where that has no such part.
      required: whether a missing split is an error.

    Returns:
      FolderSource or RecordSource; None if there is no such split and it is not required.

    Raises:
      DataError: there is nothing there, or it cannot be read.
    """
    if not data_dir:
        raise DataError(f"data_dir is not given; {LAYOUTS}")
    whole, _, half = split.partition("/")
    try:
        source = _find_half(data_dir, whole, half) if half else _find(data_dir, split)
        if source is None and split == "train":
            source = open_place(data_dir)
    except OSError as error:
        raise DataError(f"{error.filename}: {error.strerror}") from error
    if not half and _holds_pairs(source):
        raise DataError(f"{data_dir}: holds pairs of images, but single ones are wanted")
    if source is None and required:
        raise DataError(f"{data_dir}: holds no {'pairs of ' if half else ''}split {whole}; {PAIR_LAYOUTS if half else LAYOUTS}")
    return source


def open_place(place):
    """Opens one place.

    Args:
      place: a folder of TFRecord files, a folder of images (sub-folders too), or a glob pattern of either files.

    Returns:
      RecordSource or FolderSource.

    Raises:
      DataError: there are no images, or they cannot be read.
    """
    folder = Path(place).expanduser()
    shards = find_shards(folder)
    if shards:
        return open_shards(shards)
    if folder.is_dir():
        images = [folder / name for name in list_images(folder)]
    else:
        files = [Path(name) for name in sorted(glob.glob(str(folder), recursive=True))]
        images = [path for path in files if path.is_file() and is_image(path.name)]
    if not images:
        exists = folder.is_dir() or files
        raise DataError(f"{place}: {'no images or TFRecord files there' if exists else 'no such folder or files'}")
    return FolderSource(images, folder if folder.is_dir() else None)


def find_shards(place):
    """Lists the TFRecord files (paths, sorted) of a folder or a glob pattern, given as a path."""
    if place.is_dir():
        return _record_files(place)
    return [path for path in map(Path, sorted(glob.glob(str(place), recursive=True))) if _is_record_file(path)]


def open_shards(paths):
    """Opens TFRecord files as one source, after checking that none of those named "...-00002-of-00008..." is missing.

    Args:
      paths: paths of uncompressed TFRecord files.

    Returns:
      RecordSource.

    Raises:
      DataError: a file is missing or damaged.
    """
    numbered = (re.fullmatch(r"(.*-)\d{5}(-of-(\d{5}).*)", str(path)) for path in paths)
    for before, after, total in {match.groups() for match in numbered if match}:
        shards = [f"{before}{number:05d}{after}" for number in range(int(total))]
        missing = [shard for shard in shards if not os.path.exists(shard)]
        if missing:
            raise DataError(f"{missing[0]}: {len(missing)} of {len(shards)} shards are missing, this is the first")
    return RecordSource(paths)


def _find(data_dir, split):
    """Opens the place of a split, or the TFRecord files that are named after it; None if there are neither."""
    folder = Path(data_dir).expanduser()
    places = [place.strip() for place in str(data_dir).split(",")]
    if len(places) == len(PLACE_SPLITS) and not folder.exists():
        return open_place(places[PLACE_SPLITS.index(split)]) if split in PLACE_SPLITS else None
    if not folder.exists() and glob.glob(str(folder), recursive=True):
        return None  # a pattern
    check_folder(folder)
    names = (split, *OTHER_NAMES.get(split, ()))
    for name in names:
        if (folder / name).is_dir():
            return open_place(folder / name)
    shards = [path for path in _record_files(folder) if any(_names_split(path, name) for name in names)]
    return open_shards(shards) if shards else None


def _find_half(data_dir, split, half):
    """Opens one image of each pair of a split; None if there is no such split."""
    both = _find(data_dir, split)
    if _holds_pairs(both):
        return RecordSource(both.paths, PAIR_SCHEMAS[half])
    if both is not None:
        return SideBySideSource(both, half)
    places = [_find(data_dir, f"{split}{letter}") for letter in HALVES]
    if None in places:
        return None
    if not all(isinstance(place, FolderSource) for place in places):
        raise DataError(f"{data_dir}: images in TFRecord files cannot be matched by name; convert their folders with build_data.py --pairs")
    pairs, *alone = match_names(*(place.names for place in places))
    if not pairs:
        raise DataError(f"{data_dir}: no image of {split}A has the name of one of {split}B, such as {places[0].names[0]}")
    place, other = HALVES.index(half), HALVES[1 - HALVES.index(half)]
    left_out = [f"{split}{half}/{name}: {split}{other} has no image of that name" for name in alone[place]]
    return FolderSource([places[place].root / names[place] for names in pairs], places[place].root, left_out)


def _holds_pairs(source):
    return isinstance(source, RecordSource) and source.schema in PAIR_SCHEMAS.values()


def _checked_classes(names, where):
    """Gives the names back; DataError for one that the list of classes in a config could not hold."""
    broken = next((name for name in names if "," in name), None)
    if broken is not None:
        raise DataError(f"{where}: the class {broken!r} has a comma in its name; call it otherwise")
    return names


def _record_files(folder):
    return sorted(path for path in folder.iterdir() if _is_record_file(path))


def _is_record_file(path):
    named = re.search(r"\.tfrec(ords?)?([.-]|$)", path.name)
    return bool(named) and not path.name.startswith(".") and path.is_file()


def _names_split(path, split):
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(split)}(\d+-\d+)?(?![A-Za-z0-9])", path.name) is not None


def _first(features, key):
    return next(iter(features.get(key, ())), None)
