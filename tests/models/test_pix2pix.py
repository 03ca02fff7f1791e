"""The pix2pix graph: its losses, the order of its moves, its colours, its boxes in TensorBoard."""

import numpy as np
import pytest

from config import ConfigError, make_config
from models.pix2pix import Pix2Pix
from tests.models.test_cyclegan import ancestors
from training.tensorflow_setup import session_config, tf

TINY = {"model": "pix2pix", "image_size": 16, "ngf": 4, "ndf": 4, "discriminator_layers": 1, "precision": "float32"}


def make_model(**values):
    model = Pix2Pix(make_config({**TINY, **values}))
    model.build_training()
    return model


def random_images(model, seed=0):
    rng = np.random.RandomState(seed)
    return {x: rng.uniform(-1, 1, [side or 16 for side in x.shape.as_list()]).astype("f") for x in model.inputs.values()}


def softplus(x):
    return np.log1p(np.exp(x))


def moves_of(network):
    operations = [op for op in tf.get_default_graph().get_operations() if op.type == "ResourceApplyAdam"]
    return [op for op in operations if op.inputs[0].op.name.startswith(f"{network}/")]


@pytest.mark.parametrize("values", [{"simultaneous": True}, {"colorize": True, "simultaneous": True}])
def test_losses_are_those_of_the_paper(session, values):
    model = make_model(lambda_gan=2.0, lambda_l1=50.0, **values)
    session.run(tf.global_variables_initializer())
    real, fake = model.judge(model.target, "real_again"), model.judge(model.fake, "fake_again")
    loss = next(op for op in tf.get_default_graph().get_operations() if op.name.endswith("generator_l1/Mean"))
    feed = random_images(model)
    real, fake, output, target, terms, l1 = session.run(
        [real, fake, model.fake, model.target, model.turns["train"].terms, loss.outputs[0]], feed
    )
    assert terms["loss/discriminator"] == pytest.approx(softplus(-real).mean() + softplus(fake).mean(), rel=1e-5)
    assert terms["loss/generator_gan"] == pytest.approx(softplus(-fake).mean(), rel=1e-5)
    assert terms["loss/generator_l1"] == pytest.approx(np.abs(output - target).mean(), rel=1e-5) == l1
    assert terms["verdict/real"] == pytest.approx(real.mean(), abs=1e-5)


def test_generator_pays_the_weighted_sum(session):
    model = make_model(lambda_gan=2.0, lambda_l1=50.0)
    loss = model._generator_loss(tf.zeros([1, 2, 2, 1]))
    session.run(tf.global_variables_initializer())
    total, l1 = session.run([loss, model.l1], random_images(model))
    assert total == pytest.approx(2 * np.log(2) + 50 * l1, rel=1e-5)


@pytest.mark.parametrize("simultaneous", [False, True])
def test_generator_answers_to_the_updated_discriminator_unless_both_move_at_once(session, simultaneous):
    model = make_model(simultaneous=simultaneous, learning_rate=0.05)
    again = model.judge(model.fake, "again")
    session.run(tf.global_variables_initializer())
    feed = random_images(model)
    before = softplus(-session.run(again, feed)).mean()
    turn = model.turns["train"]
    terms, fake, _ = session.run([turn.terms, model.fake, turn.moves], feed)
    # The discriminator has moved; it judges the fake of the step once more.
    after = softplus(-session.run(again, {**feed, model.fake: fake})).mean()
    assert abs(after - before) > 0.05
    assert terms["loss/generator_gan"] == pytest.approx(before if simultaneous else after, rel=1e-4)


@pytest.mark.parametrize("simultaneous", [False, True])
def test_every_assignment_waits_for_what_its_turn_reads(session, simultaneous):
    make_model(simultaneous=simultaneous)
    discriminator, generator = moves_of("discriminator"), moves_of("generator")
    assert len(discriminator) + len(generator) == len(tf.trainable_variables())
    gradients_d, gradients_g = {op.inputs[9].op for op in discriminator}, {op.inputs[9].op for op in generator}
    for op in generator:
        assert gradients_d | gradients_g <= ancestors(op)
        assert (set(discriminator) <= ancestors(op)) != simultaneous
    for op in discriminator:
        assert gradients_d <= ancestors(op) and (gradients_g <= ancestors(op)) == simultaneous


def test_each_network_is_called_as_often_as_needed(session):
    make_model()
    calls = {(op.name.split("/")[0], op.name.split("/")[1]) for op in tf.get_default_graph().get_operations() if op.type == "Conv2D"}
    assert {name for network, name in calls if network == "generator"} == {"fake"}
    assert {name for network, name in calls if network == "discriminator"} == {"on_real", "on_fake", "on_fake_updated"}


def test_discriminator_sees_the_input_beside_the_image(session):
    make_model(channels_a=1)
    shapes = {v.op.name: v.shape for v in tf.trainable_variables()}
    assert shapes["discriminator/conv2d/kernel"] == [4, 4, 1 + 3, 4] and shapes["generator/encoder1/conv2d/kernel"] == [4, 4, 1, 4]


def test_unet_of_the_defaults_is_that_of_the_paper(session):
    model = Pix2Pix(make_config({"model": "pix2pix", "precision": "float32"}))
    kernels = [v for v in tf.trainable_variables() if v.op.name.startswith("generator/") and v.op.name.endswith("kernel")]
    assert [v.shape[-1 if "encoder" in v.op.name else -2] for v in kernels] == [
        64, 128, 256, 512, 512, 512, 512, 512, 512, 512, 512, 512, 256, 128, 64, 3,
    ]  # fmt: skip
    dropped = {op.name.split("/")[2] for op in tf.get_default_graph().get_operations() if "/dropout/" in op.name}
    assert dropped == {"decoder8", "decoder7", "decoder6"} and model.fake.shape[-1] == 3


@pytest.mark.parametrize(
    "values, steps",  # float16 must find the scale of its losses first
    [({"colorize": True}, 1), ({"precision": "float16"}, 16), ({"gan_loss": "wgangp"}, 1), ({"gan_loss": "hinge", "batch_size": 2}, 1)],
)
def test_steps_move_both_networks(session, values, steps):
    model = make_model(**values)
    session.run(tf.global_variables_initializer())
    kernels = [v for v in tf.trainable_variables() if v.op.name.endswith("kernel")]
    before = session.run(kernels)
    for _ in range(steps):
        terms, _ = session.run([model.turns["train"].terms, model.turns["train"].moves], random_images(model))
    after = session.run(kernels)
    assert all((old != new).any() for old, new in zip(before, after)) and np.isfinite(list(terms.values())).all()


def test_step_is_the_same_to_the_last_bit_in_separate_sessions():
    def train():
        with tf.Graph().as_default(), tf.Session(config=session_config()) as session:
            model = make_model()
            session.run(tf.global_variables_initializer())
            for step in range(3):
                terms, _ = session.run([model.turns["train"].terms, model.turns["train"].moves], random_images(model, step))
            return terms, session.run(tf.global_variables())

    (terms, weights), (same_terms, same_weights) = train(), train()
    assert terms == same_terms
    assert all((a == b).all() for a, b in zip(weights, same_weights))


def test_direction_says_which_image_is_the_input():
    for direction, source, target in (("AtoB", "train/A", "train/B"), ("BtoA", "train/B", "train/A")):
        streams = Pix2Pix.streams(make_config({**TINY, "direction": direction, "channels_b": 1}))
        assert (streams["source"].split, streams["target"].split) == (source, target)
        assert streams["source"].key == streams["target"].key
        assert streams["source"].channels == (3 if source == "train/A" else 1)


def test_colorize_keeps_the_lightness_of_its_input(session):
    model = make_model(colorize=True)
    session.run(tf.global_variables_initializer())
    photo = random_images(model)
    grey, output, target = session.run([model.samples[name] for name in ("input", "output", "target")], photo)
    assert np.ptp(grey, axis=-1).max() < 1e-3 and np.ptp(output, axis=-1).max() > 0.01
    np.testing.assert_array_equal(target, photo[model.inputs["photo"]])
    # What the colours are made of does not depend on the photograph's own colours.
    result = session.run(model.translations["colorize"].result, {model.inputs["photo"]: grey})
    np.testing.assert_allclose(result, output, atol=0.02)


@pytest.mark.parametrize("values, direction", [({}, "AtoB"), ({"direction": "BtoA"}, "BtoA"), ({"colorize": True}, "colorize")])
@pytest.mark.parametrize("size", [(5, 37), (32, 17)])
def test_translate_takes_any_size(session, values, direction, size):
    model = Pix2Pix(make_config({**TINY, **values}))
    session.run(tf.global_variables_initializer())
    assert list(model.translations) == [direction]
    image = np.random.RandomState(0).uniform(-1, 1, [*size, 3]).astype("f")
    result = model.translate(session, image, direction)
    assert result.shape == image.shape and np.abs(result).max() <= 1


@pytest.mark.parametrize("colorize", [False, True])
def test_evaluation_measures_the_distance_to_the_target(session, colorize):
    model = make_model(colorize=colorize, batch_size=2)
    session.run(tf.global_variables_initializer())
    images = {name: np.random.RandomState(i).uniform(-1, 1, [3, 16, 16, 3]).astype("f") for i, name in enumerate(model.inputs)}
    figures = model.evaluate(session, images, counterparts=False)
    batch = {model.inputs[name]: np.repeat(values[1:2], 2, axis=0) for name, values in images.items()}
    fake, target = session.run([model.fake, model.target], batch)
    assert float(figures["L1 to the target"].split()[0]) == pytest.approx(np.abs(fake - target).mean(), rel=0.1)
    assert "over 3 images" in figures["L1 to the target"] and "dB" in figures["PSNR"]
    assert ("of no colours" in figures["L1 to the target"]) == colorize


@pytest.mark.parametrize("values, boxes", [({}, set()), ({"colorize": True}, {"color"})])
def test_graph_shows_a_dozen_boxes_at_most_and_no_loose_ops(session, values, boxes):
    make_model(**values)
    operations = tf.get_default_graph().get_operations()
    assert {op.name.split("/")[0] for op in operations} == boxes | {
        "inputs", "generator", "discriminator", "losses", "moving_averages", "optimizers", "summaries", "global_step",
    }  # fmt: skip
    assert [op.name for op in operations if "/" not in op.name and op.name != "global_step"] == []


def test_batch_norm_uses_the_batch_and_dropout_stays_in_use(session):
    model = make_model(image_size=32)
    norms = [op for op in tf.get_default_graph().get_operations() if op.type == "FusedBatchNormV3" and op.name.startswith("generator/")]
    assert len(norms) == 3 + 4 and all(op.get_attr("is_training") for op in norms)
    session.run(tf.global_variables_initializer())
    feed = {x: np.ones([1, 32, 32, 3]) for x in model.inputs.values()}
    first, same = session.run(model.fake, feed), session.run(model.fake, feed)
    session.run(model.global_step.assign_add(1))
    other = session.run(model.fake, feed)
    assert (first == same).all() and (first != other).any()


@pytest.mark.parametrize(
    "values, words",
    [
        ({"colorize": True, "direction": "BtoA"}, "--colorize goes from lightness"),
        ({"preprocess": "none"}, "multiples of 16"),
        ({"norm": "instance", "norm_scale": 0.0}, "needs a norm with learned scales"),
        ({"image_size": 24}, "must be a multiple of 16"),
        ({"lambda_a": 1.0}, "knows no option lambda_a"),
    ],
)
def test_impossible_values_are_refused(values, words):
    with pytest.raises(ConfigError, match=words):
        make_config({**TINY, **values})
