"""How far a form of a network is from the run that it was cut out of, and how far it may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from base.errors import UserError
from exports.frozen import CLASSIFY, Frozen
from exports.probes import Probe
from inputs.images import read_image, to_uint8


class ParityError(UserError):
    """A form that does not give what the run gives: nothing is exported."""


class Difference(NamedTuple):
    """The largest difference of floats, and of grey levels of 256 (None where there are no images)."""

    values: float
    levels: int | None


EXACT, CLOSE, HALF = Difference(0.0, 0), Difference(1e-4, 1), Difference(0.03, 3)  # allowed


def compare(frozen: Frozen, probes: Sequence[Probe], results: Mapping[str, np.ndarray]) -> Difference:
    """Compares results with what the run gives.

    Args:
      frozen: what is exported.
      probes: the inputs, and what is expected.
      results: by the names of `exports.checker`: "values-0" of floats, and "file-0", where there is one, of the bytes
        of an image file.

    Raises:
      ParityError: a result has another shape.
    """
    values, levels = 0.0, 0
    for index, probe in enumerate(probes):
        found = results[f"values-{index}"]
        if found.shape != probe.expected.shape:
            raise ParityError(f"{probe.name}: gives {list(found.shape)}, not {list(probe.expected.shape)}")
        values = max(values, float(np.abs(found - probe.expected).max()))
        if frozen.task != CLASSIFY:
            images = [to_uint8(found)]
            if f"file-{index}" in results:
                images.append(read_image(results[f"file-{index}"].tobytes(), found.shape[-1])[None])
            expected = to_uint8(probe.expected).astype(int)
            levels = max([levels, *(int(np.abs(image - expected).max()) for image in images)])
    return Difference(values, None if frozen.task == CLASSIFY else levels)


def check(form: str, found: Difference, allowed: Difference) -> None:
    """Raises ParityError where a form differs by more than it may; numbers that are none do."""
    near = found.values <= allowed.values and (found.levels is None or found.levels <= (allowed.levels or 0))
    if not near:
        difference = f"{found.values:.2g}" + ("" if found.levels is None else f" and {found.levels} grey levels")
        limit = f"{allowed.values:g} and {allowed.levels}"
        raise ParityError(f"{form}: differs from the run by {difference}, allowed are {limit}; nothing was written")
