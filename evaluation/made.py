"""What a model makes of the data that it is judged on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from base.graph_mode import tf
from evaluation.run_data import RunData
from evaluation.sets import Classified, ImageSet, Judged
from inference.session import generate, run_in_batches
from inputs.images import to_uint8, to_unit
from models.model import Model

CYCLED = 16  # translations of a direction that are translated back
NOISED = 8  # of them, those that are under noise, too

Track = Callable[[Iterable, int, str], Iterator]  # what shows progress: items, how many, and what they are


def untracked(items: Iterable, total: int, unit: str) -> Iterator:
    """A Track that shows nothing."""
    return iter(items)


def judged_of_model(
    session: tf.Session, model: Model, data: RunData, seed: int = 0, track: Track = untracked, training: bool = False
) -> list[Judged | Classified]:
    """Lets a model do with its test images all that it can do: translate them, make others of noise, classify them.

    Args:
      session: with the weights.
      model: whose inputs are fed; of translations and verdicts each image fills a batch alone.
      data: that it is judged on.
      seed: of the noise.
      track: shows progress.
      training: whether training images are wanted, too.

    Returns:
      A Judged for each direction, and one for what is made of noise; or a Classified.

    Raises:
      DataError: an image cannot be read.
    """
    outputs = model.outputs
    found: list[Judged | Classified] = []
    if outputs.classification:
        found.append(_classified(session, model, data, track))
    if outputs.generation:
        (name,) = data.streams
        reals = data.test(name)
        images = track(generate(session, outputs.generation, seed, len(reals)), len(reals), "images")
        fakes = ImageSet(list(map(to_uint8, images)), f"images made of noise, seed {seed}")
        found.append(Judged("", fakes, reals, train=data.train(name) if training else None))
    made = _translated(session, model, data, track)
    for direction, (source, target) in directions(model).items():
        sources, results = data.test(source), made[direction]
        origin = f"translations of {sources.origin}"
        found.append(
            Judged(
                name=direction,
                fakes=ImageSet(results["after"], origin),
                reals=data.test(target),
                sources=ImageSet(results["before"], sources.origin),
                cycled=ImageSet(results["cycled"], origin) if "cycled" in results else None,
                noised=_noised(session, model, direction, results["after"]) if "cycled" in results else None,
                train=data.train(target) if training else None,
                paired=data.corresponding(source, target),
            )
        )
    return found


def planned_of_model(model: Model, data: RunData) -> list[Judged | Classified]:
    """What `judged_of_model` will give, but with black images and no verdicts: before a network made anything."""
    outputs = model.outputs
    found: list[Judged | Classified] = []
    if outputs.classification:
        names = outputs.classification.class_names
        found.append(Classified(np.zeros([0, len(names)]), np.zeros(0, np.int64), names, ""))
    if outputs.generation:
        (name,) = data.streams
        found.append(Judged("", data.test(name), data.test(name)))
    for direction, (source, target) in directions(model).items():
        sources, reals = data.test(source), data.test(target)
        channels = reals.images[0].shape[2]
        black = [np.broadcast_to(np.uint8(0), (*image.shape[:2], channels)) for image in sources.images]
        back = sources if direction in outputs.cycles else None
        paired = data.corresponding(source, target)
        found.append(Judged(direction, ImageSet(black, ""), reals, sources, back, back, paired=paired))
    return found


def has_counterparts(model: Model, data: RunData) -> bool:
    """Whether it is known what some translations of the test images should be."""
    return any(data.corresponding(*streams) for streams in directions(model).values())


def directions(model: Model) -> dict[str, tuple[str, str]]:
    """Names of the streams that each direction is from and to."""
    outputs = model.outputs
    return {
        direction: (_stream_of(model, outputs.translations[direction].source), _stream_of(model, comparison.truth))
        for direction, comparison in outputs.comparisons.items()
    }


def _translated(
    session: tf.Session, model: Model, data: RunData, track: Track
) -> dict[str, dict[str, list[np.ndarray]]]:
    """What is made of the test images: by direction "before", "after", and where there are cycles, of the first few
    "cycled"; uint8.

    Directions run side by side, since training leaves an op one core where these keep all busy (`share_cores`).
    """
    outputs = model.outputs
    sources = {direction: source for direction, (source, _) in directions(model).items()}
    made: dict[str, dict[str, list[np.ndarray]]] = {direction: defaultdict(list) for direction in sources}
    longest = max((len(data.test(source)) for source in sources.values()), default=0)
    for index in track(range(longest), longest, "images"):
        tensors, feed = {}, {}
        for direction, source in sources.items():
            if index < len(data.test(source)):
                comparison = outputs.comparisons[direction]
                feed[model.inputs[source]] = data.test(source)[[index] * model.part_size]  # alone in its batch
                tensors[direction] = {"before": comparison.before, "after": comparison.after}
                if direction in outputs.cycles and index < CYCLED:
                    tensors[direction]["cycled"] = outputs.cycles[direction]
        for direction, values in session.run(tensors, feed).items():
            for name, value in values.items():
                made[direction][name].append(to_uint8(value[0]))
    return made


def _noised(session: tf.Session, model: Model, direction: str, fakes: Sequence[np.ndarray]) -> ImageSet:
    """What comes back of the first few of a direction's fakes, under noise of one grey level."""
    draws = np.random.RandomState(0)
    found = []
    for fake in fakes[:NOISED]:
        noisy = to_unit(fake + draws.standard_normal(fake.shape)).astype(np.float32)
        feed = {model.outputs.translations[direction].result: np.stack([noisy] * model.part_size)}
        found.append(to_uint8(session.run(model.outputs.cycles[direction], feed)[0]))
    return ImageSet(found, "translations with noise")


def _classified(session: tf.Session, model: Model, data: RunData, track: Track) -> Classified:
    signature = model.outputs.classification
    assert signature is not None
    name = _stream_of(model, signature.images)
    images = data.held_out[name]
    verdicts = run_in_batches(session, model, {"shares": signature.shares}, {name: images})
    shares = [verdict["shares"] for verdict in track(verdicts, len(images), "images")]
    labels = data.held_out[signature.labels][np.arange(len(shares))]
    return Classified(np.array(shares, np.float64), labels, signature.class_names, data.origin(name))


def _stream_of(model: Model, tensor: tf.Tensor) -> str:
    """Name of the stream that a tensor of a model is fed from."""
    return next(name for name, placeholder in model.inputs.items() if placeholder is tensor)
