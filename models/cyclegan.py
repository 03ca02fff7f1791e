"""CycleGAN: translation between two sets of images without pairs (Zhu et al. 2017, arXiv 1703.10593)."""

import functools

import tensorflow.compat.v1 as tf

from config import CycleGANConfig
from inputs.pipeline import Stream
from models.metrics import psnr
from models.model import Model, Translation, Turn
from models.networks import build_discriminator, build_generator
from ops.image_pool import image_pool
from ops.losses import discriminator_loss, generator_loss, gradient_penalty, l1_loss
from ops.optimizers import Player, adam
from ops.schedules import learning_rate


class CycleGAN(Model):
    """Two generators and two discriminators; cycle-consistency and identity losses tie the translations to their sources."""

    config_class = CycleGANConfig
    chains = 2

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

    def build_turns(self):
        config = self.config
        generator_terms = self._generator_terms()
        discriminator_terms, verdicts, store = self._discriminator_terms()
        rate = learning_rate(config.learning_rate, config.lr_policy, self.step, config.max_steps)
        optimizer = functools.partial(adam, learning_rate=rate, beta1=config.beta1, beta2=config.beta2, updates=self.step)
        identity_terms = {}

        def identity_loss():
            identity_terms.update(self._identity_terms())
            return _total(identity_terms)

        later = identity_loss if config.lambda_identity else None
        generators = Player("generators", _total(generator_terms), ["generator_ab", "generator_ba"], optimizer, later)
        discriminators = Player("discriminators", _total(discriminator_terms), ["discriminator_a", "discriminator_b"], optimizer)
        moves = self.move(generators, discriminators, also=store)  # which builds the identity terms
        generator_terms |= identity_terms
        terms = {
            "loss/generators": _total(generator_terms),
            "loss/discriminators": discriminators.loss,
            **{f"generator/{name}": term for name, term in generator_terms.items()},
            **{f"discriminator/{name}": term for name, term in discriminator_terms.items()},
            **{f"verdict/{name}": tf.reduce_mean(logits, name=f"mean_{name}") for name, logits in verdicts.items()},
            "learning_rate": rate,
        }
        return {"train": Turn(moves, terms)}

    def _generator_terms(self):
        """What the generators pay for fooling the discriminators and for what comes back of a cycle, by name."""
        config = self.config
        fooled = functools.partial(generator_loss, kind=config.gan_loss, label=config.real_label)
        return {
            "gan_ab": fooled(self.discriminator_b(self.fake_b, call="on_fake"), name="gan_ab"),
            "gan_ba": fooled(self.discriminator_a(self.fake_a, call="on_fake"), name="gan_ba"),
            "cycle_a": config.lambda_a * l1_loss(self.cycled_a, self.real_a, name="cycle_a"),
            "cycle_b": config.lambda_b * l1_loss(self.cycled_b, self.real_b, name="cycle_b"),
        }

    def _identity_terms(self):
        """What the generators pay for changing images that are of their domain already, by name."""
        config = self.config
        same_a = self.generator_ba(self.real_a, call="identity_a")
        same_b = self.generator_ab(self.real_b, call="identity_b")
        with tf.name_scope("losses/"):
            return {
                "identity_a": config.lambda_identity * config.lambda_a * l1_loss(same_a, self.real_a, name="identity_a"),
                "identity_b": config.lambda_identity * config.lambda_b * l1_loss(same_b, self.real_b, name="identity_b"),
            }

    def _discriminator_terms(self):
        """What the discriminators pay, by name; their logits; and the ops that store new fakes in the pools."""
        config = self.config
        pool = functools.partial(
            image_pool, capacity=config.pool_size, height=config.image_size, width=config.image_size, step=self.step
        )
        with tf.variable_scope("image_pool"), tf.name_scope("image_pool/"):
            pooled_a, store_a = pool(self.fake_a, name="a")
            pooled_b, store_b = pool(self.fake_b, name="b")
        verdicts = {
            "real_a": self.discriminator_a(self.real_a, call="on_real"),
            "pooled_a": self.discriminator_a(pooled_a, call="on_pooled"),
            "real_b": self.discriminator_b(self.real_b, call="on_real"),
            "pooled_b": self.discriminator_b(pooled_b, call="on_pooled"),
        }
        loss = functools.partial(discriminator_loss, kind=config.gan_loss, label=config.real_label)
        terms = {
            "a": loss(verdicts["real_a"], verdicts["pooled_a"], name="discriminator_a"),
            "b": loss(verdicts["real_b"], verdicts["pooled_b"], name="discriminator_b"),
        }
        if config.gan_loss == "wgangp":
            critic_a, critic_b = (functools.partial(d, call="on_mix") for d in (self.discriminator_a, self.discriminator_b))
            terms["penalty_a"] = gradient_penalty(critic_a, self.real_a, pooled_a, self.step, name="penalty_a")
            terms["penalty_b"] = gradient_penalty(critic_b, self.real_b, pooled_b, self.step, name="penalty_b")
        return terms, verdicts, [store_a, store_b]

    def evaluate(self, session, images, counterparts):
        if not counterparts:
            return {}
        figures = {}
        domains = {"AtoB": ("real_a", "real_b"), "BtoA": ("real_b", "real_a")}
        for direction, (source, truth) in domains.items():
            results = [self.translate(session, image, direction) for image in images[source]]
            after, before = psnr(results, images[truth]), psnr(images[source], images[truth])
            figures[direction] = f"{after:.2f} dB PSNR against the true counterparts ({before:.2f} dB untranslated)"
        return figures

    def generator_ab(self, images, call):
        return build_generator(self.config, images, self.config.channels_b, self.dtype, self.step, name="generator_ab", call=call)

    def generator_ba(self, images, call):
        return build_generator(self.config, images, self.config.channels_a, self.dtype, self.step, name="generator_ba", call=call)

    def discriminator_a(self, images, call):
        return build_discriminator(self.config, images, self.dtype, name="discriminator_a", call=call)

    def discriminator_b(self, images, call):
        return build_discriminator(self.config, images, self.dtype, name="discriminator_b", call=call)


def _total(terms):
    return tf.add_n(list(terms.values()))
