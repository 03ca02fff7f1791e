"""Where images come from: TFRecord files or folders of images, found from one `--data_dir`."""

import glob
import json
import os
import re
from pathlib import Path

import numpy as np

from inputs import scenes
from inputs.errors import DataError
from inputs.images import BadImage, is_image, list_images, read_bytes
from inputs.records import SCHEMAS, find_schema, index_records, parse_example, read_record

LAYOUTS = (
    "understood are: the output of build_data.py; a folder with sub-folders of images named by split "
    "(trainA, trainB, testA, testB; for one set of images train, test); a folder of TFRecord files with the split in "
    "their names; two places A,B joined by a comma, each a folder of images, a folder of TFRecord files, or a glob "
    "pattern; or, for one set of images without a test split, one such place"
)
SPLITS = ("trainA", "trainB", "testA", "testB", "train", "test")
PLACE_SPLITS = ("trainA", "trainB")  # what places joined by a comma stand for


class FolderSource:
    """Images that are files."""

    def __init__(self, paths, root=None):
        """Takes the paths of the image files, at least one, and the folder whose sub-folders are their classes, if there is one."""
        self.paths = [Path(path) for path in paths]
        self.root = root

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
        inside = self.paths[index].relative_to(self.root).parts if self.root else ()
        if len(inside) < 2:
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

    def __init__(self, paths):
        """Indexes the files.

        Args:
          paths: paths of uncompressed TFRecord files.

        Raises:
          DataError: a file is damaged, none has records, or the first record has no known schema.
        """
        self.paths = sorted(str(path) for path in paths)
        self.indexes = [index_records(path) for path in self.paths]
        self.ends = np.cumsum([len(index) for index in self.indexes])
        if not len(self):
            raise DataError(f"{self.paths[0]}: holds no records, nor do the {len(self.paths) - 1} files after it")
        self.schema = self._find_schema()

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
      split: name of the split, such as "trainA".
      required: whether a missing split is an error.

    Returns:
      FolderSource or RecordSource; None if there is no such split and it is not required.

    Raises:
      DataError: there is nothing there, or it cannot be read.
    """
    if not data_dir:
        raise DataError(f"data_dir is not given; {LAYOUTS}")
    try:
        source = _find(data_dir, split)
    except OSError as error:
        raise DataError(f"{error.filename}: {error.strerror}") from error
    if source is None and required:
        raise DataError(f"{data_dir}: holds no split {split}; {LAYOUTS}")
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
    if folder.is_dir():
        shards = _record_files(folder)
        images = [] if shards else [folder / name for name in list_images(folder)]
    else:
        files = [Path(name) for name in sorted(glob.glob(str(folder), recursive=True))]
        shards = [path for path in files if _is_record_file(path)]
        images = [path for path in files if path.is_file() and is_image(path.name)]
    if shards:
        return open_shards(shards)
    if not images:
        exists = folder.is_dir() or files
        raise DataError(f"{place}: {'no images or TFRecord files there' if exists else 'no such folder or files'}")
    return FolderSource(images, folder if folder.is_dir() else None)


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
    if split in ("train", "test") and _is_one_place(folder):
        return open_place(data_dir) if split == "train" else None
    places = [place.strip() for place in str(data_dir).split(",")]
    if len(places) == len(PLACE_SPLITS) and not folder.exists():
        return open_place(places[PLACE_SPLITS.index(split)]) if split in PLACE_SPLITS else None
    if not folder.is_dir():
        raise DataError(f"{folder}: {'is a file, not a folder' if folder.exists() else 'no such folder'}")
    if (folder / split).is_dir():
        return open_place(folder / split)
    shards = [path for path in _record_files(folder) if _names_split(path, split)]
    return open_shards(shards) if shards else None


def _is_one_place(folder):
    """Whether a `data_dir` is images without splits: a pattern of files, or a folder in which nothing is named after a split."""
    if not folder.exists():
        return bool(glob.glob(str(folder), recursive=True))
    if not folder.is_dir():
        return False
    return not any((folder / split).is_dir() or any(_names_split(path, split) for path in _record_files(folder)) for split in SPLITS)


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
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(split)}(?![A-Za-z0-9])", path.name) is not None


def _first(features, key):
    return next(iter(features.get(key, ())), None)
