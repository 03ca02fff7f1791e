"""The CycleGAN graph: its losses, its one step, its boxes in TensorBoard, its size."""

import numpy as np
import pytest

from config import make_config
from models.cyclegan import CycleGAN
from models.model import Model
from tests.graphs import ancestors
from training.tensorflow_setup import session_config, tf

TINY = {"image_size": 32, "generator_blocks": 1, "ngf": 4, "ndf": 4, "discriminator_layers": 2, "precision": "float32", "pool_size": 2}


def make_model(**values):
    model = CycleGAN(make_config({**TINY, **values}))
    model.build_training()
    return model


def random_images(model, seed=0):
    rng = np.random.RandomState(seed)
    shapes = {name: [side or model.config.image_size for side in x.shape.as_list()] for name, x in model.inputs.items()}
    return {model.inputs[name]: rng.uniform(-1, 1, shape).astype("f") for name, shape in shapes.items()}


def test_model_is_abstract_and_names_what_is_missing():
    with pytest.raises(TypeError, match="build_networks.*build_turns.*streams"):
        Model(make_config(TINY))


def test_losses_are_those_of_the_paper(session):
    model = make_model(lambda_a=8.0, lambda_b=12.0, lambda_identity=0.25, gan_loss="lsgan")
    session.run(tf.global_variables_initializer())
    feed = random_images(model)
    rows, terms = session.run([model.samples, model.turns["train"].terms], feed)
    a, fake_b, cycled_a, b, fake_a, cycled_b = rows.values()

    def l1(x, y):
        return np.abs(x - y).mean()

    assert terms["generator/cycle_a"] == pytest.approx(8 * l1(cycled_a, a), rel=1e-5)
    assert terms["generator/cycle_b"] == pytest.approx(12 * l1(cycled_b, b), rel=1e-5)
    # Identity: B through the generator A -> B should stay B.
    graph_b = session.run(model.translations["AtoB"].result, {model.translations["AtoB"].source: b})
    assert terms["generator/identity_b"] == pytest.approx(0.25 * 12 * l1(graph_b, b), rel=1e-4)
    total = sum(value for name, value in terms.items() if name.startswith("generator/"))
    assert terms["loss/generators"] == pytest.approx(total, rel=1e-5)
    total = sum(value for name, value in terms.items() if name.startswith("discriminator/"))
    assert terms["loss/discriminators"] == pytest.approx(total, rel=1e-5)


def test_without_identity_loss_there_is_none(session):
    assert not [name for name in make_model(lambda_identity=0.0).turns["train"].terms if "identity" in name]


@pytest.mark.parametrize("gan_loss", ["lsgan", "vanilla", "hinge", "wgangp"])
def test_one_step_moves_every_kernel_of_all_four_networks(session, gan_loss):
    model = make_model(gan_loss=gan_loss)
    session.run(tf.global_variables_initializer())
    kernels = [v for v in tf.trainable_variables() if v.op.name.endswith("kernel")]
    before = session.run(kernels)
    session.run(model.turns["train"].moves, random_images(model))
    after = session.run(kernels)
    assert all((old != new).any() for old, new in zip(before, after))
    assert session.run(model.global_step) == 1


def test_step_is_the_same_to_the_last_bit_in_separate_sessions():
    def train():
        with tf.Graph().as_default(), tf.Session(config=session_config()) as session:
            model = make_model(dropout=True)
            session.run(tf.global_variables_initializer())
            for step in range(4):
                terms, _ = session.run([model.turns["train"].terms, model.turns["train"].moves], random_images(model, step))
            return terms, session.run(tf.trainable_variables())

    (terms, weights), (same_terms, same_weights) = train(), train()
    assert terms == same_terms
    assert all((a == b).all() for a, b in zip(weights, same_weights))


def test_a_compiled_step_computes_the_same():
    def train(xla):
        with tf.Graph().as_default(), tf.Session(config=session_config()) as session:
            model = make_model(xla=xla)
            session.run(tf.global_variables_initializer())
            metadata, options = tf.RunMetadata(), tf.RunOptions(output_partition_graphs=True)
            for step in range(2):
                fetches = [model.turns["train"].terms, model.turns["train"].moves]
                terms, _ = session.run(fetches, random_images(model, step), options=options, run_metadata=metadata)
            return terms, {node.op for graph in metadata.partition_graphs for node in graph.node}

    (terms, ops), (compiled_terms, compiled_ops) = train(False), train(True)
    assert "_XlaRun" in compiled_ops and "_XlaRun" not in ops
    assert compiled_terms == pytest.approx(terms, rel=1e-3, abs=1e-5)


def test_every_assignment_waits_for_all_gradients_and_losses(session):
    """The barrier: without it, one player's update may land before another's loss has read the weights."""
    model = make_model()
    moves = [op for op in tf.get_default_graph().get_operations() if op.type == "ResourceApplyAdam"]
    gradients = {op.inputs[9].op for op in moves}
    assert len(moves) == len(tf.trainable_variables()) == len(gradients)
    losses = {term.op for name, term in model.turns["train"].terms.items() if name.startswith(("generator/", "discriminator/"))}
    assert all(gradients | losses <= ancestors(op) for op in moves)


def test_each_generator_output_is_computed_once(session):
    make_model()
    for generator in ("generator_ab", "generator_ba"):
        calls = {op.name.split("/")[1] for op in tf.get_default_graph().get_operations() if op.name.startswith(generator) and op.type == "Conv2D"}
        assert len(calls) == 3  # fake, cycled, identity


def test_graph_shows_a_dozen_boxes_at_most_and_no_loose_ops(session):
    make_model(dropout=True)
    operations = tf.get_default_graph().get_operations()
    boxes = {op.name.split("/")[0] for op in operations}
    assert boxes == {
        "inputs", "generator_ab", "generator_ba", "discriminator_a", "discriminator_b", "image_pool", "losses", "optimizers",
        "summaries", "global_step",
    }  # fmt: skip
    assert [op.name for op in operations if "/" not in op.name and op.name not in ("global_step",)] == []


def test_channels_may_differ(session):
    model = make_model(channels_a=1, lambda_identity=0.0)
    session.run(tf.global_variables_initializer())
    rows = session.run(model.samples, random_images(model))
    assert [value.shape[-1] for value in rows.values()] == [1, 3, 1, 3, 1, 3]


@pytest.mark.parametrize("values", [{}, {"generator": "unet"}, {"batch_size": 2}])
@pytest.mark.parametrize("size", [(1, 1), (5, 37), (64, 33)])
def test_translate_takes_any_size(session, values, size):
    model = CycleGAN(make_config({**TINY, **values}))
    session.run(tf.global_variables_initializer())
    image = np.random.RandomState(0).uniform(-1, 1, [*size, 3]).astype("f")
    result = model.translate(session, image, "BtoA")
    assert result.shape == image.shape and np.abs(result).max() <= 1


@pytest.mark.parametrize("generator", ["resnet", "unet"])
def test_translate_pads_no_image_of_a_size_that_fits(session, generator):
    model = CycleGAN(make_config({**TINY, "generator": generator}))
    session.run(tf.global_variables_initializer())
    feed = random_images(model)
    direct = session.run(model.fake_a, feed)[0]
    np.testing.assert_array_equal(model.translate(session, feed[model.real_b][0], "BtoA"), direct)


def test_given_batch_feeds_the_placeholders(session):
    batch = {"real_a": tf.ones([1, 32, 32, 3]), "real_b": tf.zeros([1, 32, 32, 3])}
    model = CycleGAN(make_config(TINY), batch)
    assert session.run(model.inputs["real_a"]).min() == 1
    assert session.run(model.inputs["real_a"], {model.inputs["real_a"]: np.zeros([1, 8, 8, 3])}).shape == (1, 8, 8, 3)
