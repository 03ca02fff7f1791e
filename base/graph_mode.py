"""TensorFlow in graph mode, without its start-up chatter: `from base.graph_mode import tf` is the only way to it.

The name `tf` costs nothing until it is used: TensorFlow takes seconds to import, and a mistyped flag should show at
once.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import glob
import os
import re
import tempfile
import types
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from base.errors import OutputError
from base.signals import stop_signals_raised
from base.terminal import standard_error_in

CHATTER = re.compile(
    rb"^(WARNING: All log messages before absl|[IW]\d{4} |\d{4}-\d\d-\d\d .*: [IW] |To enable the following instr"
    rb"|E\d{4} .*failed call to cuInit)"
)


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # at once: another library may import TensorFlow before this one


@contextlib.contextmanager
def without_chatter() -> Iterator[None]:
    """Keeps what C++ code writes to standard error away from the user, but for errors.

    The one error that is kept away too is that a machine without a GPU has none.

    `TF_CPP_MIN_LOG_LEVEL` alone does not do it: what TensorFlow logs while it is being imported ignores the variable.
    """
    with tempfile.TemporaryFile() as held:
        try:
            with standard_error_in(held):
                yield
        finally:
            held.seek(0)
            kept = [line for line in held if not CHATTER.match(line)]
            with contextlib.suppress(OSError):  # nobody reads it any more
                os.write(2, b"".join(kept))


def has_gpu_driver() -> bool:
    """Whether to look for a GPU at all."""
    return bool(glob.glob("/dev/nvidia*")) or os.path.exists("/dev/dxg")


@functools.cache
def _import_tensorflow() -> types.ModuleType:
    try:
        tempfile.gettempdir()
    except OSError as error:
        what = "the folder for temporary files, which TensorFlow needs"
        raise OutputError(f"{what}: cannot be written: {error.strerror or error}") from None
    collected = gc.isenabled()
    gc.disable()  # nearly all that is imported stays: to look for garbage in it takes a tenth of the time
    try:
        with stop_signals_raised(), without_chatter():
            import tensorflow.compat.v1 as tensorflow

            if not has_gpu_driver():
                # TensorFlow looks once, here, and says that it found nothing.
                tensorflow.config.set_visible_devices([], "GPU")
        gc.freeze()  # nor is it looked through for garbage later: at the end of a program that takes a second
    finally:
        if collected:
            gc.enable()
    tensorflow.disable_eager_execution()
    tensorflow.logging.set_verbosity(tensorflow.logging.ERROR)
    return tensorflow


class _OnFirstUse(types.ModuleType):
    """`tensorflow.compat.v1`, imported when the first of its names is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") and name != "__version__":  # asked by tools that look at every module, such as pytest
            raise AttributeError(name)
        value = getattr(_import_tensorflow(), name)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return dir(_import_tensorflow())


if TYPE_CHECKING:
    import tensorflow.compat.v1 as tf
else:
    tf = _OnFirstUse("tensorflow.compat.v1")


def session_config() -> tf.ConfigProto:
    """Returns the `tf.ConfigProto` of every Session here.

    GPU memory is taken as needed. The graph optimiser's remapper is off: it fails on leaky ReLUs behind convolutions,
    with an error in the log. Training on CPUs does without the whole optimiser (`training.group`).
    """
    config = tf.ConfigProto(allow_soft_placement=True)
    rewriter = config.graph_options.rewrite_options
    rewriter.remapping = rewriter.OFF
    config.gpu_options.allow_growth = True
    config.intra_op_parallelism_threads = tf.config.threading.get_intra_op_parallelism_threads()
    return config


def uses_onednn() -> bool:
    """Whether oneDNN computes on the CPU, as TensorFlow chooses where there is AVX-512.

    Its sums depend on how many threads happen to be free, and so do the last bits of results.
    """
    from tensorflow.python.util import _pywrap_util_port

    return _pywrap_util_port.IsMklEnabled()


def numpy_function(
    function: Callable[..., Any], inputs: Sequence[tf.Tensor], dtypes: Sequence[tf.DType]
) -> list[tf.Tensor]:
    """Adds an op that calls Python, as `tf.numpy_function` does; the caller keeps the function alive.

    That one nails the op to a device of the name that a process without others has.
    """
    from tensorflow.python.ops import script_ops

    return tf.raw_ops.PyFunc(input=inputs, token=script_ops._py_funcs.insert(function), Tout=dtypes)


def graph_of_constants(session: tf.Session, result: tf.Tensor) -> tf.GraphDef:
    """Cuts out the ops that lead to a tensor, under their names and with variables as constants.

    Built again, ops that draw random numbers would draw others.
    """
    return tf.graph_util.convert_variables_to_constants(session, session.graph.as_graph_def(), [result.op.name])


def chrome_timeline(metadata: tf.RunMetadata) -> str:
    """Gives the full trace of a `Session.run` as JSON that Chrome and Perfetto open."""
    from tensorflow.python.client.timeline import Timeline

    return Timeline(metadata.step_stats).generate_chrome_trace_format()
