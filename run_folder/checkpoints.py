"""Checkpoints: written whole, kept a few, restored only where every variable is there in its shape, and never lost."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator, Sequence

from base.errors import DataError, OutputError, UsageError
from base.files import read_regular, reading, sha256_of, written_whole
from base.graph_mode import tf
from base.places import PATTERN, AnyPath, as_path

STATE = (
    "checkpoint"  # the file that TensorFlow's own tools find the newest checkpoint by; here it is not needed to read
)
MOST_BYTES = 1 << 20  # of that file
DATA, INDEX = ".data-00000-of-00001", ".index"
TEMPORARY = r"model-\d+\.(data-00000-of-00001|index)\.tempstate\d+"  # what TensorFlow calls half a file
CHECKPOINT_FILE = rf"{STATE}|model-\d+\.(data-00000-of-00001|index|meta)|{TEMPORARY}"  # every name that is given here
READER_ERRORS = (RuntimeError, ValueError, IndexError, MemoryError)  # of TensorFlow's reader, by what is damaged


class Checkpoints:
    """The checkpoints of one run.

    A checkpoint of step N is the files `model-N.index` and `model-N.data-00000-of-00001`. TensorFlow renames both from
    temporary names, the index last: where there is an index, the checkpoint was written whole.
    """

    def __init__(self, folder: str | os.PathLike, variables: Sequence[tf.Variable], keep: int = 1):
        """Adds the ops that save and restore to the graph.

        Args:
          folder: where the checkpoints lie.
          variables: the variables that are saved and restored.
          keep: checkpoints kept when a new one is written.
        """
        self._folder, self._variables, self._keep = as_path(folder), variables, keep
        with tf.name_scope("checkpoints"):
            self._ops = tf.train.Saver(variables).as_saver_def()
            floats = [v for v in variables if v.dtype.base_dtype == tf.float32]
            self._check_finite = tf.group(*[tf.debugging.check_numerics(v, v.op.name) for v in floats])

    def steps(self) -> list[int]:
        """The steps of the checkpoints that were written whole, newest first."""
        return find_steps(self._folder)

    def save(self, session: tf.Session, step: int, spared: int | None = None) -> bool:
        """Writes a checkpoint named after the step; weights that are not finite are never written.

        Args:
          session: with the weights.
          step: that they are of.
          spared: step of a checkpoint that stays, and does not count; None: only the newest stay.

        Returns:
          bool, whether the weights were finite.

        Raises:
          OutputError: it cannot be written; the checkpoints before it are untouched.
        """
        try:
            session.run(self._check_finite)
        except tf.errors.InvalidArgumentError:
            return False
        try:
            session.run(self._ops.save_tensor_name, {self._ops.filename_tensor_name: self._path(step)})
            # Newer ones are damaged ones that `restore` passed over; they count for nothing here, and stay.
            older = [other for other in self.steps() if other < step and other != spared][self._keep - 1 :]
            self._write_state(step, older)
            for old in older:
                for suffix in (INDEX, DATA):  # the index first: without it the rest is known to be no whole checkpoint
                    as_path(self._path(old) + suffix).unlink()
        except (tf.errors.OpError, OSError) as error:
            self.sweep()
            reason = _reason(error)
            raise OutputError(f"{self._folder}: cannot write the checkpoint of step {step}: {reason}") from None
        return True

    def restore(self, session: tf.Session, only: int | None = None) -> list[str]:
        """Loads the newest checkpoint that is intact.

        Args:
          session: that the variables live in.
          only: the one step whose checkpoint will do; None: any.

        Returns:
          Lines about newer ones that are damaged and were passed over.

        Raises:
          UsageError: there is no checkpoint of that step.
          DataError: it lacks a variable or holds it in another shape, which is named; or no checkpoint is intact.
        """
        steps = self.steps()
        if only is not None and only not in steps:
            kept = ", ".join(map(str, steps)) or "none"
            raise UsageError(f"{self._folder}: has no checkpoint of step {only}; there are those of {kept}")
        damaged: list[str] = []
        for step in steps if only is None else [only]:
            try:
                with _without_wildcards(self._folder) as folder:
                    prefix = os.path.join(folder, f"model-{step}")
                    self._check_variables(prefix)
                    session.run(self._ops.restore_op_name, {self._ops.filename_tensor_name: prefix})
                return damaged
            except (tf.errors.OpError, *READER_ERRORS) as error:
                damaged.append(f"{self._path(step)}: the checkpoint is damaged ({_reason(error)}) and passed over")
        files = sorted(_names(self._folder))
        what = (
            damaged[0]
            if damaged
            else f"{self._folder}: holds {files[0] if files else 'nothing'} but no whole checkpoint"
        )
        other = "no other is left" if only is None else "no other was asked for"
        raise DataError(f"{what}; {other}: put a copy back, or start anew with --overwrite")

    def sweep(self) -> None:
        """Deletes what a killed or failed process left half written.

        These are files under TensorFlow's temporary names, and data without an index of a step that the state, which
        is written after the index, does not list. Where the state cannot be read, nothing is deleted.
        """
        listed = self._listed()
        if listed is None:
            return
        names = _names(self._folder)
        for name in names:
            match = re.fullmatch(rf"(model-\d+){re.escape(DATA)}", name)
            alone = match and match[1] + INDEX not in names and match[1] not in listed
            if alone or re.fullmatch(TEMPORARY, name):
                (self._folder / name).unlink()

    def _check_variables(self, prefix):
        reader = tf.train.NewCheckpointReader(prefix)
        shapes = reader.get_variable_to_shape_map()
        for variable in self._variables:
            name, shape = variable.op.name, variable.shape.as_list()
            if name not in shapes:
                raise DataError(f"{prefix}: has no variable {name}; it is of another model or version")
            if shapes[name] != shape:
                raise DataError(f"{prefix}: variable {name} has shape {shapes[name]}, but the model's has {shape}")

    def _listed(self):
        """Names of the checkpoints in the state; None where it cannot be read, or is not there beside checkpoints."""
        try:
            text = read_regular(self._folder / STATE, MOST_BYTES).decode()
            lines = [re.fullmatch(r'\w+: "([^"]+)"', line) for line in text.splitlines()]
        except FileNotFoundError:
            return None if self.steps() else set()
        except (OSError, ValueError):
            return None
        return {line[1] for line in lines if line} if lines and all(lines) else None

    def _write_state(self, newest, left_out):
        names = [f"model-{step}" for step in reversed(self.steps()) if step not in left_out]
        lines = [
            f'model_checkpoint_path: "model-{newest}"',
            *(f'all_model_checkpoint_paths: "{name}"' for name in names),
        ]
        with written_whole(self._folder / STATE) as file:
            file.write_text("\n".join(lines) + "\n")

    def _path(self, step):
        return str(self._folder / f"model-{step}")


def find_steps(folder: str | os.PathLike) -> list[int]:
    """The steps of the checkpoints in a folder that were written whole, newest first."""
    names = _names(folder)
    steps = [int(match[1]) for name in names if (match := re.fullmatch(r"model-(\d+)\.index", name))]
    return sorted((step for step in steps if f"model-{step}{DATA}" in names), reverse=True)


def checkpoint_hashes(folder: str | os.PathLike, step: int) -> dict[str, str]:
    """SHA-256 of the files of a checkpoint that was written whole, by their names. DataError: one cannot be read."""
    files = (as_path(folder) / f"model-{step}{suffix}" for suffix in (INDEX, DATA))
    return {file.name: sha256_of(file) for file in files}


def holds_checkpoints(folder: str | os.PathLike) -> bool:
    """Whether there is anything of a checkpoint in a folder, whole or not."""
    return any(re.fullmatch(CHECKPOINT_FILE, name) for name in _names(folder))


@contextlib.contextmanager
def _without_wildcards(folder: AnyPath) -> Iterator[str]:
    """Gives a path to a folder that TensorFlow, which looks for patterns in what it restores from, takes as it is."""
    if not set(str(folder)) & PATTERN:
        yield str(folder)
        return
    with tempfile.TemporaryDirectory() as parent:
        link = os.path.join(parent, "checkpoints")
        os.symlink(os.path.abspath(folder), link)
        yield link


@reading()
def _names(folder: str | os.PathLike) -> set[str]:
    path = as_path(folder)
    return {file.name for file in path.iterdir()} if path.is_dir() else set()


def _reason(error: Exception) -> str:
    """The line of an error's message that says what is wrong, without where the program made the op."""
    text = getattr(error, "message", None) or getattr(error, "strerror", None) or str(error)
    text = re.sub(r"(?s).*\nNode: '[^']*'\n", "", text).removeprefix("Graph execution error:").strip()
    return (text or type(error).__name__).splitlines()[0]
