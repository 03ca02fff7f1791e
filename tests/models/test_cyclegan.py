"""The CycleGAN graph: its losses, its one step, its boxes in TensorBoard, its size."""

import functools

import numpy as np
import pytest

from base.graph_mode import tf
from inference.session import translate
from tests.helpers import models
from tests.helpers.graphs import ancestors, boxes, loose_ops, operations
from tests.helpers.models import built, random_feed, random_images
from training.group import Group

build = functools.partial(models.build, "cyclegan")
build_training = functools.partial(models.build_training, "cyclegan")


@pytest.fixture
def model():
    """The model of a graph that tests share, which is the default one."""
    shared = built("cyclegan")
    with shared.graph.as_default():
        yield shared.model


@pytest.fixture
def started():
    """A session on that graph, with fresh weights."""
    with built("cyclegan").started() as session:
        yield session


def test_losses_are_those_of_the_paper(model, started):
    rows, scalars = started.run([model.outputs.samples, model.train_ops["train"].scalars], random_feed(model))
    a, _, cycled_a, b, _, cycled_b = rows.values()

    def l1(x, y):
        return np.abs(x - y).mean()

    assert scalars["generator/cycle_a"] == pytest.approx(8 * l1(cycled_a, a), rel=1e-5)
    assert scalars["generator/cycle_b"] == pytest.approx(12 * l1(cycled_b, b), rel=1e-5)
    # Identity: B through the generator A -> B should stay B.
    a_to_b = model.outputs.translations["AtoB"]
    assert scalars["generator/identity_b"] == pytest.approx(
        0.25 * 12 * l1(started.run(a_to_b.result, {a_to_b.source: b}), b), rel=1e-4
    )
    for group in ("generator", "discriminator"):
        total = sum(value for name, value in scalars.items() if name.startswith(f"{group}/"))
        assert scalars[f"loss/{group}s"] == pytest.approx(total, rel=1e-5)


@pytest.mark.slow
def test_without_identity_loss_there_is_none(session):
    scalars = build_training(lambda_identity=0.0).train_ops["train"].scalars
    assert not [name for name in scalars if "identity" in name]


def moved_kernels(session, model):
    """Names of the kernels that a step changes, and of all."""
    kernels = {v.op.name: v for v in tf.trainable_variables() if v.op.name.endswith("/kernel")}
    before = session.run(kernels)
    session.run(model.train_ops["train"].op, random_feed(model))
    after = session.run(kernels)
    return {name for name in kernels if (before[name] != after[name]).any()}, kernels.keys()


@pytest.mark.slow
def test_one_step_moves_every_kernel_of_all_four_networks(model, started):
    moved, kernels = moved_kernels(started, model)
    assert moved == kernels and len({name.split("/")[0] for name in kernels}) == 4
    assert started.run(model.global_step) == 1


@pytest.mark.slow
@pytest.mark.parametrize("gan_loss", ["vanilla", "hinge"])
def test_one_step_of_another_loss_moves_every_kernel(session, gan_loss):
    model = build_training(gan_loss=gan_loss)
    session.run(tf.global_variables_initializer())
    moved, kernels = moved_kernels(session, model)
    assert moved == kernels


@pytest.mark.slow
def test_one_step_with_the_penalty_moves_every_kernel_and_the_penalty_has_its_weight(session):
    model = build_training(gan_loss="wgangp", lambda_penalty=7.0)
    session.run(tf.global_variables_initializer())
    mean = tf.get_default_graph().get_tensor_by_name("losses/penalty_a/Mean:0")
    fetches = [model.train_ops["train"].scalars["discriminator/penalty_a"], mean]
    weighted, mean = session.run(fetches, random_feed(model))
    assert weighted == pytest.approx(7 * mean, rel=1e-5) and mean > 0
    moved, kernels = moved_kernels(session, model)
    assert moved == kernels


@pytest.mark.slow
def test_step_is_the_same_to_the_last_bit_in_separate_sessions(session):
    model = build_training(dropout=True)
    initializer, train_op = tf.global_variables_initializer(), model.train_ops["train"]

    def train():
        with Group([], 0).session() as session:
            session.run(initializer)
            for step in range(4):
                scalars, _ = session.run([train_op.scalars, train_op.op], random_feed(model, step))
            return scalars, session.run(tf.trainable_variables())

    (scalars, weights), (same_scalars, same_weights) = train(), train()
    assert scalars == same_scalars
    assert all((a == b).all() for a, b in zip(weights, same_weights))


@pytest.mark.slow
def test_every_assignment_waits_for_all_gradients_and_losses(model):
    """Without this barrier, one network's update may land before another's loss has read the weights."""
    moves = operations("ResourceApplyAdam")
    gradients = {op.inputs[9].op for op in moves}
    assert len(moves) == len(tf.trainable_variables()) == len(gradients)
    scalars = model.train_ops["train"].scalars
    losses = {scalar.op for name, scalar in scalars.items() if name.startswith(("generator/", "discriminator/"))}
    assert len(losses) == 8 and all(gradients | losses <= ancestors(op) for op in moves)


def test_identity_losses_wait_for_the_gradients_of_the_others(model):
    scalars = model.train_ops["train"].scalars
    ready = ancestors(scalars["generator/identity_a"].op)
    early = [op for op in operations() if op.name.startswith("optimizers/generators_gradients/")]
    assert early and set(early) & ready
    assert not set(early) & ancestors(scalars["generator/cycle_a"].op)


def test_each_generator_output_is_computed_once(model):
    for generator in ("generator_ab", "generator_ba"):
        calls = {op.name.split("/")[1] for op in operations("Conv2D") if op.name.startswith(generator)}
        assert len(calls) == 3  # fake, cycled, identity


def test_graph_shows_a_dozen_boxes_at_most_and_no_loose_ops(model):
    networks = {"generator_ab", "generator_ba", "discriminator_a", "discriminator_b"}
    assert boxes() == networks | {"inputs", "image_pool", "losses", "optimizers", "summaries", "global_step"}
    assert loose_ops() == []


@pytest.mark.slow
def test_channels_may_differ(session):
    model = build(channels_a=1, lambda_identity=0.0)
    session.run(tf.global_variables_initializer())
    rows = session.run(model.outputs.samples, random_feed(model))
    assert [value.shape[-1] for value in rows.values()] == [1, 3, 1, 3, 1, 3]


def check_translate(session, model):
    """Translates images of any size, and finds that one that fits is not padded."""
    signature = model.outputs.translations["BtoA"]
    for size in ((1, 1), (5, 37), (64, 33)):
        image = np.random.RandomState(0).uniform(-1, 1, [*size, 3]).astype("f")
        result = translate(session, signature, image)
        assert result.shape == image.shape and np.abs(result).max() <= 1
    image = random_images(model)["real_b"][:1].repeat(model.config.batch_size, axis=0)
    direct = session.run(model.fake_a, {model.real_b: image})[0]
    np.testing.assert_array_equal(translate(session, signature, image[0]), direct)


def test_translate_takes_any_size_and_pads_none_that_fits(model, started):
    check_translate(started, model)


@pytest.mark.slow
@pytest.mark.parametrize("values", [{"generator": "unet"}, {"batch_size": 2}])
def test_translate_with_other_networks_or_batches_does_so_too(session, values):
    model = build(**values)
    session.run(tf.global_variables_initializer())
    check_translate(session, model)
