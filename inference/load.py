"""A trained run, ready for images: `load_run("runs/photos").translate("photo.jpg", "AtoB")`."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from PIL import Image

from base.errors import DataError, UsageError
from base.graph_mode import tf
from base.options import Options, option
from config import Config
from inference.memory import Need, longest_side, memory_need
from inference.session import generate, translate
from inference.tiles import TiledTranslation, Told
from inputs.images import BadImage, read_image, to_luma, to_uint8, to_unit
from inputs.preprocess import held_out_image
from models.model import Model
from run_folder.folder import BEST, LAST, RunFolder
from run_folder.restored import open_model

TILE = 512  # side in pixels, of an image that is too large as a whole

ImageLike: TypeAlias = str | os.PathLike | np.ndarray | Image.Image


@dataclasses.dataclass(frozen=True)
class CheckpointOptions(Options):
    """How programs are told which checkpoint of a run they take."""

    checkpoint: str = option(
        LAST, f"Checkpoint: {LAST}; {BEST}, of train.py --keep_best; or a step.", metavar="NAME_OR_STEP"
    )


class LoadedRun:
    """A run's networks with the weights of a checkpoint.

    Images are given as uint8 arrays [height, width, 3], or [height, width, 1] or [height, width] of grey levels; as
    paths of image files; or as images of Pillow.

    Attributes:
      config: Config of the run.
      step: int, steps that the weights were trained for.
      directions: list of what `translate` takes: "AtoB" and "BtoA" of a CycleGAN.
      model: the run's Model, in a graph that is finalised.
      session: tf.Session on that graph, with the weights.
    """

    def __init__(self, config: Config, model: Model, session: tf.Session):
        """Takes the run's config, its Model, and a session with the weights; `load_run` makes them."""
        self.config, self.model, self.session = config, model, session
        self.step = int(session.run(model.global_step))
        self.directions = list(model.outputs.translations)
        self._needs: dict[str, Need] = {}
        self._tiled: dict[str, TiledTranslation] = {}

    def channels(self, direction: str) -> int:
        """Channels of the images that a direction starts from, 3 for RGB, 1 for grey; errors as for `translate`."""
        return int(self._translation(direction).source.shape[-1])

    def translate(
        self,
        image: ImageLike,
        direction: str,
        tile: int | None = None,
        statistics: str = "exact",
        told: Told = lambda done, total: None,
    ) -> np.ndarray:
        """Translates one image of any size.

        Args:
          image: see the class.
          direction: one of `directions`.
          tile: side in pixels of the tiles in which the image is translated (see `inference.tiles`); None: as a whole,
            where the memory is enough, else in tiles of TILE.
          statistics: how tiles know what norms take from the whole image, "exact" or "fast".
          told: called with the tiles that are done, and all that there will be, where there are tiles.

        Returns:
          uint8 array [height, width, channels of the other domain], of the image's height and width.

        Raises:
          UsageError: the run translates in no such direction, or not in tiles, or `image` is no image.
          DataError: the image cannot be read, is too large for the memory, or its translation is not finite.
        """
        signature = self._translation(direction)
        pixels = _as_pixels(image, self.channels(direction))
        height, width = pixels.shape[:2]
        side = longest_side(self._need(direction), max(height, signature.smallest), max(width, signature.smallest))
        try:
            if tile is None and side is None:
                values = translate(self.session, signature, _as_values(pixels))
                if not np.isfinite(values).all():
                    raise DataError("its translation is not finite; try --precision=float32")
                return to_uint8(values)
            return self._in_tiles(direction).translate(pixels, tile or TILE, statistics, told)
        except (tf.errors.ResourceExhaustedError, tf.errors.AbortedError, MemoryError):  # Aborted: of oneDNN
            raise _too_large(height, width, max(1, max(height, width) // 2)) from None
        except UsageError:
            if tile is not None or side is None:
                raise
            raise _too_large(height, width, side) from None

    @property
    def generated_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of the images that `generate` makes; UsageError if it makes none."""
        return tuple(self._generation.result.shape.as_list()[1:])

    def generate(self, count: int, seed: int = 0) -> Iterator[np.ndarray]:
        """Makes images of noise.

        Args:
          count: number of images.
          seed: in [0, 2**32), what the noise is drawn from; image i is a function of seed and i, whatever the count.

        Returns:
          Iterator over `count` uint8 arrays [height, width, channels].

        Raises:
          UsageError: the run makes no images of noise.
        """
        return map(to_uint8, generate(self.session, self._generation, seed, count))

    def classify(self, image: ImageLike) -> str:
        """Names the class of one image, which is resized as the training images were.

        Raises:
          UsageError: the run is no classifier, or `image` is no image.
          DataError: the image cannot be read, or is smaller than the crop.
        """
        (number,) = self._verdict(image, self._classification.predictions)
        return self._classification.class_names[number]

    def shares(self, image: ImageLike) -> dict[str, float]:
        """The share of each class in the network's verdict on one image, by name; arguments and errors as `classify`.

        They add up to 1, and the largest is that of the class that `classify` names.
        """
        (shares,) = self._verdict(image, self._classification.shares)
        return dict(zip(self._classification.class_names, map(float, shares), strict=True))

    def features(self, image: ImageLike) -> np.ndarray:
        """What the last layer sees of one image, float32 [n]; arguments and errors as `classify`."""
        (features,) = self._verdict(image, self._classification.features)
        return features

    def _verdict(self, image, tensor):
        images = self._classification.images
        try:
            pixels = held_out_image(_as_pixels(image, int(images.shape[-1])), self.config)
        except BadImage as reason:
            raise DataError(f"the image {reason}") from None
        return self.session.run(tensor, {images: _as_values(pixels)[None]})

    @property
    def _classification(self):
        if self.model.outputs.classification is None:
            raise UsageError(f"{self._subject} is no classifier")
        return self.model.outputs.classification

    @property
    def _generation(self):
        if self.model.outputs.generation is None:
            raise UsageError(f"{self._subject} makes no images of noise")
        return self.model.outputs.generation

    def _need(self, direction):
        if direction not in self._needs:
            self._needs[direction] = memory_need(self._translation(direction))
        return self._needs[direction]

    def _in_tiles(self, direction):
        if direction not in self._tiled:
            self._tiled[direction] = TiledTranslation(self.session, self._translation(direction))
        return self._tiled[direction]

    @property
    def _subject(self) -> str:
        return f"{self.config.run_dir}: the model {self.config.model} of this run"

    def _translation(self, direction):
        if direction not in self.model.outputs.translations:
            raise _unknown_direction(self.model, direction)
        return self.model.outputs.translations[direction]


def load_run(
    run_dir: str | os.PathLike,
    direction: str | None = None,
    precision: str | None = None,
    checkpoint: str | int = LAST,
) -> LoadedRun:
    """Builds a run's networks and loads a checkpoint.

    Args:
      run_dir: the run folder.
      direction: the one direction to load, for less time and memory; None: all that the run's model can do.
      precision: dtype of the networks, "float32", "bfloat16" or "float16"; None: the run's.
      checkpoint: "last", the newest that is intact; "best", of `train.py --keep_best`; or a step.

    Raises:
      UsageError: there is no run with such a checkpoint, or it translates in no such direction.
      ConfigError: there is no such precision.
      DataError: the checkpoint does not fit the model, or is damaged.
    """
    folder = RunFolder(os.path.expanduser(run_dir))
    config = folder.config(**({} if precision is None else {"precision": precision}))
    step = folder.step_of(checkpoint)

    def choose(model):
        outputs = model.outputs
        if direction is not None:
            if direction not in outputs.translations:
                raise _unknown_direction(model, direction)
            return [outputs.translations[direction].result]
        results = [translation.result for translation in outputs.translations.values()]
        results += [outputs.generation.result] if outputs.generation else []
        return results + ([outputs.classification.predictions] if outputs.classification else [])

    model, session = open_model(folder, dataclasses.replace(config, batch_size=1, accumulate=1), choose, step)
    if model.outputs.generation:  # its norms need whole batches of the run's size
        session.close()
        model, session = open_model(folder, config, choose, step)
    return LoadedRun(config, model, session)


def _too_large(height: int, width: int, side: int) -> DataError:
    return DataError(f"{width} x {height} px need more memory than there is; try --max_side={side}")


def _unknown_direction(model: Model, direction: str) -> UsageError:
    known = ", ".join(model.outputs.translations) or "none"
    return UsageError(f"--direction={direction}: the model {model.config.model} of this run has {known}")


def _as_pixels(image: ImageLike, channels: int) -> np.ndarray:
    """Gives a uint8 array [height, width, channels]."""
    if isinstance(image, str | os.PathLike):
        try:
            return read_image(image, channels)
        except BadImage as reason:
            raise DataError(f"{os.fspath(image)}: {reason}") from None
    pixels = np.asarray(image.convert("RGB") if isinstance(image, Image.Image) else image)
    pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or not pixels.size:
        found = f"{pixels.dtype} {list(pixels.shape)}"
        raise UsageError(f"an image must be a uint8 array [height, width, 3] or [height, width, 1], not {found}")
    if channels == 3:
        return np.broadcast_to(pixels, (*pixels.shape[:2], 3))
    return to_luma(pixels) if pixels.shape[2] == 3 else pixels


def _as_values(pixels: np.ndarray) -> np.ndarray:
    return to_unit(pixels.astype(np.float32))
