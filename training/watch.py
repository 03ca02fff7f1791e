"""What is written down of a run beside its weights: curves, sample grids, figures, and which checkpoint is the best."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping

from base.graph_mode import tf
from base.places import AnyPath
from evaluation.doctor import Doctor, describe
from evaluation.evaluator import Evaluator
from models.model import Model
from run_folder.best import BestCheckpoint
from run_folder.folder import RunFolder
from run_folder.metrics import Metrics
from training.events import Events
from training.samples import draw_grid, save_grid


class Watch:
    """Looks at a run after each step.

    Attributes:
      grid_path: the newest sample grid; None where there is none yet.
      best_is_new: bool, whether the figures of the last step are the best so far: it is to be saved.
    """

    def __init__(
        self,
        model: Model,
        evaluator: Evaluator,
        folder: RunFolder,
        first_step: int,
        checkpoints: Collection[int],
        alone: tf.Operation,
        say: Callable[[str], None],
    ):
        """Opens the files, and strikes out what an interrupted run wrote beyond the step that it goes on from.

        Args:
          model: that is trained.
          evaluator: of it.
          folder: of the run.
          first_step: steps done.
          checkpoints: steps of those that are there.
          alone: after it the networks are this worker's alone, until the next step.
          say: tells a line.

        Raises:
          DataError: a file is damaged.
          OutputError: a file cannot be written.
        """
        self._model, self._evaluator, self._folder = model, evaluator, folder
        self._alone, self._say = alone, say
        self._config = model.config
        self._metrics = Metrics(folder.metrics)
        self._started = time.perf_counter() - self._metrics.rewind(first_step)
        self._doctor = Doctor()
        for entry in self._metrics.entries():
            self._doctor.examine(entry["step"], entry)
        self._evaluated = first_step, time.perf_counter()  # the last time, or where there was none the start
        self._best: BestCheckpoint | None = None
        if evaluator.rule:
            whole = [step for step in checkpoints if step <= first_step]
            self._best = BestCheckpoint(folder.best, evaluator.rule, self._metrics, whole)
        self._events = Events(folder.path, tf.get_default_graph(), self._config, first_step)
        self.grid_path: AnyPath | None = None
        self.best_is_new = False

    @property
    def best_step(self) -> int | None:
        """The step of the best checkpoint, which stays; None where there is none."""
        return self._best.step if self._best else None

    def look(self, session: tf.Session, step: int, scalars: Mapping[str, float], stopping: bool) -> None:
        """Writes down what is due after a step; errors are OutputError, and DataError of test images.

        Args:
          session: with the weights.
          step: steps done.
          scalars: by TensorBoard tag, the newest of every kind of step.
          stopping: whether the run was asked to stop. That shows in the curves and the grid, but neither in the figures
            nor in `metrics.jsonl`, which are the same whenever a run was interrupted.
        """
        config = self._config
        last = step == config.max_steps
        values: dict[str, float] = {}
        if step % config.summary_every == 0 or last or stopping:
            self._events.scalars(scalars, step)
            if not stopping or step % config.summary_every == 0:
                values.update((tag, float(value)) for tag, value in scalars.items())
        if step % config.sample_every == 0 or last or stopping:
            self._draw(session, step)
        if config.evaluate_every and (step % config.evaluate_every == 0 or last):
            values.update(self._evaluate(session, step))
        if values:
            alarms = self._examine(step, values)
            self._metrics.add(step, time.perf_counter() - self._started, values, alarms)
        self.best_is_new = self._best is not None and self._best.improves({"step": step, **values})

    def saved(self) -> None:
        """Takes note that the checkpoint of the last step is there."""
        if self._best and self.best_is_new:
            best = self._best.name()
            self._say(f"step {best.step}: {best.rule.measure} {best.value:.4g} is the best so far, and is kept")
            self.best_is_new = False

    def sync(self) -> None:
        """Makes sure that all that was written is in the run folder. OutputError: it cannot be."""
        self._metrics.sync()
        self._events.sync()

    def trace(self, metadata: tf.RunMetadata, step: int) -> None:
        """Writes a full trace for TensorBoard's Graphs tab."""
        self._events.trace(metadata, step)

    def close(self) -> None:
        self._events.close()

    def _examine(self, step, values):
        """Tells what goes wrong, and gives it in lines."""
        alarms = {alarm.name: alarm for alarm in self._doctor.examine(step, values)}
        if alarms:
            self._events.scalars({f"doctor/{name}": alarm.value for name, alarm in alarms.items()}, step)
        lines = [describe(alarm, self._config) for alarm in alarms.values()]
        for line in lines:
            self._say(f"step {step}: {line}")
        return lines

    def _draw(self, session, step):
        session.run(self._alone)
        grid = draw_grid(self._evaluator.rows(session))
        self._events.summary(session.run(self._model.grid_summary, {self._model.grid: grid[None]}), step)
        self.grid_path = save_grid(self._folder.samples, grid, step)

    def _evaluate(self, session, step):
        """Takes the figures, and tells them with what they cost."""
        started = time.perf_counter()
        session.run(self._alone)
        snapshot = self._evaluator.snapshot(session)
        self._events.scalars(snapshot.values, step)
        now, (before, then) = time.perf_counter(), self._evaluated
        self._evaluated = step, now
        for line in snapshot.lines:
            self._say(f"step {step}, {line}")
        cost = f"{now - started:.1f} s, {(now - started) / (now - then):.1%} of the time since step {before}"
        self._say(f"step {step}: evaluated in {cost}")
        return snapshot.values
