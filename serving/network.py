"""A network that answers requests, in a process of its own: bytes of a request in, bytes of an answer out."""

from __future__ import annotations

import contextlib
import io
import math
from pathlib import Path

import numpy as np
from PIL import Image

from base.places import AnyPath
from exports.frozen import GENERATE, TRANSLATE
from inference.scale import training_size
from inference.translation import limit_side
from inputs.images import BadImage, open_image, read_image, resize, to_luma, to_uint8, to_unit
from serving import rest
from serving.errors import RequestError
from serving.served import Served, ServedExport, ServedRun
from training.samples import draw_grid

MOST_MADE = 64  # images of noise in one answer


def of_run(run_dir: AnyPath, precision: str | None, checkpoint: str, pixels: int) -> Network:
    """Makes a Network of a run; arguments and errors are those of ServedRun and Network."""
    return Network(ServedRun(run_dir, precision, checkpoint), pixels)


def of_export(folder: Path, pixels: int) -> Network:
    """Makes a Network of an export; arguments and errors are those of ServedExport and Network."""
    return Network(ServedExport(folder), pixels)


class Network:
    """What requests may ask for. All of it raises RequestError, and DataError where the network cannot do it.

    Attributes:
      about: About the network.
    """

    def __init__(self, served: Served, pixels: int):
        """Takes what is served, and the pixels that the images of one request may have together."""
        self._served, self._pixels = served, pixels
        self.about = served.about

    def translate(self, data: bytes, name: str, longest: int | None = None, training: bool = False) -> bytes:
        """Translates an image file of any kind to a PNG file, as scripts/translate.py does.

        Args:
          data: the file.
          name: the direction.
          longest: side in pixels above which the image is downsized.
          training: whether it is brought to the size in which training showed images to the network.
        """
        image = self._read(data)
        height, width = image.shape[:2]
        size = limit_side(height, width, longest or max(height, width))
        if training and self._served.config:
            size = training_size(self._served.config, height, width)
        self._check(size[0] * size[1], self._pixels)
        fitted = resize(image, *size)
        one_channel = self.about.shapes[name][0][-1] == 1
        return _png(self._served.translate(to_luma(fitted) if one_channel else fitted, name))

    def classify(self, data: bytes) -> dict[str, float]:
        """The share of each class in the verdict on an image file, by name, the largest first."""
        shares = self._served.shares(self._read(data))
        return dict(sorted(shares.items(), key=lambda share: -share[1]))

    def generate(self, seed: int, count: int) -> bytes:
        """Makes a picture of images of noise, eight in a line, as `scripts/sample.py --grid` does: a PNG file."""
        images = self._served.generate(count, seed)
        return _png(draw_grid({"": [to_unit(image.astype(np.float32)) for image in images]}))

    def generate_one(self, seed: int, number: int) -> bytes:
        """Makes one image of noise, the one that `scripts/sample.py --output` gives this number: a PNG file."""
        *_, image = self._served.generate(number + 1, seed)
        return _png(image)

    def predict(self, name: str, body: bytes) -> bytes:
        """Answers a request of TensorFlow Serving's protocol, see `serving.rest`."""
        return rest.predict(self.about, name, body, self._of_floats, self._of_files)

    def _of_floats(self, name, values):
        if self.about.task == TRANSLATE:
            self._check(math.prod(values.shape[:3]), min(self._pixels, rest.MOST_FLOAT_PIXELS))
        return self._served.compute(name, values)

    def _of_files(self, name, given):
        if self.about.task == GENERATE:
            return {"generated_bytes": [_png(to_uint8(image)) for image in self._served.compute(name, given)]}
        self._check(sum(map(_count_pixels, given)), self._pixels)
        if self.about.task == TRANSLATE:
            return {"translated_bytes": [self.translate(data, name) for data in given]}
        shares = [self._served.shares(self._read(data)) for data in given]
        return {"classes": [list(each) for each in shares], "scores": [list(each.values()) for each in shares]}

    def _read(self, data: bytes) -> np.ndarray:
        self._check(_count_pixels(data), self._pixels)
        try:
            return read_image(data)
        except BadImage as reason:
            if not reason.damaged or isinstance(reason.__cause__, Image.DecompressionBombError):
                raise RequestError(f"the file {reason}", 413) from None
            unknown = isinstance(reason.__cause__, Image.UnidentifiedImageError)
            raise RequestError(f"the file {reason}", 415 if unknown else 400) from None

    def _check(self, count, most):
        if count > most:
            raise RequestError(f"{count:,} pixels are more than the {most:,} that a request may have", 413)


def _count_pixels(data):
    """The pixels of an image file, by its header; 0 where that cannot be read, which reading the whole will tell."""
    with contextlib.suppress(Exception):  # Pillow raises whatever broken bytes lead it into
        width, height = open_image(io.BytesIO(data)).size
        return width * height
    return 0


def _png(array: np.ndarray) -> bytes:
    """A uint8 array [height, width, 1 or 3] as PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array).save(buffer, "PNG")
    return buffer.getvalue()
