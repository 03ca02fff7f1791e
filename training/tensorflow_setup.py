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


def session_config():
    """Returns the `tf.ConfigProto` of every Session here.

    GPU memory is taken as needed. The graph optimiser's remapper is off: it fails on leaky ReLUs behind convolutions, with an error in the log,
    and where it works the step of a CycleGAN takes 4 % longer (64 px, two cores).
    """
    config = tf.ConfigProto(allow_soft_placement=True)
    config.graph_options.rewrite_options.remapping = RewriterConfig.OFF
    config.gpu_options.allow_growth = True
    return config


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
with without_chatter():
    import tensorflow.compat.v1 as tf
    from tensorflow.core.protobuf.rewriter_config_pb2 import RewriterConfig

    if not has_gpu_driver():
        tf.config.set_visible_devices([], "GPU")  # TensorFlow looks once, here, and says that it found nothing

tf.disable_eager_execution()
tf.logging.set_verbosity(tf.logging.ERROR)
