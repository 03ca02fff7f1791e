"""Turns networks saved by pytorch-CycleGAN-and-pix2pix into a run folder of this project."""

import collections
import dataclasses
import os
import pickle
import sys
from typing import NamedTuple

import numpy as np
from absl import flags

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # works without installation, from anywhere

from config import PRESETS, ConfigError
from inputs import scenes
from training.command_line import UsageError, parse_config_flags, run
from training.run_folder import RunFolder

USAGE = """\
Turns networks saved by pytorch-CycleGAN-and-pix2pix into a run folder, to translate with or to train on from.

  python scripts/import_weights.py --source=DIR --run_dir=DIR [--data_dir=DIR and other overrides for training on]

DIR holds latest_net_G_A.pth, latest_net_G_B.pth, latest_net_D_A.pth and latest_net_D_B.pth, or some of them, or one latest_net_G.pth.
Networks, widths and normalisation are read from the files; networks without a file start from fresh weights.

import:
  --source               Folder of the .pth files.
  --epoch                What the files' names begin with. [default 'latest']
  --direction            What latest_net_G.pth translates. [AtoB | BtoA; default 'AtoB']
"""

# Their D_A judges what G_A makes, which is images of B.
NETWORKS = {"G_A": "generator_ab", "G_B": "generator_ba", "D_A": "discriminator_b", "D_B": "discriminator_a"}
LONE_GENERATOR = {"AtoB": "generator_ab", "BtoA": "generator_ba"}
SIGNS = {"resnet": "model.10.conv_block.", "unet": "model.model.0", "pixel": "net.0", "patch": "model.0"}  # names only they have
UNUSED = ("running_mean", "running_var", "num_batches_tracked")  # statistics: this project normalises by those of the batch


class SavedNetwork(NamedTuple):
    """A network in a .pth file."""

    file: str  # the file's name, for messages
    layers: dict  # layer name: dict of float32 arrays "weight", "bias"; in the order in which images pass through them
    options: dict  # config values that its shapes tell
    norms: tuple  # values of the option `norm` that fit it, likeliest first


def main(arguments):
    own, given = parse_flags(arguments)
    folder = RunFolder(given["run_dir"])
    if folder.holds_run() and not given.get("overwrite"):
        raise UsageError(f"{folder.path} holds a run; choose another --run_dir, or pass --overwrite to replace it")
    networks = read_networks(own.source, own.epoch, own.direction)
    config = folder.config_for({**shared_options(networks, given), **given})

    # TensorFlow is imported only now, so that a mistake in what is given shows at once.
    from training.tensorflow_setup import session_config, tf  # isort: skip
    from models.cyclegan import CycleGAN
    from training.checkpoints import Checkpoints
    from training.precision import resolve_precision

    with tf.Graph().as_default(), tf.Session(config=session_config()) as session:
        model = CycleGAN(dataclasses.replace(config, precision=resolve_precision(config.precision)))
        model.build_training()
        values = {}
        for name, network in networks.items():
            shapes = {v.op.name: v.shape.as_list() for v in tf.trainable_variables(name + "/")}
            values.update(convert(network, shapes))
        variables = tf.global_variables()
        checkpoints = Checkpoints(folder.checkpoints, variables)
        imported = {v.initializer.inputs[1]: values[v.op.name] for v in variables if v.op.name in values}
        session.run(tf.global_variables_initializer(), imported)  # the others start as in a fresh run
        folder.claim(config)
        if not checkpoints.save(session, step=0):
            raise UsageError(f"{own.source}: a weight is not a finite number")

    for name in NETWORKS.values():
        print(f"{name}: {describe(networks[name], config.norm) if name in networks else 'no file, fresh initial weights'}")
    print(f"Written to {folder.path}. Translate: python scripts/translate.py --run_dir={folder.path} ...")
    print(f"Train on: python train.py --run_dir={folder.path}" + ("" if config.data_dir else " --data_dir=DIR"))
    return 0


def parse_flags(arguments):
    """Splits the command line into this script's own flags and values of the config; returns (FlagValues, dict)."""
    own = flags.FlagValues()
    own.set_gnu_getopt(True)  # reads on behind what it does not know
    flags.DEFINE_string("source", None, "", flag_values=own)
    flags.DEFINE_string("epoch", "latest", "", flag_values=own)
    flags.DEFINE_enum("direction", "AtoB", list(LONE_GENERATOR), "", flag_values=own)
    try:
        rest = own(["", *arguments], known_only=True)[1:]
    except flags.Error as error:
        raise ConfigError(str(error)) from None
    given = parse_config_flags(rest, USAGE)
    if not own.source or not given.get("run_dir"):
        raise ConfigError("pass --source=DIR, the folder of the .pth files, and --run_dir=DIR, the folder to make (see --help)")
    model = given.get("model") or PRESETS.get(given.get("preset"), {}).get("model", "cyclegan")
    if model != "cyclegan":
        raise ConfigError(f"--model={model}: only CycleGAN's networks can be imported")
    if given.get("data_dir", scenes.NAME) != scenes.NAME:
        given["data_dir"] = ",".join(os.path.abspath(os.path.expanduser(place)) for place in given["data_dir"].split(","))
    return own, given


# Files


def read_networks(source, epoch="latest", direction="AtoB"):
    """Reads the saved networks of a folder.

    Args:
      source: str, the folder.
      epoch: str, what the files' names begin with.
      direction: "AtoB" or "BtoA", what `<epoch>_net_G.pth` translates.

    Returns:
      dict of SavedNetwork by our name of the network; at least one generator.

    Raises:
      UsageError: where a file cannot be read or holds no network known here, or no generator is there.
    """
    if not os.path.isdir(source):
        raise UsageError(f"--source={source}: no such folder")
    files = {f"{epoch}_net_{theirs}.pth": ours for theirs, ours in NETWORKS.items()}
    if not any(os.path.exists(os.path.join(source, file)) for file, ours in files.items() if ours.startswith("generator")):
        files[f"{epoch}_net_G.pth"] = LONE_GENERATOR[direction]
    networks = {}
    for file, ours in files.items():
        if os.path.exists(os.path.join(source, file)):
            networks[ours] = recognize(file, read_state(os.path.join(source, file)), ours)
    if not any(ours.startswith("generator") for ours in networks):
        raise UsageError(f"{source} holds no generator: neither {epoch}_net_G_A.pth, {epoch}_net_G_B.pth nor {epoch}_net_G.pth")
    return networks


def read_state(path):
    """Reads a state dict: float32 arrays by name, without unused statistics' values (their names stay) and without `module.`."""
    try:
        import torch
    except ImportError:
        raise UsageError("reading .pth files takes PyTorch: pip install torch, or this project with its extra [torch]") from None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise UsageError(f"{path}: cannot be read as weights saved by PyTorch ({str(error).splitlines()[0]})") from None
    if not isinstance(state, dict) or not state or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise UsageError(f"{path}: holds no state dict, which is tensors by name")
    return {name.removeprefix("module."): value.float().numpy() for name, value in state.items()}


# From shapes to networks


def recognize(file, state, role):
    """Works out what network a state dict holds.

    Args:
      file: str, for messages.
      state: dict of float32 arrays by name.
      role: str, our name of the network it is to be ("generator_ab").

    Returns:
      SavedNetwork.

    Raises:
      UsageError: where it is none that is known here, or no network for this role.
    """
    layers = group_layers(state)
    incomplete = next((name for name, layer in layers.items() if "weight" not in layer), None)
    if incomplete is not None:
        raise UsageError(f"{file}: {incomplete}.weight is missing")
    kernels = {name: layer["weight"] for name, layer in layers.items() if layer["weight"].ndim == 4}
    kind = next((kind for kind, sign in SIGNS.items() if any(name.startswith(sign) for name in kernels)), None)
    if kind is None or len(kernels) < 3:
        raise UsageError(f"{file}: {next(iter(state))} and what follows it are no generator or discriminator known here")
    played = "generator" if kind in ("resnet", "unet") else "discriminator"
    if not role.startswith(played):
        raise UsageError(f"{file}: holds a {kind} {played} where a {role.split('_')[0]} should be")

    first, inner, *_, last = kernels
    width, channels = kernels[first].shape[:2]
    if played == "discriminator":
        options = {"discriminator": kind, f"channels_{role[-1]}": channels, "ndf": width}
    else:
        options = {"generator": kind, f"channels_{role[-2]}": channels, "ngf": width}
    if kind == "resnet":
        blocks = len({name.split(".")[1] for name in kernels if "conv_block" in name})
        if len(kernels) != 6 + 2 * blocks:
            raise UsageError(f"{file}: has {len(kernels)} convolutions, but a ResNet generator of {blocks} blocks has {6 + 2 * blocks}")
        options["generator_blocks"] = blocks
        options["dropout"] = any(name.endswith("conv_block.6") for name in kernels)
        options[f"channels_{role[-1]}"] = kernels[last].shape[0]
    elif kind == "unet":
        options["unet_levels"] = len(kernels) // 2
        options[f"channels_{role[-1]}"] = kernels[last].shape[1]
    elif kind == "patch":
        options["discriminator_layers"] = len(kernels) - 2
    return SavedNetwork(file, layers, options, possible_norms(state, layers, inner))


def group_layers(state):
    """The layers with weights as dicts of "weight" and "bias", by name, in the order in which images pass through them.

    All these networks are chains whose modules are numbered along the way; a U-Net's levels are numbered down, inwards, and up again.
    """
    place = lambda name: [part.zfill(4) for part in name.split(".")]
    layers = collections.defaultdict(dict)
    for name in sorted(state, key=place):
        layer, _, leaf = name.rpartition(".")
        if leaf not in UNUSED:
            layers[layer][leaf] = state[name]
    return dict(layers)


def possible_norms(state, layers, inner):
    """The norms whose networks have these weights, likeliest first.

    Args:
      state: dict of arrays by name.
      layers: the same, grouped.
      inner: str, the name of a convolution that a norm follows, if there are norms.
    """
    if any(layer["weight"].ndim == 1 for layer in layers.values()):
        tracked = any(name.endswith("running_mean") for name in state)
        return ("batch", "affine_instance") if tracked else ("affine_instance", "batch")
    return ("instance", "none") if "bias" in layers[inner] else ("none", "instance")


def shared_options(networks, given):
    """The config values that all networks agree on.

    Args:
      networks: dict of SavedNetwork.
      given: dict of the values on the command line.

    Returns:
      dict of values by option name.

    Raises:
      UsageError: where two networks disagree, which one run cannot hold.
      ConfigError: where a given value is not that of the files.
    """
    first, *others = networks.values()
    options, where, norms = dict(first.options), dict.fromkeys(first.options, first.file), first.norms
    for network in others:
        for name, value in network.options.items():
            if options.setdefault(name, value) != value:
                raise UsageError(f"{network.file} has {name} {value}, but {where[name]} has {options[name]}; a run takes one for both")
            where.setdefault(name, network.file)
        norms = tuple(norm for norm in norms if norm in network.norms)
        if not norms:
            fits = " or ".join(network.norms)
            raise UsageError(f"{network.file} has weights as with norm {fits}, but {first.file} with {' or '.join(first.norms)}")
    for name, value in options.items():
        if name != "dropout" and given.get(name, value) != value:  # dropout has no weights
            raise ConfigError(f"--{name}={given[name]}: {where[name]} has {value}")
    if given.get("norm", norms[0]) not in norms:
        raise ConfigError(f"--norm={given['norm']}: the weights in {first.file} are of norm {' or '.join(norms)}")
    options["norm"] = given.get("norm", norms[0])
    if options["generator"] == "unet":
        options["image_size"] = 2 ** options["unet_levels"]  # unless given
    if options["channels_a"] != options["channels_b"]:
        options["lambda_identity"] = 0.0  # the only value that fits
    return options


# Weights


def convert(network, shapes):
    """Gives the weights of a saved network the names and layout of our variables.

    Convolutions go from [out, in, height, width] to [height, width, in, out], and transposed ones from [in, out, height, width] to [height,
    width, out, in]: the same permutation. A bias that only one side has changes nothing: one that the file lacks is 0, and one that
    our network lacks stands in front of a norm, which subtracts it again.

    Args:
      network: SavedNetwork.
      shapes: dict of the shapes of our network's variables by name, in the order of their making, which is that of the layers.

    Returns:
      dict of float32 arrays by variable name.

    Raises:
      UsageError: naming the first layer that does not fit.
    """
    ours = collections.defaultdict(dict)
    for name, shape in shapes.items():
        layer, _, leaf = name.rpartition("/")
        ours[layer][{"kernel": "weight", "scale": "weight", "offset": "bias"}.get(leaf, leaf)] = (name, shape)
    ours = list(ours.values())
    what = ", ".join(f"{option} {value}" for option, value in network.options.items())

    values = {}
    for place, ((layer, saved), wanted) in enumerate(zip(network.layers.items(), ours)):
        for leaf, (name, shape) in wanted.items():
            kernel = len(shape) == 4
            expected = [shape[axis] for axis in (3, 2, 0, 1)] if kernel else shape
            value = saved.get(leaf, np.zeros(shape, np.float32) if leaf == "bias" else None)
            if value is None:
                raise UsageError(f"{network.file}: {layer}.{leaf} is missing; {what} has it, of shape {expected}")
            if list(value.shape) != expected:
                raise UsageError(
                    f"{network.file}: {layer}.{leaf} has shape {list(value.shape)}, which {what} does not explain: it would be {expected}"
                )
            values[name] = value.transpose(2, 3, 1, 0) if kernel else value
        norm_follows = place + 1 < len(ours) and len(ours[place + 1]["weight"][1]) == 1
        for leaf in set(saved) - set(wanted):
            if not (leaf == "bias" and norm_follows):
                raise UsageError(f"{network.file}: {layer}.{leaf} has no place in {what}")
    if len(network.layers) != len(ours):
        raise UsageError(f"{network.file}: has {len(network.layers)} layers with weights, but {what} has {len(ours)}")
    return values


def describe(network, norm):
    """One line about a network for the user."""
    what = ", ".join(f"{name} {value}" for name, value in network.options.items())
    return f"{network.file}: {what}, norm {norm}"


if __name__ == "__main__":
    run(main)
