"""Where images come from: TFRecord files or folders of images, found from one `--data_dir`."""

import glob
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
    "(trainA, trainB, testA, testB); a folder of TFRecord files with the split in their names; or two places "
    "A,B joined by a comma, each a folder of images, a folder of TFRecord files, or a glob pattern"
)
PLACES_OF = ("trainA", "trainB")  # the splits that two places joined by a comma stand for


class FolderSource:
    """Images that are files."""

    def __init__(self, paths):
        """Takes the paths of the image files, at least one."""
        self.paths = [Path(path) for path in paths]

    def __len__(self):
        return len(self.paths)

    def read(self, index):
        """Reads the image at `index`: its encoded bytes and file name; DataError if it cannot be read."""
        try:
            return read_bytes(self.paths[index]), self.paths[index].name
        except BadImage as reason:
            raise DataError(f"{self.where(index)}: {reason}") from reason

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
        name = _first(features, self.schema.name) or b""
        return _first(features, self.schema.image), name.decode(errors="replace")

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
        raise DataError(f"--data_dir is not given; {LAYOUTS}")
    whole = Path(data_dir).expanduser()
    places = str(data_dir).split(",")
    if len(places) == 2 and not whole.exists():
        return open_place(places[PLACES_OF.index(split)]) if split in PLACES_OF else _missing(data_dir, split, required)
    if not whole.exists():
        raise DataError(f"{data_dir}: no such folder; {LAYOUTS}")
    if not whole.is_dir():
        raise DataError(f"{data_dir}: is a file, not a folder; {LAYOUTS}")
    if (whole / split).is_dir():
        return open_place(str(whole / split))
    shards = [path for path in _record_files(whole) if _names_split(path, split)]
    return open_shards(shards) if shards else _missing(data_dir, split, required)


def absolute_places(data_dir):
    """Makes the path of a `--data_dir` absolute, or both of them where it is two places; the name of built-in data stays."""
    if data_dir == scenes.NAME or not data_dir:
        return data_dir
    whole = Path(data_dir).expanduser()
    places = [data_dir] if whole.exists() else data_dir.split(",")
    return ",".join(os.path.abspath(os.path.expanduser(place)) for place in places)


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
        if shards:
            return open_shards(shards)
        images = [folder / name for name in list_images(folder)]
    else:
        found = [Path(name) for name in sorted(glob.glob(str(folder), recursive=True))]
        if found and all(_is_record_file(path) for path in found):
            return open_shards(found)
        images = [path for path in found if path.is_file() and is_image(path.name)]
    if not images:
        problem = "no images or TFRecord files in it" if folder.exists() else "no such folder or files"
        raise DataError(f"{place}: {problem}")
    return FolderSource(images)


def open_shards(paths):
    """Opens TFRecord files as one source, after checking that of files named "…-00002-of-00008…" none is missing."""
    for path in paths:
        numbers = re.search(r"-(\d+)-of-(\d+)", path.name)
        total = int(numbers[2]) if numbers else 0
        wanted = [path.name.replace(numbers[0], f"-{i:0{len(numbers[1])}d}-of-{numbers[2]}") for i in range(total)]
        missing = [name for name in wanted if not (path.parent / name).exists()]
        if missing:
            raise DataError(f"{path.parent}: {len(missing)} of {total} shards are missing, the first is {missing[0]}")
    return RecordSource(paths)


def _record_files(folder):
    return sorted(path for path in folder.iterdir() if _is_record_file(path))


def _is_record_file(path):
    named = re.search(r"\.tfrec(ords?)?([.-]|$)", path.name)
    return bool(named) and not path.name.startswith(".") and path.is_file()


def _names_split(path, split):
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(split)}(?![A-Za-z0-9])", path.name) is not None


def _missing(data_dir, split, required):
    if required:
        raise DataError(f"{data_dir}: holds no split {split}; {LAYOUTS}")
    return None


def _first(features, key):
    return next(iter(features.get(key, ())), None)
