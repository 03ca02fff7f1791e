"""Models that are small enough for tests, and what is fed to them."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator
from typing import NamedTuple
from unittest import mock

import numpy as np

from base.graph_mode import tf
from models.model import Model
from models.registry import find_model
from training.group import Group

TINY = {
    "cyclegan": {
        "image_size": 32,
        "generator_blocks": 1,
        "ngf": 4,
        "ndf": 4,
        "discriminator_layers": 2,
        "pool_size": 2,
        "lambda_a": 8.0,
        "lambda_b": 12.0,
        "lambda_identity": 0.25,
    },
    "pix2pix": {
        "image_size": 16,
        "ngf": 4,
        "ndf": 4,
        "discriminator_layers": 1,
        "lambda_gan": 2.0,
        "lambda_l1": 50.0,
    },
    "wgan": {"image_size": 16, "load_size": 16, "ngf": 4, "ndf": 4, "batch_size": 3, "z_size": 5},
    "darknet": {
        "classes": "cat,dog,cow",
        "image_size": 16,
        "load_size": 16,
        "width": 2,
        "batch_size": 4,
        "epochs": None,
        "max_steps": 10,
    },
}

_PATCHING = threading.RLock()  # workers build in threads, and what two patch at a time would stay patched


def tiny_config(name, **values):
    """The config of a tiny model in float32, but for some values."""
    return find_model(name).config_class.parse(values, weak={"model": name, "precision": "float32", **TINY[name]})


def build(name, **values):
    """Builds the networks of a tiny model in the default graph."""
    config = tiny_config(name, **values)
    with _shallow_darknet():
        return find_model(name)(config)


def build_training(name, **values):
    """Builds a tiny model with its train ops."""
    model = build(name, **values)
    with _shallow_darknet():
        model.build_training()
    return model


class Built(NamedTuple):
    """A finalised graph of a tiny model with its train ops, which tests share: building one takes seconds."""

    graph: tf.Graph
    model: Model
    initializer: tf.Operation

    @contextlib.contextmanager
    def started(self) -> Iterator[tf.Session]:
        """A session with fresh weights, like that of a training, on the graph, which is the default one within."""
        with self.graph.as_default(), Group([], 0).session() as session:
            session.run(self.initializer)
            yield session


@functools.cache
def built(name, **values):
    """Gives the Built of a tiny model, the same at every call."""
    with tf.Graph().as_default() as graph:
        model = build_training(name, **values)
        with tf.name_scope("global_step/"):  # a box that is there
            initializer = tf.global_variables_initializer()
    graph.finalize()
    return Built(graph, model, initializer)


@contextlib.contextmanager
def _shallow_darknet():
    """A context in which a Darknet has two residual layers: its 38 convolutions take seconds to build."""
    with _PATCHING, mock.patch("modules.classifiers.LAYERS", (1, 1)):
        yield


def random_images(model, seed=0, count=None):
    """Random arrays by input name, as many of each as in a batch where there is no count."""
    random, config = np.random.RandomState(seed), model.config

    def draw(stream, count):
        if not stream.shape():
            return random.randint(0, len(config.class_names), count)
        return random.uniform(-1, 1, [count, *stream.shape([config.image_size] * 2)]).astype("f")

    return {name: draw(stream, count or config.batch_size) for name, stream in model.streams(config).items()}


def random_feed(model, seed=0):
    """A batch of random arrays, for `Session.run`."""
    return {model.inputs[name]: values for name, values in random_images(model, seed).items()}
