"""The Darknet classifier: one step against NumPy, its statistics, its classes, its boxes in TensorBoard."""

import functools

import numpy as np
import pytest

from base.errors import ConfigError
from base.graph_mode import tf
from inference.session import run_in_batches
from models.configs import make_config
from tests.helpers import models
from tests.helpers.graphs import boxes, loose_ops
from tests.helpers.models import built, random_feed, random_images

build_training = functools.partial(models.build_training, "darknet")


@pytest.mark.slow
def test_one_step_moves_all_weights_and_statistics_by_the_schedules_start(session):
    model = build_training(learning_rate=0.2, lr_divisor=10.0, momentum=0.9, low_momentum=0.8, weight_decay=0.01)
    train_op = model.train_ops["train"]
    session.run(tf.global_variables_initializer())
    moving = [v for v in tf.global_variables() if v.op.name.startswith("darknet/")]
    feed = random_feed(model)
    gradients = session.run(tf.gradients(train_op.scalars["loss/cross_entropy"], tf.trainable_variables()), feed)
    before = dict(zip(moving, session.run(moving)))
    scalars, _ = session.run([train_op.scalars, train_op.op], feed)
    after = dict(zip(moving, session.run(moving)))
    assert (scalars["learning_rate"], scalars["momentum"]) == pytest.approx((0.02, 0.9))
    assert all((before[v] != after[v]).any() for v in moving if "/mean" in v.op.name)
    for variable, slope in zip(tf.trainable_variables(), gradients):
        expected = before[variable] - 0.02 * (slope + 0.01 * before[variable])
        np.testing.assert_allclose(after[variable], expected, atol=1e-5 * max(1, np.abs(slope).max()))


@pytest.mark.slow
def test_use_moves_nothing_and_does_not_depend_on_the_batch():
    model = built("darknet").model
    tensors = {"predictions": model.outputs.classification.predictions}
    images = random_images(model, count=7)
    single = [{key: values[[i]] for key, values in images.items()} for i in range(7)]
    with built("darknet").started() as session:
        for step in range(3):
            session.run(model.train_ops["train"].op, random_feed(model, step))
        before = session.run(tf.global_variables())
        together = list(run_in_batches(session, model, tensors, images))
        alone = [next(run_in_batches(session, model, tensors, image)) for image in single]
        after = session.run(tf.global_variables())
    assert together == alone
    assert all(np.array_equal(a, b) for a, b in zip(before, after))


def test_shares_add_up_to_one_and_the_largest_is_that_of_the_prediction():
    model = built("darknet").model
    classification = model.outputs.classification
    with built("darknet").started() as session:
        fetched = [classification.shares, classification.predictions]
        shares, predictions = session.run(fetched, random_feed(model))
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    assert shares.shape == (model.config.batch_size, 3) and (shares.argmax(axis=1) == predictions).all()


@pytest.mark.slow
@pytest.mark.parametrize("policy, rate", [("one_cycle", 0.025), ("constant", 0.5)])
def test_rate_and_momentum_follow_the_policy(session, policy, rate):
    model = build_training(lr_policy=policy, learning_rate=0.5)
    session.run(tf.global_variables_initializer())
    scalars = session.run(model.train_ops["train"].scalars, random_feed(model))
    assert (scalars["learning_rate"], scalars["momentum"]) == pytest.approx((rate, 0.95))


def test_graph_shows_a_dozen_boxes_at_most_and_no_loose_ops():
    with built("darknet").graph.as_default():
        assert boxes() == {"inputs", "darknet", "verdict", "losses", "optimizers", "summaries", "global_step"}
        assert loose_ops() == []


class Source:
    """Stands for a training set of some images."""

    def __init__(self, count, *names):
        self.count, self.names = count, set(names)

    def __len__(self):
        return self.count

    def classes(self):
        return self.names


def test_epochs_become_steps_and_classes_are_those_of_the_data():
    config = make_config({"model": "darknet", "epochs": 3, "batch_size": 8})
    config = config.with_data({"train": Source(21, "b", "a", "10", "9")})
    assert config.max_steps == 8  # 3 * 21 / 8 = 7.9
    assert config.class_names == ["9", "10", "a", "b"]


def test_classes_that_are_given_keep_their_order():
    config = make_config({"model": "darknet", "classes": "dog,cat"})
    assert config.with_data({"train": Source(9, "cat", "dog")}).class_names == ["dog", "cat"]


def test_steps_that_are_given_win_over_the_epochs_of_a_preset():
    source = {"train": Source(100, "a", "b")}
    assert make_config({"preset": "cifar10", "max_steps": 7}).with_data(source).max_steps == 7
    assert make_config({"preset": "cifar10"}).with_data(source).max_steps == 6  # 30 * 100 / 512 = 5.9


@pytest.mark.parametrize(
    "classes, found, words",
    [
        ("cat,dog", ["cat", "cow"], "data has the classes cat,cow"),
        ("auto", ["cat"], "one class cat"),
        ("cat,cat", [], "names a class twice"),
    ],
)
def test_classes_that_do_not_fit_the_data_are_refused(classes, found, words):
    with pytest.raises(ConfigError, match=words):
        make_config({"model": "darknet", "classes": classes}).with_data({"train": Source(9, *found)})
