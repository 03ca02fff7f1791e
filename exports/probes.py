"""What a network is tried on before anyone gets it: images of the run and of noise, and what the run makes of them."""

from __future__ import annotations

import contextlib
import io
import itertools
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from base.errors import DataError
from exports.frozen import CLASSIFY, GENERATE, Frozen
from inference.load import LoadedRun
from inference.session import generate, translate
from inputs import scenes
from inputs.data_dir import open_splits
from inputs.images import BadImage, encode_for_record, read_image, resize, to_unit
from inputs.sources import HalfSource

IMAGES = 6  # of the run's own
MAX_SIDE = 512  # pixels; larger ones are downsized
NOISE_SIZES = ((64, 64), (61, 50), (100, 131), (9, 8), (3, 1), (255, 257))  # height and width of as many of noise
SCENE_SIDE = 128  # pixels, of the built-in scenes
BATCHES = 2  # of noise, for a network that makes images of it


class Probe(NamedTuple):
    """One input, and what the run makes of it.

    Attributes:
      name: for people: of the run's image in its data, or what the noise is.
      file: bytes of a JPEG or PNG file; empty of noise that a network makes images of.
      values: float32 array, as the network is fed.
      expected: float32 array, what the run's own graph gives.
    """

    name: str
    file: bytes
    values: np.ndarray
    expected: np.ndarray


def make_probes(run: LoadedRun, frozen: Frozen) -> tuple[list[Probe], str]:
    """Makes the inputs, and runs the run on them.

    Args:
      run: loaded in float32.
      frozen: what is exported of it.

    Returns:
      The probes, and in words where the first of them come from.

    Raises:
      DataError: the run cannot translate them.
    """
    if frozen.task == GENERATE:
        return list(_noise_probes(run, frozen)), "noise"
    files, origin = _run_images(run, frozen)
    random = np.random.default_rng(0)
    for height, width in NOISE_SIZES:
        noise = random.integers(0, 256, [height, width, 3], np.uint8)
        files[f"noise of {width} x {height} px"] = _png(noise)
    return [_probe(run, frozen, name, data) for name, data in files.items()], origin


def _run_images(run, frozen):
    """Up to 6 images by name, of the run's test split where it can still be read, else of the built-in scenes."""
    stream = _stream(run, frozen)
    try:
        source = open_splits(run.config.data_dir, {"images": stream}).test[stream.split]
        files = dict(itertools.islice(_intact(source), IMAGES))
        if files:
            return files, f"the run's data ({Path(run.config.data_dir.split(',')[0]).name})"
    except (DataError, AttributeError):  # it has moved, or never had any, as a run of imported weights
        pass
    palette = scenes.PALETTES[frozen.name == "BtoA"]
    files = {f"scene {seed}": _png(scenes.draw_scene(seed, palette, SCENE_SIDE)) for seed in range(IMAGES)}
    return files, "the built-in scenes"


def _stream(run, frozen):
    """The stream of the model that images to export come from."""
    outputs = run.model.outputs
    fed = outputs.classification.images if frozen.task == CLASSIFY else outputs.translations[frozen.name].source
    (name,) = (name for name, tensor in run.model.inputs.items() if tensor is fed)
    return run.model.streams(run.config)[name]


def _intact(source):
    """Names and bytes of a source's images, those left out that cannot be read."""
    for index in range(len(source)):
        with contextlib.suppress(DataError, BadImage):
            file = _png(source.pixels(index)) if isinstance(source, HalfSource) else source.read(index)
            yield source.name(index) or f"image {index}", encode_for_record(file, MAX_SIDE).data


def _probe(run, frozen, name, data):
    pixels = read_image(data, frozen.shape[-1])
    if frozen.task == CLASSIFY:
        pixels = resize(pixels, *frozen.shape[1:3])
        data = _png(pixels)
    values = to_unit(pixels.astype(np.float32))
    if frozen.task == CLASSIFY:
        signature = run.model.outputs.classification
        expected = run.session.run(signature.shares, {signature.images: values[None]})
    else:
        expected = translate(run.session, run.model.outputs.translations[frozen.name], values)[None]
    return Probe(name, data, values[None], expected)


def _noise_probes(run, frozen):
    signature = run.model.outputs.generation
    for seed in range(BATCHES):
        noise = np.random.RandomState(seed).standard_normal(frozen.shape).astype(np.float32)
        images = np.stack(list(generate(run.session, signature, seed, frozen.shape[0])))
        yield Probe(f"noise of seed {seed}", b"", noise, images)


def _png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(buffer, "PNG")
    return buffer.getvalue()
