"""CycleGAN: translation between two sets of images without pairs (Zhu et al. 2017, arXiv 1703.10593)."""

from __future__ import annotations

import dataclasses
import functools

from base.errors import ConfigError
from base.graph_mode import tf
from base.options import option
from inputs.streams import Stream
from models.model import Comparison, Model, Outputs, TrainOp
from models.translators import TranslatorConfig, build_discriminator, build_generator, translation
from ops.image_pool import image_pool
from ops.losses import discriminator_loss, generator_loss, gradient_penalty, l1_loss, total, verdict_accuracy
from ops.optimizers import Adam
from ops.schedules import learning_rate
from ops.totals import batch_means
from ops.train_step import gradient_norms, loss_scale_for, objective, train_step


@dataclasses.dataclass(frozen=True)
class CycleGANConfig(TranslatorConfig):
    """CycleGAN; the defaults are those of the paper."""

    lambda_a: float = option(10.0, "Weight of the cycle A -> B -> A.", "losses", low=0.0)
    lambda_b: float = option(10.0, "Weight of the cycle B -> A -> B.", "losses", low=0.0)
    lambda_identity: float = option(
        0.5, "Weight of the identity loss, as a share of the cycle's. 0: none.", "losses", low=0.0
    )
    pool_size: int = option(
        50, "Generated images each discriminator's pool remembers. 0: no pool.", "losses", low=0, high=10**6
    )

    def check(self) -> None:
        if self.lambda_identity and self.channels_a != self.channels_b:
            raise ConfigError(
                f"--lambda_identity={self.lambda_identity} needs equal channels, but channels_a is {self.channels_a} "
                f"and channels_b is {self.channels_b}: an image of one domain is fed to the generator of the other; "
                "pass --lambda_identity=0"
            )
        if self.pool_size and not self.crops:
            raise ConfigError(
                f"--preprocess={self.preprocess} gives images of different sizes, which the image pool cannot hold; "
                "pass --pool_size=0, or a preprocess that crops"
            )
        super().check()


class CycleGAN(Model):
    """Two generators, two discriminators; cycle and identity losses tie the translations to their sources."""

    config_class = CycleGANConfig
    config: CycleGANConfig

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
        return Outputs(
            samples={
                "real A": real_a, "fake B": self.fake_b, "cycled A": self.cycled_a,
                "real B": real_b, "fake A": self.fake_a, "cycled B": self.cycled_b,
            },
            translations={
                "AtoB": translation(self.config, real_a, self.fake_b),
                "BtoA": translation(self.config, real_b, self.fake_a),
            },
            comparisons={
                "AtoB": Comparison(real_a, self.fake_b, truth=real_b),
                "BtoA": Comparison(real_b, self.fake_a, truth=real_a),
            },
            cycles={"AtoB": self.cycled_a, "BtoA": self.cycled_b},
        )  # fmt: skip

    def build_train_ops(self):
        config = self.config
        generator_losses = self._generator_losses()
        logits, store = self._discriminator_logits()
        discriminator_losses = self._discriminator_losses(logits)
        rate = learning_rate(config.learning_rate, config.lr_policy, self.step, config.max_steps)
        optimizer = Adam(rate, config.beta1, config.beta2, updates=self.step)
        scale = loss_scale_for(self.dtype, "generators_discriminators")

        both = ["generator_ab", "generator_ba"]
        generators = objective("generators", total(generator_losses), both, optimizer, scale)
        if config.lambda_identity:
            with generators.gradients_computed():
                identity_losses = self._identity_losses()
                generators = generators.plus(total(identity_losses))
            generator_losses |= identity_losses
        both = ["discriminator_a", "discriminator_b"]
        discriminators = objective("discriminators", total(discriminator_losses), both, optimizer, scale)
        means = {
            "loss/generators": total(generator_losses),
            "loss/discriminators": total(discriminator_losses),
            **{f"generator/{name}": loss for name, loss in generator_losses.items()},
            **{f"discriminator/{name}": loss for name, loss in discriminator_losses.items()},
            **{f"verdict/{name}": tf.reduce_mean(values, name=f"mean_{name}") for name, values in logits.items()},
            **self._verdict_accuracies(logits),
        }
        step = train_step([generators, discriminators], also=store)
        norms = gradient_norms("generators", "discriminators")
        return {"train": TrainOp(step, {**batch_means(means), **norms, "learning_rate": rate})}

    def _generator_losses(self):
        """The generators' losses but for identity: fooling the discriminators, and what comes back of a cycle."""
        config = self.config
        fooling = functools.partial(generator_loss, kind=config.gan_loss, label=config.real_label)
        return {
            "gan_ab": fooling(self.discriminator_b(self.fake_b, call="on_fake"), name="gan_ab"),
            "gan_ba": fooling(self.discriminator_a(self.fake_a, call="on_fake"), name="gan_ba"),
            "cycle_a": config.lambda_a * l1_loss(self.cycled_a, self.real_a, name="cycle_a"),
            "cycle_b": config.lambda_b * l1_loss(self.cycled_b, self.real_b, name="cycle_b"),
        }

    def _identity_losses(self):
        """The generators' losses for changing images that are of their domain already, by name."""
        config = self.config
        same_a = self.generator_ba(self.real_a, call="identity_a")
        same_b = self.generator_ab(self.real_b, call="identity_b")
        weight_a, weight_b = config.lambda_identity * config.lambda_a, config.lambda_identity * config.lambda_b
        with tf.name_scope("losses/"):
            return {
                "identity_a": weight_a * l1_loss(same_a, self.real_a, name="identity_a"),
                "identity_b": weight_b * l1_loss(same_b, self.real_b, name="identity_b"),
            }

    def _discriminator_logits(self):
        """The discriminators on real images and on the pools' answers; and the ops that store fakes in the pools."""
        config = self.config
        pool = functools.partial(
            image_pool, capacity=config.pool_size, height=config.image_size, width=config.image_size, step=self.step
        )
        with tf.variable_scope("image_pool"), tf.name_scope("image_pool/"):
            self.pooled_a, store_a = pool(self.fake_a, name="a")
            self.pooled_b, store_b = pool(self.fake_b, name="b")
        logits = {
            "real_a": self.discriminator_a(self.real_a, call="on_real"),
            "pooled_a": self.discriminator_a(self.pooled_a, call="on_pooled"),
            "real_b": self.discriminator_b(self.real_b, call="on_real"),
            "pooled_b": self.discriminator_b(self.pooled_b, call="on_pooled"),
        }
        return logits, [store_a, store_b]

    def _verdict_accuracies(self, logits):
        config = self.config
        if config.gan_loss == "wgangp":
            return {}
        accuracy = functools.partial(verdict_accuracy, kind=config.gan_loss, label=config.real_label)
        return {
            "verdict/accuracy_a": accuracy(logits["real_a"], logits["pooled_a"]),
            "verdict/accuracy_b": accuracy(logits["real_b"], logits["pooled_b"]),
        }

    def _discriminator_losses(self, logits):
        config = self.config
        loss = functools.partial(discriminator_loss, kind=config.gan_loss, label=config.real_label)
        losses = {
            "a": loss(logits["real_a"], logits["pooled_a"], name="discriminator_a"),
            "b": loss(logits["real_b"], logits["pooled_b"], name="discriminator_b"),
        }
        if config.gan_loss == "wgangp":
            penalty = functools.partial(gradient_penalty, step=self.step, weight=config.lambda_penalty)
            critic_a = functools.partial(self.discriminator_a, call="on_mix")
            critic_b = functools.partial(self.discriminator_b, call="on_mix")
            losses["penalty_a"] = penalty(critic_a, self.real_a, self.pooled_a, name="penalty_a")
            losses["penalty_b"] = penalty(critic_b, self.real_b, self.pooled_b, name="penalty_b")
        return losses

    def generator_ab(self, images: tf.Tensor, call: str) -> tf.Tensor:
        return build_generator(self.config, images, self.config.channels_b, self.step, name="generator_ab", call=call)

    def generator_ba(self, images: tf.Tensor, call: str) -> tf.Tensor:
        return build_generator(self.config, images, self.config.channels_a, self.step, name="generator_ba", call=call)

    def discriminator_a(self, images: tf.Tensor, call: str) -> tf.Tensor:
        return build_discriminator(self.config, images, name="discriminator_a", call=call)

    def discriminator_b(self, images: tf.Tensor, call: str) -> tf.Tensor:
        return build_discriminator(self.config, images, name="discriminator_b", call=call)
