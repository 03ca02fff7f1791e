"""Sources: images by index, with their names, classes and places, wherever they come from."""

from __future__ import annotations

import abc
import bisect
import copy
import functools
import itertools
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from base.errors import DataError
from base.places import AnyPath, as_path
from inputs.dataset import read_description
from inputs.fingerprint import fingerprint
from inputs.images import BadImage, DamagedImage, in_channels, located, read_bytes, read_image, split_halves
from inputs.layouts import Place, check_complete, class_of, classes_of, look_at, readable
from inputs.record_index import open_indexes
from inputs.records import PAIR_SCHEMAS, SCHEMAS, Schema, find_schema, parse_example, read_record
from inputs.trees import TreePath, file_on_disk, file_size

Found = TypeVar("Found")


class LastInThread(threading.local):
    """A function of an index that remembers its last value in each thread, for two that need it one after the other."""

    def __init__(self, function: Callable[[int], Any]):
        self._function = function
        self._index, self._value = -1, None

    def __reduce__(self) -> tuple[Any, ...]:
        return LastInThread, (self._function,)  # in a process that is being spawned

    def __call__(self, index: int) -> Any:
        if index != self._index:
            self._index, self._value = -1, None  # room for the next one before it is there
            self._value = self._function(index)
            self._index = index
        return self._value


class Source(abc.ABC):
    """Images by index, from 0 to `len(source) - 1`; all methods may be called from several threads.

    Attributes:
      left_out: lines about images there that are not used.
      holds_pairs: bool, whether each index has two images, which `halves` tells apart.
      holds_files: bool, whether each index is a file, of the disk or in an archive, whose path `where` gives.
    """

    left_out: Sequence[str] = ()
    holds_pairs = False
    holds_files = False

    @abc.abstractmethod
    def __len__(self) -> int:
        """Number of images."""

    @abc.abstractmethod
    def read(self, index: int) -> bytes:
        """Gives an image as it is stored: the bytes of an image file. DataError if it cannot be read."""

    @abc.abstractmethod
    def name(self, index: int) -> str:
        """Names an image: its path in the source's folder, or what its record says, "" for nothing.

        Raises:
          DataError: its record cannot be read.
        """

    @abc.abstractmethod
    def class_of(self, index: int) -> str:
        """Names the class of an image. DataError if it has none."""

    @abc.abstractmethod
    def classes(self) -> set[str]:
        """Names of all classes. DataError if an image has none, or a name cannot be used."""

    @abc.abstractmethod
    def file(self, index: int) -> AnyPath:
        """Path of the file that an image lies in."""

    @abc.abstractmethod
    def where(self, index: int) -> str:
        """Says where an image lies, for messages."""

    @abc.abstractmethod
    def fingerprint(self) -> dict[str, Any]:
        """What it is made of, told without reading an image: see `inputs.fingerprint.fingerprint`.

        Raises:
          OSError: a folder is no longer there.
        """

    def pixels(self, index: int, channels: int = 3) -> np.ndarray:
        """Decodes an image.

        Args:
          index: which.
          channels: 3 for RGB, 1 for luma.

        Returns:
          uint8 array [height, width, channels].

        Raises:
          DataError: it cannot be read; the message says where it lies.
        """
        data = self.read(index)
        try:
            return read_image(data, channels)
        except BadImage as reason:
            raise located(reason, self.where(index)) from reason

    def halves(self) -> tuple[Source, Source]:
        """The first and the second images of pairs: here the left and the right half of each image.

        What the two are asked for one after the other, in one thread, is read and decoded once.
        """
        decode = LastInThread(self.pixels)
        return HalfSource(self, 0, decode), HalfSource(self, 1, decode)


class FolderSource(Source):
    """Images that are files, of the disk or in archives.

    Attributes:
      names: list of str, their paths in the one place that they lie in, or in the folder that holds all of these.
    """

    holds_files = True

    def __init__(self, places: Sequence[Place], left_out: Sequence[str] = ()):
        """Takes what lies in some places, in their order.

        Args:
          places: of images, at least one in all.
          left_out: lines about images there that are not used.
        """
        self._places, self.left_out = places, left_out
        self._ends = list(itertools.accumulate(len(place.images) for place in places))
        roots = [str(place.root) for place in places]
        self._root = os.path.commonpath(roots) if len(roots) > 1 else roots[0]

    @property
    def names(self) -> list[str]:
        return [self.name(index) for index in range(len(self))]

    def __len__(self) -> int:
        return self._ends[-1]

    def read(self, index: int) -> bytes:
        try:
            return read_bytes(self._path(index))
        except BadImage as reason:
            raise located(reason, self.where(index)) from reason

    def name(self, index: int) -> str:
        return self._name_of(self._path(index))

    def class_of(self, index: int) -> str:
        return class_of(self.name(index), self.where(index))

    def classes(self) -> set[str]:
        return _checked_classes(classes_of(self.names, self.where), self._root)

    def file(self, index: int) -> AnyPath:
        path = self._path(index)
        return file_on_disk(path) if isinstance(path, TreePath) else as_path(path)

    def where(self, index: int) -> str:
        return readable(str(self._path(index)))

    def fingerprint(self) -> dict[str, Any]:
        return self._fingerprint

    @functools.cached_property
    def _fingerprint(self) -> dict[str, Any]:
        paths = map(self._path, range(len(self)))
        return fingerprint(len(self), ((readable(self._name_of(path)), str(_size(path))) for path in paths))

    def _path(self, index: int) -> str | TreePath:
        part, number = _part_of(self._ends, index)
        root, name = self._places[part].root, self._places[part].images[number]
        return root / name if isinstance(root, TreePath) else os.path.join(root, name)  # a pathlib.Path is slow to make

    def _name_of(self, path: str | TreePath) -> str:
        return str(path).removeprefix(os.path.join(self._root, ""))


class RecordSource(Source):
    """Images in TFRecord files of a known schema, in the order of the files."""

    def __init__(self, paths: Sequence[str | os.PathLike], schema: Schema | None = None):
        """Indexes the files.

        Args:
          paths: paths of uncompressed TFRecord files.
          schema: Schema of the records; None to find it.

        Raises:
          DataError: a file is damaged, none has records, or the first record has no known schema.
        """
        self.paths = sorted(str(path) for path in paths)
        self._indexes = open_indexes(self.paths)
        self._ends = list(itertools.accumulate(len(index.spans) for index in self._indexes))
        self._features = LastInThread(self._parse)
        if not len(self):
            raise DataError(f"{self.paths[0]}: holds no records, nor do the {len(self.paths) - 1} files after it")
        self.schema = schema or self._find_schema()

    @property
    def holds_pairs(self) -> bool:  # type: ignore[override]
        return self.schema in PAIR_SCHEMAS

    def __len__(self) -> int:
        return self._ends[-1]

    def read(self, index: int) -> bytes:
        data = self._first(index, self.schema.image)
        if not isinstance(data, bytes):
            raise DamagedImage(f"{self.where(index)}: has no image under the key {self.schema.image}")
        return data

    def name(self, index: int) -> str:
        name = self._first(index, self.schema.name)
        return name.decode(errors="replace") if isinstance(name, bytes) else ""

    def class_of(self, index: int) -> str:
        """Names the class of an image; where its record has no name, by its number. DataError if it has neither."""
        text, label = (self._first(index, key) for key in (self.schema.class_name, self.schema.class_number))
        if text is None and label is None:
            keys = " nor ".join(filter(None, (self.schema.class_name, self.schema.class_number)))
            missing = keys or "class known to its schema"
            raise DataError(f"{self.where(index)}: has no {missing}, so that its class is unknown")
        return text.decode(errors="replace") if isinstance(text, bytes) else str(label if text is None else text)

    def classes(self) -> set[str]:
        """Names of all classes: those that build_data.py noted beside the files, or else those of all records."""
        folder = as_path(self.paths[0]).parent
        noted = read_description(folder)
        if noted and not noted.classes:
            raise DataError(f"{folder}: made by build_data.py without --labelled; convert the images again, with it")
        return _checked_classes(set(noted.classes if noted else self._intact(self.class_of)), folder)

    def file(self, index: int) -> AnyPath:
        return as_path(self._locate(index)[0])

    def where(self, index: int) -> str:
        path, number, _ = self._locate(index)
        return f"{readable(path)}: record {number}"

    def fingerprint(self) -> dict[str, Any]:
        """What it is made of: names, sizes, and where in them their records lie."""
        marks = (f"{index.file_size} {index.checksum}" for index in self._indexes)
        names = (readable(os.path.basename(path)) for path in self.paths)
        return fingerprint(len(self), zip(names, marks, strict=True))

    def halves(self) -> tuple[Source, Source]:
        """The first and the second images: of records of pairs, or the halves of each image."""
        if not self.holds_pairs:
            return super().halves()
        first, second = copy.copy(self), copy.copy(self)  # they share the record that was read last
        first.schema, second.schema = PAIR_SCHEMAS
        return first, second

    def _locate(self, index: int) -> tuple[str, int, np.ndarray]:
        shard, number = _part_of(self._ends, index)
        return self.paths[shard], number, self._indexes[shard].spans

    def _parse(self, index: int) -> dict[str, list]:
        try:
            return parse_example(read_record(*self._locate(index)))
        except ValueError as error:
            raise DamagedImage(f"{self.where(index)}: {error}") from error

    def _first(self, index: int, key: str | None) -> bytes | int | float | None:
        return next(iter(self._features(index).get(key, ())), None) if key else None

    def _intact(self, function: Callable[[int], Found]) -> Iterator[Found]:
        """What a function gives for each record that is not damaged; DamagedImage where all are."""
        damage, count = None, 0
        for index in range(len(self)):
            try:
                found = function(index)
            except DamagedImage as error:
                damage, count = damage or error, count + 1
            else:
                yield found
        if damage and count == len(self):
            raise damage

    def _find_schema(self) -> Schema:
        features = next(self._intact(self._features))
        schema = find_schema(features)
        if schema is None:
            known = "; ".join(f"{s.image} + {s.name}" if s.name else s.image for s in SCHEMAS)
            found = ", ".join(sorted(features)) or "none"
            raise DataError(f"{self.where(0)}: cannot tell the image from its keys ({found}); known are: {known}")
        return schema


class HalfSource(Source):
    """One half of each image of another source, of images that show two side by side."""

    def __init__(self, whole: Source, half: int, decode: Callable[[int], np.ndarray]):
        """Takes halves.

        Args:
          whole: source of the images that show two side by side.
          half: 0 for their left halves, 1 for the right ones.
          decode: function from an index to the pixels of the whole image, in RGB.
        """
        self._whole, self._half, self._decode = whole, half, decode
        self.holds_files = whole.holds_files

    def __len__(self) -> int:
        return len(self._whole)

    def read(self, index: int) -> bytes:
        """Gives the bytes of the whole image."""
        return self._whole.read(index)

    def pixels(self, index: int, channels: int = 3) -> np.ndarray:
        whole = self._decode(index)
        try:
            half = split_halves(whole)[self._half]
        except BadImage as reason:
            raise located(reason, self.where(index)) from reason
        return in_channels(half, channels)

    def name(self, index: int) -> str:
        return self._whole.name(index)

    def class_of(self, index: int) -> str:
        return self._whole.class_of(index)

    def classes(self) -> set[str]:
        return self._whole.classes()

    def file(self, index: int) -> AnyPath:
        return self._whole.file(index)

    def where(self, index: int) -> str:
        return self._whole.where(index)

    def fingerprint(self) -> dict[str, Any]:
        return self._whole.fingerprint()


def open_place(place: str | os.PathLike) -> Source:
    """Opens a folder of TFRecord files, a folder of images (sub-folders too), or a glob pattern of either files.

    Raises:
      DataError: there are no images, or they cannot be read.
    """
    return open_found(look_at(place))


def open_found(place: Place) -> Source:
    """Opens what was found at a place. DataError where it cannot be read."""
    return open_set([place])


def open_set(found: Sequence[Place]) -> Source:
    """Opens what was found at several places, as one source in their order. DataError where that is not possible."""
    shards = [path for place in found for path in place.shards]
    if shards and any(place.images for place in found):
        places = " and ".join(str(place.root) for place in found)
        raise DataError(f"{places}: one holds TFRecord files, the other images; name one of them")
    return open_shards(shards) if shards else FolderSource(found)


def open_shards(paths: Sequence[AnyPath]) -> RecordSource:
    """Opens uncompressed TFRecord files as one source. DataError where one is damaged, or of a numbered set missing."""
    check_complete(paths)
    return RecordSource(paths)


def _checked_classes(names: set[str], where: str | os.PathLike) -> set[str]:
    """Gives the names back; DataError for one that the list of classes in a config could not hold."""
    broken = next((name for name in names if "," in name), None)
    if broken is not None:
        raise DataError(f"{where}: the class {broken!r} has a comma in its name; call it otherwise")
    return names


def _size(path: str | TreePath) -> int:
    """Bytes of a file; -1 where a link leads nowhere."""
    try:
        return file_size(path)
    except FileNotFoundError:
        return -1


def _part_of(ends: Sequence[int], index: int) -> tuple[int, int]:
    """Which of the parts, which end before the given indices, holds an index, and as which of its own."""
    part = bisect.bisect_right(ends, index)
    return part, index - (ends[part - 1] if part else 0)
