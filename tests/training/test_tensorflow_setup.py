import os

import pytest

from training.tensorflow_setup import session_config, share_cores, tf


@pytest.mark.parametrize("cores, chains, threads", [(2, 2, 1), (1, 2, 1), (2, 1, 0), (8, 2, 0)])
def test_ops_keep_to_one_thread_only_where_the_graph_keeps_the_cores_busy(cores, chains, threads, monkeypatch):
    asked = [0]
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(cores)), raising=False)
    monkeypatch.setattr("training.tensorflow_setup.has_gpu_driver", lambda: False)
    monkeypatch.setattr(tf.config.threading, "set_intra_op_parallelism_threads", asked.append)
    monkeypatch.setattr(tf.config.threading, "get_intra_op_parallelism_threads", lambda: asked[-1])
    share_cores(chains)
    assert session_config().intra_op_parallelism_threads == threads


def test_sharing_cores_after_the_first_computation_is_no_error(monkeypatch):
    asked = []

    def too_late(threads):
        asked.append(threads)
        raise RuntimeError("Intra op parallelism cannot be modified after initialization.")

    monkeypatch.setattr("training.tensorflow_setup.has_gpu_driver", lambda: False)
    monkeypatch.setattr(tf.config.threading, "set_intra_op_parallelism_threads", too_late)
    share_cores(10**6)
    assert asked == [1]
