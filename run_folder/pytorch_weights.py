"""Networks saved by pytorch-CycleGAN-and-pix2pix: read, recognised by their shapes, and converted to our variables."""

from __future__ import annotations

import collections
import io
import os
import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from base.errors import ConfigError, DataError, UsageError
from base.files import read_regular, reading
from base.signals import stop_signals_raised

# Their D_A judges what G_A makes, which is images of B.
NETWORKS = {"G_A": "generator_ab", "G_B": "generator_ba", "D_A": "discriminator_b", "D_B": "discriminator_a"}
LONE_GENERATOR = {"AtoB": "generator_ab", "BtoA": "generator_ba"}
SIGNS = {
    "resnet": "model.10.conv_block.",
    "unet": "model.model.0",
    "pixel": "net.0",
    "patch": "model.0",
}  # names only they have
UNUSED = (
    "running_mean",
    "running_var",
    "num_batches_tracked",
)  # statistics: this project normalises by those of the batch

TORCH, SAFE_TORCH = "torch>=2.6", (2, 6)  # before it, weights_only=True did not keep files from running code
MOST_BYTES = 4 * 2**30  # of a file; the usual four have 11 to 46 MB

State = Mapping[str, np.ndarray]  # float32 arrays by PyTorch's names


class SavedNetwork(NamedTuple):
    """A network in a .pth file."""

    file: str  # the file's name, for messages
    layers: dict[
        str, dict[str, np.ndarray]
    ]  # by name: "weight", "bias"; in the order in which images pass through them
    options: dict[str, Any]  # config values that its shapes tell
    norms: tuple[str, ...]  # values of the option `norm` that fit it, likeliest first


def read_networks(source: str, epoch: str = "latest", direction: str = "AtoB") -> dict[str, SavedNetwork]:
    """Reads the saved networks of a folder.

    Args:
      source: the folder.
      epoch: what the files' names begin with.
      direction: "AtoB" or "BtoA", what `<epoch>_net_G.pth` translates.

    Returns:
      dict of SavedNetwork by our name of the network; at least one generator.

    Raises:
      UsageError: there is no such folder, or no PyTorch to read it with.
      DataError: a file cannot be read or holds no network known here, or no generator is there.
    """
    source = os.path.expanduser(source)
    if not os.path.isdir(source):
        raise UsageError(f"--source={source}: no such folder")
    files = {f"{epoch}_net_{theirs}.pth": ours for theirs, ours in NETWORKS.items()}
    if not any(
        os.path.exists(os.path.join(source, file)) for file, ours in files.items() if ours.startswith("generator")
    ):
        files[f"{epoch}_net_G.pth"] = LONE_GENERATOR[direction]
    networks = {}
    for file, ours in files.items():
        if os.path.exists(os.path.join(source, file)):
            networks[ours] = recognize(file, read_state(os.path.join(source, file)), ours)
    if not any(ours.startswith("generator") for ours in networks):
        raise UsageError(
            f"{source} holds no generator: neither {epoch}_net_G_A.pth, {epoch}_net_G_B.pth nor {epoch}_net_G.pth"
        )
    return networks


def read_state(path: str) -> State:
    """Reads a state dict, without `module.` before its names; the errors are those of `read_networks`."""
    try:
        with stop_signals_raised():
            import torch
    except ImportError:
        raise UsageError(
            f"reading .pth files takes {TORCH}: pip install '{TORCH}', or this project with its extra [torch]"
        ) from None
    if tuple(map(int, re.findall(r"\d+", torch.__version__)[:2])) < SAFE_TORCH:
        reason = "older versions can be made to run code by a file"
        raise UsageError(f"reading .pth files takes {TORCH}, and {torch.__version__} is installed: {reason}")
    with reading():
        data = read_regular(path, MOST_BYTES)
    try:
        _check_uncompressed(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # whatever the broken bytes led it into
        reason = "it holds more than tensors, or is damaged"  # PyTorch's own advice is to let the file run code
        reason = reason if isinstance(error, pickle.UnpicklingError) else _first_line(error)
        raise DataError(f"{path}: cannot be read as weights saved by PyTorch ({reason})") from None
    if not isinstance(state, dict) or not state or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise DataError(f"{path}: holds no state dict, which is tensors by name")
    stranger = next((name for name in state if not isinstance(name, str)), None)
    if stranger is not None:
        raise DataError(f"{path}: holds no state dict, which is tensors by name: one is called {_first_line(stranger)}")
    arrays = {}
    for name, value in state.items():
        try:
            arrays[name.removeprefix("module.")] = _array(value)
        except (DataError, RuntimeError, TypeError, ValueError, MemoryError) as error:
            raise DataError(f"{path}: {name} {_first_line(error)}") from None
    return arrays


def _check_uncompressed(data: bytes) -> None:
    """Raises DataError for a zip file that would become larger; PyTorch writes none."""
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > len(data):
                raise DataError("it is compressed")


def _array(value: Any) -> np.ndarray:
    """Gives the numbers in a tensor of PyTorch's as float32; DataError where there is not one for each place."""
    strided = str(value.layout) == "torch.strided" and not (value.is_quantized or value.is_meta or value.is_complex())
    if not strided or value.numel() * value.element_size() > value.untyped_storage().nbytes():
        raise DataError("is no dense tensor of real numbers")
    array = value.detach().float().numpy()
    if not np.isfinite(array).all():
        raise DataError("holds something that is not a finite number")
    return array


def _first_line(what: Any) -> str:
    return (str(what).strip() or type(what).__name__).splitlines()[0][:200]


def recognize(file: str, state: State, role: str) -> SavedNetwork:
    """Works out what network a state dict holds.

    Args:
      file: its name, for messages.
      state: what it holds.
      role: our name of the network it is to be ("generator_ab").

    Raises:
      DataError: it is none that is known here, or no network for this role.
    """
    layers = group_layers(state)
    incomplete = next((name for name, layer in layers.items() if "weight" not in layer), None)
    if incomplete is not None:
        raise DataError(f"{file}: {incomplete}.weight is missing")
    kernels = {name: layer["weight"] for name, layer in layers.items() if layer["weight"].ndim == 4}
    kind = next((kind for kind, sign in SIGNS.items() if any(name.startswith(sign) for name in kernels)), None)
    if kind is None or len(kernels) < 3:
        what = f"{next(iter(state))} and what follows it"
        raise DataError(f"{file}: {what} are no generator or discriminator known here")
    played = "generator" if kind in ("resnet", "unet") else "discriminator"
    if not role.startswith(played):
        raise DataError(f"{file}: holds a {kind} {played} where a {role.split('_')[0]} should be")

    first, inner, *_, last = kernels
    width, channels = kernels[first].shape[:2]
    if played == "discriminator":
        options = {"discriminator": kind, f"channels_{role[-1]}": channels, "ndf": width}
    else:
        options = {"generator": kind, f"channels_{role[-2]}": channels, "ngf": width}
    if kind == "resnet":
        blocks = len({name.split(".conv_block.")[0] for name in kernels if ".conv_block." in name})
        if len(kernels) != 6 + 2 * blocks:
            wanted = f"a ResNet generator of {blocks} blocks has {6 + 2 * blocks}"
            raise DataError(f"{file}: has {len(kernels)} convolutions, but {wanted}")
        options["generator_blocks"] = blocks
        options["dropout"] = any(name.endswith("conv_block.6") for name in kernels)
        options[f"channels_{role[-1]}"] = kernels[last].shape[0]
    elif kind == "unet":
        options["unet_levels"] = len(kernels) // 2
        options[f"channels_{role[-1]}"] = kernels[last].shape[1]
    elif kind == "patch":
        options["discriminator_layers"] = len(kernels) - 2
    return SavedNetwork(file, layers, options, possible_norms(state, layers, inner))


def group_layers(state: State) -> dict[str, dict[str, np.ndarray]]:
    """The layers with weights as dicts of "weight" and "bias", by name, in the order in which images pass through them.

    All these networks are chains whose modules are numbered along the way; a U-Net's levels are numbered down, inwards,
    and up again.
    """
    layers: dict[str, dict[str, np.ndarray]] = collections.defaultdict(dict)
    for name in sorted(state, key=lambda name: [part.zfill(4) for part in name.split(".")]):
        layer, _, leaf = name.rpartition(".")
        if leaf not in UNUSED:
            layers[layer][leaf] = state[name]
    return dict(layers)


def possible_norms(state: State, layers: Mapping[str, Mapping[str, np.ndarray]], inner: str) -> tuple[str, ...]:
    """The norms whose networks have these weights, likeliest first.

    Args:
      state: the weights.
      layers: the same, grouped.
      inner: the name of a convolution that a norm follows, if there are norms.
    """
    if any(layer["weight"].ndim == 1 for layer in layers.values()):
        tracked = any(name.endswith("running_mean") for name in state)
        return ("batch", "affine_instance") if tracked else ("affine_instance", "batch")
    return ("instance", "none") if "bias" in layers[inner] else ("none", "instance")


def shared_options(networks: Mapping[str, SavedNetwork], given: Mapping[str, Any]) -> dict[str, Any]:
    """The config values that the files tell; where they leave a choice, the value given, or else the likeliest.

    Args:
      networks: at least one, by our names.
      given: values on the command line, by option name; None where the choice is left to the program.

    Returns:
      dict of values by option name.

    Raises:
      DataError: two networks disagree, which one run cannot hold.
      ConfigError: a given value is not that of the files.
    """
    given = {name: value for name, value in given.items() if value is not None}
    first, *others = networks.values()
    told, where, norms = dict(first.options), dict.fromkeys(first.options, first.file), first.norms
    for network in others:
        for name, value in network.options.items():
            if told.setdefault(name, value) != value:
                other = f"{where[name]} has {told[name]}"
                raise DataError(f"{network.file} has {name} {value}, but {other}; a run takes one for both")
            where.setdefault(name, network.file)
        norms = tuple(norm for norm in norms if norm in network.norms)
        if not norms:
            theirs, ours = " or ".join(network.norms), " or ".join(first.norms)
            raise DataError(f"{network.file} has weights as with norm {theirs}, but {first.file} with {ours}")

    choices: dict[str, Any] = {"norm": norms[0]}
    if "dropout" in told:
        choices["dropout"] = told.pop("dropout")  # it has no weights
    if told["generator"] == "unet":
        choices["image_size"] = 2 ** told["unet_levels"]
    if told["channels_a"] != told["channels_b"]:
        choices["lambda_identity"] = 0.0  # the only value that fits
    for name, value in told.items():
        if given.get(name, value) != value:
            raise ConfigError(f"--{name}={given[name]}: {where[name]} has {value}")
    if given.get("norm", norms[0]) not in norms:
        raise ConfigError(f"--norm={given['norm']}: the weights in {first.file} are of norm {' or '.join(norms)}")
    return {**told, **{name: given.get(name, value) for name, value in choices.items()}}


def convert(network: SavedNetwork, shapes: Mapping[str, list[int]]) -> dict[str, np.ndarray]:
    """Gives the weights of a saved network the names and layout of our variables.

    Convolutions go from [out, in, height, width] to [height, width, in, out], and transposed ones from
    [in, out, height, width] to [height, width, out, in]: the same permutation. A bias that only one side has changes
    nothing: one that the file lacks is 0, and one that our network lacks stands in front of a norm, which subtracts it
    again.

    Args:
      network: what was saved.
      shapes: of our network's variables, by name, in the order of their making, which is that of the layers.

    Returns:
      float32 arrays by variable name.

    Raises:
      DataError: naming the first layer that does not fit.
    """
    layers: dict[str, dict[str, tuple[str, list[int]]]] = collections.defaultdict(dict)
    for name, shape in shapes.items():
        layer, _, leaf = name.rpartition("/")
        layers[layer][{"kernel": "weight", "scale": "weight", "offset": "bias"}.get(leaf, leaf)] = (name, shape)
    ours = list(layers.values())
    what = ", ".join(f"{option} {value}" for option, value in network.options.items())

    values = {}
    for index, ((layer, saved), wanted) in enumerate(zip(network.layers.items(), ours)):
        for leaf, (name, shape) in wanted.items():
            kernel = len(shape) == 4
            expected = [shape[axis] for axis in (3, 2, 0, 1)] if kernel else shape
            value = saved.get(leaf, np.zeros(shape, np.float32) if leaf == "bias" else None)
            if value is None:
                raise DataError(f"{network.file}: {layer}.{leaf} is missing; {what} has it, of shape {expected}")
            if list(value.shape) != expected:
                found = f"{layer}.{leaf} has shape {list(value.shape)}"
                raise DataError(f"{network.file}: {found}, which {what} does not explain: it would be {expected}")
            values[name] = value.transpose(2, 3, 1, 0) if kernel else value
        norm_follows = index + 1 < len(ours) and len(ours[index + 1]["weight"][1]) == 1
        for leaf in set(saved) - set(wanted):
            if not (leaf == "bias" and norm_follows):
                raise DataError(f"{network.file}: {layer}.{leaf} has no place in {what}")
    if len(network.layers) != len(ours):
        raise DataError(f"{network.file}: has {len(network.layers)} layers with weights, but {what} has {len(ours)}")
    return values
