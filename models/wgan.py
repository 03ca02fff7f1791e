"""WGAN: images of noise (Arjovsky et al. 2017, arXiv 1701.07875), with clipped weights or the gradient penalty (arXiv 1704.00028)."""

import functools

import tensorflow.compat.v1 as tf

from config import WGANConfig
from inputs.pipeline import Stream
from models.model import Generation, Model, Turn
from modules.dcgan import dcgan_critic, dcgan_generator
from ops.losses import gan_loss, generator_loss, gradient_penalty
from ops.norm import NORMS
from ops.optimizers import Player, adam, clip_weights, rmsprop
from ops.random import normal
from ops.schedules import learning_rate

SHOWN = 64  # images of fixed noise in the sample grid
LONG_STARTS = 25  # steps of the generator at the start that the critic prepares for longer
LONG_EVERY = 500  # of the generator's steps after these, one in so many


class WGAN(Model):
    """A generator, and a critic whose mean verdicts on real and on generated images lie as far apart as their distributions.

    The generator's batch norms take the statistics of the batch in use too, as it was trained: see `generate`.
    """

    config_class = WGANConfig
    looked_at = 8

    @classmethod
    def streams(cls, config):
        return {"real": Stream("train", config.channels)}

    def build_networks(self, real):
        config = self.config
        self.real = tf.ensure_shape(real, [config.batch_size, config.image_size, config.image_size, config.channels], "inputs/sized")
        with tf.name_scope("inputs/"), tf.name_scope("noise"):
            noise_shape = [config.batch_size, config.z_size]
            noise = tf.placeholder_with_default(normal(noise_shape, self.step), noise_shape, "z")
        self.fake = dcgan_generator(
            noise, config.image_size, config.channels, config.ngf, config.extra_layers, dtype=self.dtype, name="generator", call="fake"
        )
        self.generation = Generation(noise, self.fake)
        return {}, {"real": real}

    def build_turns(self):
        config = self.config
        on_real, on_fake = self.critic(self.real, call="on_real"), self.critic(self.fake, call="on_fake")
        terms = {
            "real": gan_loss(on_real, "wgangp", real=True, name="real"),
            "fake": gan_loss(on_fake, "wgangp", real=False, name="fake"),
        }
        distance = -_total(terms)
        if config.gan_loss == "wgangp":
            critic = functools.partial(self.critic, call="on_mix")
            terms["penalty"] = gradient_penalty(critic, self.real, self.fake, self.step, config.lambda_penalty, name="penalty")
        rate = learning_rate(config.learning_rate, config.lr_policy, self.step, config.max_steps)
        critic_terms = {
            "loss/critic": _total(terms),
            "wasserstein_estimate": distance,
            **{f"critic/{name}": term for name, term in terms.items()},
            "learning_rate": rate,
        }
        generator_terms = {"loss/generator": generator_loss(on_fake, "wgangp", name="generator")}
        return {
            "critic": Turn(self._move("critic", critic_terms["loss/critic"], rate), critic_terms),
            "generator": Turn(self._move("generator", generator_terms["loss/generator"], rate), generator_terms),
        }

    def turn(self, step):
        return critic_schedule(step, self.config.critic_steps, self.config.critic_lead)

    def look(self, session, images):
        rows, figures = super().look(session, images)
        return {**rows, "fake": list(self.generate(session, self.config.seed, SHOWN))}, figures

    def critic(self, images, call):
        config = self.config
        norm = NORMS[config.critic_norm]
        return dcgan_critic(images, config.ndf, config.extra_layers, norm, dtype=self.dtype, name="critic", call=call)

    def _move(self, name, loss, rate):
        """Op that moves one of the two networks, and afterwards clips the critic or counts its updates."""
        config = self.config
        if config.gan_loss == "wgan":
            player = Player(name, loss, [name], functools.partial(rmsprop, learning_rate=rate))
            moved = self.move(player)
            with tf.name_scope("optimizers/"):
                return clip_weights(player.variables(), config.clip, after=moved) if name == "critic" else moved
        with tf.variable_scope("optimizers"):  # Adam's corrections go by the network's own updates, not by the step
            updates = tf.get_variable(f"{name}/updates", [], tf.int64, initializer=tf.zeros_initializer(), trainable=False)
        with tf.name_scope("optimizers/"):
            optimizer = functools.partial(
                adam, learning_rate=rate, beta1=config.beta1, beta2=config.beta2, updates=updates.read_value()
            )
            with tf.control_dependencies([self.move(Player(name, loss, [name], optimizer))]):
                return updates.assign_add(1, read_value=False)


def critic_schedule(step, critic_steps, lead):
    """Says whose turn a step is.

    Args:
      step: int, steps of both done before.
      critic_steps: int, steps of the critic before each of the generator's.
      lead: int, the same before each of the generator's first 25 steps, and before the 500th, the 1000th, ... after the first.

    Returns:
      "critic" or "generator".

    Source: the code of Arjovsky et al. 2017 (github.com/martinarjovsky/WassersteinGAN).
    """
    start, block = LONG_STARTS * (lead + 1), critic_steps + 1
    first_period = start + (LONG_EVERY - LONG_STARTS) * block
    if step < start:
        return "generator" if step % (lead + 1) == lead else "critic"
    if step < first_period:
        place = step - start
    else:  # periods of LONG_EVERY generator steps, of which the first has the longer lead
        place = (step - first_period) % (lead + 1 + (LONG_EVERY - 1) * block) - (lead - critic_steps)
        if place < block:  # negative within the lead
            return "generator" if place == critic_steps else "critic"
    return "generator" if place % block == critic_steps else "critic"


def _total(terms):
    return tf.add_n(list(terms.values()))
