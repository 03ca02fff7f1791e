"""The training loop: one `Session.run` per step, and what is written beside it."""

import functools
import math
import os
import signal
import time

import tensorflow.compat.v1 as tf
from tensorflow.python.client.timeline import Timeline

from training.checkpoints import Checkpoints
from training.command_line import UsageError
from training.events import Events
from training.progress import Progress
from training.samples import draw_grid, save_grid
from training.tensorflow_setup import session_config


class NotFiniteError(UsageError):
    """A loss or a weight that is no longer a finite number."""


class Trainer:
    """Trains one model in one run folder.

    Attributes:
      session: tf.Session, after `start`.
      step: int, steps done, after `train`.
      grid_path: str, the newest sample grid, after `train`.
    """

    def __init__(self, model, pipeline, folder, images):
        """Completes and finalises the graph.

        Args:
          model: Model with its training step built.
          pipeline: `inputs.pipeline.Pipeline` the model reads.
          folder: `training.run_folder.RunFolder`, claimed.
          images: what the model's `look` takes: the fixed images of the sample grid.
        """
        self._model, self._pipeline, self._folder, self._images = model, pipeline, folder, images
        self._config = model.config
        self._checkpoints = Checkpoints(folder.checkpoints, tf.global_variables(), self._config.keep_checkpoints)
        with tf.name_scope("checkpoints/"):
            self._initializer = tf.global_variables_initializer()
        self._stop_signal = None
        tf.get_default_graph().finalize()

    def start(self):
        """Opens the session with fresh weights or those of the newest checkpoint. Returns the steps already done."""
        self.session = tf.Session(config=session_config())
        self._checkpoints.sweep()
        if self._checkpoints.latest():
            self._checkpoints.restore(self.session)
        else:
            self.session.run(self._initializer)
        self.session.run(self._pipeline.initializer)
        return int(self.session.run(self._model.global_step))

    def train(self, first_step):
        """Trains to the last step, or until a signal asks to stop.

        Args:
          first_step: int, steps already done.

        Returns:
          signal.Signals that stopped the run, or None where it got to its end.

        Raises:
          NotFiniteError: where a loss or the weights are no longer finite; the last good checkpoint stays.
          DataError: naming the file or record that could not be read; the weights are saved first.
          UsageError: where a checkpoint, sample or event cannot be written, or XLA cannot compile the step.
        """
        config = self._config
        events = Events(self._folder.path, tf.get_default_graph(), config, first_step)
        progress = Progress(first_step, config.max_steps, self._model.images_per_step)
        handlers = {number: signal.signal(number, self._ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
        steps = {name: self.session.make_callable([turn.terms, turn.moves]) for name, turn in self._model.turns.items()}
        saved, shown = first_step, {}
        try:
            for step in range(first_step + 1, config.max_steps + 1):
                started = time.perf_counter()
                traced = config.trace_every and step % config.trace_every == 0
                turn = self._model.turn(step - 1)
                terms = self._run(functools.partial(self._traced_step, turn, events, step) if traced else steps[turn], step, saved)
                seconds = time.perf_counter() - started
                self._check_finite(terms, step, saved)
                shown.update(terms)
                progress.update(seconds, self._pipeline.wait_seconds(step - 1, started), shown)
                last = step == config.max_steps or self._stop_signal
                if step % config.summary_every == 0 or last:
                    speed = {"speed/images_per_second": progress.images_per_second, "speed/waiting_share": progress.waiting_share}
                    events.scalars({**shown, **speed}, step)
                if step % config.sample_every == 0 or last:
                    self._look(events, progress, step)
                if step % config.checkpoint_every == 0 or last:
                    self._save(step, saved)
                    saved = step
                self.step = step
                if self._stop_signal:
                    break
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
            progress.close()
            events.close()
        return self._stop_signal

    def _run(self, run_step, step, saved):
        try:
            return run_step()[0]
        except tf.errors.OpError as error:
            explanation = self._pipeline.error(error, step - 1)
            if explanation is None and self._config.xla:
                raise UsageError(f"step {step}, compiled by XLA, failed: {error.message.splitlines()[0]}; --noxla goes on without it") from None
            if explanation is None:
                raise
            # The step has moved nothing: every assignment waits for gradients, and those for the batch.
            self._save(step - 1, saved)
            raise explanation from None

    def _traced_step(self, turn, events, step):
        """Runs one step under a full trace, for TensorBoard's Graphs tab and as a timeline that Chrome and Perfetto open."""
        metadata = tf.RunMetadata()
        options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
        chosen = self._model.turns[turn]
        values = self.session.run([chosen.terms, chosen.moves], options=options, run_metadata=metadata)
        events.trace(metadata, step)
        os.makedirs(self._folder.traces, exist_ok=True)
        with open(os.path.join(self._folder.traces, f"step-{step:08d}.json"), "w") as file:
            file.write(Timeline(metadata.step_stats).generate_chrome_trace_format())
        return values

    def _check_finite(self, terms, step, saved):
        for name, value in terms.items():
            if not math.isfinite(value):
                raise NotFiniteError(f"{name} became {value} at step {step}; {self._advice(saved)}")

    def _save(self, step, saved):
        if step != saved and not self._checkpoints.save(self.session, step):
            raise NotFiniteError(f"a weight is no longer finite at step {step}; {self._advice(saved)}")

    def _advice(self, saved):
        kept = f"the checkpoint of step {saved} in {self._folder.checkpoints} is the last good one" if saved else "there is no checkpoint yet"
        return f"{kept}; try a lower --learning_rate or --precision=float32 in a new run"

    def _look(self, events, progress, step):
        rows, figures = self._model.look(self.session, self._images)
        if figures:
            events.scalars(figures, step)
            progress.say(f"step {step}: " + ", ".join(f"{name} {value:.4g}" for name, value in figures.items()))
        grid = draw_grid(rows)
        summary = self.session.run(self._model.grid_summary, {self._model.grid: grid[None]})
        events.summary(summary, step)
        self.grid_path = save_grid(self._folder.samples, grid, step)

    def _ask_to_stop(self, number, frame):
        if self._stop_signal:  # asked twice: at once, without a checkpoint
            raise KeyboardInterrupt
        self._stop_signal = signal.Signals(number)
