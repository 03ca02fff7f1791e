"""Which dtype the networks compute in."""

from training.tensorflow_setup import has_gpu_driver, tf


def resolve_precision(precision):
    """Turns "auto" into the dtype this machine computes best in; other names are returned as they are.

    On a CPU that is bfloat16 where it has instructions for it (AVX-512 BF16, AMX), else float32. On a GPU it is bfloat16 from compute capability
    8.0 (Ampere) on, float16 from 7.0 (Volta) on, else float32.
    """
    if precision != "auto":
        return precision
    gpus = tf.config.list_physical_devices("GPU") if has_gpu_driver() else []
    if gpus:
        major = tf.config.experimental.get_device_details(gpus[0]).get("compute_capability", (0, 0))[0]
        return "bfloat16" if major >= 8 else "float16" if major >= 7 else "float32"
    return "bfloat16" if {"avx512_bf16", "amx_bf16"} & _cpu_flags() else "float32"


def _cpu_flags():
    try:
        with open("/proc/cpuinfo") as file:
            line = next((line for line in file if line.startswith("flags")), "")
    except OSError:  # not Linux
        return set()
    return set(line.split())
