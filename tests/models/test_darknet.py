"""The Darknet classifier: its network against its table, one step against NumPy, statistics, evaluation, boxes in TensorBoard."""

import numpy as np
import pytest

from config import ConfigError, make_config
from models.darknet import Darknet
from models.metrics import confusion_matrix
from models.pictures import draw_confusion
from modules.classifiers import darknet
from training.tensorflow_setup import tf

TINY = {"model": "darknet", "classes": "cat,dog,cow", "image_size": 16, "load_size": 16, "width": 2, "batch_size": 4, "max_steps": 10,
        "precision": "float32"}  # fmt: skip


def make_model(**values):
    model = Darknet(make_config({**TINY, **values}))
    model.build_training()
    return model


def random_images(count, seed=0):
    rng = np.random.RandomState(seed)
    return {"images": rng.uniform(-1, 1, [count, 16, 16, 3]).astype("f"), "labels": rng.randint(0, 3, count)}


def feed_for(model, seed=0):
    return {model.inputs[name]: batch for name, batch in random_images(4, seed).items()}


def test_network_is_that_of_the_table(session):
    logits = darknet(tf.zeros([2, 32, 32, 3]), 10, training=True)
    expected = [(3, 3, 3, 32)]
    for channels, layers in zip((64, 128, 256, 512, 1024), (1, 2, 4, 6, 3)):
        expected += [(3, 3, channels // 2, channels)] + [(1, 1, channels, channels // 2), (3, 3, channels // 2, channels)] * layers
    assert [tuple(v.shape) for v in tf.trainable_variables() if v.op.name.endswith("kernel")] == [*expected, (1024, 10)]
    sums = [op.outputs[0].shape.as_list() for op in tf.get_default_graph().get_operations() if op.type == "AddV2" and op.name.startswith("darknet/apply")]
    assert sums == [[2, 16, 16, 64]] + [[2, 16, 16, 128]] * 2 + [[2, 8, 8, 256]] * 4 + [[2, 4, 4, 512]] * 6 + [[2, 2, 2, 1024]] * 3
    assert logits.shape == [2, 10] and logits.dtype == tf.float32
    assert [v.op.name for v in tf.trainable_variables() if v.op.name.endswith("bias")] == ["darknet/dense/bias"]


def test_every_convolution_has_a_norm_with_running_statistics(session):
    darknet(tf.zeros([2, 32, 32, 3]), 10, training=True)
    assert len([v for v in tf.global_variables() if v.op.name.endswith("/variance")]) == 38  # 1 + 5 + 2 * 16
    assert len(tf.get_collection(tf.GraphKeys.UPDATE_OPS)) == 2 * 38


def test_one_step_moves_all_weights_and_statistics_by_the_schedules_start(session):
    model = make_model(learning_rate=0.2, lr_divisor=10.0, momentum=0.9, low_momentum=0.8, weight_decay=0.01)
    session.run(tf.global_variables_initializer())
    moving = [v for v in tf.global_variables() if v.op.name.startswith("darknet/")]
    feed = feed_for(model)
    gradient = session.run(tf.gradients(model.turns["train"].terms["loss/cross_entropy"], tf.trainable_variables()), feed)
    before = dict(zip(moving, session.run(moving)))
    terms, _ = session.run([model.turns["train"].terms, model.turns["train"].moves], feed)
    after = dict(zip(moving, session.run(moving)))
    assert (terms["learning_rate"], terms["momentum"]) == pytest.approx((0.02, 0.9))
    assert all((before[v] != after[v]).any() for v in moving if "/mean" in v.op.name)
    for variable, slope in zip(tf.trainable_variables(), gradient):
        expected = before[variable] - 0.02 * (slope + 0.01 * before[variable])
        np.testing.assert_allclose(after[variable], expected, atol=1e-5 * max(1, np.abs(slope).max()))


def test_evaluation_moves_nothing_and_does_not_depend_on_the_batch(session):
    model = make_model()
    session.run(tf.global_variables_initializer())
    for step in range(3):
        session.run(model.turns["train"].moves, feed_for(model, step))
    before = session.run(tf.global_variables())
    images = random_images(7)
    together = model.run_in_batches(session, {"predictions": model.predictions}, images)["predictions"]
    alone = [model.run_in_batches(session, {"predictions": model.predictions}, {k: v[[i]] for k, v in images.items()})["predictions"][0] for i in range(7)]
    assert together == alone
    assert all(np.array_equal(a, b) for a, b in zip(before, session.run(tf.global_variables())))


def test_figures_count_every_test_image_once(session):
    model = make_model()
    session.run(tf.global_variables_initializer())
    images = random_images(7)  # more than one batch, and not a whole number of them
    predictions = model.run_in_batches(session, {"predictions": model.predictions}, images)["predictions"]
    accuracy = np.mean(predictions == images["labels"])
    rows, figures = model.look(session, images)
    assert figures == {"test/accuracy": pytest.approx(accuracy)}
    assert len(rows) == 1
    assert model.evaluate(session, images, counterparts=False) == {"top-1 accuracy": f"{accuracy:.2%} of 7 test images"}


def test_confusion_matrix_counts_true_classes_down():
    matrix = confusion_matrix([0, 0, 1, 2, 2], [0, 1, 1, 0, 0], 3)
    assert matrix.tolist() == [[1, 1, 0], [0, 1, 0], [2, 0, 0]]


def test_picture_is_dark_where_the_shares_are_large():
    picture = draw_confusion(np.array([[8, 0], [2, 2]]), ["cat", "dog"])
    assert picture.dtype == np.float32 and picture.shape[0] == picture.shape[1] and picture.shape[2] == 3
    margin = picture.shape[0] - 60
    corners = [picture[margin + 30 * i + 2, margin + 30 * j + 2].mean() for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))]
    assert corners[0] < corners[1] == corners[2] < corners[3] == 1


def test_picture_of_many_classes_is_small_and_without_names():
    assert draw_confusion(np.eye(100, dtype=int), [f"class{i}" for i in range(100)]).shape == (600, 600, 3)


@pytest.mark.parametrize("policy, momentum", [("one_cycle", 0.95), ("constant", 0.95)])
def test_rate_and_momentum_follow_the_policy(session, policy, momentum):
    model = make_model(lr_policy=policy, learning_rate=0.5)
    session.run(tf.global_variables_initializer())
    terms = session.run(model.turns["train"].terms, feed_for(model))
    assert (terms["learning_rate"], terms["momentum"]) == pytest.approx((0.025 if policy == "one_cycle" else 0.5, momentum))


def test_graph_shows_a_dozen_boxes_at_most_and_no_loose_ops(session):
    make_model()
    operations = tf.get_default_graph().get_operations()
    assert {op.name.split("/")[0] for op in operations} == {"inputs", "darknet", "verdict", "losses", "optimizers", "summaries", "global_step"}
    assert [op.name for op in operations if "/" not in op.name and op.name != "global_step"] == []


class Source:
    """Stands for a training set of some images."""

    def __init__(self, count, *names):
        self.count, self.names = count, set(names)

    def __len__(self):
        return self.count

    def classes(self):
        return self.names


def test_epochs_become_steps_and_classes_are_those_of_the_data():
    config = make_config({"model": "darknet", "epochs": 3, "batch_size": 8}).with_data({"train": Source(21, "b", "a", "10", "9")})
    assert config.max_steps == 8  # 3 * 21 / 8 = 7.9
    assert config.class_names == ["9", "10", "a", "b"]


def test_steps_that_are_given_win_over_the_epochs_of_a_preset():
    source = {"train": Source(100, "a", "b")}
    assert make_config({"preset": "cifar10", "max_steps": 7}).with_data(source).max_steps == 7
    assert make_config({"preset": "cifar10"}).with_data(source).max_steps == 6  # 30 * 100 / 512 = 5.9


@pytest.mark.parametrize(
    "classes, found, words",
    [("cat,dog", ["cat", "cow"], "data has the classes cat,cow"), ("", ["cat"], "one class cat"), ("cat,cat", [], "names a class twice")],
)
def test_classes_that_do_not_fit_the_data_are_refused(classes, found, words):
    with pytest.raises(ConfigError, match=words):
        make_config({"model": "darknet", "classes": classes}).with_data({"train": Source(9, *found)})
