"""The training loop: one `Session.run` per step, and what is written beside it."""

from __future__ import annotations

import contextlib
import functools
import math
import signal
import sys
import time

from base.errors import UserError
from base.files import read_if_there, writing, written_whole
from base.graph_mode import chrome_timeline, tf
from base.places import AnyPath
from base.signals import stop_signals_handled
from base.terminal import printable
from evaluation.evaluator import Evaluator
from inputs.pipeline import Pipeline
from models.model import Model
from ops.collectives import broadcast, compute_together
from run_folder.checkpoints import Checkpoints
from run_folder.folder import MOST_BYTES, RunFolder
from run_folder.initial import InitialWeights
from training.group import AfterStep, Group
from training.progress import Progress
from training.watch import Watch
from training.weights import hash_variables


class NotFiniteError(UserError):
    """A loss or a weight that is no longer a finite number."""


class Trainer:
    """Trains one model in one run folder.

    Attributes:
      session: tf.Session, after `open`.
      origin: what `InitialWeights.load` tells of the weights that the run started from, after `open`; None without.
      step: int, steps done.
    """

    def __init__(
        self,
        model: Model,
        pipeline: Pipeline,
        folder: RunFolder,
        evaluator: Evaluator,
        initial: InitialWeights | None = None,
        group: Group | None = None,
    ):
        """Completes and finalises the graph. Neither this nor `open` touches the folder.

        Args:
          model: with its train ops.
          pipeline: what the model reads.
          folder: of the run; it must be claimed before `start`.
          evaluator: what judges the model, and makes the sample grid.
          initial: what a new run starts from; None for fresh weights, and for a run that goes on.
          group: of the workers that train along, whose chief this process is; None where there are no others.
        """
        self._group = group or Group([], 0)
        self._model, self._pipeline, self._folder, self._evaluator = model, pipeline, folder, evaluator
        self._initial = initial
        self._config = model.config
        self._checkpoints = Checkpoints(folder.checkpoints, tf.global_variables(), self._config.keep_checkpoints)
        with tf.name_scope("checkpoints/"):
            self._initializer = tf.group(tf.global_variables_initializer(), tf.local_variables_initializer())
            self._broadcast = broadcast(tf.global_variables()) if self._group.size > 1 else tf.no_op()
            self._alone, self._together = compute_together(False), compute_together(True)
        self._stop_signal: signal.Signals | None = None
        tf.get_default_graph().finalize()

    def open(self) -> None:
        """Opens the session with initial weights: what has no place in memory fails here, before a folder is touched.

        Raises:
          DataError: what the run starts from does not fit.
        """
        self.session = self._group.session()
        self.session.run(self._initializer)
        self.origin = self._initial.load(self.session) if self._initial else None

    def start(self) -> int:
        """Loads the weights of the newest checkpoint, if there is one. Returns the steps already done."""
        self._checkpoints.sweep()
        if self._folder.holds_run():
            for line in self._checkpoints.restore(self.session):
                print(line, file=sys.stderr)
        elif self._initial:  # a run that is killed early goes on from these, whatever became of where they are from
            self._checkpoints.save(self.session, 0)
        self.session.run([self._broadcast, self._pipeline.initializer])
        self.step = self._saved = int(self.session.run(self._model.global_step))
        return self.step

    @property
    def grid_path(self) -> AnyPath | None:
        """The newest sample grid, after `train`."""
        return self._watch.grid_path

    def close(self) -> None:
        """Stops the reading of images, then closes the session, which would wait for threads that wait for Python."""
        self._pipeline.stop()
        self.session.close()

    def train(self) -> signal.Signals | None:
        """Trains to the last step, or until a signal asks to stop.

        Returns:
          The signal that stopped the run, or None where it got to its end.

        Raises:
          NotFiniteError: where a loss or the weights are no longer finite; the last good checkpoint stays.
          DataError: naming the file or record that could not be read; the weights are saved first, where the step's
            first part was to have it.
          OutputError: where a checkpoint, or what is written beside it, cannot be written.
          UserError: XLA cannot compile the step.
        """
        config = self._config
        images_per_step = config.batch_size * sum(stream.images for stream in self._model.streams(config).values())
        self._progress = Progress(self.step, config.max_steps, images_per_step)
        self._watch = Watch(
            self._model,
            self._evaluator,
            self._folder,
            self.step,
            self._checkpoints.steps(),
            self._alone,
            self._progress.say,
        )
        runs = {
            name: self._group.callable(self.session, [train_op.scalars, train_op.op], key)
            for key, (name, train_op) in enumerate(self._model.train_ops.items(), 1)
        }
        scalars: dict[str, float] = {}  # the newest of every kind of step
        with contextlib.ExitStack() as stack:
            stack.callback(self._watch.close)
            stack.callback(self._progress.close)
            stack.enter_context(stop_signals_handled(self._ask_to_stop))
            for step in range(self.step + 1, config.max_steps + 1):
                name = self._model.train_op_of(step - 1)
                traced = config.trace_every and step % config.trace_every == 0
                last_part = functools.partial(self._traced_run, name, step) if traced else runs[name]
                new, started = self._run([*[runs[name]] * (config.accumulate - 1), last_part], step)
                seconds = time.perf_counter() - started[0]
                self._check_finite(new, step)
                self.step = step
                scalars.update(new)
                self._progress.update(seconds, self._pipeline.wait_seconds(step - 1, started), scalars)
                stopped_by = self._stop_signal  # looked at once: what comes later is for the next step
                asked_to_stop, damage = AfterStep.of_all(
                    self._group, stopped_by is not None, self._pipeline.new_damage(step - 1)
                )
                self._tell_damage(damage)
                if asked_to_stop:
                    stopped_by = stopped_by or signal.SIGTERM
                last = step == config.max_steps or stopped_by is not None
                if step % config.checkpoint_every == 0 or last:
                    self._compare_weights()
                speed = {
                    "speed/images_per_second": self._progress.images_per_second,
                    "speed/waiting_share": self._progress.waiting_share,
                }
                self._watch.look(self.session, step, {**scalars, **speed}, stopping=stopped_by is not None)
                if step % config.checkpoint_every == 0 or last or self._watch.best_is_new:
                    self._save()
                if stopped_by:
                    return stopped_by
                if not last:
                    self.session.run(self._together)
        return None

    def _run(self, run_parts, step):
        """Computes the parts of a step. Gives the scalars of the last, and the times at which each of them began."""
        started = []
        try:
            for run_part in run_parts:
                started.append(time.perf_counter())
                values = run_part()
            return values[0], started
        except tf.errors.OpError as error:
            explanation = self._pipeline.error(step - 1)
            if explanation is not None:
                # The first part has moved nothing: every assignment waits for gradients, and those for the images.
                # Later ones come when the image pools hold fakes of this step, which would then be stored twice.
                if len(started) == 1:
                    self._save()
                raise explanation from None
            self._group.wait_for_reason()
            if self._config.xla:
                reason = error.message.splitlines()[0]
                raise UserError(f"step {step}, compiled by XLA, failed: {reason}; --noxla goes on without it") from None
            raise

    def _traced_run(self, name, step):
        """Runs one step under a full trace: for TensorBoard's Graphs tab, and as a timeline for Chrome and Perfetto."""
        metadata = tf.RunMetadata()
        options = self._group.run_options(1 + list(self._model.train_ops).index(name))
        options.trace_level = tf.RunOptions.FULL_TRACE
        train_op = self._model.train_ops[name]
        values = self.session.run([train_op.scalars, train_op.op], options=options, run_metadata=metadata)
        self._watch.trace(metadata, step)
        file = self._folder.traces / f"step-{step:08d}.json"
        with writing(file):
            self._folder.traces.mkdir(parents=True, exist_ok=True)
            with written_whole(file) as whole:
                whole.write_text(chrome_timeline(metadata))
        return values

    def _check_finite(self, scalars, step):
        for name, value in scalars.items():
            if not math.isfinite(value):
                raise NotFiniteError(f"{name} became {value} at step {step}; {self._advice()}")

    def _save(self):
        if self.step != self._saved:
            self._folder.check_owned()
            self._watch.sync()
            if not self._checkpoints.save(self.session, self.step, self._watch.best_step):
                raise NotFiniteError(f"a weight is no longer finite at step {self.step}; {self._advice()}")
            self._saved = self.step
            self._watch.saved()

    def _compare_weights(self):
        if self._group.size > 1:
            self._group.compare("the variable", hash_variables(self.session))

    def _advice(self):
        kept = "there is no checkpoint yet"
        if self._saved:
            kept = f"the checkpoint of step {self._saved} in {self._folder.checkpoints} is the last good one"
        return f"{kept}; try a lower --learning_rate or --precision=float32 in a new run"

    def _tell_damage(self, lines):
        """Tells which images another took the place of, because they cannot be read, and writes each down once."""
        lines = [printable(line) for line in lines]
        for line in lines:
            self._progress.say(f"another image takes the place of a damaged one: {line}")
        if lines:
            known = (read_if_there(self._folder.damaged, MOST_BYTES) or b"").decode(errors="replace").splitlines()
            with writing(self._folder.damaged), written_whole(self._folder.damaged) as file:
                file.write_text("".join(f"{line}\n" for line in dict.fromkeys([*known, *lines])))

    def _ask_to_stop(self, stop_signal):
        if self._stop_signal and stop_signal == signal.SIGINT:  # a second Ctrl-C: at once, without a checkpoint
            raise KeyboardInterrupt
        self._stop_signal = stop_signal
