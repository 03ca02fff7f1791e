"""CycleGAN in PyTorch, written independently of the graph code: what the parity tests and the benchmark compare with.

The modules are nested so that their state dicts have the names and shapes of the networks that pytorch-CycleGAN-and-pix2pix saves.
All images are NCHW here.
"""

import functools

import torch
from torch import nn
from torch.nn import functional as F

NORMS = {
    "instance": lambda channels: nn.InstanceNorm2d(channels),
    "affine_instance": lambda channels: nn.InstanceNorm2d(channels, affine=True),
    "batch": lambda channels: nn.BatchNorm2d(channels),  # stays in training mode: batch statistics, in use too
    "none": lambda channels: nn.Identity(),
}
WITH_OFFSET = ("affine_instance", "batch")
PENALTY = 10.0  # weight of wgangp's gradient penalty


# Networks


class ResNetBlock(nn.Module):
    """x + what two reflection-padded 3x3 convolutions make of it."""

    def __init__(self, width, norm, dropout):
        super().__init__()
        bias = norm not in WITH_OFFSET
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=bias), NORMS[norm](width), nn.ReLU(True),
            *([nn.Dropout(0.5)] if dropout else []),
            nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=bias), NORMS[norm](width),
        )  # fmt: skip

    def forward(self, x):
        return x + self.conv_block(x)


class ResNetGenerator(nn.Module):
    """c7s1-ngf, d2ngf, d4ngf, R4ngf x blocks, u2ngf, ungf, c7s1-channels (Zhu et al. 2017)."""

    def __init__(self, channels_in, channels_out, ngf=64, blocks=9, norm="instance", dropout=False):
        super().__init__()
        bias = norm not in WITH_OFFSET
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(channels_in, ngf, 7, bias=bias), NORMS[norm](ngf), nn.ReLU(True)]
        for width in (2 * ngf, 4 * ngf):
            down = nn.Conv2d(width // 2, width, 3, stride=2, padding=1, bias=bias)
            layers += [down, NORMS[norm](width), nn.ReLU(True)]
        layers += [ResNetBlock(4 * ngf, norm, dropout) for _ in range(blocks)]
        for width in (2 * ngf, ngf):
            up = nn.ConvTranspose2d(2 * width, width, 3, stride=2, padding=1, output_padding=1, bias=bias)
            layers += [up, NORMS[norm](width), nn.ReLU(True)]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(ngf, channels_out, 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, x):
        return self.model(x)


class UNetLevel(nn.Module):
    """One halving, the levels inside it, and the doubling back; the input passes beside it on a skip."""

    def __init__(self, outer, inner, inside=None, norm="instance", dropout=False):
        super().__init__()
        bias = norm not in WITH_OFFSET
        down = [nn.LeakyReLU(0.2), nn.Conv2d(outer, inner, 4, stride=2, padding=1, bias=bias)]
        if inside:
            down += [NORMS[norm](inner), inside]
        up = nn.ConvTranspose2d(2 * inner if inside else inner, outer, 4, stride=2, padding=1, bias=bias)
        self.model = nn.Sequential(*down, nn.ReLU(), up, NORMS[norm](outer), *([nn.Dropout(0.5)] if dropout else []))

    def forward(self, x):
        return torch.cat([x, self.model(x)], dim=1)


class UNetOutermost(nn.Module):
    """The level at full resolution: images in, images out, no skip and no norm."""

    def __init__(self, channels_in, channels_out, width, inside, bias):
        super().__init__()
        down = nn.Conv2d(channels_in, width, 4, stride=2, padding=1, bias=bias)
        up = nn.ConvTranspose2d(2 * width, channels_out, 4, stride=2, padding=1)
        self.model = nn.Sequential(down, inside, nn.ReLU(), up, nn.Tanh())

    def forward(self, x):
        return self.model(x)


class UNetGenerator(nn.Module):
    """Encoder and decoder with a skip at every resolution (Isola et al. 2016)."""

    def __init__(self, channels_in, channels_out, ngf=64, levels=8, norm="instance", dropout=False):
        super().__init__()
        widths = [ngf * min(2**level, 8) for level in range(levels)]
        level = None
        for depth in range(levels - 1, 0, -1):
            drops = dropout and depth >= levels - 3 and widths[depth - 1] == 8 * ngf
            level = UNetLevel(widths[depth - 1], widths[depth], level, norm, drops)
        self.model = UNetOutermost(channels_in, channels_out, ngf, level, bias=norm not in WITH_OFFSET)

    def forward(self, x):
        return self.model(x)


class PatchDiscriminator(nn.Module):
    """PatchGAN: one logit for each overlapping patch (Isola et al. 2016)."""

    def __init__(self, channels_in, ndf=64, layers=3, norm="instance"):
        super().__init__()
        chain = [nn.Conv2d(channels_in, ndf, 4, stride=2, padding=1), nn.LeakyReLU(0.2, True)]
        for layer in range(1, layers + 1):
            before, width = (ndf * min(2**i, 8) for i in (layer - 1, layer))
            stride = 2 if layer < layers else 1
            convolution = nn.Conv2d(before, width, 4, stride=stride, padding=1, bias=norm not in WITH_OFFSET)
            chain += [convolution, NORMS[norm](width), nn.LeakyReLU(0.2, True)]
        self.model = nn.Sequential(*chain, nn.Conv2d(width, 1, 4, padding=1))

    def forward(self, x):
        return self.model(x)


class PixelDiscriminator(nn.Module):
    """One logit for each pixel, from its colour alone."""

    def __init__(self, channels_in, ndf=64, norm="instance"):
        super().__init__()
        bias = norm not in WITH_OFFSET
        self.net = nn.Sequential(
            nn.Conv2d(channels_in, ndf, 1), nn.LeakyReLU(0.2, True),
            nn.Conv2d(ndf, 2 * ndf, 1, bias=bias), NORMS[norm](2 * ndf), nn.LeakyReLU(0.2, True),
            nn.Conv2d(2 * ndf, 1, 1, bias=bias),
        )  # fmt: skip

    def forward(self, x):
        return self.net(x)


def make_generator(config, channels_in, channels_out):
    """The generator that a `CycleGANConfig` describes."""
    if config.generator == "unet":
        return UNetGenerator(channels_in, channels_out, config.ngf, config.levels, config.norm, config.dropout)
    return ResNetGenerator(channels_in, channels_out, config.ngf, config.generator_blocks, config.norm, config.dropout)


def make_discriminator(config, channels):
    """The discriminator that a `CycleGANConfig` describes."""
    if config.discriminator == "pixel":
        return PixelDiscriminator(channels, config.ndf, config.norm)
    return PatchDiscriminator(channels, config.ndf, config.discriminator_layers, config.norm)


def initialize(network, bias_stddev=0.0):
    """Draws kernels from N(0, 0.02) and norm scales from N(1, 0.02); biases and offsets are 0, or N(0, bias_stddev) for tests."""
    for name, parameter in network.named_parameters():
        if name.endswith(".bias"):
            nn.init.normal_(parameter, 0.0, bias_stddev)
        else:
            nn.init.normal_(parameter, 0.0 if parameter.ndim == 4 else 1.0, 0.02)


# Losses


def generator_loss(fake_logits, kind, label=1.0):
    """What a generator pays for being found out."""
    if kind == "lsgan":
        return (fake_logits - label).square().mean()
    if kind == "vanilla":
        return F.binary_cross_entropy_with_logits(fake_logits, torch.full_like(fake_logits, label))
    return -fake_logits.mean()  # hinge, wgangp


def discriminator_loss(real_logits, fake_logits, kind, label=1.0):
    """Half the sum of what a discriminator pays on real and on fake images."""
    if kind == "lsgan":
        terms = (real_logits - label).square().mean(), fake_logits.square().mean()
    elif kind == "vanilla":
        cross_entropy = F.binary_cross_entropy_with_logits
        terms = (
            cross_entropy(real_logits, torch.full_like(real_logits, label)),
            cross_entropy(fake_logits, torch.zeros_like(fake_logits)),
        )
    elif kind == "hinge":
        terms = F.relu(1 - real_logits).mean(), F.relu(1 + fake_logits).mean()
    else:
        terms = -real_logits.mean(), fake_logits.mean()
    return sum(terms) / 2


def gradient_penalty(critic, real, fake, mix):
    """10 * mean over images of (|gradient of the critic's summed output| - 1)^2, at `mix * real + (1 - mix) * fake`."""
    between = (mix * real + (1 - mix) * fake).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return PENALTY * (gradient.flatten(1).norm(dim=1) - 1).square().mean()


# Training


class ImagePool:
    """A history of generated images: half of the answers, once it is full, are old ones that the new images replace."""

    def __init__(self, capacity):
        self._capacity = capacity
        self._images = []

    def __call__(self, images, draws=None):
        """Answers a batch.

        Args:
          images: tensor [batch, channels, height, width].
          draws: tensor [batch, 2], uniform in [0, 1): whether to swap, and the place; drawn here where None.
        """
        if not self._capacity:
            return images
        draws = torch.rand(len(images), 2) if draws is None else draws
        answers = []
        for image, (chance, place) in zip(images, draws.tolist()):
            if len(self._images) < self._capacity:
                self._images.append(image)
            elif chance > 0.5:
                slot = int(place * self._capacity)
                image, self._images[slot] = self._images[slot], image
            answers.append(image)
        return torch.stack(answers)


class CycleGAN:
    """Four networks, their losses and optimisers.

    Attributes:
      networks: nn.ModuleDict of generator_ab, generator_ba, discriminator_a and discriminator_b; discriminator_a judges images of A.
    """

    def __init__(self, config, bfloat16=False, channels_last=False, device="cpu"):
        """Makes the networks with fresh weights.

        Args:
          config: `config.CycleGANConfig`.
          bfloat16: bool, whether the networks run under autocast.
          channels_last: bool, memory layout of weights and images.
          device: str, where to compute.
        """
        self.config = config
        self._autocast = torch.autocast(torch.device(device).type, torch.bfloat16, enabled=bfloat16)
        self._placement = {"device": device, **({"memory_format": torch.channels_last} if channels_last else {})}
        a, b = config.channels_a, config.channels_b
        self.networks = nn.ModuleDict(
            {
                "generator_ab": make_generator(config, a, b), "generator_ba": make_generator(config, b, a),
                "discriminator_a": make_discriminator(config, a), "discriminator_b": make_discriminator(config, b),
            }
        )  # fmt: skip
        initialize(self.networks)
        self.networks.to(**self._placement)
        self._pools = {"a": ImagePool(config.pool_size), "b": ImagePool(config.pool_size)}
        self._optimizers = [
            torch.optim.Adam(self._parameters(kind), config.learning_rate, (config.beta1, config.beta2))
            for kind in ("generator", "discriminator")
        ]
        self._schedules = [torch.optim.lr_scheduler.LambdaLR(optimizer, self._rate) for optimizer in self._optimizers]

    def step(self, real_a, real_b, pool_draws=None, mixes=None):
        """Moves all four networks once.

        Args:
          real_a, real_b: float32 tensors [batch, channels, height, width] in [-1, 1].
          pool_draws: dict by domain ("a", "b") of what `ImagePool` takes; None: drawn.
          mixes: dict by domain of tensors [batch, 1, 1, 1], the mixing numbers of wgangp; None: drawn.

        Returns:
          dict of scalar tensors: the loss terms ("generator/cycle_a") and their sums ("loss/generators"), named as our graph names them.
        """
        terms = self.backward(real_a, real_b, pool_draws, mixes)
        for optimizer, schedule in zip(self._optimizers, self._schedules):
            optimizer.step()
            schedule.step()
        return terms

    def backward(self, real_a, real_b, pool_draws=None, mixes=None):
        """Computes the gradients of both losses from the present weights into the parameters' `grad`; takes and gives what `step` does."""
        real_a, real_b = (images.to(**self._placement) for images in (real_a, real_b))
        for optimizer in self._optimizers:
            optimizer.zero_grad()
        self._train_discriminators(False)
        terms, fake_a, fake_b = self._generator_terms(real_a, real_b)
        terms["loss/generators"] = sum(terms.values())
        terms["loss/generators"].backward()

        self._train_discriminators(True)
        total = 0.0
        for domain, real, fake in (("a", real_a, fake_a), ("b", real_b, fake_b)):
            pooled = self._pools[domain](fake.detach(), pool_draws and pool_draws[domain])
            losses = self._discriminator_terms(domain, real, pooled, mixes and mixes[domain])
            sum(losses.values()).backward()
            total += sum(losses.values()).detach()
            terms |= losses
        terms["loss/discriminators"] = total
        return {name: value.detach() for name, value in terms.items()}

    def run(self, name, images):
        """One network on images; float32 in and out."""
        with self._autocast:
            return self.networks[name](images).to(images.dtype)

    def _generator_terms(self, real_a, real_b):
        config = self.config
        fake_b, fake_a = self.run("generator_ab", real_a), self.run("generator_ba", real_b)
        cycled_a, cycled_b = self.run("generator_ba", fake_b), self.run("generator_ab", fake_a)
        terms = {
            "generator/gan_ab": generator_loss(self.run("discriminator_b", fake_b), config.gan_loss, config.real_label),
            "generator/gan_ba": generator_loss(self.run("discriminator_a", fake_a), config.gan_loss, config.real_label),
            "generator/cycle_a": config.lambda_a * F.l1_loss(cycled_a, real_a),
            "generator/cycle_b": config.lambda_b * F.l1_loss(cycled_b, real_b),
        }
        if config.lambda_identity:
            same_a, same_b = self.run("generator_ba", real_a), self.run("generator_ab", real_b)
            terms["generator/identity_a"] = config.lambda_identity * config.lambda_a * F.l1_loss(same_a, real_a)
            terms["generator/identity_b"] = config.lambda_identity * config.lambda_b * F.l1_loss(same_b, real_b)
        return terms, fake_a, fake_b

    def _discriminator_terms(self, domain, real, fake, mix):
        config, judge = self.config, functools.partial(self.run, f"discriminator_{domain}")
        terms = {f"discriminator/{domain}": discriminator_loss(judge(real), judge(fake), config.gan_loss, config.real_label)}
        if config.gan_loss == "wgangp":
            mix = torch.rand(len(real), 1, 1, 1, device=real.device) if mix is None else mix
            terms[f"discriminator/penalty_{domain}"] = gradient_penalty(judge, real, fake, mix)
        return terms

    def _rate(self, step):
        """The linear schedule: constant for half of the run, then linear to 0."""
        return min(1.0, 2.0 * (1.0 - step / self.config.max_steps))

    def _parameters(self, kind):
        return [parameter for name, parameter in self.networks.named_parameters() if name.startswith(kind)]

    def _train_discriminators(self, train):
        """While the generators learn, gradients of the discriminators' weights are not needed."""
        for parameter in self._parameters("discriminator"):
            parameter.requires_grad_(train)
