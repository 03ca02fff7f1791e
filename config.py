"""The options that every model takes. A model adds its own in a subclass of `Config`, which lies beside the model."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, TypeVar

from base.errors import ConfigError
from base.machine import PRECISIONS
from base.options import Options, option, options
from base.places import is_remote
from inputs.preprocess import CROPPING, MODES, SCALING
from ops.initializers import INITIALIZERS
from ops.schedules import POLICIES

GROUPS = ("run", "data", "networks", "losses", "training", "watching")  # of options, in the order of `--help`
ConfigType = TypeVar("ConfigType", bound="Config")
PREPROCESS_HELP = (
    "How images become training crops; scale_and_crop scales the shorter side, pad_and_crop mirrors the border"
)
PLACES = ("run_dir", "overwrite", "accept_changed_data")  # options that are about this start, not about the run


@dataclasses.dataclass(frozen=True)
class Config(Options):
    """What every model takes. `check` refuses what does not go together."""

    model: str = option(
        "cyclegan", "Model to train: a name, or the path of a Python file with one (docs/extend.md).", "run"
    )
    preset: str | None = option(
        None,
        "Recipe to start from: a name below, or the path of a .py or .json file; flags given beside it win.",
        "run",
    )
    data_dir: str | None = option(
        None, "Output of build_data.py, or images as they are (docs/data.md). CycleGAN: 'scenes' are built in.", "run"
    )
    run_dir: str = option(
        None, "Folder of the run: checkpoints, samples, TensorBoard events.", "run", auto="runs/<preset or model>"
    )
    seed: int = option(
        0, "Seed of weights, data order, augmentation, dropout and image pool.", "run", low=0, high=2**31 - 1
    )
    overwrite: bool = option(False, "Start anew in a run folder that holds a run, deleting it.", "run")

    accept_changed_data: bool = option(
        False, "Continue a run although its data changed; the change is recorded.", "run"
    )

    image_size: int = option(256, "Side of the training crop, in pixels.", "data", low=8, high=2**14)
    load_size: int = option(
        None,
        "Side before the crop, in pixels.",
        "data",
        low=1,
        high=2**15,
        auto="image_size * 286 / 256, with pad_and_crop image_size * 40 / 32",
        only={"preprocess": SCALING},
    )
    preprocess: str = option(
        "resize_and_crop",
        f"{PREPROCESS_HELP}, none only rounds the sides to multiples of 4.",
        "data",
        MODES,
    )
    flip: bool = option(True, "Mirror half of the training images left to right.", "data")
    batch_size: int = option(1, "Images of each domain in one step.", "data", low=1, high=2**16)
    read_processes: int = option(
        0,
        "Processes that read, decode and resize images, where a fast step waits for them; 0: threads do.",
        "data",
        low=0,
        high=1024,
        resumable=True,
    )

    init: str = option("normal", "Initial weights.", "networks", tuple(INITIALIZERS))
    init_from: str | None = option(
        None,
        "Run folder whose weights a new run starts from, instead; data, sizes and optimizers may be others.",
        "networks",
        metavar="DIR",
    )
    init_networks: str | None = option(
        None, "The networks that --init_from is for; without the flag, all.", "networks", ("all", "generators")
    )

    max_steps: int = option(200_000, "Length of the run, in steps.", "training", low=1, high=10**12, resumable=True)
    epochs: int | None = option(
        None,
        "Length of the run, in passes over the largest training set, instead of max_steps.",
        "training",
        low=1,
        high=10**9,
        resumable=True,
    )
    learning_rate: float = option(2e-4, "Learning rate at the start.", "training", low=0.0)
    lr_policy: str = option(
        "linear",
        "Course of the learning rate: linear is constant for half of the run, then falls to 0.",
        "training",
        POLICIES,
    )
    accumulate: int = option(
        1,
        "Parts that a batch is computed in, one after the other: the same steps with the memory of one part.",
        "training",
        low=1,
        high=2**16,
        resumable=True,
    )
    precision: str = option(
        None,
        "Dtype of the networks; weights and losses stay float32.",
        "training",
        PRECISIONS,
        auto="the fastest that this machine computes well",
    )
    xla: bool = option(
        False,
        "Compile the step with XLA: seconds to minutes before the first step; slower on most CPUs.",
        "training",
        resumable=True,
    )

    deterministic: bool = option(
        False,
        "Compute the same bits on any number of cores of one kind: one thread for each op, slower where ops are large.",
        "training",
    )

    checkpoint_every: int = option(1000, "Steps between checkpoints.", "watching", low=1, high=10**12, resumable=True)
    keep_checkpoints: int = option(
        3, "Checkpoints kept; older ones are deleted.", "watching", low=1, high=10**6, resumable=True
    )
    summary_every: int = option(
        50, "Steps between points of the TensorBoard curves.", "watching", low=1, high=10**12, resumable=True
    )
    sample_every: int = option(500, "Steps between sample grids.", "watching", low=1, high=10**12, resumable=True)
    evaluate_every: int | None = option(
        None,
        "Steps between evaluations on test images: figures for TensorBoard and metrics.jsonl (docs/evaluate.md).",
        "watching",
        low=1,
        high=10**12,
        resumable=True,
    )
    evaluate: str | None = option(
        None,
        "The measures that --evaluate_every takes, joined by commas: swd,psnr; without the flag, all that fit.",
        "watching",
        resumable=True,
        metavar="NAMES",
    )
    keep_best: str | None = option(
        None,
        "Of these, the measure by which the best checkpoint is kept beside the newest.",
        "watching",
        resumable=True,
        metavar="NAME",
    )
    trace_every: int | None = option(
        None,
        "Steps between full traces for TensorBoard and Chrome, each some seconds long.",
        "watching",
        low=1,
        high=10**12,
        resumable=True,
    )

    def automatic(self) -> dict[str, Any]:
        border = 40 / 32 if self.preprocess == "pad_and_crop" else 286 / 256
        return {
            "load_size": round(self.image_size * border),
            "run_dir": default_run_dir(self.preset, self.model),
        }

    def check(self) -> None:
        if self.batch_size % self.accumulate:
            raise ConfigError(
                f"--accumulate={self.accumulate} parts of one size cannot be made of --batch_size={self.batch_size}; "
                "choose one of its divisors"
            )
        if self.read_processes and self.data_dir and is_remote(self.data_dir):
            raise ConfigError(
                f"--read_processes={self.read_processes} is for data on this machine; data at {self.data_dir} is read "
                "by threads: leave the flag out"
            )
        if self.init_networks and not self.init_from:
            raise ConfigError(
                f"--init_networks={self.init_networks} has no effect without --init_from; leave it out, or name a run"
            )
        for name in ("evaluate", "keep_best"):
            if getattr(self, name) and not self.evaluate_every:
                raise ConfigError(
                    f"--{name}={getattr(self, name)} has no effect without --evaluate_every; leave it out, or say how "
                    "often"
                )
        if self.crops and "load_size" in self.values() and self.image_size > self.load_size:
            raise ConfigError(
                f"--image_size={self.image_size} is larger than --load_size={self.load_size}: a crop cannot be larger "
                "than the image it is cut from; raise load_size (auto chooses it) or lower image_size"
            )
        if self.xla and not self.crops:
            raise ConfigError(
                f"--xla compiles the step for one size, and --preprocess={self.preprocess} gives images of many; "
                "leave out --xla, or choose a preprocess that crops"
            )

    def check_workers(self, count: int) -> None:
        """Raises ConfigError where so many workers cannot share a batch."""
        if self.part_size % count:
            parts = f" in {self.accumulate} parts" if self.accumulate > 1 else ""
            raise ConfigError(f"--batch_size={self.batch_size}{parts} cannot be shared by {count} workers evenly")

    def with_data(self: ConfigType, sources: Mapping[str, Any]) -> ConfigType:
        """The config with what only the data can say: how many steps the epochs are.

        Args:
          sources: dict by split name of the training sets, which have a length.
        """
        if self.epochs is None:
            return self
        images = max(map(len, sources.values()))
        return dataclasses.replace(self, max_steps=math.ceil(self.epochs * images / self.batch_size))

    def least_memory(self) -> int:
        """Bytes that a training step takes at the very least; a model adds its activations to the images."""
        return 4 * 3 * self.part_size * self.image_size**2 if self.crops else 0

    @property
    def part_size(self) -> int:
        """Images of each stream in one part of a batch."""
        return self.batch_size // self.accumulate

    @property
    def least_side(self) -> int:
        """The least height and width of an image that the networks take, in pixels."""
        return 1

    @property
    def crops(self) -> bool:
        """Whether every training image has image_size rows and columns."""
        return self.preprocess in CROPPING

    def values(self) -> dict[str, Any]:
        """The values that describe the run, as JSON has them: no options without effect, nor where the run lies."""
        return {
            name: option.write(getattr(self, name))
            for name, option in options(type(self)).items()
            if name not in PLACES and self.has_effect(name)
        }


@dataclasses.dataclass(frozen=True)
class BatchNormConfig(Config):
    """What models take whose networks may have batch norms."""

    sync_batch_norm: bool = option(
        True,
        "Batch norms take the statistics of the whole batch; without, those of each part (--accumulate) alone.",
        "networks",
    )

    def check(self) -> None:
        super().check()
        if self.accumulate > 1 and self.sync_batch_norm and self.has_effect("sync_batch_norm"):
            raise ConfigError(
                f"--accumulate={self.accumulate} parts are computed one after the other, but batch norms need the "
                "whole batch at once; pass --accumulate=1, or --nosync_batch_norm for the statistics of each part alone"
            )


def default_run_dir(preset: str | None, model: str) -> str:
    """The run folder where none is given: "runs/" and the name of the preset or model, each of which may be a path."""
    return str(PurePath("runs", PurePath(preset or model).stem))
