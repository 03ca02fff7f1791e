"""The WGAN graph: losses, clipping, the order of its two kinds of steps, noise, its boxes in TensorBoard."""

import functools

import numpy as np
import pytest

from base.errors import ConfigError
from base.graph_mode import tf
from inference.session import generate
from models.wgan import WGANConfig, critic_schedule
from tests.helpers import models
from tests.helpers.graphs import ancestors, boxes, loose_ops, operations, output_of
from tests.helpers.models import built, random_feed, tiny_config

build = functools.partial(models.build, "wgan")
build_training = functools.partial(models.build_training, "wgan")


@pytest.fixture
def model():
    """The model of a graph that tests share, which is the default one."""
    shared = built("wgan")
    with shared.graph.as_default():
        yield shared.model


@pytest.fixture
def penalised():
    """Likewise, with the gradient penalty."""
    shared = built("wgan", gan_loss="wgangp")
    with shared.graph.as_default():
        yield shared.model


def test_losses_are_those_of_the_paper(model):
    scalars = {name: train_op.scalars for name, train_op in model.train_ops.items()}
    logits = [output_of("critic", call) for call in ("on_real", "on_fake")]
    with built("wgan").started() as session:
        real, fake, scalars = session.run([*logits, scalars], random_feed(model))
    critic, generator = scalars["critic"], scalars["generator"]
    assert real.shape == fake.shape == (3,)
    assert critic["wasserstein_estimate"] == pytest.approx(real.mean() - fake.mean(), abs=1e-7)
    assert critic["loss/critic"] == pytest.approx(fake.mean() - real.mean(), abs=1e-7)
    assert generator["loss/generator"] == pytest.approx(-fake.mean(), abs=1e-7)


def test_penalty_is_part_of_the_critics_loss_and_not_of_the_estimate(penalised):
    with built("wgan", gan_loss="wgangp").started() as session:
        scalars = session.run(penalised.train_ops["critic"].scalars, random_feed(penalised))
    assert scalars["critic/penalty"] > 0
    assert scalars["loss/critic"] == pytest.approx(
        scalars["critic/penalty"] - scalars["wasserstein_estimate"], rel=1e-5
    )


@pytest.mark.slow
def test_each_train_op_moves_one_network_and_the_critics_ends_clipped(session):
    model = build_training(clip=0.003)
    session.run(tf.global_variables_initializer())
    networks = {name: tf.trainable_variables(name + "/") for name in ("critic", "generator")}
    for chosen in ("generator", "critic"):
        before = session.run(networks)
        session.run(model.train_ops[chosen].op, random_feed(model))
        after = session.run(networks)
        moved = {name: any((a != b).any() for a, b in zip(before[name], after[name])) for name in networks}
        assert moved == {"generator": chosen == "generator", "critic": chosen == "critic"}
    assert max(np.abs(weights).max() for weights in after["critic"]) == np.float32(0.003)
    assert max(np.abs(weights).max() for weights in after["generator"]) > 0.02
    assert session.run(model.global_step) == 2


def test_clipping_waits_for_the_updates(model):
    updates = {op for op in operations("ResourceApplyRMSProp") if op.inputs[0].op.name.startswith("critic/")}
    kinds = operations("AssignVariableOp") + operations("ReadVariableOp")
    clips = [op for op in kinds if "clip_weights" in op.name]
    assert len(clips) == 2 * len(updates) > 0
    assert all(updates <= ancestors(op) for op in clips)
    assert set(clips) <= ancestors(model.train_ops["critic"].op)


def test_adam_counts_each_networks_own_updates(penalised):
    counts = {v.op.name: v for v in tf.global_variables() if v.op.name.endswith("/updates")}
    with built("wgan", gan_loss="wgangp").started() as session:
        for name in ("critic", "critic", "generator"):
            session.run(penalised.train_ops[name].op, random_feed(penalised))
        updates = session.run(counts)
    assert updates == {"optimizers/critic/updates": 2, "optimizers/generator/updates": 1}


@pytest.mark.parametrize("critic_steps, lead", [(5, 100), (5, 5), (3, 1), (1, 4)])
def test_schedule_is_that_of_the_authors_loop(critic_steps, lead):
    expected, generator_steps = [], 0
    while generator_steps < 1510:
        longer = generator_steps < 25 or generator_steps % 500 == 0
        expected += ["critic"] * (lead if longer else critic_steps) + ["generator"]
        generator_steps += 1
    assert [critic_schedule(step, critic_steps, lead) for step in range(len(expected))] == expected


def test_train_op_of_a_step_follows_the_schedule_of_the_config(model):
    steps, lead = model.config.critic_steps, model.config.critic_lead
    expected = [critic_schedule(step, steps, lead) for step in range(3000)]
    assert [model.train_op_of(step) for step in range(3000)] == expected and set(expected) == set(model.train_ops)


@pytest.mark.slow
def test_noise_is_a_function_of_seed_and_step():
    def draw(seed, *steps):
        with tf.Graph().as_default(), tf.Session() as session:
            model = build(seed=seed, z_size=500)
            noise = model.outputs.generation.noise
            session.run(tf.global_variables_initializer())
            return [(session.run(model.global_step.assign(step)), session.run(noise))[1] for step in steps]

    first, again, later = draw(0, 0, 0, 1)
    np.testing.assert_array_equal(first, again)
    assert (first != later).all() and (first != draw(1, 0)[0]).all()
    assert abs(first.mean()) < 0.1 and first.std() == pytest.approx(1, abs=0.1)


def test_generated_image_i_of_a_seed_does_not_depend_on_the_count(model):
    with built("wgan").started() as session:
        few, many = (np.array(list(generate(session, model.outputs.generation, 4, count))) for count in (2, 7))
    assert few.shape == (2, 16, 16, 3) and many.shape == (7, 16, 16, 3)
    np.testing.assert_array_equal(few, many[:2])
    assert (many[0] != many[3]).any()


@pytest.mark.parametrize("kind", ["model", "penalised"])
def test_graph_shows_a_dozen_boxes_at_most_and_no_loose_ops(request, kind):
    request.getfixturevalue(kind)
    assert boxes() == {"inputs", "generator", "critic", "losses", "optimizers", "summaries", "global_step"}
    assert loose_ops() == []


@pytest.mark.parametrize("precision", ["bfloat16", pytest.param("float16", marks=pytest.mark.slow)])
def test_other_precisions_train(session, precision):
    model = build_training(precision=precision, gan_loss="wgangp")
    session.run(tf.global_variables_initializer())
    for train_op in model.train_ops.values():
        scalars, _ = session.run([train_op.scalars, train_op.op], random_feed(model))
        assert all(np.isfinite(value) for value in scalars.values())


@pytest.mark.parametrize(
    "values, words",
    [
        ({"image_size": 40}, ["image_size=40", "multiple of 16"]),
        ({"gan_loss": "wgangp", "critic_norm": "batch"}, ["critic_norm=batch", "layer or none"]),
        ({"critic_lead": 0}, ["critic_lead=0", "at least 1"]),
        ({"ngl": 3}, ["there is no option ngl"]),
    ],
)
def test_impossible_values_are_refused(values, words):
    with pytest.raises(ConfigError) as error:
        tiny_config("wgan", **{"load_size": 64, **values})
    assert all(word in str(error.value) for word in words) and "\n" not in str(error.value)


def test_what_is_left_open_follows_the_loss():
    clipped, penalised = WGANConfig(), WGANConfig(gan_loss="wgangp")
    assert (clipped.learning_rate, clipped.critic_lead, clipped.critic_norm) == (5e-5, 100, "batch")
    assert (penalised.learning_rate, penalised.critic_lead, penalised.critic_norm) == (1e-4, 5, "layer")
