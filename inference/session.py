"""Running a Session over images: translate one of any size, generate some of noise, run any tensors in batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from base.graph_mode import tf
from models.model import Generation, Model, Translation

# By input name: float32 arrays [count, height, width, channels], arrays of labels, or `inputs.held_out.HeldOut`.
Images = Mapping


def translate(session: tf.Session, signature: Translation, image: np.ndarray) -> np.ndarray:
    """Translates one image of any size.

    Args:
      session: with the weights.
      signature: of the model's `outputs.translations`.
      image: float32 array [height, width, channels] in [-1, 1].

    Returns:
      float32 array [height, width, channels of the other domain] in [-1, 1]. The image is padded by reflection to the
      multiple of pixels that the generator takes, and the result is cropped back.
    """
    height, width = image.shape[:2]
    batch = np.repeat(padded(image, signature)[None], signature.source.shape[0], axis=0)
    return session.run(signature.result, {signature.source: batch})[0, :height, :width]


def padded(image: np.ndarray, signature: Translation) -> np.ndarray:
    """Pads an image [height, width, channels] at its bottom and right to what a generator takes, by reflection."""
    rows, columns = (signature.padded_side(side) - side for side in image.shape[:2])
    return np.pad(image, [(0, rows), (0, columns), (0, 0)], mode="reflect")


def generate(session: tf.Session, signature: Generation, seed: int, count: int) -> Iterator[np.ndarray]:
    """Makes images of noise.

    Args:
      session: with the weights.
      signature: the model's `outputs.generation`.
      seed: in [0, 2**32), what the noise is drawn from.
      count: number of images.

    Yields:
      count float32 arrays [height, width, channels] in [-1, 1]. They are made in whole batches of the model's size,
      so that norms with the statistics of the batch find what they are used to; so image i is a function of seed and
      i, whatever the count.
    """
    draws = np.random.RandomState(seed)  # whose numbers NumPy promises never to change
    shape = signature.noise.shape.as_list()
    for start in range(0, count, shape[0]):
        yield from session.run(signature.result, {signature.noise: draws.standard_normal(shape)})[: count - start]


def run_in_batches(
    session: tf.Session, model: Model, tensors: Mapping[str, tf.Tensor], images: Images
) -> Iterator[dict[str, np.ndarray]]:
    """Runs tensors on any number of images, a batch at a time.

    Args:
      session: with the weights.
      model: whose inputs are fed.
      tensors: by name, with one entry for each image of the batch.
      images: see Images; the shortest says how many there are.

    Yields:
      What is found of each image, by the names of `tensors`.
    """
    count, size = min(map(len, images.values())), model.part_size
    for start in range(0, count, size):
        # The last batch is filled up with its last image.
        indices = np.minimum(np.arange(start, start + size), count - 1)
        values = session.run(tensors, {model.inputs[name]: batch[indices] for name, batch in images.items()})
        for index in range(min(size, count - start)):
            yield {name: value[index] for name, value in values.items()}
