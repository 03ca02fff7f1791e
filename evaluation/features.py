"""What images look like to a network: features, which distances between sets of images are measured in.

Such figures can only be compared where the features are the same; so the name of what gave them is part of each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from google.protobuf.message import DecodeError
from PIL import Image

from base.errors import DataError
from base.files import read_regular
from base.graph_mode import session_config, tf
from inference.load import LoadedRun

MODES = ("original", "clean")
SIDE = 299  # pixels that Inception takes
MIDDLE, HALF = 128.0, 128.0  # of grey levels, to what Inception takes
POOL = "pool_3:0"
MOST_BYTES = 1 << 30  # of a file with a graph


class Features(NamedTuple):
    """A way to features.

    Attributes:
      name: what gave them, for figures: "inception-original", or "darknet of horses, step 4000".
      file_hash: SHA-256 of the file they come from; "" of a run.
      extract: function from one uint8 array [height, width, 3], or 1 for grey, to float32 [dimensions].
    """

    name: str
    file_hash: str
    extract: Callable[[np.ndarray], np.ndarray]

    def of(self, images: Iterable[np.ndarray]) -> np.ndarray:
        """The features of images, float32 [images, dimensions]."""
        return np.stack([self.extract(image) for image in images])


def inception_features(file: Path, mode: str = "original") -> Features:
    """Features of a frozen Inception network.

    Args:
      file: a GraphDef: `classify_image_graph_def.pb` (DeepMind's and TTUR's, which resizes by itself), or
        `inceptionv1_for_inception_score.pb` (TensorFlow-GAN's). They are told apart by their nodes.
      mode: how images are resized, one of MODES: "original" bilinearly without a filter, as the paper's authors did;
        "clean" by Pillow's bicubic filter, each channel as floats, without rounding (Parmar et al. 2022, arXiv
        2104.11222).

    Raises:
      DataError: the file cannot be read, or is no such network.
    """
    try:
        data = read_regular(file, MOST_BYTES)
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror or error}") from None
    graph_def = tf.GraphDef()
    try:
        graph_def.ParseFromString(data)
    except DecodeError:
        raise DataError(f"{file}: is no TensorFlow graph; docs/evaluate.md says which file is meant") from None
    names = {node.name for node in graph_def.node}
    source = next((name for name in ("ExpandDims", "Mul") if name in names), None)
    if source is None or POOL.removesuffix(":0") not in names:
        raise DataError(f"{file}: is not Inception: it has no nodes ExpandDims or Mul, and pool_3")
    with tf.Graph().as_default() as graph:
        levels = tf.placeholder(tf.float32, [1, None, None, 3], "levels")
        values = levels  # [0, 255], of any size
        if source == "Mul":
            values = (tf.image.resize_bilinear(levels, [SIDE, SIDE]) - MIDDLE) / HALF
        (pool,) = tf.import_graph_def(graph_def, {f"{source}:0": values}, [POOL], name="inception")
    session = tf.Session(graph=graph, config=session_config())

    def extract(image):
        color = np.broadcast_to(image, (*image.shape[:2], 3))
        pixels = color.astype(np.float32) if mode == "original" else _bicubic(color)
        try:
            return session.run(pool, {levels: pixels[None]}).reshape(-1)
        except tf.errors.OpError as error:
            raise DataError(f"{file}: does not take an image: {error.message.splitlines()[0]}") from None

    return Features(f"inception-{mode}", hashlib.sha256(data).hexdigest(), extract)


def classifier_features(run: LoadedRun) -> Features:
    """Features of a classifier of this project: what its last layer sees. They are no Inception's.

    Raises:
      DataError: the run is no classifier.
    """
    if run.model.outputs.classification is None:
        raise DataError(f"{run.config.run_dir}: its model {run.config.model} is no classifier, and has no features")
    return Features(f"{run.config.model} of {Path(run.config.run_dir).name}, step {run.step}", "", run.features)


def _bicubic(image):
    """The image at 299 x 299 pixels, float32 levels that may lie beside [0, 255]."""
    channels = [
        np.asarray(Image.fromarray(image[:, :, c].astype(np.float32)).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
        for c in range(image.shape[2])
    ]
    return np.stack(channels, axis=2)
