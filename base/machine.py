"""What this machine computes with: its cores, its GPU, and the dtype it does best in."""

import contextlib
import os
import platform
import re

from base.graph_mode import has_gpu_driver, tf, uses_onednn

PRECISIONS = ("float32", "bfloat16", "float16")
NUMERIC_FEATURES = {"sse4_2", "avx", "avx2", "fma", "avx512f", "avx512_bf16", "avx512_fp16", "amx_bf16", "amx_tile"}


def resolve_precision(precision: str | None) -> str:
    """Gives the dtype this machine computes best in where `precision` is None; else `precision` itself.

    On a CPU that is bfloat16 where it has instructions for it (AVX-512 BF16, AMX), else float32. On a GPU it is
    bfloat16 from compute capability 8.0 (Ampere) on, float16 from 7.0 (Volta) on, else float32.
    """
    if precision is not None:
        return precision
    gpu = _gpu_details()
    if gpu is not None:
        major = gpu.get("compute_capability", (0, 0))[0]
        return "bfloat16" if major >= 8 else "float16" if major >= 7 else "float32"
    return "bfloat16" if {"avx512_bf16", "amx_bf16"} & _cpu_flags() else "float32"


def describe_device() -> str:
    """Names what computes, for people: "2 cores", "NVIDIA H200"."""
    cores = available_cores()
    return gpu_name() or (f"{cores} cores" if cores > 1 else "1 core")


def gpu_name() -> str | None:
    """Names the GPU that computes; None where the CPU does."""
    gpu = _gpu_details()
    return None if gpu is None else gpu.get("device_name", "a GPU")


def available_cores() -> int:
    """Counts the CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def available_memory() -> int | None:
    """Counts the bytes of memory that this process may still take; None where that is not known."""
    limits = [_number_in("/proc/meminfo", r"MemAvailable:\s+(\d+) kB", 1024)]
    group, used = (_number_in(f"/sys/fs/cgroup/memory.{name}", r"(\d+)\n") for name in ("max", "current"))
    if group is not None and used is not None:
        limits.append(max(group - used, 0))
    known = [limit for limit in limits if limit is not None]
    return min(known) if known else None


def largest_allocation() -> int | None:
    """The bytes that the system lets a process ask for in one piece, touched or not; None where it sets no limit."""
    mode = _number_in("/proc/sys/vm/overcommit_memory", r"(\d)")
    if mode == 0:  # Linux's default: what is more than all memory is refused
        total, swap = (_number_in("/proc/meminfo", rf"{name}:\s+(\d+) kB", 1024) for name in ("MemTotal", "SwapTotal"))
        return None if total is None else total + (swap or 0)
    if mode == 2:
        limit, used = (
            _number_in("/proc/meminfo", rf"{name}:\s+(\d+) kB", 1024) for name in ("CommitLimit", "Committed_AS")
        )
        return None if limit is None or used is None else max(limit - used, 0)
    return None


def cpu_features() -> list[str]:
    """The instruction sets of this CPU that kernels are chosen by, sorted; empty where they are not known."""
    return sorted(NUMERIC_FEATURES & _cpu_flags())


def cpu_name() -> str:
    """Names the processor, as its maker does; empty where that is not known."""
    try:
        with open("/proc/cpuinfo") as file:
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:  # not Linux
        names = []
    return names[0] if names else platform.processor()


def fix_threads() -> None:
    """Gives every op one thread, so that sums are taken in one order whatever the number of cores; before any graph.

    On a GPU, kernels that add in any order are replaced by those that do not.
    """
    with contextlib.suppress(RuntimeError):  # too late, in a notebook that has computed already
        tf.config.threading.set_intra_op_parallelism_threads(1)
    if has_gpu_driver():
        tf.config.experimental.enable_op_determinism()


def share_cores(branches: int) -> None:
    """Gives every op one thread where the graph alone keeps all cores busy; to be called before any graph is built.

    Threads that share ops wait for each other: that costs a CycleGAN at 64 px a quarter of its step on two cores, and
    gains nothing at 256 px. The pool of threads belongs to the process and is made with the first tf.data function or
    Session; after that this changes nothing.

    Args:
      branches: parts of a step that can always run side by side, as the two directions of CycleGAN do.
    """
    if available_cores() <= branches and not has_gpu_driver():
        with contextlib.suppress(RuntimeError):  # too late, in a notebook that has computed already
            tf.config.threading.set_intra_op_parallelism_threads(1)


def pool_memory() -> None:
    """Has all threads take the memory of tensors from one pool of TensorFlow's; to be called before any Session.

    Of what each takes from the C library, much lies idle in pieces: a step at 256 px took a tenth more memory, and one
    at 64 px as much time or a little more. With oneDNN and on GPUs TensorFlow has such a pool anyway. What the user has
    set stays.
    """
    if not has_gpu_driver() and not uses_onednn():
        os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "1")
        os.environ.setdefault("TF_CPU_BFC_MEM_LIMIT_IN_MB", str(2**24))  # the system has limits; 64 GB is TensorFlow's


def _number_in(path: str, pattern: str, unit: int = 1) -> int | None:
    try:
        with open(path) as file:
            match = re.search(pattern, file.read())
    except OSError:  # not Linux, or no such group
        return None
    return int(match[1]) * unit if match else None


def _gpu_details() -> dict | None:
    gpus = tf.config.list_physical_devices("GPU") if has_gpu_driver() else []
    return tf.config.experimental.get_device_details(gpus[0]) if gpus else None


def _cpu_flags() -> set[str]:
    try:
        with open("/proc/cpuinfo") as file:
            line = next((line for line in file if line.startswith("flags")), "")
    except OSError:  # not Linux
        return set()
    return set(line.split())
