"""The pix2pix graph: its losses, the order of its updates, its colours, its boxes in TensorBoard."""

import functools

import numpy as np
import pytest

from base.errors import ConfigError
from base.graph_mode import session_config, tf
from inference.session import translate
from models.pix2pix import Pix2Pix
from ops.losses import gan_loss, l1_loss
from tests.helpers import models
from tests.helpers.arrays import softplus
from tests.helpers.graphs import ancestors, boxes, loose_ops, operations, output_of
from tests.helpers.models import built, random_feed, tiny_config

build = functools.partial(models.build, "pix2pix")
build_training = functools.partial(models.build_training, "pix2pix")
RUNS = {"alternating": {}, "simultaneous": {"simultaneous": True}, "colorize": {"colorize": True, "simultaneous": True}}


@pytest.fixture
def shared(request):
    """The graph that tests share of the run that a test's parameter names."""
    return built("pix2pix", **RUNS[request.param])


def of(*runs):
    """Makes a test one of these runs."""
    return pytest.mark.parametrize("shared", runs, indirect=True)


def updates_of(network):
    """The ops that move a network's variables."""
    return [op for op in operations("ResourceApplyAdam") if op.inputs[0].op.name.startswith(f"{network}/")]


@pytest.mark.slow
@of("simultaneous", "colorize")
def test_losses_are_those_of_the_paper(shared):
    model = shared.model
    with shared.started() as session:
        logits = [output_of("discriminator", call) for call in ("on_real", "on_fake")]
        fetches = [*logits, model.fake, model.target, model.train_ops["train"].scalars]
        real, fake, output, target, scalars = session.run(fetches, random_feed(model))
    assert scalars["loss/discriminator"] == pytest.approx(softplus(-real).mean() + softplus(fake).mean(), rel=1e-5)
    assert scalars["loss/generator_gan"] == pytest.approx(softplus(-fake).mean(), rel=1e-5)
    assert scalars["loss/generator_l1"] == pytest.approx(np.abs(output - target).mean(), rel=1e-5)
    assert scalars["verdict/real"] == pytest.approx(real.mean(), abs=1e-5)
    assert scalars["verdict/fake"] == pytest.approx(fake.mean(), abs=1e-5)


@pytest.mark.slow
def test_generator_pays_the_weighted_sum(session):
    model = build_training(simultaneous=True, lambda_gan=2.0, lambda_l1=50.0)
    loss = 2 * gan_loss(output_of("discriminator", "on_fake"), "vanilla", real=True)
    loss += 50 * l1_loss(model.fake, model.target)
    expected = tf.gradients(loss, tf.trainable_variables("generator/"))
    session.run(tf.global_variables_initializer())
    found = [op.inputs[9] for op in updates_of("generator")]
    found, expected = session.run([found, expected], random_feed(model))
    assert len(found) == len(expected) > 0
    for gradient, wanted in zip(found, expected):
        np.testing.assert_allclose(gradient, wanted, rtol=1e-3, atol=1e-4 * np.abs(wanted).max())


@pytest.mark.slow
@of("alternating", "simultaneous")
def test_generator_answers_to_the_updated_discriminator_unless_both_move_at_once(shared):
    model, train_op = shared.model, shared.model.train_ops["train"]
    feed = random_feed(model)
    with shared.started() as session:
        on_fake = output_of("discriminator", "on_fake")
        before = softplus(-session.run(on_fake, feed)).mean()
        scalars, fake, _ = session.run([train_op.scalars, model.fake, train_op.op], feed)
        # The discriminator has moved; it judges the fake of the step once more.
        after = softplus(-session.run(on_fake, {**feed, model.fake: fake})).mean()
    assert abs(after - before) > 3e-4
    expected = before if model.config.simultaneous else after
    assert scalars["loss/generator_gan"] == pytest.approx(expected, abs=3e-5)


@of("alternating", "simultaneous")
def test_every_assignment_waits_for_what_its_step_reads(shared):
    at_once = shared.model.config.simultaneous
    with shared.graph.as_default():
        discriminator, generator = updates_of("discriminator"), updates_of("generator")
        assert len(discriminator) + len(generator) == len(tf.trainable_variables())
    gradients_d, gradients_g = {op.inputs[9].op for op in discriminator}, {op.inputs[9].op for op in generator}
    for op in generator:
        assert gradients_d | gradients_g <= ancestors(op)
        assert (set(discriminator) <= ancestors(op)) != at_once
    for op in discriminator:
        assert gradients_d <= ancestors(op) and (gradients_g <= ancestors(op)) == at_once


@pytest.mark.slow
@of("alternating", "colorize")
def test_one_step_moves_both_networks(shared):
    with shared.started() as session:
        kernels = [v for v in tf.trainable_variables() if v.op.name.endswith("/kernel")]
        before = session.run(kernels)
        session.run(shared.model.train_ops["train"].op, random_feed(shared.model))
        assert all((old != new).any() for old, new in zip(before, session.run(kernels)))


@pytest.mark.slow
@of("alternating")
def test_step_is_the_same_to_the_last_bit_in_separate_sessions(shared):
    train_op = shared.model.train_ops["train"]

    def train():
        with shared.started() as session:
            for step in range(3):
                scalars, _ = session.run([train_op.scalars, train_op.op], random_feed(shared.model, step))
            return scalars, session.run(tf.global_variables())

    (scalars, weights), (same_scalars, same_weights) = train(), train()
    assert scalars == same_scalars
    assert all((a == b).all() for a, b in zip(weights, same_weights))


@of(*RUNS)
def test_graph_shows_a_dozen_boxes_at_most_and_no_loose_ops(shared):
    networks = {"generator", "discriminator", *(["color"] if shared.model.config.colorize else [])}
    others = {"inputs", "losses", "moving_averages", "optimizers", "summaries", "global_step"}
    with shared.graph.as_default():
        assert boxes() == networks | others
        assert loose_ops() == []


@of("alternating")
def test_each_network_is_called_as_often_as_needed(shared):
    with shared.graph.as_default():
        calls = {tuple(op.name.split("/")[:2]) for op in operations("Conv2D")}
    assert {name for network, name in calls if network == "generator"} == {"fake"}
    assert {name for network, name in calls if network == "discriminator"} == {"on_real", "on_fake", "on_fake_updated"}


@pytest.mark.slow
def test_discriminator_sees_the_input_beside_the_image(session):
    build(channels_a=1).judge(tf.zeros([1, 16, 16, 3]), "on_real")
    shapes = {v.op.name: v.shape for v in tf.trainable_variables()}
    assert shapes["discriminator/conv2d/kernel"] == [4, 4, 1 + 3, 4]
    assert shapes["generator/encoder1/conv2d/kernel"] == [4, 4, 1, 4]


@pytest.mark.slow
def test_unet_of_the_defaults_is_that_of_the_paper(session):
    model = Pix2Pix(Pix2Pix.config_class(precision="float32"))
    kernels = [v for v in tf.trainable_variables("generator/") if v.op.name.endswith("kernel")]
    assert [v.shape[-1 if "encoder" in v.op.name else -2] for v in kernels] == [
        64, 128, 256, 512, 512, 512, 512, 512, 512, 512, 512, 512, 256, 128, 64, 3,
    ]  # fmt: skip
    dropped = {op.name.split("/")[2] for op in operations() if "/dropout/" in op.name}
    assert dropped == {"decoder8", "decoder7", "decoder6"} and model.fake.shape[-1] == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    "values, steps",  # float16 must find the scale of its losses first
    [({"precision": "float16"}, 16), ({"gan_loss": "wgangp"}, 1), ({"gan_loss": "hinge", "batch_size": 2}, 1)],
)
def test_steps_of_other_kinds_move_both_networks(session, values, steps):
    model = build_training(**values)
    train_op = model.train_ops["train"]
    session.run(tf.global_variables_initializer())
    kernels = [v for v in tf.trainable_variables() if v.op.name.endswith("/kernel")]
    before = session.run(kernels)
    for _ in range(steps):
        scalars, _ = session.run([train_op.scalars, train_op.op], random_feed(model))
    after = session.run(kernels)
    assert all((old != new).any() for old, new in zip(before, after)) and np.isfinite(list(scalars.values())).all()


def test_direction_says_which_image_is_the_input():
    for direction, source, target in (("AtoB", "train/A", "train/B"), ("BtoA", "train/B", "train/A")):
        streams = Pix2Pix.streams(tiny_config("pix2pix", direction=direction, channels_b=1))
        assert (streams["source"].split, streams["target"].split) == (source, target)
        assert streams["source"].key == streams["target"].key
        assert streams["source"].channels == (3 if source == "train/A" else 1)


@pytest.mark.slow
@of("colorize")
def test_colorize_keeps_the_lightness_of_its_input(shared):
    model, photo = shared.model, random_feed(shared.model)
    outputs = model.outputs
    with shared.started() as session:
        rows = [outputs.samples[name] for name in ("input", "output", "target")]
        grey, output, target = session.run(rows, photo)
        result = session.run(outputs.translations["colorize"].result, {model.inputs["photo"]: grey})
    assert np.ptp(grey, axis=-1).max() < 1e-3 and np.ptp(output, axis=-1).max() > 0.01
    np.testing.assert_array_equal(target, photo[model.inputs["photo"]])
    # What the colours are made of does not depend on the photograph's own colours.
    np.testing.assert_allclose(result, output, atol=0.02)


@pytest.mark.parametrize(
    "values, direction", [({}, "AtoB"), ({"direction": "BtoA"}, "BtoA"), ({"colorize": True}, "colorize")]
)
def test_translate_takes_any_size(session, values, direction):
    model = build(**values)
    session.run(tf.global_variables_initializer())
    assert list(model.outputs.translations) == list(model.outputs.comparisons) == [direction]
    for size in ((5, 37), (32, 17)):
        image = np.random.RandomState(0).uniform(-1, 1, [*size, 3]).astype("f")
        result = translate(session, model.outputs.translations[direction], image)
        assert result.shape == image.shape and np.abs(result).max() <= 1


@pytest.mark.slow
def test_batch_norm_uses_the_batch_and_dropout_stays_in_use(session):
    model = build(image_size=32)
    norms = [op for op in operations("FusedBatchNormV3") if op.name.startswith("generator/")]
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
        ({"colorize": True, "direction": "BtoA"}, "--direction=BtoA has no effect with --colorize=true"),
        ({"preprocess": "none"}, "multiples of 16"),
        ({"norm": "instance", "norm_scale": 0.0}, "--norm_scale=0 has no effect with --norm=instance"),
        ({"image_size": 24}, "must be a multiple of 16"),
        ({"lambda_a": 1.0}, "there is no option lambda_a"),
    ],
)
def test_impossible_values_are_refused(values, words):
    with pytest.raises(ConfigError, match=words):
        tiny_config("pix2pix", **values)


@pytest.mark.slow
def test_a_compiled_step_computes_the_same():
    def train(xla):
        with tf.Graph().as_default(), tf.Session(config=session_config()) as session:
            model = build_training(xla=xla, unet_levels=2)
            session.run(tf.global_variables_initializer())
            metadata, options = tf.RunMetadata(), tf.RunOptions(output_partition_graphs=True)
            for step in range(2):
                fetches = [model.train_ops["train"].scalars, model.train_ops["train"].op]
                scalars, _ = session.run(fetches, random_feed(model, step), options=options, run_metadata=metadata)
            return scalars, {node.op for graph in metadata.partition_graphs for node in graph.node}

    (scalars, ops), (compiled_scalars, compiled_ops) = train(False), train(True)
    assert "_XlaRun" in compiled_ops and "_XlaRun" not in ops
    assert compiled_scalars == pytest.approx(scalars, rel=1e-3, abs=1e-5)
