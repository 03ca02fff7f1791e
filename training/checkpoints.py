"""Checkpoints: written whole, kept a few, and restored only where every variable is there in its shape."""

import glob
import os

import tensorflow.compat.v1 as tf

from training.command_line import UsageError


class Checkpoints:
    """The checkpoints of one run."""

    def __init__(self, folder, variables, keep=1):
        """Adds the ops that save and restore to the graph.

        Args:
          folder: str, where the checkpoints lie.
          variables: list of the variables that are saved and restored.
          keep: int, checkpoints kept when a new one is written.
        """
        self._folder = folder
        self._variables = variables
        with tf.name_scope("checkpoints"):
            self._saver = tf.train.Saver(variables, max_to_keep=keep, save_relative_paths=True)
            floats = [v for v in variables if v.dtype.base_dtype == tf.float32]
            self._all_finite = tf.reduce_all([tf.reduce_all(tf.is_finite(v.read_value())) for v in floats])

    def latest(self):
        """Path prefix of the newest checkpoint, or None."""
        return tf.train.latest_checkpoint(self._folder)

    def save(self, session, step):
        """Writes a checkpoint named after the step; weights that are not finite are never written.

        Returns:
          bool, whether the weights were finite.

        Raises:
          UsageError: where it cannot be written; the checkpoints before it are untouched.
        """
        if not session.run(self._all_finite):
            return False
        try:
            self._saver.save(session, os.path.join(self._folder, "model"), global_step=step, write_meta_graph=False)
        except (tf.errors.OpError, OSError, ValueError) as error:  # TensorFlow raises any of them where it cannot write
            self.sweep()
            reason = getattr(error, "message", None) or str(error)
            raise UsageError(f"{self._folder}: cannot write the checkpoint of step {step}: {reason.splitlines()[0]}") from None
        return True

    def restore(self, session):
        """Loads the newest checkpoint.

        Raises:
          UsageError: naming the first variable that the checkpoint lacks or holds in another shape, or the damaged file.
        """
        path = self.latest()
        try:
            reader = tf.train.load_checkpoint(path)
            shapes = reader.get_variable_to_shape_map()
            for variable in self._variables:
                name, shape = variable.op.name, variable.shape.as_list()
                if name not in shapes:
                    raise UsageError(f"{path}: the checkpoint has no variable {name}; it is of another model or version")
                if shapes[name] != shape:
                    raise UsageError(f"{path}: variable {name} has shape {shapes[name]}, but the model's has {shape}")
            self._saver.restore(session, path)
        except (tf.errors.OpError, ValueError) as error:
            if isinstance(error, UsageError):
                raise
            reason = (getattr(error, "message", None) or str(error)).removeprefix("Graph execution error:").strip().splitlines()[0]
            raise UsageError(
                f"{path}: the checkpoint is damaged ({reason}); to go on from an older one, make it the "
                f"model_checkpoint_path in {os.path.join(self._folder, 'checkpoint')}"
            ) from None
        state = tf.train.get_checkpoint_state(self._folder)
        self._saver.recover_last_checkpoints(state.all_model_checkpoint_paths)

    def sweep(self):
        """Deletes what a killed or failed process left half written: every file of a checkpoint that is not listed."""
        state = tf.train.get_checkpoint_state(self._folder)
        listed = {os.path.basename(path) for path in state.all_model_checkpoint_paths} if state else set()
        for file in glob.glob(os.path.join(glob.escape(self._folder), "model-*")):
            if os.path.basename(file).split(".")[0] not in listed:
                os.remove(file)
