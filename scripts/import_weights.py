"""Turns networks saved by pytorch-CycleGAN-and-pix2pix into a run folder of this project."""

from __future__ import annotations

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))  # works from anywhere, uninstalled

import base.early_signals  # noqa: F401 (from here on, Ctrl-C ends the program in one line)

import contextlib
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from base.command_line import run
from base.errors import ConfigError, DataError, UsageError
from base.files import clear_leftovers, folder_aside, writing
from base.graph_mode import tf
from base.machine import resolve_precision
from base.options import REQUIRED, Options, option, options
from base.places import is_remote
from config import Config
from inputs.data_dir import absolute_data_dir
from models.configs import make_config, parse_config_flags
from models.cyclegan import CycleGAN
from run_folder.checkpoints import Checkpoints
from run_folder.folder import RunFolder
from run_folder.pytorch_weights import LONE_GENERATOR, NETWORKS, SavedNetwork, convert, read_networks, shared_options
from training.graph import check_memory
from training.group import Group

USAGE = """\
Turns networks saved by pytorch-CycleGAN-and-pix2pix into a run folder, to translate with or to train on from.

  python scripts/import_weights.py --source=DIR --run_dir=DIR [--data_dir=DIR and other overrides for training on]

DIR holds latest_net_G_A.pth, latest_net_G_B.pth, latest_net_D_A.pth and latest_net_D_B.pth, or some of them, or one
latest_net_G.pth. Networks, widths and normalisation are read from the files; networks without a file start from fresh
weights.
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImportOptions(Options):
    """What the command line takes beside the options of the config."""

    source: str = option(REQUIRED, "Folder of the .pth files.", "import", metavar="DIR")
    epoch: str = option("latest", "What the files' names begin with.", "import")
    direction: str = option("AtoB", "What latest_net_G.pth translates.", "import", tuple(LONE_GENERATOR))


def main(arguments: list[str]) -> int:
    own, given = parse_options(arguments)
    folder = RunFolder(given["run_dir"])
    if folder.holds_run() and not given.get("overwrite"):
        raise UsageError(f"{folder.path} holds a run; choose another --run_dir, or pass --overwrite to replace it")
    networks = read_networks(own.source, own.epoch, own.direction)
    told = shared_options(networks, given)
    config = folder.config_for({**given, **told})
    write_run(folder, config, networks)
    for name in NETWORKS.values():
        fresh = "no file, fresh initial weights"
        print(f"{name}: {describe(networks[name], told['norm']) if name in networks else fresh}")
    print(f"Written to {folder.path}. Translate: python scripts/translate.py --run_dir={folder.path} ...")
    print(f"Train on: python train.py --run_dir={folder.path}" + ("" if config.data_dir else " --data_dir=DIR"))
    return 0


def parse_options(arguments: list[str]) -> tuple[ImportOptions, dict[str, Any]]:
    """Splits the command line into this script's own options and values of the config."""
    own = options(ImportOptions)
    given = parse_config_flags(arguments, USAGE, own)
    if not given.get("source") or not given.get("run_dir"):
        folders = "--source=DIR, the folder of the .pth files, and --run_dir=DIR, the folder to make"
        raise ConfigError(f"pass {folders} (see --help)")
    if is_remote(given["run_dir"]):
        raise ConfigError(
            f"--run_dir={given['run_dir']}: must be a path on this machine; the folder may be copied from it"
        )
    model = make_config({name: given[name] for name in ("model", "preset") if name in given}).model
    if model != Config.model:
        raise ConfigError(f"--model={model}: only CycleGAN's networks can be imported")
    if given.get("data_dir"):
        given["data_dir"] = absolute_data_dir(given["data_dir"])
    values = {name: given.pop(name) for name in own if name in given}
    return ImportOptions.parse(values), given


def write_run(folder: RunFolder, config: Config, networks: Mapping[str, SavedNetwork]) -> None:
    """Writes a checkpoint of step 0, claims a run folder, and puts it there: a run is replaced by a whole one, or not.

    Args:
      folder: that holds no run, or one that may be overwritten.
      config: of a CycleGAN.
      networks: by our names of the networks; the others start as in a fresh run.

    Raises:
      UsageError: weights do not fit the config's networks, or another process trains in the folder.
      ConfigError: the networks take more memory than there is.
      OutputError: the folder cannot be written.
    """
    with tf.Graph().as_default(), Group([], 0).session() as session:
        model = CycleGAN(dataclasses.replace(config, precision=resolve_precision(config.precision)))
        model.build_training()
        values: dict[str, np.ndarray] = {}
        for name, network in networks.items():
            shapes = {v.op.name: v.shape.as_list() for v in tf.trainable_variables(name + "/")}
            values |= convert(network, shapes)
        variables = tf.global_variables()
        sizes = [variable.shape.num_elements() * variable.dtype.size for variable in variables]
        check_memory(sum(sizes), "weights, what the optimizers keep, and image pools take")
        path = Path(os.path.abspath(folder.path))
        path = path / ".import" if path.is_dir() else path  # it may be a link to another disk
        with contextlib.ExitStack() as stack:
            with writing(path):
                clear_leftovers(path)
                aside = stack.enter_context(folder_aside(path))
            checkpoints = Checkpoints(str(aside), variables)
            imported = {v.initializer.inputs[1]: values[v.op.name] for v in variables if v.op.name in values}
            session.run(tf.global_variables_initializer(), imported)
            if not checkpoints.save(session, step=0):
                raise DataError(f"{folder.path}: not written, since fresh initial weights are not finite numbers")
            folder.claim(config)
            try:
                with writing(folder.path):
                    for file in sorted(aside.glob("model-*")):  # the index after the data
                        file.rename(os.path.join(folder.checkpoints, file.name))
            finally:
                folder.release()


def describe(network: SavedNetwork, norm: str) -> str:
    """One line about a network for the user."""
    what = ", ".join(f"{name} {value}" for name, value in network.options.items())
    return f"{network.file}: {what}, norm {norm}"


if __name__ == "__main__":
    run(main)
