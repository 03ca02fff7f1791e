"""TensorFlow comes at its first use, in graph mode, and without its chatter."""

import os
import subprocess
import sys
import tempfile

import pytest

from base.errors import OutputError
from base.graph_mode import _import_tensorflow, session_config, tf, without_chatter
from tests.conftest import ROOT


@pytest.mark.slow
def test_a_fresh_process_imports_tensorflow_at_its_first_use_in_graph_mode_and_without_chatter():
    code = """
import gc, sys
from base.graph_mode import session_config, tf
getattr(tf, "__wrapped__", None), getattr(tf, "_mock_name", None)
print("tensorflow" in sys.modules)
tf.Session().close()
print("tensorflow" in sys.modules, tf.constant(1).graph is tf.get_default_graph())
print(gc.isenabled(), gc.get_freeze_count() > 10 * len(gc.get_objects()))
"""
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["False", "True", "True", "True", "True"]
    assert result.stderr == ""


def test_names_of_tensorflow_are_there_for_completion_and_unknown_ones_are_refused():
    assert {"Session", "placeholder", "float32"} <= set(dir(tf))
    assert tf.__version__[0] == "2"
    with pytest.raises(AttributeError):
        tf.no_such_name  # noqa: B018 (the look-up itself is what is tested)


def test_chatter_of_c_code_is_held_back_and_errors_come_through(capfd):
    lines = [
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
        "I0000 00:00:1700000000.000000    1234 port.cc:153] oneDNN custom operations are on.",
        "W0000 00:00:1700000000.000000    1234 gpu_device.cc:2344] Cannot dlopen some GPU libraries.",
        "2026-01-01 00:00:00.000000: I tensorflow/core/platform/cpu_feature_guard.cc:210] This binary is optimized",
        "To enable the following instructions: AVX2 FMA",
        "E0000 00:00:1700000000.000000 1234 cuda_executor.cc:1] failed call to cuInit: UNKNOWN ERROR (303)",
        "E0000 00:00:1700000000.000000 1234 cuda_dnn.cc:8310] Unable to register cuDNN factory",
        "free(): invalid pointer",
    ]
    with without_chatter():
        os.write(2, "".join(f"{line}\n" for line in lines).encode())
    assert capfd.readouterr().err.splitlines() == lines[-2:]


def test_what_was_written_before_an_error_still_comes_through(capfd):
    with pytest.raises(ZeroDivisionError), without_chatter():
        os.write(2, b"something else\n")
        raise ZeroDivisionError
    assert capfd.readouterr().err == "something else\n"


def test_sessions_take_gpu_memory_as_needed_and_leave_the_remapper_off():
    config = session_config()
    assert config.gpu_options.allow_growth and config.allow_soft_placement
    rewriter = config.graph_options.rewrite_options
    assert rewriter.remapping == rewriter.OFF


def test_lack_of_a_folder_for_temporary_files_is_told(monkeypatch):
    def nowhere():
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", nowhere)
    with pytest.raises(OutputError, match="for temporary files, which TensorFlow needs: cannot be written: No usable"):
        _import_tensorflow.__wrapped__()
