"""Darknet: a classifier of images (Redmon and Farhadi 2018, arXiv 1804.02767), in the form that learns CIFAR-10 in 30 epochs."""

import functools

import numpy as np
import tensorflow.compat.v1 as tf

from config import DarknetConfig
from inputs.pipeline import Labels, Stream
from models.metrics import confusion_matrix
from models.model import Model, Turn
from models.pictures import draw_confusion
from modules.classifiers import darknet
from ops.losses import cross_entropy
from ops.optimizers import Player, sgd
from ops.schedules import learning_rate, one_cycle


class Darknet(Model):
    """Tells the classes of images apart.

    Attributes, beside those of all models:
      predictions: int64 tensor [batch_size], the classes of the images of the batch, by norms with running statistics.
    """

    config_class = DarknetConfig
    looked_at = evaluated = None
    needs_test = True
    picture = "confusion matrix"

    @classmethod
    def streams(cls, config):
        return {"images": Stream("train", key=0), "labels": Labels("train", key=0)}

    def build_networks(self, images, labels):
        self.images, self.labels = images, labels
        with tf.name_scope("verdict"):
            self.predictions = tf.argmax(self.classify(images, training=False, call="use"), axis=1, name="predictions")
        return {}, {}

    def build_turns(self):
        config = self.config
        logits = self.classify(self.images, training=True, call="training")
        loss = cross_entropy(logits, self.labels)
        hits = tf.cast(tf.equal(tf.argmax(logits, axis=1), self.labels), tf.float32)
        if config.lr_policy == "one_cycle":
            rate, momentum = one_cycle(
                config.learning_rate, config.lr_divisor, config.momentum, config.low_momentum, self.step, config.max_steps
            )
        else:
            rate = learning_rate(config.learning_rate, config.lr_policy, self.step, config.max_steps)
            momentum = tf.constant(config.momentum)
        optimizer = functools.partial(sgd, learning_rate=rate, momentum=momentum, weight_decay=config.weight_decay)
        moves = self.move(Player("classifier", loss, ["darknet"], optimizer), also=tf.get_collection(tf.GraphKeys.UPDATE_OPS))
        terms = {
            "loss/cross_entropy": loss,
            "train/accuracy": tf.reduce_mean(hits, name="accuracy"),
            "learning_rate": rate,
            "momentum": momentum,
        }
        return {"train": Turn(moves, terms)}

    def look(self, session, images):
        matrix = self.confusion(session, images)
        caption = "true down, predicted across"
        return {caption: [draw_confusion(matrix, self.config.class_names)]}, {"test/accuracy": _accuracy(matrix)}

    def evaluate(self, session, images, counterparts):
        matrix = self.confusion(session, images)
        return {"top-1 accuracy": f"{_accuracy(matrix):.2%} of {matrix.sum()} test images"}

    def confusion(self, session, images):
        """Confusion matrix, int64 [classes, classes], of test images as `look` takes them."""
        predictions = self.run_in_batches(session, {"predictions": self.predictions}, images)["predictions"]
        return confusion_matrix(images["labels"][np.arange(len(predictions))], predictions, len(self.config.class_names))

    def classify(self, images, training, call):
        """Logits, float32 [batch, classes]."""
        config = self.config
        return darknet(images, len(config.class_names), config.width, training, dtype=self.dtype, name="darknet", call=call)


def _accuracy(matrix):
    return float(np.trace(matrix) / matrix.sum())
