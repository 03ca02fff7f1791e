"""Trains a model: flags -> data -> graph -> loop. `python train.py --help` lists the flags."""

import dataclasses
import os
import time

from inputs import scenes
from inputs.sources import find_source
from training.command_line import UsageError, parse_config_flags, run
from training.run_folder import RunFolder

USAGE = """\
Trains a model and keeps everything about it in one run folder; the same command continues an interrupted run.

  python train.py --preset=demo                             64 px on built-in landscapes, minutes on two cores
  python train.py --data_dir=DIR --run_dir=DIR [overrides]  your own images
  python train.py --run_dir=DIR                             continue
"""
LISTED = 20  # images left out that are listed


def main(arguments):
    given = parse_config_flags(arguments, USAGE)
    if given.get("data_dir", scenes.NAME) != scenes.NAME:
        given["data_dir"] = _absolute(given["data_dir"])
    folder = RunFolder(given.get("run_dir") or os.path.join("runs", given.get("preset") or given.get("model") or "cyclegan"))
    config = folder.config_for(given)

    # TensorFlow is imported only now, so that a mistyped flag shows at once.
    from training.tensorflow_setup import share_cores, tf  # isort: skip
    from inputs.pipeline import HeldOut, build_pipeline
    from models.registry import MODELS
    from training.loop import Trainer
    from training.precision import resolve_precision

    if config.xla and not tf.test.is_built_with_xla():
        raise UsageError("--xla: this TensorFlow was built without XLA; leave the flag out")

    # Data
    config = dataclasses.replace(config, precision=resolve_precision(config.precision))
    model_class = MODELS[config.model]
    share_cores(1 if config.xla else model_class.chains)  # a compiled step is one op
    streams = model_class.streams(config)
    built_in = config.data_dir == scenes.NAME
    data_dir = scenes.draw(config.image_size) if built_in else config.data_dir
    train_sets = {stream.split: find_source(data_dir, stream.split) for stream in streams.values()}
    test_sets = {
        split: find_source(data_dir, split.replace("train", "test"), required=model_class.needs_test) or source
        for split, source in train_sets.items()
    }
    config = config.with_data(train_sets)

    for line in _left_out([*train_sets.values(), *test_sets.values()]):
        print(line)

    def load_test(count):
        sets = {name: HeldOut(stream, test_sets[stream.split], config) for name, stream in streams.items()}
        if count is None:
            return sets
        count = min(count, *map(len, sets.values()))
        return {name: images[range(count)] for name, images in sets.items()}

    # Graph
    pipeline = build_pipeline(streams, train_sets, config, start_step=tf.train.get_or_create_global_step())
    model = model_class(config, pipeline.batch)
    model.build_training()
    trainer = Trainer(model, pipeline, folder, load_test(model_class.looked_at))

    # Loop
    folder.claim(config)
    first_step = trainer.start()
    if first_step >= config.max_steps:
        print(f"{folder.path} has done all its {first_step} steps; a larger --max_steps continues it, --overwrite starts anew.")
        return 0
    sizes = " and ".join(f"{len(source)} images in {split}" for split, source in train_sets.items())
    print(f"{config.model}, {config.precision}, {sizes}; steps {first_step + 1} to {config.max_steps} in {folder.path}")
    print(f"Watch it: tensorboard --logdir={folder.path}", flush=True)
    started = time.perf_counter()
    stopped_by = trainer.train(first_step)
    if stopped_by:
        print(f"Stopped by {stopped_by.name}, saved at step {trainer.step}; continue with: python train.py --run_dir={folder.path}")
        return 128 + stopped_by

    # Result
    print(f"Trained {config.max_steps - first_step} steps in {time.perf_counter() - started:.1f} s.")
    for what, figure in model.evaluate(trainer.session, load_test(model.evaluated), counterparts=built_in).items():
        print(f"{what}: {figure}")
    print(f"{model.picture.capitalize()}: {trainer.grid_path}")
    return 0


def _left_out(sources):
    """Lines about the images that pair up with none."""
    lines = list(dict.fromkeys(f"left out: {line}" for source in sources for line in source.left_out))
    return lines[:LISTED] + ([f"left out: ... and {len(lines) - LISTED} more"] if len(lines) > LISTED else [])


def _absolute(data_dir):
    """Makes a `--data_dir`, or both its places, independent of where the command was typed, so that the run can be continued anywhere."""
    places = [data_dir] if os.path.exists(data_dir) else data_dir.split(",")
    return ",".join(os.path.abspath(os.path.expanduser(place)) for place in places)


if __name__ == "__main__":
    run(main)
