"""What is the same for all models: placeholders, the counter of steps, train ops, outputs."""

import subprocess
import sys

import numpy as np
import pytest

from base.graph_mode import tf
from inputs.streams import Stream
from models.model import Model, Outputs, TrainOp
from models.registry import MODELS, find_model
from tests.conftest import ROOT
from tests.helpers.graphs import ancestors, operations
from tests.helpers.models import TINY, build, built, random_feed, tiny_config

COLORIZE = {"colorize": True, "simultaneous": True}
RUNS = [*((name, {}) for name in TINY), ("pix2pix", COLORIZE), ("wgan", {"gan_loss": "wgangp"})]


class Nothing(Model):
    """Two kinds of steps without a weight, and no word on when which runs."""

    @classmethod
    def streams(cls, config):
        return {"images": Stream("train", 3)}

    def build_networks(self, images):
        return Outputs()

    def build_train_ops(self):
        return {"odd": TrainOp(tf.no_op(), {}), "even": TrainOp(tf.no_op(), {})}


def test_model_is_abstract_and_names_what_is_missing():
    with pytest.raises(TypeError, match="build_networks.*build_train_ops.*streams"):
        Model(tiny_config("cyclegan"))


def test_every_model_has_a_tiny_one_for_the_tests():
    assert TINY.keys() == MODELS.keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", TINY)
def test_inputs_take_batches_of_any_size_of_image(name):
    model = built(name).model
    for key, stream in model.streams(model.config).items():
        assert model.inputs[key].shape.as_list() == [model.config.batch_size, *stream.shape()]
        assert model.inputs[key].dtype == stream.feed_dtype


@pytest.mark.slow
def test_given_batch_feeds_the_placeholders(session):
    batch = {"real_a": tf.ones([1, 32, 32, 3]), "real_b": tf.zeros([1, 32, 32, 3])}
    model = find_model("cyclegan")(tiny_config("cyclegan"), batch)
    assert session.run(model.inputs["real_a"]).min() == 1
    assert session.run(model.inputs["real_a"], {model.inputs["real_a"]: np.zeros([1, 8, 8, 3])}).shape == (1, 8, 8, 3)


@pytest.mark.slow
@pytest.mark.parametrize("name, values", RUNS)
def test_every_train_op_takes_its_batch_and_counts_the_step(name, values):
    model = built(name, **values).model
    for train_op in model.train_ops.values():
        assert {x.op for x in model.inputs.values()} <= ancestors(train_op.op)
        assert train_op.op.type == "AssignAddVariableOp" and train_op.op.inputs[0] is model.global_step.handle
        assert [tag for tag in train_op.scalars if tag.startswith("loss/")]


@pytest.mark.parametrize(
    "name, values, samples, others",
    [
        (
            "cyclegan",
            {},
            ["real A", "fake B", "cycled A", "real B", "fake A", "cycled B"],
            {field: ["AtoB", "BtoA"] for field in ("translations", "comparisons", "cycles")},
        ),
        ("pix2pix", {}, ["input", "output", "target"], {"translations": ["AtoB"], "comparisons": ["AtoB"]}),
        (
            "pix2pix",
            COLORIZE,
            ["input", "output", "target"],
            {"translations": ["colorize"], "comparisons": ["colorize"]},
        ),
        ("wgan", {}, ["real"], {"generation": ["noise", "result"]}),
        (
            "darknet",
            {},
            [],
            {"classification": ["images", "predictions", "shares", "features", "labels", "class_names"]},
        ),
    ],
)
def test_outputs_of_a_model_are_these_and_no_more(name, values, samples, others):
    outputs = built(name, **values).model.outputs
    assert list(outputs.samples) == samples
    assert list(outputs.translations) == others.get("translations", [])
    assert list(outputs.comparisons) == others.get("comparisons", [])
    assert list(outputs.cycles) == others.get("cycles", [])
    for field in ("generation", "classification"):
        found = getattr(outputs, field)
        assert found is None if field not in others else list(found._fields) == others[field]


@pytest.mark.slow
@pytest.mark.parametrize("name, values", RUNS)
def test_every_output_can_be_fetched(name, values):
    model = built(name, **values).model
    outputs, size = model.outputs, model.config.image_size
    tensors = [*outputs.samples.values(), *(t for pair in outputs.comparisons.values() for t in pair)]
    tensors += [translation.result for translation in outputs.translations.values()]
    tensors += [outputs.generation.result] if outputs.generation else []
    tensors += [outputs.classification.predictions] if outputs.classification else []
    assert tensors
    with built(name, **values).started() as session:
        for value in session.run(tensors, random_feed(model)):
            assert len(value) == model.config.batch_size and value.shape[1:3] in ((), (size, size))


def test_only_kind_of_step_is_the_one_of_every_step():
    model = built("pix2pix").model
    assert {model.train_op_of(step) for step in range(9)} == set(model.train_ops) == {"train"}


def test_model_of_several_kinds_must_say_which_a_step_runs(session):
    model = Nothing(tiny_config("cyclegan"))
    model.build_training()
    with pytest.raises(ValueError, match="too many values"):
        model.train_op_of(0)


def test_sample_grid_becomes_a_summary(session):
    model = Nothing(tiny_config("cyclegan"))
    model.build_training()
    grid = np.random.RandomState(0).randint(0, 256, [1, 5, 7, 3])
    summary = tf.Summary.FromString(session.run(model.grid_summary, {model.grid: grid}))
    (value,) = summary.value
    assert value.tag.startswith("samples") and (value.image.height, value.image.width) == (5, 7)


@pytest.mark.slow
def test_seed_and_kind_of_the_initial_weights_are_the_configs():
    def draw(**values):
        with tf.Graph().as_default(), tf.Session() as session:
            build("wgan", **values)
            kernel = tf.trainable_variables()[0]
            session.run(kernel.initializer)
            return session.run(kernel)

    first = draw()
    np.testing.assert_array_equal(first, draw(seed=0))
    assert (first != draw(seed=1)).any() and draw(init="he").std() > 3 * first.std()


@pytest.mark.slow
@pytest.mark.parametrize("xla", [False, True])
def test_only_a_model_that_is_asked_to_is_compiled(session, xla):
    build("pix2pix", xla=xla)
    marked = [op for op in operations("Conv2D") if "_XlaCompile" in op.node_def.attr]
    assert marked == (operations("Conv2D") if xla else [])


@pytest.mark.slow
def test_class_alone_builds_a_graph_in_a_fresh_process():
    program = """
from models.cyclegan import CycleGAN, CycleGANConfig
model = CycleGAN(CycleGANConfig(precision="float32", generator_blocks=1, lambda_identity=0.0, discriminator_layers=1))
model.build_training()
print(model.inputs["real_a"].shape, list(model.train_ops))
"""
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (0, "(1, None, None, 3) ['train']\n"), ran.stderr
