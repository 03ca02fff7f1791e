"""What is served, a run or an export, in one shape: images in and out, and floats as the SavedModel has them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol

import numpy as np

from base.errors import DataError, UsageError
from base.files import read_regular
from base.graph_mode import session_config, tf
from base.places import AnyPath
from exports.frozen import CLASSIFY, GENERATE, TRANSLATE
from exports.saved_model import FOLDER as SAVED_MODEL
from inference import session
from inference.load import load_run
from inference.scale import describe_training
from inputs.images import BadImage, to_luma, to_uint8, to_unit
from inputs.preprocess import CROPPING, Preprocessing, held_out_image
from models.model import Generation

Shape = tuple[int | None, ...]
CARD = "config.json"  # of an export
MOST_BYTES = 16 << 20  # of it


class About(NamedTuple):
    """What a network is, as plain data.

    Attributes:
      title: for people.
      task: TRANSLATE, GENERATE or CLASSIFY.
      step: steps that it was trained for.
      trained_on: what it saw, in words; empty of one that makes images of noise.
      shapes: of the floats that go in and come out, by the name of the direction, or where there is none of the task;
        None where a size is free.
      class_names: of CLASSIFY, in the order of the shares.
    """

    title: str
    task: str
    step: int
    trained_on: str
    shapes: dict[str, tuple[Shape, Shape]]
    class_names: tuple[str, ...] = ()


class Served(Protocol):
    """A network that is served.

    Attributes:
      about: About it.
    """

    about: About

    @property
    def config(self) -> Preprocessing | None:
        """What training did to images; None of one that makes images of noise."""

    def translate(self, pixels: np.ndarray, name: str) -> np.ndarray:
        """Translates a uint8 array [height, width, channels]; DataError where that cannot be done."""

    def generate(self, count: int, seed: int) -> Iterator[np.ndarray]:
        """Makes images of noise, as `LoadedRun.generate`."""

    def shares(self, pixels: np.ndarray) -> dict[str, float]:
        """The share of each class, as `LoadedRun.shares`, of a uint8 array [height, width, 3]."""

    def compute(self, name: str, values: np.ndarray) -> np.ndarray:
        """Maps float32 values to float32 values, both of the shapes in `about`."""


class ServedRun:
    """A run's networks with the weights of a checkpoint; see Served."""

    def __init__(self, run_dir: AnyPath, precision: str | None, checkpoint: str):
        """Loads it; arguments and errors are those of `load_run`."""
        self._run = load_run(run_dir, precision=precision, checkpoint=checkpoint)
        outputs, config = self._run.model.outputs, self._run.config
        if outputs.translations:
            task, (shapes, self._compute) = TRANSLATE, self._translations(outputs.translations)
        elif outputs.generation:
            task, (shapes, self._compute) = GENERATE, self._generation(outputs.generation)
        elif outputs.classification:
            task, (shapes, self._compute) = CLASSIFY, self._classification(outputs.classification)
        else:
            raise UsageError(f"{run_dir}: the model {config.model} of this run has nothing to serve")
        self.config: Preprocessing | None = None if task == GENERATE else config
        trained_on = "" if task == GENERATE else describe_training(config)
        names = outputs.classification.class_names if outputs.classification else ()
        title = Path(config.run_dir).resolve().name
        self.about = About(title, task, self._run.step, trained_on, shapes, tuple(names))

    def translate(self, pixels: np.ndarray, name: str) -> np.ndarray:
        """See Served."""
        return self._run.translate(pixels, name)

    def generate(self, count: int, seed: int) -> Iterator[np.ndarray]:
        """See Served."""
        return self._run.generate(count, seed)

    def shares(self, pixels: np.ndarray) -> dict[str, float]:
        """See Served."""
        return self._run.shares(pixels)

    def compute(self, name: str, values: np.ndarray) -> np.ndarray:
        """See Served."""
        return self._compute(name, values)

    def _translations(self, signatures):
        def compute(name, values):
            return np.stack([session.translate(self._run.session, signatures[name], image) for image in values])

        channels = {name: (int(each.source.shape[-1]), int(each.result.shape[-1])) for name, each in signatures.items()}
        free = None, None, None
        return {name: ((*free, before), (*free, after)) for name, (before, after) in channels.items()}, compute

    def _generation(self, signature):
        def compute(name, values):
            return self._run.session.run(signature.result, {signature.noise: values})

        return {GENERATE: (_shape(signature.noise), _shape(signature.result))}, compute

    def _classification(self, signature):
        def compute(name, values):
            run = self._run.session.run
            return np.concatenate([run(signature.shares, {signature.images: image[None]}) for image in values])

        side, channels = self._run.config.image_size, int(signature.images.shape[-1])
        return {CLASSIFY: ((None, side, side, channels), (None, len(signature.class_names)))}, compute


class ServedExport:
    """A folder of scripts/export.py, or one with the exports of several directions in it; see Served."""

    def __init__(self, folder: Path):
        """Loads its SavedModels.

        Raises:
          UsageError: there are none, or they are of several networks.
          DataError: one cannot be read.
        """
        places = [place for place in [folder, *sorted(folder.glob("*/"))] if (place / SAVED_MODEL).is_dir()]
        if not places:
            what = "is no export with a SavedModel (scripts/export.py --formats=saved_model)"
            raise UsageError(f"{folder}: {what if folder.is_dir() else 'no such folder'}")
        networks = [_SavedModel(place) for place in places]
        self._networks = {network.name: network for network in networks}
        first = networks[0]
        kinds = {(network.task, network.step) for network in networks}
        if len(kinds) > 1 or len(self._networks) < len(networks):
            raise UsageError(f"{folder}: holds exports that do not belong together; name one of its folders")
        self.config = first.config
        self.about = About(
            folder.resolve().name,
            first.task,
            first.step,
            describe_training(first.config) if first.config else "",
            {name: network.shapes for name, network in self._networks.items()},
            first.class_names,
        )

    def translate(self, pixels: np.ndarray, name: str) -> np.ndarray:
        """See Served."""
        channels = self.about.shapes[name][0][-1]
        values = self.compute(name, _values(to_luma(pixels) if pixels.shape[2] == 3 and channels == 1 else pixels))[0]
        if not np.isfinite(values).all():
            raise DataError("its translation is not finite")
        return to_uint8(values)

    def generate(self, count: int, seed: int) -> Iterator[np.ndarray]:
        """See Served."""
        network = self._networks[GENERATE]
        return map(to_uint8, session.generate(network.session, Generation(network.source, network.result), seed, count))

    def shares(self, pixels: np.ndarray) -> dict[str, float]:
        """See Served."""
        if self.config is None:
            raise UsageError("this export is no classifier")
        try:
            (shares,) = self.compute(CLASSIFY, _values(held_out_image(pixels, self.config)))
        except BadImage as reason:
            raise DataError(f"the image {reason}") from None
        return dict(zip(self.about.class_names, map(float, shares), strict=True))

    def compute(self, name: str, values: np.ndarray) -> np.ndarray:
        """See Served."""
        network = self._networks[name]
        return network.session.run(network.result, {network.source: values})


class _SavedModel:
    """One network of an export.

    Attributes:
      task, name, step, shapes, class_names, config: as in About and Served.
      session: tf.Session with its graph.
      source, result: of its signature for floats.
    """

    def __init__(self, folder: Path):
        card = _read_card(folder / CARD)
        with tf.Graph().as_default() as graph:
            self.session = tf.Session(config=session_config())
            path = folder / SAVED_MODEL
            try:
                meta = tf.saved_model.loader.load(self.session, [tf.saved_model.tag_constants.SERVING], str(path))
                self.task = next(task for task in (TRANSLATE, GENERATE, CLASSIFY) if task in meta.signature_def)
                signature = meta.signature_def[self.task]
                (source,), (result,) = signature.inputs.values(), signature.outputs.values()
                self.source, self.result = graph.get_tensor_by_name(source.name), graph.get_tensor_by_name(result.name)
            except (OSError, ValueError, RuntimeError, KeyError, StopIteration, tf.errors.OpError) as error:
                raise DataError(f"{path}: cannot be loaded: {' '.join(str(error).split())[:200]}") from None
        try:
            self.name = card["direction"] if self.task == TRANSLATE else self.task
            self.step = int(card["step"])
            self.class_names = tuple((card["id2label"] or {}).values())
            self.config = None if self.task == GENERATE else _preprocessing(card["training"])
            self.shapes = _shape(self.source), _shape(self.result)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise DataError(f"{folder / CARD}: is none of scripts/export.py") from None


def _shape(tensor):
    return tuple(tensor.shape.as_list())


def _read_card(path: Path) -> dict[str, Any]:
    try:
        card = json.loads(read_regular(path, MOST_BYTES))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise DataError(f"{path}: is no JSON") from None
    if not isinstance(card, dict):
        raise DataError(f"{path}: is none of scripts/export.py")
    return card


def _preprocessing(values: dict[str, Any]) -> Preprocessing:
    """What a config says about preprocessing, of its values."""
    preprocess = values["preprocess"]
    sizes = {name: int(values[name]) for name in ("load_size", "image_size")}
    return SimpleNamespace(preprocess=preprocess, crops=preprocess in CROPPING, least_side=1, flip=False, **sizes)


def _values(pixels: np.ndarray) -> np.ndarray:
    """A batch of one image, as floats."""
    return to_unit(pixels.astype(np.float32))[None]
