"""Imports TensorFlow for graph mode, without its start-up chatter. Entry points import this before anything that imports TensorFlow."""

import contextlib
import glob
import os
import re
import sys
import tempfile

CHATTER = re.compile(
    rb"^(WARNING: All log messages before absl|[IW]\d{4} |\d{4}-\d\d-\d\d .*: [IW] |To enable the following instr|E\d{4} .*failed call to cuInit)"
)


@contextlib.contextmanager
def without_chatter():
    """Keeps information and warnings that C++ code writes to standard error away from the user; errors still come through, but for
    the one that a machine without a GPU has none.

    `TF_CPP_MIN_LOG_LEVEL` alone does not do it: what TensorFlow logs while it is being imported ignores the variable.
    """
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
            held.seek(0)
            kept = [line for line in held if not CHATTER.match(line)]
            os.write(2, b"".join(kept))


def has_gpu_driver():
    """Whether to look for a GPU at all."""
    return bool(glob.glob("/dev/nvidia*")) or os.path.exists("/dev/dxg")


def share_cores(chains):
    """Gives every op one thread where the graph alone keeps all cores busy; to be called before any graph is built.

    Threads that share ops wait for each other: that costs a CycleGAN at 64 px a quarter of its step on two cores, and gains nothing at 256 px.
    The pool of threads belongs to the process and is made with the first tf.data function or Session; after that this changes nothing.

    Args:
      chains: int, parts of a step that can always run side by side, see `models.model.Model.chains`.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if cores <= chains and not has_gpu_driver():
        with contextlib.suppress(RuntimeError):  # too late, in a notebook that has computed already
            tf.config.threading.set_intra_op_parallelism_threads(1)


def session_config():
    """Returns the `tf.ConfigProto` of every Session here.

    GPU memory is taken as needed. The graph optimiser's remapper is off: it fails on leaky ReLUs behind convolutions, with an error in the log,
    and where it works the step of a CycleGAN takes 4 % longer (64 px, two cores).
    """
    config = tf.ConfigProto(allow_soft_placement=True)
    config.graph_options.rewrite_options.remapping = RewriterConfig.OFF
    config.gpu_options.allow_growth = True
    config.intra_op_parallelism_threads = tf.config.threading.get_intra_op_parallelism_threads()
    return config


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
with without_chatter():
    import tensorflow.compat.v1 as tf
    from tensorflow.core.protobuf.rewriter_config_pb2 import RewriterConfig

    if not has_gpu_driver():
        tf.config.set_visible_devices([], "GPU")  # TensorFlow looks once, here, and says that it found nothing

tf.disable_eager_execution()
tf.logging.set_verbosity(tf.logging.ERROR)
