"""Figures of a trained model on test images."""

import numpy as np


def psnr(image, truth):
    """Peak signal-to-noise ratio of two float arrays in [-1, 1], in dB."""
    return 10 * np.log10(4.0 / max(np.mean(np.square(image - truth)), 1e-12))


def counterpart_psnr(session, model, images_a, images_b):
    """How near translations come to the true counterparts, where those are known.

    Args:
      session: tf.Session with the weights.
      model: Model with the translations AtoB and BtoA.
      images_a: float32 array [count, height, width, channels] in [-1, 1].
      images_b: the same scenes in domain B.

    Returns:
      dict by direction of (PSNR of the translations, PSNR of the untranslated images), means over the images, in dB.
    """
    figures = {}
    for direction, sources, truths in (("AtoB", images_a, images_b), ("BtoA", images_b, images_a)):
        results = [model.translate(session, image, direction) for image in sources]
        figures[direction] = tuple(
            float(np.mean([psnr(image, truth) for image, truth in zip(images, truths)])) for images in (results, sources)
        )
    return figures
