"""What a person sees while a run trains: a bar on a terminal, a plain line now and then elsewhere."""

import sys
import time

from tqdm import tqdm

LINE_EVERY = 30.0  # seconds between plain lines
MEMORY = 20  # steps over which speed and waiting share are averaged


class Progress:
    """Counts steps, seconds and images, and shows them with the losses."""

    def __init__(self, first_step, max_steps, images_per_step):
        self._images_per_step = images_per_step
        self._step_seconds = self._wait_seconds = None
        self._last_line = time.perf_counter()
        self._plain = not sys.stderr.isatty()
        self._bar = tqdm(
            total=max_steps,
            initial=first_step,
            unit="step",
            dynamic_ncols=True,
            disable=self._plain,
            bar_format="{n}/{total} |{bar}| {elapsed} elapsed, {remaining} left{postfix}",
        )

    @property
    def images_per_second(self):
        """Training images of all domains taken in a second, lately."""
        return self._images_per_step / self._step_seconds

    @property
    def waiting_share(self):
        """Share of the step time spent waiting for data, lately; 0 to 1."""
        return min(self._wait_seconds / self._step_seconds, 1.0)

    def update(self, seconds, wait_seconds, terms):
        """Counts one step.

        Args:
          seconds: float, what the step took; what is done between steps (checkpoints, sample grids) does not count.
          wait_seconds: float, how long of that the step waited for its batch.
          terms: dict of floats by TensorBoard tag; the losses among them are shown.
        """
        self._step_seconds = _smooth(self._step_seconds, seconds)
        self._wait_seconds = _smooth(self._wait_seconds, wait_seconds)
        self._bar.update()
        if self._bar.disable:
            self._bar.n += 1  # a disabled bar does not count
        speed = f"{self.images_per_second:.1f} images/s, waiting {self.waiting_share:.1%}"
        losses = {tag.removeprefix("loss/"): value for tag, value in terms.items() if tag.startswith("loss/")}
        text = ", ".join(f"{name} {value:.3f}" for name, value in losses.items())
        self._bar.set_postfix_str(f"{text}, {speed}", refresh=False)
        if self._plain and time.perf_counter() - self._last_line >= LINE_EVERY:
            self._last_line = time.perf_counter()
            left = (self._bar.total - self._bar.n) * self._step_seconds
            self.say(f"step {self._bar.n}/{self._bar.total}: {text}, {speed}, {tqdm.format_interval(left)} left")

    def say(self, line):
        """Prints a line without breaking the bar."""
        self._bar.write(line, file=sys.stderr)

    def close(self):
        self._bar.close()


def _smooth(average, value):
    return value if average is None else average + (value - average) / MEMORY
