"""The progress of a run: its losses, its speed, and how long its steps wait for data."""

from __future__ import annotations

import math
from collections.abc import Mapping

from base.terminal import ProgressBar

LINE_EVERY = 30.0  # seconds between plain lines
MEMORY = 20  # steps over which speed and waiting share are averaged
ESTIMATE_STEP = 20  # of a process: the step after which its whole length is estimated
LONG_SECONDS = 24 * 3600  # beyond which an estimate is told


class Progress:
    """Counts steps, seconds and images, and shows them with the losses."""

    def __init__(self, first_step: int, max_steps: int, images_per_step: int):
        self._first_step, self._max_steps, self._images_per_step = first_step, max_steps, images_per_step
        self._step_seconds = self._wait_seconds = math.nan
        self._bar = ProgressBar(max_steps, "steps", done=first_step, line_every=LINE_EVERY)

    @property
    def images_per_second(self) -> float:
        """Training images of all domains taken in a second, lately."""
        return self._images_per_step / self._step_seconds

    @property
    def waiting_share(self) -> float:
        """Share of the step time spent waiting for data, lately; 0 to 1."""
        return min(self._wait_seconds / self._step_seconds, 1.0)

    def update(self, seconds: float, wait_seconds: float, scalars: Mapping[str, float]) -> None:
        """Counts one step.

        Args:
          seconds: what the step took; what is done between steps (checkpoints, sample grids) does not count.
          wait_seconds: how long of that the step waited for its batch.
          scalars: by TensorBoard tag; the losses among them are shown.
        """
        self._step_seconds = _smooth(self._step_seconds, seconds)
        self._wait_seconds = _smooth(self._wait_seconds, wait_seconds)
        losses = {tag.removeprefix("loss/"): value for tag, value in scalars.items() if tag.startswith("loss/")}
        text = ", ".join(f"{name} {value:.3f}" for name, value in losses.items())
        self._bar.update(f"{text}, {self.images_per_second:.1f} images/s, waiting {self.waiting_share:.1%}")
        if self._bar.done == self._first_step + ESTIMATE_STEP:
            self._estimate()

    def say(self, line: str) -> None:
        """Prints a line without breaking the bar."""
        self._bar.say(line)

    def close(self) -> None:
        self._bar.close()

    def _estimate(self):
        left = self._max_steps - self._bar.done
        days = left * self._step_seconds / LONG_SECONDS
        if days > 1:
            self.say(
                f"At {self._step_seconds:.2g} s a step the {left:,} steps left take {days:.1f} days. Shorter: "
                "a smaller --image_size (half the side takes a quarter of the time), narrower or fewer layers, a lower "
                "--max_steps, or a GPU (docs/settings.md)."
            )


def _smooth(average: float, value: float) -> float:
    return value if math.isnan(average) else average + (value - average) / MEMORY
