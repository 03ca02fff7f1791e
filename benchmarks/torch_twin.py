"""CycleGAN in PyTorch, written independently of the graph code: what the parity tests and the benchmark compare with.

All images are NCHW. A value of an option that is not implemented here is refused (see `check_implemented`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from base.options import options
from benchmarks.torch_networks import NORMS, initialize, make_discriminator, make_generator
from models.cyclegan import CycleGANConfig

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}

ELSEWHERE = ("run", "data", "watching")  # groups of options about where images come from and what is written
ALL: tuple = ()  # all values that the option may have
IMPLEMENTED: dict[str, tuple] = {  # values of the other options; of those that are not listed, the default alone
    **dict.fromkeys(("generator", "generator_blocks", "unet_levels", "ngf", "leak", "long_skip", "dropout"), ALL),
    **dict.fromkeys(("discriminator", "discriminator_layers", "discriminator_leak", "ndf", "norm_scale"), ALL),
    **dict.fromkeys(("real_label", "lambda_a", "lambda_b", "lambda_identity", "lambda_penalty", "pool_size"), ALL),
    **dict.fromkeys(("max_steps", "epochs", "learning_rate", "beta1", "beta2"), ALL),
    "upsampling": ("transpose", "resize"),
    "norm": tuple(NORMS),
    "gan_loss": ("lsgan", "vanilla", "hinge", "wgangp"),
    "lr_policy": ("linear", "constant"),
    "precision": tuple(PRECISIONS),
}


def check_implemented(config: CycleGANConfig) -> None:
    """Refuses a config that asks for what this version does not have.

    Raises:
      ValueError: naming the option, its value and those that there are.
    """
    kind: type = type(config)
    for name, option in options(kind).items():
        if option.group in ELSEWHERE or not config.has_effect(name):
            continue
        implemented, value = IMPLEMENTED.get(name, (option.default,)), getattr(config, name)
        if implemented != ALL and value not in implemented:
            raise ValueError(
                f"the PyTorch version does not implement {name}={value!r}; it has {', '.join(map(repr, implemented))}"
            )


def generator_loss(fake_logits: torch.Tensor, kind: str, label: float = 1.0) -> torch.Tensor:
    """What a generator pays for being found out."""
    if kind == "lsgan":
        return (fake_logits - label).square().mean()
    if kind == "vanilla":
        return F.binary_cross_entropy_with_logits(fake_logits, torch.full_like(fake_logits, label))
    if kind in ("hinge", "wgangp"):
        return -fake_logits.mean()
    raise _unknown_loss(kind)


def discriminator_loss(
    real_logits: torch.Tensor, fake_logits: torch.Tensor, kind: str, label: float = 1.0
) -> torch.Tensor:
    """Half the sum of what a discriminator pays on real and on fake images."""
    if kind == "lsgan":
        real, fake = (real_logits - label).square(), fake_logits.square()
    elif kind == "vanilla":
        cross_entropy = functools.partial(F.binary_cross_entropy_with_logits, reduction="none")
        real = cross_entropy(real_logits, torch.full_like(real_logits, label))
        fake = cross_entropy(fake_logits, torch.zeros_like(fake_logits))
    elif kind == "hinge":
        real, fake = F.relu(1 - real_logits), F.relu(1 + fake_logits)
    elif kind == "wgangp":
        real, fake = -real_logits, fake_logits
    else:
        raise _unknown_loss(kind)
    return (real.mean() + fake.mean()) / 2


def gradient_penalty(
    critic: Callable[[torch.Tensor], torch.Tensor],
    real: torch.Tensor,
    fake: torch.Tensor,
    mix: torch.Tensor,
    weight: float,
) -> torch.Tensor:
    """weight * mean over images of (|gradient of the critic| - 1)^2, at `mix * real + (1 - mix) * fake`."""
    between = (mix * real + (1 - mix) * fake).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return weight * (gradient.flatten(1).norm(dim=1) - 1).square().mean()


def _unknown_loss(kind: str) -> ValueError:
    return ValueError(f"gan_loss is {kind!r}; it must be one of {', '.join(IMPLEMENTED['gan_loss'])}")


# Training


class ImagePool:
    """A history of generated images: half of the answers, once it is full, are old ones that the new images replace."""

    def __init__(self, capacity: int):
        self._capacity = capacity
        self._images: list[torch.Tensor] = []

    def __call__(self, images: torch.Tensor, draws: torch.Tensor | None = None) -> torch.Tensor:
        """Answers a batch.

        Args:
          images: tensor [batch, channels, height, width].
          draws: tensor [batch, 2], uniform in [0, 1): whether to swap, and which stored image; drawn here where None.
        """
        if not self._capacity:
            return images
        draws = torch.rand(len(images), 2) if draws is None else draws
        answers = []
        for image, (chance, share) in zip(images, draws.tolist(), strict=True):
            if len(self._images) < self._capacity:
                self._images.append(image)
            elif chance > 0.5:
                index = int(share * self._capacity)
                image, self._images[index] = self._images[index], image
            answers.append(image)
        return torch.stack(answers)


class CycleGAN:
    """Four networks, their losses and optimizers.

    Attributes:
      networks: nn.ModuleDict of generator_ab, generator_ba, discriminator_a and discriminator_b; discriminator_a judges
        images of A.
    """

    def __init__(
        self, config: CycleGANConfig, channels_last: bool = False, compiled: bool = False, device: str = "cpu"
    ):
        """Makes the networks with fresh weights, drawn by PyTorch's own generator.

        Args:
          config: with the precision bfloat16, the networks run under autocast.
          channels_last: memory layout of weights and images.
          compiled: whether `torch.compile` compiles the networks, when they are first called; needs a C++ compiler.
          device: where to compute.

        Raises:
          ValueError: the config has a value that is not implemented.
        """
        check_implemented(config)
        self.config = config
        dtype = PRECISIONS[config.precision]
        self._autocast = torch.autocast(torch.device(device).type, dtype, enabled=dtype != torch.float32)
        layout = torch.channels_last if channels_last else torch.preserve_format
        self._placement: dict[str, Any] = {"device": device, "memory_format": layout}
        a, b = config.channels_a, config.channels_b
        self.networks = nn.ModuleDict(
            {
                "generator_ab": make_generator(config, a, b), "generator_ba": make_generator(config, b, a),
                "discriminator_a": make_discriminator(config, a), "discriminator_b": make_discriminator(config, b),
            }
        )  # fmt: skip
        initialize(self.networks, config.norm_scale)
        self.networks.to(**self._placement)
        if compiled:
            for network in self.networks.values():
                network.compile()
        self._pools = {"a": ImagePool(config.pool_size), "b": ImagePool(config.pool_size)}
        self._optimizers = [
            torch.optim.Adam(self._parameters(kind), config.learning_rate, (config.beta1, config.beta2))
            for kind in ("generator", "discriminator")
        ]
        self._schedules = [torch.optim.lr_scheduler.LambdaLR(optimizer, self._rate) for optimizer in self._optimizers]

    def step(
        self,
        real_a: torch.Tensor,
        real_b: torch.Tensor,
        pool_draws: Mapping[str, torch.Tensor] | None = None,
        mixes: Mapping[str, torch.Tensor] | None = None,
    ) -> dict[str, torch.Tensor]:
        """Trains all four networks for one step.

        Args:
          real_a, real_b: float tensors [batch, channels, height, width] in [-1, 1], of the weights' dtype.
          pool_draws: by domain ("a", "b"), what `ImagePool` takes; None: drawn.
          mixes: by domain, tensors [batch, 1, 1, 1], the mixing numbers of wgangp; None: drawn.

        Returns:
          dict of scalar tensors by the names that our graph has: the losses ("generator/cycle_a") and their sums
          ("loss/generators").
        """
        losses = self.backward(real_a, real_b, pool_draws, mixes)
        for optimizer, schedule in zip(self._optimizers, self._schedules, strict=True):
            optimizer.step()
            schedule.step()
        return losses

    def backward(
        self,
        real_a: torch.Tensor,
        real_b: torch.Tensor,
        pool_draws: Mapping[str, torch.Tensor] | None = None,
        mixes: Mapping[str, torch.Tensor] | None = None,
    ) -> dict[str, torch.Tensor]:
        """Computes the gradients of both losses from the present weights into the parameters' `grad`.

        Takes and gives what `step` does.
        """
        real_a, real_b = (images.to(**self._placement) for images in (real_a, real_b))
        for optimizer in self._optimizers:
            optimizer.zero_grad()
        self._train_discriminators(False)
        losses, fake_a, fake_b = self._generator_losses(real_a, real_b)
        losses["loss/generators"] = sum(losses.values())
        losses["loss/generators"].backward()

        self._train_discriminators(True)
        total = torch.zeros(())
        for domain, real, fake in (("a", real_a, fake_a), ("b", real_b, fake_b)):
            pooled = self._pools[domain](fake.detach(), pool_draws[domain] if pool_draws else None)
            own = self._discriminator_losses(domain, real, pooled, mixes[domain] if mixes else None)
            sum(own.values()).backward()
            total = total + sum(own.values()).detach()
            losses |= own
        losses["loss/discriminators"] = total
        return {name: value.detach() for name, value in losses.items()}

    def run(self, name: str, images: torch.Tensor) -> torch.Tensor:
        """One network on images; the result has their dtype."""
        with self._autocast:
            return self.networks[name](images).to(images.dtype)

    def _generator_losses(self, real_a, real_b):
        config = self.config
        fake_b, fake_a = self.run("generator_ab", real_a), self.run("generator_ba", real_b)
        cycled_a, cycled_b = self.run("generator_ba", fake_b), self.run("generator_ab", fake_a)
        losses = {
            "generator/gan_ab": generator_loss(self.run("discriminator_b", fake_b), config.gan_loss, config.real_label),
            "generator/gan_ba": generator_loss(self.run("discriminator_a", fake_a), config.gan_loss, config.real_label),
            "generator/cycle_a": config.lambda_a * F.l1_loss(cycled_a, real_a),
            "generator/cycle_b": config.lambda_b * F.l1_loss(cycled_b, real_b),
        }
        if config.lambda_identity:
            same_a, same_b = self.run("generator_ba", real_a), self.run("generator_ab", real_b)
            losses["generator/identity_a"] = config.lambda_identity * config.lambda_a * F.l1_loss(same_a, real_a)
            losses["generator/identity_b"] = config.lambda_identity * config.lambda_b * F.l1_loss(same_b, real_b)
        return losses, fake_a, fake_b

    def _discriminator_losses(self, domain, real, fake, mix):
        config, judge = self.config, functools.partial(self.run, f"discriminator_{domain}")
        loss = discriminator_loss(judge(real), judge(fake), config.gan_loss, config.real_label)
        losses = {f"discriminator/{domain}": loss}
        if config.gan_loss == "wgangp":
            mix = torch.rand(len(real), 1, 1, 1, device=real.device) if mix is None else mix
            losses[f"discriminator/penalty_{domain}"] = gradient_penalty(judge, real, fake, mix, config.lambda_penalty)
        return losses

    def _rate(self, step):
        """The learning rate of a step, as a share of that at the start."""
        if self.config.lr_policy == "linear":  # constant for half of the run, then linear to 0
            return min(1.0, 2.0 * (1.0 - step / self.config.max_steps))
        if self.config.lr_policy == "constant":
            return 1.0
        raise ValueError(f"lr_policy is {self.config.lr_policy!r}; it must be linear or constant")

    def _parameters(self, kind):
        return [parameter for name, parameter in self.networks.named_parameters() if name.startswith(kind)]

    def _train_discriminators(self, train):
        """While the generators learn, gradients of the discriminators' weights are not needed."""
        for parameter in self._parameters("discriminator"):
            parameter.requires_grad_(train)
