"""The WGAN graph: networks against their table, losses, clipping, turns, noise, its boxes in TensorBoard."""

import numpy as np
import pytest

from config import make_config
from models.wgan import WGAN, critic_schedule
from modules.dcgan import dcgan_critic, dcgan_generator, pyramid
from tests.models.test_cyclegan import ancestors
from training.tensorflow_setup import tf

TINY = {"model": "wgan", "image_size": 16, "load_size": 16, "ngf": 4, "ndf": 4, "batch_size": 3, "z_size": 5, "precision": "float32"}


def make_model(**values):
    model = WGAN(make_config({**TINY, **values}))
    model.build_training()
    return model


def kernels(scope):
    return [tuple(v.shape) for v in tf.trainable_variables(scope + "/") if v.op.name.endswith("kernel")]


def feed_for(model, seed=0):
    rng = np.random.RandomState(seed)
    return {model.inputs["real"]: rng.uniform(-1, 1, model.inputs["real"].shape[:1].as_list() + [16, 16, 3])}


@pytest.mark.parametrize("size, widths", [(64, [512, 256, 128, 64]), (32, [256, 128, 64]), (16, [128, 64])])
def test_networks_have_the_layers_of_dcgan(session, size, widths):
    images = dcgan_generator(tf.zeros([2, 100]), size, 3, name="generator")
    verdicts = dcgan_critic(images, name="critic")
    assert images.shape == [2, size, size, 3] and verdicts.shape == [2]
    # Transposed kernels are [height, width, out, in].
    assert kernels("generator") == [(4, 4, out, into) for into, out in zip([100, *widths], [*widths, 3])]
    up = widths[::-1]
    assert kernels("critic") == [(4, 4, into, out) for into, out in zip([3, *up], [*up, 1])]
    assert not [v for v in tf.trainable_variables() if v.op.name.endswith("bias")]


def test_norms_are_behind_all_convolutions_but_the_critics_first_and_last_and_the_generators_last(session):
    dcgan_critic(dcgan_generator(tf.zeros([2, 100]), 64, 3, name="generator"), name="critic")
    scales = {name: [v.shape[0] for v in tf.trainable_variables(name + "/") if v.op.name.endswith("scale")] for name in ("generator", "critic")}
    assert scales == {"generator": [512, 256, 128, 64], "critic": [128, 256, 512]}


def test_extra_layers_are_3x3_at_half_size(session):
    dcgan_critic(dcgan_generator(tf.zeros([2, 8]), 32, 3, 16, extra_layers=2, name="generator"), 16, extra_layers=2, name="critic")
    assert kernels("critic")[1:3] == kernels("generator")[3:5] == [(3, 3, 16, 16)] * 2


@pytest.mark.parametrize("size, innermost", [(16, 4), (48, 6), (64, 4), (80, 5), (112, 7), (256, 4)])
def test_every_multiple_of_16_has_its_networks(session, size, innermost):
    assert pyramid(size)[0] == innermost
    images = dcgan_generator(tf.zeros([1, 4]), size, 1, 1)
    assert images.shape == [1, size, size, 1] and dcgan_critic(images, 1).shape == [1]


def test_losses_are_those_of_the_paper(session):
    model = make_model()
    session.run(tf.global_variables_initializer())
    feed = feed_for(model)
    critic, generator = (model.turns[name].terms for name in ("critic", "generator"))
    on_real, on_fake = model.critic(model.real, call="a"), model.critic(model.fake, call="b")
    real, fake, critic, generator = session.run([on_real, on_fake, critic, generator], feed)
    assert critic["wasserstein_estimate"] == pytest.approx(real.mean() - fake.mean(), abs=1e-7)
    assert critic["loss/critic"] == pytest.approx(fake.mean() - real.mean(), abs=1e-7)
    assert generator["loss/generator"] == pytest.approx(-fake.mean(), abs=1e-7)


def test_penalty_is_part_of_the_critics_loss_and_not_of_the_estimate(session):
    model = make_model(gan_loss="wgangp")
    session.run(tf.global_variables_initializer())
    terms = session.run(model.turns["critic"].terms, feed_for(model))
    assert terms["critic/penalty"] > 0
    assert terms["loss/critic"] == pytest.approx(terms["critic/penalty"] - terms["wasserstein_estimate"], rel=1e-5)


def test_each_turn_moves_one_network_and_the_critics_ends_clipped(session):
    model = make_model(clip=0.003)
    session.run(tf.global_variables_initializer())
    networks = {name: tf.trainable_variables(name + "/") for name in ("critic", "generator")}
    for turn in ("generator", "critic"):
        before = session.run(networks)
        session.run(model.turns[turn].moves, feed_for(model))
        after = session.run(networks)
        moved = {name: any((a != b).any() for a, b in zip(before[name], after[name])) for name in networks}
        assert moved == {"generator": turn == "generator", "critic": turn == "critic"}
    assert max(np.abs(weights).max() for weights in after["critic"]) == np.float32(0.003)
    assert max(np.abs(weights).max() for weights in after["generator"]) > 0.02
    assert session.run(model.global_step) == 2


def test_clipping_waits_for_the_move(session):
    model = make_model()
    operations = tf.get_default_graph().get_operations()
    moves = {op for op in operations if op.type == "ResourceApplyRMSProp" and op.inputs[0].op.name.startswith("critic/")}
    clips = [op for op in operations if "clip_weights" in op.name and op.type in ("AssignVariableOp", "ReadVariableOp")]
    assert len(clips) == 2 * len(moves) > 0
    assert all(moves <= ancestors(op) for op in clips)
    assert set(clips) <= ancestors(model.turns["critic"].moves)


@pytest.mark.parametrize("gan_loss", ["wgan", "wgangp"])
def test_both_turns_take_their_batch(session, gan_loss):
    model = make_model(gan_loss=gan_loss)
    for turn in model.turns.values():
        assert model.inputs["real"].op in ancestors(turn.moves)


def test_adam_counts_each_networks_own_updates(session):
    model = make_model(gan_loss="wgangp")
    session.run(tf.global_variables_initializer())
    for turn in ("critic", "critic", "generator"):
        session.run(model.turns[turn].moves, feed_for(model))
    updates = {v.op.name: session.run(v) for v in tf.global_variables() if v.op.name.endswith("/updates")}
    assert updates == {"optimizers/critic/updates": 2, "optimizers/generator/updates": 1}


@pytest.mark.parametrize("critic_steps, lead", [(5, 100), (5, 5), (3, 1), (1, 4)])
def test_turns_follow_the_authors_loop(critic_steps, lead):
    expected, generator_steps = [], 0
    while generator_steps < 1510:
        expected += ["critic"] * (lead if generator_steps < 25 or generator_steps % 500 == 0 else critic_steps) + ["generator"]
        generator_steps += 1
    assert [critic_schedule(step, critic_steps, lead) for step in range(len(expected))] == expected


def test_noise_is_a_function_of_seed_and_step():
    def draw(seed, step):
        with tf.Graph().as_default(), tf.Session() as session:
            model = WGAN(make_config({**TINY, "seed": seed, "z_size": 500}))
            session.run(tf.global_variables_initializer())
            session.run(model.global_step.assign(step))
            return session.run(model.generation.noise)

    first = draw(0, 0)
    np.testing.assert_array_equal(first, draw(0, 0))
    assert (first != draw(0, 1)).all() and (first != draw(1, 0)).all()
    assert abs(first.mean()) < 0.1 and first.std() == pytest.approx(1, abs=0.1)


def test_generated_image_i_of_a_seed_does_not_depend_on_the_count(session):
    model = make_model()
    session.run(tf.global_variables_initializer())
    few, many = (np.array(list(model.generate(session, seed=4, count=count))) for count in (2, 7))
    assert few.shape == (2, 16, 16, 3) and many.shape == (7, 16, 16, 3)
    np.testing.assert_array_equal(few, many[:2])
    assert (many[0] != many[3]).any()


def test_look_shows_the_same_noise_at_every_step(session):
    model = make_model()
    session.run(tf.global_variables_initializer())
    images = {"real": np.zeros([8, 16, 16, 3], "f")}
    first, figures = model.look(session, images)
    session.run(model.global_step.assign(9))
    again, _ = model.look(session, images)
    assert {caption: len(row) for caption, row in first.items()} == {"real": 8, "fake": 64} and not figures
    np.testing.assert_array_equal(first["fake"], again["fake"])


@pytest.mark.parametrize("gan_loss", ["wgan", "wgangp"])
def test_graph_shows_a_dozen_boxes_at_most_and_no_loose_ops(session, gan_loss):
    make_model(gan_loss=gan_loss)
    operations = tf.get_default_graph().get_operations()
    assert {op.name.split("/")[0] for op in operations} == {
        "inputs", "generator", "critic", "losses", "optimizers", "summaries", "global_step"
    }  # fmt: skip
    assert [op.name for op in operations if "/" not in op.name and op.name != "global_step"] == []


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_other_precisions_train(session, precision):
    model = make_model(precision=precision, gan_loss="wgangp")
    session.run(tf.global_variables_initializer())
    for turn in model.turns.values():
        terms, _ = session.run([turn.terms, turn.moves], feed_for(model))
        assert all(np.isfinite(value) for value in terms.values())


@pytest.mark.parametrize(
    "values, words",
    [
        ({"image_size": 40}, ["image_size=40", "multiple of 16"]),
        ({"gan_loss": "wgangp", "critic_norm": "batch"}, ["critic_norm=batch", "layer or none"]),
        ({"critic_lead": 0}, ["critic_lead=0", "at least 1"]),
        ({"ngl": 3}, ["wgan knows no option ngl"]),
    ],
)
def test_impossible_values_are_refused(values, words):
    with pytest.raises(ValueError) as error:
        make_config({**TINY, "load_size": 64, **values})
    assert all(word in str(error.value) for word in words) and "\n" not in str(error.value)


def test_what_is_left_open_follows_the_loss():
    clipped, penalised = make_config({"model": "wgan"}), make_config({"model": "wgan", "gan_loss": "wgangp"})
    assert (clipped.learning_rate, clipped.critic_lead, clipped.critic_norm) == (5e-5, 100, "batch")
    assert (penalised.learning_rate, penalised.critic_lead, penalised.critic_norm) == (1e-4, 5, "layer")
