"""WGAN: images of noise (Arjovsky et al. 2017, arXiv 1701.07875), clipped or with gradient penalty (1704.00028)."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

from base.errors import ConfigError
from base.graph_mode import tf
from base.options import changed, option
from config import PREPROCESS_HELP, BatchNormConfig, Config
from inputs.preprocess import CROPPING
from inputs.streams import Stream
from models.model import Generation, Model, Outputs, TrainOp
from modules.dcgan import dcgan_critic, dcgan_generator
from ops.losses import gan_loss, generator_loss, gradient_penalty, total
from ops.norm import NORMS
from ops.optimizers import Adam, RMSProp, clip_weights
from ops.random import normal
from ops.schedules import learning_rate
from ops.totals import batch_means
from ops.train_step import SCOPE, UpdateCount, gradient_norms, loss_scale_for, objective, train_step

LONG_STARTS = 25  # steps of the generator at the start that the critic prepares for longer
LONG_EVERY = 500  # of the generator's steps after these, one in so many
CLIPPED, PENALIZED = {"gan_loss": ("wgan",)}, {"gan_loss": ("wgangp",)}


@dataclasses.dataclass(frozen=True)
class WGANConfig(BatchNormConfig):
    """WGAN; the defaults are those of the paper."""

    model: str = changed(Config, "model", "wgan")
    image_size: int = changed(Config, "image_size", 64, help="Side of the images, in pixels; a multiple of 16.", low=16)
    preprocess: str = changed(Config, "preprocess", "scale_and_crop", help=f"{PREPROCESS_HELP}.", choices=CROPPING)
    batch_size: int = changed(Config, "batch_size", 64, help="Images in one step.")
    channels: int = option(3, "Channels of the images: 3 for RGB, 1 for grey.", "data", (1, 3))

    z_size: int = option(100, "Length of the noise that an image is made of.", "networks", low=1, high=2**16)
    ngf: int = option(
        64, "Width of the generator's last hidden layer; each before it is twice as wide.", "networks", low=1, high=4096
    )
    ndf: int = option(
        64, "Width of the critic's first layer; each after it is twice as wide.", "networks", low=1, high=4096
    )
    extra_layers: int = option(
        0, "3 x 3 layers added to both networks at half the image's size.", "networks", low=0, high=100
    )
    critic_norm: str = option(
        None,
        "Normalisation of the critic.",
        "networks",
        ("batch", "layer", "none"),
        auto="batch in wgan, layer in wgangp",
    )

    gan_loss: str = option(
        "wgan",
        "What keeps the critic's slope small: clipped weights, or the gradient penalty.",
        "losses",
        ("wgan", "wgangp"),
    )
    clip: float = option(0.01, "The critic's weights stay within -clip and clip.", "losses", low=1e-6, only=CLIPPED)
    lambda_penalty: float = option(10.0, "Weight of the gradient penalty.", "losses", low=0.0, only=PENALIZED)

    max_steps: int = changed(
        Config, "max_steps", 200_000, help="Length of the run, in steps of critic and generator together."
    )
    learning_rate: float = changed(Config, "learning_rate", None, auto="5e-5 in wgan (RMSProp), 1e-4 in wgangp (Adam)")
    lr_policy: str = changed(Config, "lr_policy", "constant")
    critic_steps: int = option(5, "Steps of the critic before each of the generator's.", "training", low=1, high=10**6)
    critic_lead: int = option(
        None,
        "Steps of the critic before each of the generator's first 25, and every 500th.",
        "training",
        low=1,
        high=10**6,
        auto="100 in wgan, critic_steps in wgangp",
    )
    beta1: float = option(
        0.0, "Adam's decay of the mean of gradients.", "training", low=0.0, high=0.9999, only=PENALIZED
    )
    beta2: float = option(
        0.9, "Adam's decay of the mean of squared gradients.", "training", low=0.0, high=0.99999, only=PENALIZED
    )

    def automatic(self) -> dict[str, Any]:
        clipped = self.gan_loss == "wgan"
        return {
            **super().automatic(),
            "learning_rate": 5e-5 if clipped else 1e-4,
            "critic_lead": 100 if clipped else self.critic_steps,
            "critic_norm": "batch" if clipped else "layer",
        }

    def least_memory(self) -> int:
        return super().least_memory() + 4 * 3 * self.part_size * self.ngf * (self.image_size // 2) ** 2

    def check(self) -> None:
        super().check()
        if self.image_size % 16:
            raise ConfigError(f"--image_size={self.image_size} must be a multiple of 16 for the WGAN's networks")
        if self.gan_loss == "wgangp" and self.critic_norm == "batch":
            raise ConfigError(
                "--critic_norm=batch does not go with --gan_loss=wgangp, whose penalty is for each image alone; "
                "pass layer or none"
            )


class WGAN(Model):
    """A generator, and a critic whose mean outputs on real and on fake images lie as far apart as their distributions.

    The generator's batch norms take the statistics of the batch in use too, as it was trained: see
    `inference.session.generate`.
    """

    config_class = WGANConfig
    config: WGANConfig

    @classmethod
    def streams(cls, config):
        return {"real": Stream("train", config.channels)}

    def build_networks(self, real):
        config = self.config
        shape = [self.part_size, config.image_size, config.image_size, config.channels]
        self.real = tf.ensure_shape(real, shape, "inputs/sized")
        with tf.name_scope("inputs/"), tf.name_scope("noise"):
            noise_shape = [self.part_size, config.z_size]
            noise = tf.placeholder_with_default(normal(noise_shape, self.step), noise_shape, "z")
        self.fake = dcgan_generator(
            noise,
            config.image_size,
            config.channels,
            config.ngf,
            config.extra_layers,
            dtype=self.dtype,
            name="generator",
            call="fake",
        )
        return Outputs(samples={"real": real}, generation=Generation(noise, self.fake))

    def build_train_ops(self):
        config = self.config
        on_real, on_fake = self.critic(self.real, call="on_real"), self.critic(self.fake, call="on_fake")
        losses = {
            "real": gan_loss(on_real, config.gan_loss, real=True, name="real"),
            "fake": gan_loss(on_fake, config.gan_loss, real=False, name="fake"),
        }
        distance = -total(losses)
        if config.gan_loss == "wgangp":
            critic = functools.partial(self.critic, call="on_mix")
            losses["penalty"] = gradient_penalty(
                critic, self.real, self.fake, self.step, config.lambda_penalty, name="penalty"
            )
        rate = learning_rate(config.learning_rate, config.lr_policy, self.step, config.max_steps)
        critic_means = {
            "loss/critic": total(losses),
            "wasserstein_estimate": distance,
            **{f"critic/{name}": loss for name, loss in losses.items()},
        }
        generator_means = {"loss/generator": generator_loss(on_fake, config.gan_loss, name="generator")}
        critic_scalars = {**batch_means(critic_means), "learning_rate": rate}
        scalars = {"critic": critic_scalars, "generator": batch_means(generator_means)}
        losses = {"critic": critic_means["loss/critic"], "generator": generator_means["loss/generator"]}
        steps = {name: self._train_step(name, loss, rate) for name, loss in losses.items()}
        return {name: TrainOp(step, {**scalars[name], **gradient_norms(name)}) for name, step in steps.items()}

    def train_op_of(self, step):
        return critic_schedule(step, self.config.critic_steps, self.config.critic_lead)

    def critic(self, images: tf.Tensor, call: str) -> tf.Tensor:
        """Calls the critic on [N, H, W, C]. Returns float32 [N], how real each image is."""
        config, norm = self.config, NORMS[self.config.critic_norm]
        return dcgan_critic(images, config.ndf, config.extra_layers, norm, dtype=self.dtype, name="critic", call=call)

    def _train_step(self, name, loss, rate):
        """Op that moves one of the two networks, and afterwards clips the critic or counts its updates."""
        config = self.config
        scale = loss_scale_for(self.dtype, name)
        if config.gan_loss == "wgan":
            network = objective(name, loss, [name], RMSProp(rate), scale)
            step = train_step([network])
            with tf.name_scope(f"{SCOPE}/"):
                return clip_weights(network.variables, config.clip, after=step) if name == "critic" else step
        count = UpdateCount(name)  # Adam's corrections go by the network's own updates, not by the step
        optimizer = Adam(rate, config.beta1, config.beta2, updates=count.value)
        return count.increment_after(train_step([objective(name, loss, [name], optimizer, scale)]))


def critic_schedule(step: int, critic_steps: int, lead: int) -> str:
    """Says which network a step trains.

    Args:
      step: steps of both done before.
      critic_steps: steps of the critic before each of the generator's.
      lead: the same before each of the generator's first 25 steps, and before the 500th, the 1000th, ... after the
        first.

    Returns:
      "critic" or "generator".

    Source: the code of Arjovsky et al. 2017 (github.com/martinarjovsky/WassersteinGAN).
    """
    start, block = LONG_STARTS * (lead + 1), critic_steps + 1
    first_period = start + (LONG_EVERY - LONG_STARTS) * block
    if step < start:
        return "generator" if step % (lead + 1) == lead else "critic"
    if step < first_period:
        index = step - start
    else:  # periods of LONG_EVERY generator steps, of which the first has the longer lead
        index = (step - first_period) % (lead + 1 + (LONG_EVERY - 1) * block) - (lead - critic_steps)
        if index < block:  # negative within the lead
            return "generator" if index == critic_steps else "critic"
    return "generator" if index % block == critic_steps else "critic"
