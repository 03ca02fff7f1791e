"""The graph that is trained."""

import pytest

from base.graph_mode import tf
from inputs.data_dir import find_source
from models.registry import find_model
from tests.helpers.graphs import boxes
from tests.helpers.images import photo, save
from tests.helpers.models import tiny_config
from training import graph


@pytest.fixture
def shared(monkeypatch):
    """The numbers of parts that cores were shared out among."""
    asked = []
    monkeypatch.setattr(graph, "share_cores", asked.append)
    return asked


@pytest.mark.parametrize(
    "name, values, parts",
    [
        ("cyclegan", {}, 2),
        ("cyclegan", {"xla": True}, 1),
        ("pix2pix", {}, 1),
        ("wgan", {}, 1),
        ("darknet", {}, 1),
    ],
)
def test_what_is_drawn_independently_is_computed_side_by_side(shared, name, values, parts):
    config = tiny_config(name, **values)
    graph.prepare_machine(config, find_model(name).streams(config))
    assert shared == [parts]


@pytest.mark.slow
def test_model_reads_the_pipeline_from_the_first_step_on(session, shared, tmp_path):
    save(tmp_path / "train/0.png", photo(0))
    model, pipeline = graph.build_training_graph(tiny_config("wgan"), {"train": find_source(tmp_path, "train")})
    session.run(tf.global_variables_initializer())
    session.run(pipeline.initializer)
    first, _ = session.run([model.inputs["real"], model.train_ops["critic"].op])
    assert session.run(model.global_step) == 1 and shared == [1]
    assert first.shape == (3, 16, 16, 3) and -1 <= first.min() < first.max() <= 1
    assert "inputs_1" not in boxes()
