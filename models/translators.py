"""What CycleGAN and pix2pix share: options of networks and losses, and the networks that a config describes."""

from __future__ import annotations

import dataclasses
from typing import Any

from base.errors import ConfigError
from base.graph_mode import tf
from base.options import changed, option
from config import BatchNormConfig
from models.model import Translation
from modules.discriminators import patch_discriminator, pixel_discriminator
from modules.generators import UPSAMPLING, resnet_generator, unet_generator
from ops.norm import find_norm

RESNET, UNET = {"generator": ("resnet",)}, {"generator": ("unet",)}
RESNET_MULTIPLE, RESNET_SMALLEST = 4, 8  # pixels: it halves twice, and its reflection needs two rows after that


@dataclasses.dataclass(frozen=True)
class TranslatorConfig(BatchNormConfig):
    """What models take whose generators make images of images, judged by discriminators."""

    channels_a: int = option(3, "Channels of domain A: 3 for RGB, 1 for grey.", "data", (1, 3))
    channels_b: int = option(3, "Channels of domain B: 3 for RGB, 1 for grey.", "data", (1, 3))

    generator: str = option("resnet", "Network of the generators.", "networks", ("resnet", "unet"))
    generator_blocks: int = option(
        9, "Residual blocks; 6 are usual at 128 px and below.", "networks", low=1, high=1000, only=RESNET
    )
    unet_levels: int = option(
        None, "Halvings.", "networks", low=2, high=12, auto="as many as lead to 1 pixel", only=UNET
    )
    ngf: int = option(64, "Width of the generators' first layer.", "networks", low=1, high=4096)
    upsampling: str = option(
        "transpose",
        "How the ResNet doubles height and width; resize avoids checkerboards.",
        "networks",
        tuple(UPSAMPLING),
        only=RESNET,
    )
    leak: float = option(
        None,
        "Slope below 0 of the generators' activations (of the U-Net: its encoder's).",
        "networks",
        low=0.0,
        high=1.0,
        auto="0 in the ResNet, 0.2 in the U-Net",
    )
    long_skip: bool = option(False, "Add the encoder's output to the decoder's input.", "networks", only=RESNET)
    dropout: bool = option(False, "Dropout of 0.5 in the generators.", "networks")
    recompute: bool = option(
        False,
        "Compute what the generators' layers give again for the gradients, rather than keep it: the same bits, less "
        "memory, more time.",
        "training",
        only={**RESNET, "xla": (False,)},  # which chooses itself what to keep
        resumable=True,
    )
    discriminator: str = option(
        "patch", "Network of the discriminators: patches of pixels, or single pixels.", "networks", ("patch", "pixel")
    )
    discriminator_layers: int = option(
        3, "Layers of stride 2; 3 see 70 x 70 px.", "networks", low=1, high=7, only={"discriminator": ("patch",)}
    )
    discriminator_leak: float = option(
        0.2, "Slope below 0 of the discriminators' activations.", "networks", low=0.0, high=1.0
    )
    discriminator_bias: bool = option(
        True, "Biases in the discriminators; without, only the last convolution has one.", "networks"
    )
    ndf: int = option(64, "Width of the discriminators' first layer.", "networks", low=1, high=4096)
    norm: str = option("instance", "Normalisation.", "networks", ("instance", "affine_instance", "batch", "none"))
    norm_scale: float = option(
        1.0, "Mean of the norm's learned scales at the start.", "networks", only={"norm": ("affine_instance", "batch")}
    )
    sync_batch_norm: bool = changed(BatchNormConfig, "sync_batch_norm", True, only={"norm": ("batch",)})

    gan_loss: str = option("lsgan", "Adversarial loss.", "losses", ("lsgan", "vanilla", "hinge", "wgangp"))
    real_label: float = option(
        1.0,
        "Target for real images; 0.9 smooths it.",
        "losses",
        low=0.0,
        high=1.0,
        only={"gan_loss": ("lsgan", "vanilla")},
    )
    lambda_penalty: float = option(
        10.0, "Weight of the gradient penalty.", "losses", low=0.0, only={"gan_loss": ("wgangp",)}
    )
    beta1: float = option(0.5, "Adam: decay of the mean of gradients.", "training", low=0.0, high=0.9999)
    beta2: float = option(0.999, "Adam: decay of the mean of squared gradients.", "training", low=0.0, high=0.99999)

    def automatic(self) -> dict[str, Any]:
        return {
            **super().automatic(),
            "unet_levels": max(self.image_size.bit_length() - 1, 2),
            "leak": 0.0 if self.generator == "resnet" else 0.2,
        }

    def check(self) -> None:
        super().check()
        if self.batch_size > 1 and not self.crops:
            raise ConfigError(
                f"--preprocess={self.preprocess} gives images of different sizes, which make no batch of "
                f"{self.batch_size}; pass --batch_size=1, or a preprocess that crops"
            )
        if self.generator == "unet" and not self.crops:
            raise ConfigError(
                f"--preprocess={self.preprocess} gives images whose sides are multiples of {RESNET_MULTIPLE}, but the "
                f"U-Net needs multiples of {self.size_multiple}; pass a preprocess that crops, or --generator=resnet"
            )
        sized = "image_size" if self.crops else "load_size" if self.preprocess == "scale_width" else None
        if sized and getattr(self, sized) < self.least_side:
            advice = "; pass fewer --discriminator_layers, or --discriminator=pixel"
            raise ConfigError(
                f"--{sized}={getattr(self, sized)}: the networks need at least {self.least_side} px"
                + (advice if self.least_side == self._patch_side else "")
            )
        if self.crops and self.image_size % self.size_multiple:
            raise ConfigError(
                f"--image_size={self.image_size} must be a multiple of {self.size_multiple} for the "
                f"{self.generator} generator"
            )

    def check_workers(self, count: int) -> None:
        super().check_workers(count)
        if count > 1 and self.recompute and self.sync_batch_norm and self.has_effect("sync_batch_norm"):
            raise ConfigError(
                f"--recompute would have {count} workers add up the statistics of batch norms a second time, which "
                "they cannot; pass --nosync_batch_norm, --norm=instance or --norecompute"
            )

    def least_memory(self) -> int:
        first_layer = (
            3 * self.ngf if self.generator == "resnet" else self.ngf // 2
        )  # channels of what one pass keeps of it
        return super().least_memory() + 4 * self.part_size * first_layer * self.image_size**2 if self.crops else 0

    @property
    def least_side(self) -> int:
        return max(self._patch_side, RESNET_SMALLEST if self.generator == "resnet" else self.size_multiple)

    @property
    def _patch_side(self) -> int:
        """The least height and width of which the discriminators make a patch."""
        return 3 * 2**self.discriminator_layers if self.discriminator == "patch" else 1

    @property
    def size_multiple(self) -> int:
        """What height and width of a generator's input must be multiples of, in pixels."""
        return 2**self.unet_levels if self.generator == "unet" else RESNET_MULTIPLE


def build_generator(
    config: TranslatorConfig, images: tf.Tensor, channels: int, step: tf.Tensor, name: str, call: str
) -> tf.Tensor:
    """Calls the generator that a config names.

    Args:
      config: its precision is chosen.
      images: float32 tensor [batch, height, width, input channels] in [-1, 1]; sides are multiples of
        `config.size_multiple`.
      channels: output channels.
      step: integer scalar tensor, for dropout.
      name, call: of the network, whose calls share variables, and of this use of it (see `ops.scope`).

    Returns:
      float32 tensor [batch, height, width, channels] in [-1, 1].
    """
    options = {
        "ngf": config.ngf,
        "norm": find_norm(config.norm, config.norm_scale),
        "leak": config.leak,
        "dropout": 0.5 * config.dropout,
        "dtype": config.precision,
        "step": step,
        "name": name,
        "call": call,
    }
    if config.generator == "unet":
        return unet_generator(images, channels, levels=config.unet_levels, **options)
    if config.generator == "resnet":
        blocks, upsampling, long_skip = config.generator_blocks, config.upsampling, config.long_skip
        return resnet_generator(images, channels, blocks=blocks, upsampling=upsampling, long_skip=long_skip, **options)
    raise ValueError(f"generator is {config.generator!r}; it must be resnet or unet")


def build_discriminator(config: TranslatorConfig, images: tf.Tensor, name: str, call: str) -> tf.Tensor:
    """Calls the discriminator that a config names, as `build_generator` does; gives a float32 map of logits."""
    options = {
        "ndf": config.ndf,
        "norm": find_norm(config.norm, config.norm_scale),
        "leak": config.discriminator_leak,
        "bias": config.discriminator_bias,
        "dtype": config.precision,
        "name": name,
        "call": call,
    }
    if config.discriminator == "pixel":
        return pixel_discriminator(images, **options)
    if config.discriminator == "patch":
        return patch_discriminator(images, layers=config.discriminator_layers, **options)
    raise ValueError(f"discriminator is {config.discriminator!r}; it must be patch or pixel")


def translation(config: TranslatorConfig, source: tf.Tensor, result: tf.Tensor) -> Translation:
    """The serving signature of a generator that a config describes."""
    smallest = config.size_multiple if config.generator == "unet" else RESNET_SMALLEST
    return Translation(source, result, config.size_multiple, smallest)
