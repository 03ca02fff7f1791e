"""pix2pix: translation learned from pairs of images (Isola et al. 2016, arXiv 1611.07004); and colours for grey."""

from __future__ import annotations

import dataclasses
import functools

from base.errors import ConfigError
from base.graph_mode import tf
from base.options import changed, option
from config import Config
from inputs.streams import Stream
from models.model import Comparison, Model, Outputs, TrainOp
from models.translators import TranslatorConfig, build_discriminator, build_generator, translation
from ops.averages import moving_average
from ops.color import lab_to_rgb, rgb_to_lab
from ops.losses import gan_loss, generator_loss, gradient_penalty, l1_loss, verdict_accuracy
from ops.optimizers import Adam
from ops.schedules import learning_rate
from ops.totals import batch_means
from ops.train_step import gradient_norms, loss_scale_for, objective, train_step

PAIRS = {"colorize": (False,)}  # what goes with pairs of images only


@dataclasses.dataclass(frozen=True)
class Pix2PixConfig(TranslatorConfig):
    """pix2pix; the defaults are those of the paper."""

    model: str = changed(Config, "model", "pix2pix")
    lr_policy: str = changed(Config, "lr_policy", "constant")
    generator: str = changed(TranslatorConfig, "generator", "unet")
    dropout: bool = changed(TranslatorConfig, "dropout", True)
    norm: str = changed(TranslatorConfig, "norm", "batch")
    gan_loss: str = changed(TranslatorConfig, "gan_loss", "vanilla")
    channels_a: int = changed(TranslatorConfig, "channels_a", 3, only=PAIRS)
    channels_b: int = changed(TranslatorConfig, "channels_b", 3, only=PAIRS)

    direction: str = option(
        "AtoB", "Which image of a pair is the input, and which the target.", "data", ("AtoB", "BtoA"), only=PAIRS
    )
    colorize: bool = option(
        False,
        "Learn from colour photographs, without pairs: the input is their lightness, the target their colours (Lab).",
        "data",
    )
    lambda_gan: float = option(1.0, "Weight of the adversarial loss.", "losses", low=0.0)
    lambda_l1: float = option(100.0, "Weight of the mean absolute difference to the target.", "losses", low=0.0)
    simultaneous: bool = option(
        False,
        "Both networks step from the same weights; else the generator answers to the discriminator's new ones.",
        "training",
    )

    def check(self) -> None:
        super().check()
        if self.accumulate > 1 and not self.simultaneous:
            raise ConfigError(
                f"--accumulate={self.accumulate}: the generator answers to the discriminator's new weights, which are "
                "there when the batch has been through it once; pass --simultaneous too, or --accumulate=1"
            )


class Pix2Pix(Model):
    """A generator that comes near the target and fools a discriminator, which sees the input beside what it judges.

    With `colorize`, the pair is made of one colour photograph: its lightness is the input, its colours (a and b of
    Lab) are the target.
    """

    config_class = Pix2PixConfig
    config: Pix2PixConfig

    @classmethod
    def streams(cls, config):
        if config.colorize:
            return {"photo": Stream("train", 3)}
        channels = {"A": config.channels_a, "B": config.channels_b}
        source, target = config.direction.split("to")
        return {
            "source": Stream(f"train/{source}", channels[source]),
            "target": Stream(f"train/{target}", channels[target]),
        }

    def build_networks(self, **images):
        if self.config.colorize:
            return self._build_colorizer(images["photo"])
        self.source, self.target = images["source"], images["target"]
        self.fake = self._generate()
        return Outputs(
            samples={"input": self.source, "output": self.fake, "target": self.target},
            translations={self.config.direction: translation(self.config, self.source, self.fake)},
            comparisons={self.config.direction: Comparison(self.source, self.fake, truth=self.target)},
        )

    def _build_colorizer(self, photo):
        with tf.name_scope("color/"):
            lab = rgb_to_lab(photo)
            self.source, self.target = lab[..., :1], lab[..., 1:]  # [N, H, W, 1], [N, H, W, 2]
        self.fake = self._generate()
        with tf.name_scope("color/"):
            output = lab_to_rgb(tf.concat([self.source, self.fake], axis=-1), name="output")
            grey = lab_to_rgb(tf.concat([self.source, tf.zeros_like(self.target)], axis=-1), name="input")
        return Outputs(
            samples={"input": grey, "output": output, "target": photo},
            translations={"colorize": translation(self.config, photo, output)},
            comparisons={"colorize": Comparison(grey, output, truth=photo)},
        )

    def _generate(self):
        return build_generator(
            self.config, self.source, self.target.shape[-1], self.step, name="generator", call="fake"
        )

    def build_train_ops(self):
        config = self.config
        rate = learning_rate(config.learning_rate, config.lr_policy, self.step, config.max_steps)
        optimizer = Adam(rate, config.beta1, config.beta2, updates=self.step)
        on_real, on_fake = self.judge(self.target, "on_real"), self.judge(self.fake, "on_fake")
        discriminator_loss = self._discriminator_loss(on_real, on_fake)
        if config.simultaneous:
            scale = loss_scale_for(self.dtype, "discriminator_generator")
            discriminator = objective("discriminator", discriminator_loss, ["discriminator"], optimizer, scale)
            losses = self._generator_losses(on_fake)
            generator = objective("generator", self._weighted(losses), ["generator"], optimizer, scale)
            op = train_step([discriminator, generator])
        else:
            scale = loss_scale_for(self.dtype, "discriminator")
            discriminator = objective("discriminator", discriminator_loss, ["discriminator"], optimizer, scale)
            updated = train_step([discriminator])
            # The discriminator's variables are read again, and are the new ones.
            with tf.control_dependencies([updated]):
                on_fake = self.judge(self.fake, "on_fake_updated")
            losses = self._generator_losses(on_fake)
            scale = loss_scale_for(self.dtype, "generator")
            generator = objective("generator", self._weighted(losses), ["generator"], optimizer, scale)
            op = train_step([generator], also=[updated])

        averages, updates = self._averages(batch_means({"discriminator": discriminator_loss, **losses}))
        verdicts = {
            "verdict/real": tf.reduce_mean(on_real, name="mean_real"),
            "verdict/fake": tf.reduce_mean(on_fake, name="mean_fake"),
        }
        if config.gan_loss != "wgangp":
            verdicts["verdict/accuracy"] = verdict_accuracy(on_real, on_fake, config.gan_loss, config.real_label)
        scalars = {
            **{f"loss/{name}": average for name, average in averages.items()},
            **batch_means(verdicts),
            **gradient_norms("generator", "discriminator"),
            "learning_rate": rate,
        }
        return {"train": TrainOp(tf.group(op, *updates), scalars)}

    def judge(self, images: tf.Tensor, call: str) -> tf.Tensor:
        """Calls the discriminator on [N, H, W, C] beside the input. Returns its map of logits."""
        pair = tf.concat([self.source, images], axis=-1, name=f"pair_{call}")
        return build_discriminator(self.config, pair, name="discriminator", call=call)

    def _discriminator_loss(self, on_real, on_fake):
        """The whole sum of both terms, where CycleGAN takes half of it."""
        config = self.config
        loss = gan_loss(on_real, config.gan_loss, real=True, label=config.real_label, name="real")
        loss += gan_loss(on_fake, config.gan_loss, real=False, name="fake")
        if config.gan_loss == "wgangp":
            critic = functools.partial(self.judge, call="on_mix")
            loss += gradient_penalty(critic, self.target, self.fake, self.step, config.lambda_penalty)
        return loss

    def _generator_losses(self, on_fake):
        """The generator's losses without their weights, by name."""
        config = self.config
        return {
            "generator_gan": generator_loss(on_fake, config.gan_loss, config.real_label, name="generator_gan"),
            "generator_l1": l1_loss(self.fake, self.target, name="generator_l1"),
        }

    def _weighted(self, losses):
        return self.config.lambda_gan * losses["generator_gan"] + self.config.lambda_l1 * losses["generator_l1"]

    def _averages(self, losses):
        """Moving averages of scalars by name, and the ops that keep them."""
        with tf.variable_scope("moving_averages"), tf.name_scope("moving_averages/"):
            pairs = {name: moving_average(loss, self.step, name=name) for name, loss in losses.items()}
        return {name: average for name, (average, _) in pairs.items()}, [update for _, update in pairs.values()]
