"""What the machine computes with decides on dtypes and threads."""

import io
import os
import subprocess
import sys

import pytest

from base import machine
from base.graph_mode import session_config, tf
from base.machine import available_cores, describe_device, resolve_precision, share_cores
from tests.conftest import ROOT


@pytest.fixture
def computer(monkeypatch):
    """Function that pretends to be a computer: of some cores and CPU flags, or with a GPU (its name and capability)."""

    def pretend(cores=2, flags=(), gpu=None):
        details = gpu and {"device_name": gpu[0], "compute_capability": gpu[1]}
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(cores)), raising=False)
        monkeypatch.setattr(machine, "_cpu_flags", lambda: set(flags))
        monkeypatch.setattr(machine, "has_gpu_driver", lambda: gpu is not None)
        monkeypatch.setattr(machine, "_gpu_details", lambda: details)

    return pretend


@pytest.mark.parametrize(
    "about, precision",
    [
        ({"flags": ["sse2", "avx2"]}, "float32"),
        ({"flags": ["avx512f"]}, "float32"),
        ({"flags": ["avx512f", "avx512_bf16"]}, "bfloat16"),
        ({"flags": ["amx_bf16"]}, "bfloat16"),
        ({"gpu": ("GTX 1080", (6, 1)), "flags": ["avx512_bf16"]}, "float32"),
        ({"gpu": ("V100", (7, 0))}, "float16"),
        ({"gpu": ("T4", (7, 5))}, "float16"),
        ({"gpu": ("A100", (8, 0))}, "bfloat16"),
        ({"gpu": ("H200", (9, 0))}, "bfloat16"),
    ],
)
def test_the_dtype_that_is_chosen_is_the_one_the_machine_computes_best(computer, about, precision):
    computer(**about)
    assert resolve_precision(None) == precision


@pytest.mark.parametrize("precision", machine.PRECISIONS)
def test_a_dtype_that_was_asked_for_is_taken_on_any_machine(computer, precision):
    computer(flags=["avx512_bf16"])
    assert resolve_precision(precision) == precision


def test_the_flags_of_a_cpu_are_read_from_the_systems_list(monkeypatch):
    text = "model name\t: some CPU\nflags\t\t: fpu amx_bf16\nbugs\t\t: spectre\n"
    monkeypatch.setattr(machine, "open", lambda path: io.StringIO(text), raising=False)
    flags = machine._cpu_flags()
    assert {"fpu", "amx_bf16"} <= flags and not flags & {"some", "spectre"}


def test_a_system_without_a_list_of_cpu_flags_has_none(monkeypatch):
    def missing(path):
        raise FileNotFoundError

    monkeypatch.setattr(machine, "open", missing, raising=False)
    assert machine._cpu_flags() == set()


@pytest.mark.parametrize(
    "about, name",
    [({"cores": 1}, "1 core"), ({"cores": 2}, "2 cores"), ({"gpu": ("NVIDIA H200", (9, 0))}, "NVIDIA H200")],
)
def test_the_device_is_named_for_people(computer, about, name):
    computer(**about)
    assert describe_device() == name


def test_cores_that_the_process_may_not_use_do_not_count(computer):
    computer(cores=3)
    assert available_cores() == 3


@pytest.mark.parametrize("cores, branches, threads", [(2, 2, 1), (1, 2, 1), (2, 1, 0), (8, 2, 0)])
def test_ops_keep_to_one_thread_only_where_the_graph_keeps_the_cores_busy(
    computer, cores, branches, threads, monkeypatch
):
    asked = [0]
    computer(cores=cores)
    monkeypatch.setattr(tf.config.threading, "set_intra_op_parallelism_threads", asked.append)
    monkeypatch.setattr(tf.config.threading, "get_intra_op_parallelism_threads", lambda: asked[-1])
    share_cores(branches)
    assert session_config().intra_op_parallelism_threads == threads


def test_sharing_cores_leaves_the_host_of_a_gpu_alone(computer, monkeypatch):
    asked = []
    computer(cores=1, gpu=("NVIDIA H200", (9, 0)))
    monkeypatch.setattr(tf.config.threading, "set_intra_op_parallelism_threads", asked.append)
    share_cores(2)
    assert asked == []


def test_sharing_cores_after_the_first_computation_is_no_error(computer, monkeypatch):
    asked = []

    def too_late(threads):
        asked.append(threads)
        raise RuntimeError("Intra op parallelism cannot be modified after initialization.")

    computer()
    monkeypatch.setattr(tf.config.threading, "set_intra_op_parallelism_threads", too_late)
    share_cores(10**6)
    assert asked == [1]


@pytest.mark.slow
def test_without_onednn_threads_take_memory_from_one_pool_of_tensorflow():
    """Which names itself where a limit, here of the user's, is too low for a tensor."""
    program = (
        "from base.graph_mode import tf\n"
        "from base.machine import pool_memory\n"
        "pool_memory()\n"
        "tf.Session().run(tf.cumsum(tf.fill([10**7], tf.placeholder_with_default(1.0, []))))"
    )
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": "0", "TF_CPU_BFC_MEM_LIMIT_IN_MB": "1"}
    ended = subprocess.run([sys.executable, "-c", program], env=environment, cwd=ROOT, capture_output=True, text=True)
    assert "OOM when allocating" in ended.stderr and "by allocator bfc_cpu" in ended.stderr


@pytest.mark.parametrize("about, onednn", [({}, True), ({"gpu": ("T4", (7, 5))}, False)])
def test_where_tensorflow_has_a_pool_it_is_left_alone(computer, monkeypatch, about, onednn):
    computer(**about)
    monkeypatch.setattr(machine, "uses_onednn", lambda: onednn)
    monkeypatch.setattr(os, "environ", {})
    machine.pool_memory()
    assert os.environ == {}
