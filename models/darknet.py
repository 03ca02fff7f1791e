"""Darknet: a classifier of images (Redmon and Farhadi 2018, arXiv 1804.02767), in a form for CIFAR-10."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from base.errors import ConfigError
from base.graph_mode import tf
from base.options import changed, option
from config import PREPROCESS_HELP, BatchNormConfig, Config
from inputs.layouts import sort_classes
from inputs.preprocess import CROPPING
from inputs.streams import Labels, Stream
from models.model import Classification, Model, Outputs, TrainOp
from modules.classifiers import darknet
from ops.losses import cross_entropy
from ops.optimizers import SGD
from ops.schedules import POLICIES, learning_rate, one_cycle
from ops.totals import batch_means
from ops.train_step import gradient_norms, loss_scale_for, objective, train_step

ONE_CYCLE = {"lr_policy": ("one_cycle",)}


@dataclasses.dataclass(frozen=True)
class DarknetConfig(BatchNormConfig):
    """Darknet classifier; the defaults are those of CIFAR-10."""

    model: str = changed(Config, "model", "darknet")
    image_size: int = changed(Config, "image_size", 32, help="Side of the images, in pixels.")
    preprocess: str = changed(Config, "preprocess", "pad_and_crop", help=f"{PREPROCESS_HELP}.", choices=CROPPING)
    batch_size: int = changed(Config, "batch_size", 512, help="Images in one step.")
    classes: str | None = option(
        None,
        "Names of the classes in the order of their numbers, joined by commas.",
        "data",
        auto="those of the data, sorted",
    )

    width: int = option(32, "Channels of the first layer; the last has 32 times as many.", "networks", low=2, high=4096)
    init: str = changed(Config, "init", "he", help="Initial weights of the convolutions.")

    epochs: int | None = changed(Config, "epochs", 30)
    learning_rate: float = changed(
        Config, "learning_rate", 1.3, help="Largest learning rate; in one_cycle that of the middle of the run."
    )
    lr_policy: str = changed(
        Config,
        "lr_policy",
        "one_cycle",
        help="Course of the learning rate: one_cycle rises to it from a fraction and falls, momentum the other way.",
        choices=("one_cycle", *POLICIES),
    )
    lr_divisor: float = option(
        20.0, "Largest learning rate over that of the first step.", "training", low=1.0, only=ONE_CYCLE
    )
    momentum: float = option(
        0.95, "Momentum; in one_cycle that at the start and the end.", "training", low=0.0, high=0.9999
    )
    low_momentum: float = option(
        0.85, "Momentum where the learning rate is largest.", "training", low=0.0, high=0.9999, only=ONE_CYCLE
    )
    weight_decay: float = option(1e-4, "Share of each weight that is added to its gradient.", "training", low=0.0)

    sample_every: int = changed(Config, "sample_every", 500, help="Steps between confusion matrices.")
    evaluate_every: int = changed(Config, "evaluate_every", None, auto="sample_every")

    def automatic(self) -> dict[str, Any]:
        return {**super().automatic(), "evaluate_every": self.sample_every}

    def least_memory(self) -> int:
        return super().least_memory() + 4 * 3 * self.part_size * self.width * self.image_size**2

    def check(self) -> None:
        super().check()
        if len(set(self.class_names)) < len(self.class_names):
            raise ConfigError(f"--classes={self.classes}: names a class twice")

    @property
    def class_names(self) -> list[str]:
        """Names of the classes."""
        return self.classes.split(",") if self.classes else []

    def with_data(self, sources: Mapping[str, Any]) -> DarknetConfig:
        """The config with the steps of its epochs and the names of the classes.

        Raises:
          ConfigError: the data's classes are not those of `classes`, or are fewer than two.
        """
        config = super().with_data(sources)
        found = sort_classes({name for source in sources.values() for name in source.classes()})
        if config.classes and set(config.class_names) != set(found):
            raise ConfigError(f"--classes={config.classes}: the data has the classes {','.join(found)}")
        if len(found) < 2:
            raise ConfigError(
                f"--data_dir={self.data_dir} has the one class {found[0]}: there is nothing to tell apart"
            )
        return config if config.classes else dataclasses.replace(config, classes=",".join(found))


class Darknet(Model):
    """Tells the classes of images apart."""

    config_class = DarknetConfig
    config: DarknetConfig

    @classmethod
    def streams(cls, config):
        return {"images": Stream("train", key=0), "labels": Labels("train", key=0)}

    def build_networks(self, images, labels):
        self.images, self.labels = images, labels
        with tf.name_scope("verdict"):
            logits, features = self.classify(images, training=False, call="use")
            predictions = tf.argmax(logits, axis=1, name="predictions")
            shares = tf.nn.softmax(logits, name="shares")
        verdict = Classification(images, predictions, shares, features, "labels", self.config.class_names)
        return Outputs(classification=verdict)

    def build_train_ops(self):
        config = self.config
        logits, _ = self.classify(self.images, training=True, call="training")
        loss = cross_entropy(logits, self.labels)
        hits = tf.cast(tf.equal(tf.argmax(logits, axis=1), self.labels), tf.float32)
        if config.lr_policy == "one_cycle":
            rate, momentum = one_cycle(
                config.learning_rate,
                config.lr_divisor,
                config.momentum,
                config.low_momentum,
                self.step,
                config.max_steps,
            )
        else:
            rate = learning_rate(config.learning_rate, config.lr_policy, self.step, config.max_steps)
            momentum = tf.constant(config.momentum)
        optimizer = SGD(rate, momentum, config.weight_decay)
        scale = loss_scale_for(self.dtype, "classifier")
        classifier = objective("classifier", loss, ["darknet"], optimizer, scale)
        means = {"loss/cross_entropy": loss, "train/accuracy": tf.reduce_mean(hits, name="accuracy")}
        step = train_step([classifier], also=tf.get_collection(tf.GraphKeys.UPDATE_OPS))
        scalars = {**batch_means(means), **gradient_norms("classifier"), "learning_rate": rate, "momentum": momentum}
        return {"train": TrainOp(step, scalars)}

    def classify(self, images: tf.Tensor, training: bool, call: str) -> tuple[tf.Tensor, tf.Tensor]:
        """Logits, float32 [batch, classes], and features, float32 [batch, n]."""
        config = self.config
        return darknet(
            images, len(config.class_names), config.width, training, dtype=self.dtype, name="darknet", call=call
        )
