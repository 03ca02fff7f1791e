"""CycleGAN: translation between two sets of images without pairs (Zhu et al. 2017, arXiv 1703.10593)."""

import functools

import tensorflow.compat.v1 as tf

from config import CycleGANConfig
from inputs.pipeline import Stream
from models.model import Model, Training, Translation
from modules.discriminators import patch_discriminator, pixel_discriminator
from modules.generators import resnet_generator, unet_generator
from ops.image_pool import image_pool
from ops.losses import discriminator_loss, generator_loss, gradient_penalty, l1_loss
from ops.norm import NORMS
from ops.optimizers import Player, adam
from ops.schedules import learning_rate


class CycleGAN(Model):
    """Two generators and two discriminators; cycle-consistency and identity losses tie the translations to their sources."""

    config_class = CycleGANConfig

    @classmethod
    def streams(cls, config):
        return {
            "real_a": Stream("trainA", config.channels_a, key=0),
            "real_b": Stream("trainB", config.channels_b, key=1),
        }

    def build_networks(self, real_a, real_b):
        self.real_a, self.real_b = real_a, real_b
        self.fake_b = self.generator_ab(real_a, call="fake_b")
        self.fake_a = self.generator_ba(real_b, call="fake_a")
        self.cycled_a = self.generator_ba(self.fake_b, call="cycled_a")
        self.cycled_b = self.generator_ab(self.fake_a, call="cycled_b")
        translations = {"AtoB": Translation(real_a, self.fake_b), "BtoA": Translation(real_b, self.fake_a)}
        samples = {
            "real A": real_a, "fake B": self.fake_b, "cycled A": self.cycled_a,
            "real B": real_b, "fake A": self.fake_a, "cycled B": self.cycled_b,
        }  # fmt: skip
        return translations, samples

    def build_losses(self):
        config = self.config
        gan, label = config.gan_loss, config.real_label
        pool = functools.partial(
            image_pool, capacity=config.pool_size, height=config.image_size, width=config.image_size, step=self.step
        )
        with tf.variable_scope("image_pool"), tf.name_scope("image_pool/"):
            pooled_a, store_a = pool(self.fake_a, name="a")
            pooled_b, store_b = pool(self.fake_b, name="b")

        verdict_fake_a = self.discriminator_a(self.fake_a, call="on_fake")
        verdict_fake_b = self.discriminator_b(self.fake_b, call="on_fake")
        generator_terms = {
            "gan_ab": generator_loss(verdict_fake_b, gan, label, name="gan_ab"),
            "gan_ba": generator_loss(verdict_fake_a, gan, label, name="gan_ba"),
            "cycle_a": config.lambda_a * l1_loss(self.cycled_a, self.real_a, name="cycle_a"),
            "cycle_b": config.lambda_b * l1_loss(self.cycled_b, self.real_b, name="cycle_b"),
        }
        if config.lambda_identity:
            same_a = self.generator_ba(self.real_a, call="identity_a")
            same_b = self.generator_ab(self.real_b, call="identity_b")
            weight_a, weight_b = config.lambda_identity * config.lambda_a, config.lambda_identity * config.lambda_b
            generator_terms["identity_a"] = weight_a * l1_loss(same_a, self.real_a, name="identity_a")
            generator_terms["identity_b"] = weight_b * l1_loss(same_b, self.real_b, name="identity_b")

        verdicts = {
            "real_a": self.discriminator_a(self.real_a, call="on_real"),
            "pooled_a": self.discriminator_a(pooled_a, call="on_pooled"),
            "real_b": self.discriminator_b(self.real_b, call="on_real"),
            "pooled_b": self.discriminator_b(pooled_b, call="on_pooled"),
        }
        discriminator_terms = {
            "a": discriminator_loss(verdicts["real_a"], verdicts["pooled_a"], gan, label, name="discriminator_a"),
            "b": discriminator_loss(verdicts["real_b"], verdicts["pooled_b"], gan, label, name="discriminator_b"),
        }
        if gan == "wgangp":
            on_mix = functools.partial(self.discriminator_a, call="on_mix"), functools.partial(self.discriminator_b, call="on_mix")
            discriminator_terms["penalty_a"] = gradient_penalty(on_mix[0], self.real_a, pooled_a, self.step, name="penalty_a")
            discriminator_terms["penalty_b"] = gradient_penalty(on_mix[1], self.real_b, pooled_b, self.step, name="penalty_b")

        rate = learning_rate(config.learning_rate, config.lr_policy, self.step, config.max_steps)
        optimizer = functools.partial(adam, learning_rate=rate, beta1=config.beta1, beta2=config.beta2, updates=self.step)
        generators = Player(
            "generators", tf.add_n(list(generator_terms.values())), ["generator_ab", "generator_ba"], optimizer
        )
        discriminators = Player(
            "discriminators", tf.add_n(list(discriminator_terms.values())), ["discriminator_a", "discriminator_b"], optimizer
        )
        terms = {
            **{f"generator/{name}": term for name, term in generator_terms.items()},
            **{f"discriminator/{name}": term for name, term in discriminator_terms.items()},
            **{f"verdict/{name}": tf.reduce_mean(logits, name=f"mean_{name}") for name, logits in verdicts.items()},
            "learning_rate": rate,
        }
        return Training([generators, discriminators], terms, [store_a, store_b])

    def generator_ab(self, images, call):
        return self._generator(images, self.config.channels_b, name="generator_ab", call=call)

    def generator_ba(self, images, call):
        return self._generator(images, self.config.channels_a, name="generator_ba", call=call)

    def discriminator_a(self, images, call):
        return self._discriminator(images, name="discriminator_a", call=call)

    def discriminator_b(self, images, call):
        return self._discriminator(images, name="discriminator_b", call=call)

    def _generator(self, images, channels, **where):
        config = self.config
        options = {
            "ngf": config.ngf, "norm": NORMS[config.norm], "dropout": 0.5 * config.dropout, "dtype": self.dtype,
            "step": self.step, **({"leak": config.leak} if config.leak >= 0 else {}),
        }  # fmt: skip
        if config.generator == "unet":
            return unet_generator(images, channels, levels=config.levels, **options, **where)
        return resnet_generator(
            images, channels, blocks=config.generator_blocks, upsampling=config.upsampling, long_skip=config.long_skip,
            **options, **where,
        )  # fmt: skip

    def _discriminator(self, images, **where):
        config = self.config
        options = {"ndf": config.ndf, "norm": NORMS[config.norm], "dtype": self.dtype}
        if config.discriminator == "pixel":
            return pixel_discriminator(images, **options, **where)
        return patch_discriminator(images, layers=config.discriminator_layers, **options, **where)
