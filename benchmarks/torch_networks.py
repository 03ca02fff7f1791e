"""The networks of CycleGAN in PyTorch, nested so that their state dicts have the reference's names and shapes.

That is, those of what pytorch-CycleGAN-and-pix2pix saves. All images are NCHW.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from models.cyclegan import CycleGANConfig

NORMS = {
    "instance": lambda channels: nn.InstanceNorm2d(channels),
    "affine_instance": lambda channels: nn.InstanceNorm2d(channels, affine=True),
    "batch": lambda channels: nn.BatchNorm2d(channels),  # stays in training mode: batch statistics, in use too
    "none": lambda channels: nn.Identity(),
}
WITH_OFFSET = ("affine_instance", "batch")


class ResNetBlock(nn.Module):
    """x + what two reflection-padded 3x3 convolutions make of it."""

    def __init__(self, width: int, norm: str, dropout: bool, leak: float):
        super().__init__()
        bias = norm not in WITH_OFFSET
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=bias), NORMS[norm](width), activation(leak),
            *([nn.Dropout(0.5)] if dropout else []),
            nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=bias), NORMS[norm](width),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.conv_block(x)


class ResNetGenerator(nn.Module):
    """c7s1-ngf, d2ngf, d4ngf, R4ngf x blocks, u2ngf, ungf, c7s1-channels (Zhu et al. 2017)."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        ngf: int = 64,
        blocks: int = 9,
        norm: str = "instance",
        dropout: bool = False,
        upsampling: str = "transpose",
        leak: float = 0.0,
        long_skip: bool = False,
    ):
        super().__init__()
        bias = norm not in WITH_OFFSET
        encoder = [nn.ReflectionPad2d(3), nn.Conv2d(channels_in, ngf, 7, bias=bias), NORMS[norm](ngf), activation(leak)]
        for width in (2 * ngf, 4 * ngf):
            down = nn.Conv2d(width // 2, width, 3, stride=2, padding=1, bias=bias)
            encoder += [down, NORMS[norm](width), activation(leak)]
        decoder: list[nn.Module] = []
        for width in (2 * ngf, ngf):
            decoder += [doubling(2 * width, width, upsampling, bias), NORMS[norm](width), activation(leak)]
        decoder += [nn.ReflectionPad2d(3), nn.Conv2d(ngf, channels_out, 7), nn.Tanh()]
        inner = [ResNetBlock(4 * ngf, norm, dropout, leak) for _ in range(blocks)]
        self.model = nn.Sequential(*encoder, *inner, *decoder)
        self._encoded, self._decoded, self._long_skip = len(encoder), len(encoder) + blocks, long_skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self._long_skip:
            return self.model(x)
        encoded = self.model[: self._encoded](x)
        return self.model[self._decoded :](self.model[self._encoded : self._decoded](encoded) + encoded)


def activation(leak: float) -> nn.Module:
    """x where it is positive, else leak * x."""
    return nn.LeakyReLU(leak, True) if leak else nn.ReLU(True)


def doubling(channels_in: int, channels_out: int, kind: str, bias: bool) -> nn.Module:
    """Doubles height and width: "transpose" is a transposed convolution, "resize" repeats pixels and convolves."""
    if kind == "transpose":
        return nn.ConvTranspose2d(channels_in, channels_out, 3, stride=2, padding=1, output_padding=1, bias=bias)
    if kind == "resize":
        convolution = nn.Conv2d(channels_in, channels_out, 3, bias=bias)
        return nn.Sequential(nn.Upsample(scale_factor=2), nn.ReflectionPad2d(1), convolution)
    raise ValueError(f"upsampling is {kind!r}; it must be transpose or resize")


class UNetLevel(nn.Module):
    """One halving, the levels inside it, and the doubling back; the input passes beside it on a skip."""

    def __init__(self, outer: int, inner: int, inside: nn.Module | None, norm: str, dropout: bool, leak: float):
        super().__init__()
        bias = norm not in WITH_OFFSET
        down = [nn.LeakyReLU(leak), nn.Conv2d(outer, inner, 4, stride=2, padding=1, bias=bias)]
        if inside:
            down += [NORMS[norm](inner), inside]
        up = nn.ConvTranspose2d(2 * inner if inside else inner, outer, 4, stride=2, padding=1, bias=bias)
        self.model = nn.Sequential(*down, nn.ReLU(), up, NORMS[norm](outer), *([nn.Dropout(0.5)] if dropout else []))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([x, self.model(x)], dim=1)


class UNetOutermost(nn.Module):
    """The level at full resolution: images in, images out, no skip and no norm."""

    def __init__(self, channels_in: int, channels_out: int, width: int, inside: nn.Module, bias: bool):
        super().__init__()
        down = nn.Conv2d(channels_in, width, 4, stride=2, padding=1, bias=bias)
        up = nn.ConvTranspose2d(2 * width, channels_out, 4, stride=2, padding=1)
        self.model = nn.Sequential(down, inside, nn.ReLU(), up, nn.Tanh())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.model(x)


class UNetGenerator(nn.Module):
    """Encoder and decoder with a skip at every resolution (Isola et al. 2016)."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        ngf: int = 64,
        levels: int = 8,
        norm: str = "instance",
        dropout: bool = False,
        leak: float = 0.2,
    ):
        super().__init__()
        widths = [ngf * min(2**level, 8) for level in range(levels)]

        def level_at(depth):
            inside = level_at(depth + 1) if depth + 1 < levels else None
            drops = dropout and depth >= levels - 3 and widths[depth - 1] == 8 * ngf
            return UNetLevel(widths[depth - 1], widths[depth], inside, norm, drops, leak)

        self.model = UNetOutermost(channels_in, channels_out, ngf, level_at(1), bias=norm not in WITH_OFFSET)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.model(x)


class PatchDiscriminator(nn.Module):
    """PatchGAN: one logit for each overlapping patch (Isola et al. 2016)."""

    def __init__(self, channels_in: int, ndf: int = 64, layers: int = 3, norm: str = "instance", leak: float = 0.2):
        super().__init__()
        chain = [nn.Conv2d(channels_in, ndf, 4, stride=2, padding=1), nn.LeakyReLU(leak, True)]
        for layer in range(1, layers + 1):
            before, width = (ndf * min(2**i, 8) for i in (layer - 1, layer))
            stride = 2 if layer < layers else 1
            convolution = nn.Conv2d(before, width, 4, stride=stride, padding=1, bias=norm not in WITH_OFFSET)
            chain += [convolution, NORMS[norm](width), nn.LeakyReLU(leak, True)]
        self.model = nn.Sequential(*chain, nn.Conv2d(width, 1, 4, padding=1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.model(x)


class PixelDiscriminator(nn.Module):
    """One logit for each pixel, from its colour alone."""

    def __init__(self, channels_in: int, ndf: int = 64, norm: str = "instance", leak: float = 0.2):
        super().__init__()
        bias = norm not in WITH_OFFSET
        self.net = nn.Sequential(
            nn.Conv2d(channels_in, ndf, 1), nn.LeakyReLU(leak, True),
            nn.Conv2d(ndf, 2 * ndf, 1, bias=bias), NORMS[norm](2 * ndf), nn.LeakyReLU(leak, True),
            nn.Conv2d(2 * ndf, 1, 1, bias=bias),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x)


def make_generator(config: CycleGANConfig, channels_in: int, channels_out: int) -> nn.Module:
    """The generator that a config describes."""
    common: dict[str, Any] = {"ngf": config.ngf, "norm": config.norm, "dropout": config.dropout, "leak": config.leak}
    if config.generator == "unet":
        return UNetGenerator(channels_in, channels_out, levels=config.unet_levels, **common)
    if config.generator == "resnet":
        blocks, upsampling, long_skip = config.generator_blocks, config.upsampling, config.long_skip
        own: dict[str, Any] = {"blocks": blocks, "upsampling": upsampling, "long_skip": long_skip}
        return ResNetGenerator(channels_in, channels_out, **own, **common)
    raise ValueError(f"generator is {config.generator!r}; it must be resnet or unet")


def make_discriminator(config: CycleGANConfig, channels: int) -> nn.Module:
    """The discriminator that a config describes."""
    common: dict[str, Any] = {"ndf": config.ndf, "norm": config.norm, "leak": config.discriminator_leak}
    if config.discriminator == "pixel":
        return PixelDiscriminator(channels, **common)
    if config.discriminator == "patch":
        return PatchDiscriminator(channels, layers=config.discriminator_layers, **common)
    raise ValueError(f"discriminator is {config.discriminator!r}; it must be patch or pixel")


def initialize(network: nn.Module, scale_mean: float = 1.0) -> None:
    """Draws kernels from N(0, 0.02) and the scales of norms from N(scale_mean, 0.02); biases and offsets are 0."""
    for name, parameter in network.named_parameters():
        if name.endswith(".bias"):
            nn.init.zeros_(parameter)
        else:
            nn.init.normal_(parameter, 0.0 if parameter.ndim == 4 else scale_mean, 0.02)
