"""Trains a model: flags -> data -> graph -> loop. `python train.py --help` lists the flags."""

import base.early_signals  # noqa: F401 (from here on, Ctrl-C ends the program in one line)

import contextlib
import dataclasses
import os
import sys
import time
from pathlib import Path
from typing import Any

from base.command_line import run
from base.errors import UsageError
from base.graph_mode import tf
from base.machine import describe_device, resolve_precision
from base.options import options
from base.places import absolute
from base.terminal import shortened
from evaluation.evaluator import TEST_IMAGES, Evaluator
from evaluation.run_data import RunData
from inputs import scenes
from inputs.data_dir import absolute_data_dir, data_place, open_splits
from inputs.layouts import contains
from inputs.preparation import preparation
from models.configs import parse_config_flags
from models.registry import absolute_model, find_model
from run_folder.folder import RunFolder
from run_folder.initial import InitialWeights
from run_folder.provenance import Provenance, describe_environment
from training.follower import follow, tell_config
from training.graph import build_training_graph, check_memory
from training.group import Group, cluster_of
from training.local_workers import WorkerOptions, run_workers
from training.loop import Trainer

USAGE = """\
Trains a model and keeps everything about it in one run folder; the same command continues an interrupted run.

  python train.py --preset=demo                             64 px on built-in landscapes, minutes on two cores
  python train.py --data_dir=DIR --run_dir=DIR [overrides]  your own images
  python train.py --run_dir=DIR                             continue
"""


def main(arguments: list[str]) -> int:
    given = parse_config_flags(arguments, USAGE, options(WorkerOptions))
    start = WorkerOptions.parse({name: given.pop(name) for name in options(WorkerOptions) if name in given})
    if start.workers > 1:
        if start.restarts and given.get("overwrite"):
            raise UsageError(
                "--overwrite with --restarts would delete what a restart goes on from; delete the run before"
            )
        one = [sys.executable, sys.argv[0], *arguments, "--workers=1", "--restarts=0"]  # the last of a flag counts
        return run_workers(one, start.workers, start.restarts)
    if "data_dir" in given:
        given["data_dir"] = absolute_data_dir(given["data_dir"])
    if given.get("init_from"):
        given["init_from"] = absolute(given["init_from"])
    if given.get("model"):
        given["model"] = absolute_model(given["model"])
    with Group(*cluster_of(os.environ)) as group:
        group.meet()
        return follow(group, given) if group.worker else train(group, given)


def train(group: Group, given: dict[str, Any]) -> int:
    folder = RunFolder.of(given)
    config = folder.config_for(given)
    config = dataclasses.replace(config, precision=resolve_precision(config.precision))

    check_memory(config.least_memory(), "a step takes")

    # Data
    streams = find_model(config.model).streams(config)
    built_in = config.data_dir == scenes.NAME
    data_dir = data_place(config.data_dir, config.image_size)
    if data_dir and contains(data_dir, folder.path):
        raise UsageError(
            f"{folder.path} lies in the data, {data_dir}, and would become part of it; choose another --run_dir"
        )
    splits = open_splits(data_dir, streams)
    config = config.with_data(splits.train)
    continued = folder.holds_run() and not config.overwrite
    steps_before = folder.config().max_steps if continued else config.max_steps
    provenance = Provenance(folder.provenance, continued)
    shares = config.accumulate * group.size
    if config.values().get("sync_batch_norm") is False:
        provenance.check_shares(shares)
    data = splits.fingerprint()
    provenance.check_data(data, config.accept_changed_data)
    tests = RunData(config, splits, TEST_IMAGES, built_in)
    for images in tests.held_out.values():
        images[[0]]  # a preprocessing that cannot work shows before anything is built
    damaged = {line for images in tests.held_out.values() for line in images.in_step.damage}
    for line in [*shortened(splits.left_out, "left out: "), *shortened(sorted(damaged), "damaged: ")]:
        print(line)

    with contextlib.ExitStack() as stack:
        prepare = stack.enter_context(preparation(streams, splits.train, config))

        # Graph
        print(f"{Path(config.model).stem}, {splits.describe()}; TensorFlow starts ...", flush=True)
        if config.xla and not tf.test.is_built_with_xla():
            raise UsageError("--xla: this TensorFlow was built without XLA; leave the flag out")
        config.check_workers(group.size)
        tell_config(group, given, config, splits)
        with group.device():
            model, pipeline = build_training_graph(config, splits.train, group.size, group.worker, prepare)
        evaluator = Evaluator(model, tests)
        initial = None
        if config.init_from and not continued:
            initial = InitialWeights(config.init_from, config.init_networks or "all")
        with group.device():
            trainer = Trainer(model, pipeline, folder, evaluator, initial, group)
        trainer.open()
        stack.callback(trainer.close)

        # Loop
        folder.claim(config)
        stack.callback(folder.release)
        first_step = trainer.start()
        if continued:
            folder.renew(config)
        if steps_before != config.max_steps and config.lr_policy != "constant":
            print(f"The learning rate follows {config.lr_policy} over {config.max_steps} steps now, not {steps_before}")
        for line in provenance.record(first_step, data, describe_environment(shares), trainer.origin):
            print(line)
        if first_step >= config.max_steps:
            print(f"{folder.path} has done all its {first_step} steps.")
            print("A larger --max_steps continues it, --overwrite starts anew.")
            return 0
        if trainer.origin:
            print("Weights of step {step} of {run_dir}".format(**trainer.origin))
        where = f"{config.precision} on {describe_device()}"
        print(f"{where}: steps {first_step + 1} to {config.max_steps} in {folder.path}")
        print(f"Watch it: tensorboard --logdir={folder.path}", flush=True)
        started = time.perf_counter()
        stopped_by = trainer.train()
        if stopped_by:
            how = f"continue with: python train.py --run_dir={folder.path}"
            print(f"Stopped by {stopped_by.name}, saved at step {trainer.step}; {how}")
            return 128 + stopped_by

        # Result
        print(f"Trained {config.max_steps - first_step} steps in {time.perf_counter() - started:.1f} s.")
        for line in evaluator.results(trainer.session):
            print(line)
        print(f"{evaluator.picture.capitalize()}: {trainer.grid_path}")
        return 0


if __name__ == "__main__":
    run(main)
