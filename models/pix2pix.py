"""pix2pix: translation learned from pairs of images (Isola et al. 2016, arXiv 1611.07004), and colours for grey photographs."""

import functools

import numpy as np
import tensorflow.compat.v1 as tf

from config import Pix2PixConfig
from inputs.pipeline import Stream
from models.metrics import psnr
from models.model import Model, Translation, Turn
from models.networks import build_discriminator, build_generator
from ops.averages import moving_average
from ops.color import lab_to_rgb, rgb_to_lab
from ops.losses import gan_loss, generator_loss, gradient_penalty, l1_loss
from ops.optimizers import Player, adam
from ops.schedules import learning_rate


class Pix2Pix(Model):
    """A generator paid for coming near the target and for fooling a discriminator, which sees the input beside the image it judges.

    With `colorize`, the pair is made of one colour photograph: its lightness is the input, its colours (a and b of Lab) are the target.
    """

    config_class = Pix2PixConfig

    @classmethod
    def streams(cls, config):
        if config.colorize:
            return {"photo": Stream("train", 3)}
        channels = {"A": config.channels_a, "B": config.channels_b}
        source, target = config.direction.split("to")
        return {"source": Stream(f"train/{source}", channels[source]), "target": Stream(f"train/{target}", channels[target])}

    def build_networks(self, **images):
        if self.config.colorize:
            with tf.name_scope("color/"):
                lab = rgb_to_lab(images["photo"])
                self.source, self.target = lab[..., :1], lab[..., 1:]  # [N, H, W, 1], [N, H, W, 2]
        else:
            self.source, self.target = images["source"], images["target"]
        self.fake = build_generator(
            self.config, self.source, self.target.shape[-1], self.dtype, self.step, name="generator", call="fake"
        )
        samples = {"input": self.source, "output": self.fake, "target": self.target}
        if not self.config.colorize:
            return {self.config.direction: Translation(self.source, self.fake)}, samples
        with tf.name_scope("color/"):
            samples["output"] = lab_to_rgb(tf.concat([self.source, self.fake], axis=-1), name="output")
            samples["input"] = lab_to_rgb(tf.concat([self.source, tf.zeros_like(self.target)], axis=-1), name="input")
            samples["target"] = images["photo"]
        return {"colorize": Translation(images["photo"], samples["output"])}, samples

    def build_turns(self):
        config = self.config
        rate = learning_rate(config.learning_rate, config.lr_policy, self.step, config.max_steps)
        optimizer = functools.partial(adam, learning_rate=rate, beta1=config.beta1, beta2=config.beta2, updates=self.step)
        on_real, on_fake = self.judge(self.target, "on_real"), self.judge(self.fake, "on_fake")
        discriminator = Player("discriminator", self._discriminator_loss(on_real, on_fake), ["discriminator"], optimizer)

        if config.simultaneous:
            generator = Player("generator", self._generator_loss(on_fake), ["generator"], optimizer)
            moves = self.move(discriminator, generator)
        else:
            moved = self.move(discriminator)
            with tf.control_dependencies([moved]):  # the discriminator's variables are read again, and are the new ones
                on_fake = self.judge(self.fake, "on_fake_updated")
            generator = Player("generator", self._generator_loss(on_fake), ["generator"], optimizer)
            moves = self.move(generator, also=[moved])

        averages, updates = self._averages(discriminator=discriminator.loss, generator_gan=self.gan, generator_l1=self.l1)
        terms = {
            **{f"loss/{name}": average for name, average in averages.items()},
            "verdict/real": tf.reduce_mean(on_real, name="mean_real"),
            "verdict/fake": tf.reduce_mean(on_fake, name="mean_fake"),
            "learning_rate": rate,
        }
        return {"train": Turn(tf.group(moves, *updates), terms)}

    def judge(self, images, call):
        """Calls the discriminator on [N, H, W, C] beside the input. Returns its map of logits."""
        pair = tf.concat([self.source, images], axis=-1, name=f"pair_{call}")
        return build_discriminator(self.config, pair, self.dtype, name="discriminator", call=call)

    def _discriminator_loss(self, on_real, on_fake):
        """The whole sum of both terms, where CycleGAN takes half of it."""
        config = self.config
        loss = gan_loss(on_real, config.gan_loss, real=True, label=config.real_label, name="real")
        loss += gan_loss(on_fake, config.gan_loss, real=False, name="fake")
        if config.gan_loss == "wgangp":
            loss += gradient_penalty(functools.partial(self.judge, call="on_mix"), self.target, self.fake, self.step)
        return loss

    def _generator_loss(self, on_fake):
        config = self.config
        self.gan = generator_loss(on_fake, config.gan_loss, config.real_label, name="generator_gan")
        self.l1 = l1_loss(self.fake, self.target, name="generator_l1")
        return config.lambda_gan * self.gan + config.lambda_l1 * self.l1

    def _averages(self, **losses):
        """Moving averages of scalars by name, and the ops that keep them."""
        with tf.variable_scope("moving_averages"), tf.name_scope("moving_averages/"):
            pairs = {name: moving_average(loss, self.step, name=name) for name, loss in losses.items()}
        return {name: average for name, (average, _) in pairs.items()}, [update for _, update in pairs.values()]

    def evaluate(self, session, images, counterparts):
        size = self.config.batch_size  # each image fills a batch alone, so that norms see nothing of the others
        batches = [{self.inputs[name]: np.repeat(image[None], size, axis=0) for name, image in zip(images, row)} for row in zip(*images.values())]
        fetched = [session.run([self.fake, self.target, self.samples], feed) for feed in batches]
        l1 = np.mean([np.abs(fake[0] - target[0]).mean() for fake, target, _ in fetched])
        before, after, truth = ([rows[name][0] for _, _, rows in fetched] for name in ("input", "output", "target"))
        figures = {"L1 to the target": f"{l1:.4f} over {len(fetched)} images"}
        if self.config.colorize:
            figures["L1 to the target"] += f" ({np.mean([np.abs(target[0]).mean() for _, target, _ in fetched]):.4f} of no colours at all)"
        if before[0].shape == truth[0].shape:
            figures["PSNR"] = f"{psnr(after, truth):.2f} dB ({psnr(before, truth):.2f} dB for the input itself)"
        return figures
