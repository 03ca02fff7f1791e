"""Translating an image a tile at a time, in bounded memory, without seams.

A network of convolutions sees a bounded part of the image around each pixel, so that tiles that overlap by that much
give what the whole image gives; but for its norms, whose means and variances are of the whole image. They are taken
first, layer by layer, and are then fixed:

- exact: each norm's statistics are of all tiles of the image, computed with those of the norms before it fixed. What a
  layer leaves for the next ones waits in a file, if it is small, and is computed again if not. The result is that of
  the whole image at once, but for rounding.
- fast: the statistics are those of the image downsized to FAST_PIXELS.
"""

from __future__ import annotations

import itertools
import math
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from base.errors import DataError
from base.graph_mode import session_config, tf
from inference.opened import OpenedNetwork, cut_out, fed
from inference.session import padded
from inputs.images import resize, to_uint8, to_unit
from models.model import Translation

STATISTICS = ("exact", "fast")
FAST_PIXELS = 2048 * 2048
KEPT = 128  # bytes per pixel of the image, of all that waits for the next layers at a time; what takes more does not

Told = Callable[[int, int], None]  # of what is done, and of all that is to do


class Box(NamedTuple):
    """A rectangle of the image, in pixels."""

    top: int
    left: int
    bottom: int
    right: int

    def at(self, scale: float) -> tuple[slice, slice]:
        """The rows and columns of a tensor of a scale."""
        top, left, bottom, right = (int(side / scale) for side in self)
        return slice(top, bottom), slice(left, right)


class Moments(NamedTuple):
    """Mean and population variance of every channel, float64 [channels]."""

    mean: np.ndarray
    variance: np.ndarray


class _Stage(NamedTuple):
    """One walk over the tiles."""

    start: tuple[str, ...]  # names of the tensors that it starts from, beside the image
    norm: str  # name of the tensor whose moments it takes; "" for the last, which gives the result
    kept: tuple[str, ...]  # names of the tensors that it leaves for the next ones; empty: they start where it does


class TiledTranslation:
    """A translation whose network is run on tiles."""

    def __init__(self, session: tf.Session, signature: Translation):
        """Takes the network with its weights.

        Args:
          session: with the weights.
          signature: of the model's `outputs.translations`; of batches of one image.

        Raises:
          UsageError: the network cannot be cut into tiles.
        """
        self._signature = signature
        self._source, self._result = signature.source.name, signature.result.name
        self._network = OpenedNetwork(cut_out(session, signature.result), signature)
        self._scales = self._network.geometry.scales
        self._stages = self._plan()
        graph = self._network.build()
        with graph.as_default():
            self._core = tf.placeholder(tf.int32, [4], name="core")
            self._moments = {name: tf.nn.moments(self._cut(graph, name), [0, 1, 2]) for name in self._network.norms}
            kept = {self._result, *itertools.chain(*(stage.kept for stage in self._stages))}
            self._cuts = {name: self._cut(graph, name) for name in kept}
        self._session = tf.Session(graph=graph, config=session_config())

    def translate(
        self, pixels: np.ndarray, tile: int, statistics: str = "exact", told: Told = lambda done, total: None
    ) -> np.ndarray:
        """Translates an image.

        Args:
          pixels: uint8 array [height, width, channels].
          tile: side of a tile in pixels, without what it overlaps by; rounded up to what the network takes.
          statistics: one of STATISTICS.
          told: called after each tile of each walk over them, with how many are done, and how many there will be.

        Returns:
          uint8 array [height, width, channels of the other domain].

        Raises:
          DataError: the translation is not finite, or the temporary files do not fit their disk.
        """
        if statistics not in STATISTICS:
            raise ValueError(f"statistics is {statistics!r}; it must be one of {', '.join(STATISTICS)}")
        height, width = pixels.shape[:2]
        image = padded(pixels, self._signature)
        tile = tile + -tile % self._signature.multiple
        scale = math.sqrt(FAST_PIXELS / (height * width)) if statistics == "fast" else 1.0
        looked_at, start = image, self._stages[-1].start
        if scale < 1:
            small = resize(pixels, max(1, round(height * scale)), max(1, round(width * scale)))
            looked_at, start = padded(small, self._signature), ()
        total = (len(self._stages) - 1) * len(_cores(looked_at, tile)) + len(_cores(image, tile))
        counts = itertools.count(1)
        with _Scratch(self._scales) as scratch:
            moments = self._take_moments(looked_at, tile, scratch, lambda: told(next(counts), total))
            if not start:
                scratch.keep(())
            result = np.empty([*image.shape[:2], self._signature.result.shape[-1]], np.uint8)
            for core, values in self._walk(image, tile, start, scratch, moments, {"result": self._result}):
                if not np.isfinite(values["result"]).all():
                    raise DataError("its translation is not finite; try --precision=float32")
                result[core.at(1)] = to_uint8(values["result"][0])
                told(next(counts), total)
        return result[:height, :width]

    def _take_moments(self, image, tile, scratch, tell) -> dict[str, Moments]:
        """The moments of every norm's input over the whole image; leaves what the last stage starts from in scratch."""
        moments: dict[str, Moments] = {}
        for stage in self._stages[:-1]:
            parts = []
            new = [name for name in stage.kept if name not in scratch]
            for name in new:
                scratch.open(name, image.shape, self._network.probe.get_tensor_by_name(name))
            for core, values in self._walk(image, tile, stage.start, scratch, moments, dict(zip(new, new)), stage.norm):
                parts.append(((core.bottom - core.top) * (core.right - core.left), *values["moments"]))
                for name in new:
                    scratch.write(name, core, values[name][0])
                tell()
            moments[stage.norm] = _combined(parts)
            if stage.kept:
                scratch.keep(stage.kept)
        return moments

    def _walk(
        self,
        image: np.ndarray,
        tile: int,
        start: Sequence[str],
        scratch: _Scratch,
        moments: Mapping[str, Moments],
        fetched: Mapping[str, str],
        norm: str = "",
    ) -> Iterator[tuple[Box, dict[str, Any]]]:
        """Runs the network on each tile. Yields the tile, and what was fetched of it, without what it overlaps by."""
        height, width = image.shape[:2]
        targets = [*fetched.values(), *([norm] if norm else [])]
        halo = self._network.halo([*start, self._source], targets)
        fetches: dict[str, Any] = {key: self._cuts[name] for key, name in fetched.items()}
        if norm:
            fetches["moments"] = self._moments[norm]
        known: dict[str, Any] = {}
        for name, (mean, variance) in moments.items():
            known.update({fed(name, "mean"): mean, fed(name, "variance"): variance})
        for core in _cores(image, tile):
            region = Box(
                max(core.top - halo, 0),
                max(core.left - halo, 0),
                min(core.bottom + halo, height),
                min(core.right + halo, width),
            )
            feed = {name: scratch.read(name, region)[None] for name in start}
            feed[self._source] = to_unit(image[region.at(1)].astype(np.float32))[None]
            feed[self._core.name] = np.array(core) - np.array([region.top, region.left] * 2)
            yield core, self._session.run(fetches, {**feed, **known})

    def _plan(self) -> list[_Stage]:
        """Decides where the walks over the tiles start from."""
        stages: list[_Stage] = []
        start: tuple[str, ...] = ()
        done: set[tf.Operation] = set()
        for norm in self._network.norms:
            done |= _ancestors(self._network.probe.get_tensor_by_name(norm).op)
            waiting = [
                x
                for op in done
                for x in op.outputs
                if x.name in self._scales and x.name != self._source and not done.issuperset(x.consumers())
            ]
            fits = sum(self._bytes_per_pixel(x) for x in waiting) <= KEPT
            kept = tuple(sorted(x.name for x in waiting)) if fits else ()
            stages.append(_Stage(start, norm, kept))
            start = kept or start
        return [*stages, _Stage(start, "", ())]

    def _bytes_per_pixel(self, x):
        return math.prod(x.shape[3:]) * x.dtype.size / self._scales[x.name] ** 2

    def _cut(self, graph, name):
        """A tensor without what its tile overlaps by; `core` is the tile in the region that is fed."""
        x, scale = graph.get_tensor_by_name(name), int(self._scales[name])
        top, left, bottom, right = tf.unstack(self._core // scale)
        return x[:, top:bottom, left:right]


class _Scratch:
    """Tensors of whole images in temporary files; deleted with the block."""

    def __init__(self, scales: Mapping[str, float]):
        """Takes the scales of tensors by name."""
        self._scales = scales
        self._files: dict[str, Any] = {}  # open files
        self._layouts: dict[str, tuple[int, int, np.dtype]] = {}  # pixels in a row, channels, dtype

    def __enter__(self) -> _Scratch:
        return self

    def __exit__(self, *exception) -> None:
        self.keep(())

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def open(self, name: str, image_shape: Sequence[int], x: tf.Tensor) -> None:
        """Makes room for a tensor; DataError where the disk has none."""
        rows, columns = (int(side / self._scales[name]) for side in image_shape[:2])
        layout = columns, int(x.shape[-1]), np.dtype(x.dtype.as_numpy_dtype)
        size = rows * math.prod(layout[:2]) * layout[2].itemsize
        folder = tempfile.gettempdir()
        if size > shutil.disk_usage(folder).free:
            raise DataError(f"its layers take {size >> 20} MB in {folder}, which has not so much; set TMPDIR")
        self._files[name], self._layouts[name] = tempfile.TemporaryFile(), layout

    def write(self, name: str, core: Box, values: np.ndarray) -> None:
        """Writes a rectangle."""
        file, (_, _, dtype) = self._files[name], self._layouts[name]
        for offset, row in zip(self._offsets(name, core), values):
            file.seek(offset)
            file.write(np.ascontiguousarray(row, dtype).data)

    def read(self, name: str, region: Box) -> np.ndarray:
        """Reads a rectangle."""
        file, (_, channels, dtype) = self._files[name], self._layouts[name]
        rows, columns = region.at(self._scales[name])
        values = np.empty([rows.stop - rows.start, columns.stop - columns.start, channels], dtype)
        for offset, row in zip(self._offsets(name, region), values):
            file.seek(offset)
            file.readinto(row.data)
        return values

    def keep(self, names: Sequence[str]) -> None:
        """Deletes all tensors but some."""
        for name in self._files.keys() - set(names):
            self._files.pop(name).close()

    def _offsets(self, name, box):
        """Where the rows of a rectangle start in the file, in bytes."""
        width, channels, dtype = self._layouts[name]
        rows, columns = box.at(self._scales[name])
        return ((row * width + columns.start) * channels * dtype.itemsize for row in range(rows.start, rows.stop))


def _cores(image: np.ndarray, tile: int) -> list[Box]:
    """The tiles of an image."""
    height, width = image.shape[:2]
    return [
        Box(top, left, min(top + tile, height), min(left + tile, width))
        for top, left in itertools.product(range(0, height, tile), range(0, width, tile))
    ]


def _ancestors(op):
    """An op, and all that must have run before it."""
    found, open_ends = set(), [op]
    while open_ends:
        op = open_ends.pop()
        if op not in found:
            found.add(op)
            open_ends += [x.op for x in op.inputs]
    return found


def _combined(parts: Sequence[tuple[int, np.ndarray, np.ndarray]]) -> Moments:
    """The moments of a whole from those of its parts, each with its weight (Chan et al. 1979)."""
    weights = np.array([weight for weight, _, _ in parts], np.float64)
    means = np.array([mean for _, mean, _ in parts], np.float64)
    variances = np.array([variance for _, _, variance in parts], np.float64)
    mean = np.average(means, axis=0, weights=weights)
    return Moments(mean, np.average(variances + (means - mean) ** 2, axis=0, weights=weights))
