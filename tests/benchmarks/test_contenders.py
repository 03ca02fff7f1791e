"""What the benchmark times: that each measurement runs, and counts what it says it counts."""

import json

import pytest

from base.errors import UserError
from base.graph_mode import tf
from benchmarks import contenders
from benchmarks.comparisons import measure
from ops.conv import conv2d
from tests.helpers.images import photo, save

TINY = {"image_size": 32, "generator_blocks": 1, "ngf": 4, "ndf": 4, "discriminator_layers": 1, "precision": "float32"}
COUNT = 5  # images


@pytest.fixture
def photos(tmp_path):
    """A folder with a few images of two domains."""
    for domain in "AB":
        for index in range(COUNT):
            save(tmp_path / "photos" / f"train{domain}" / f"{index}.png", photo(index, 32, 32))
    return tmp_path / "photos"


def needs(framework):
    if framework == "torch":
        pytest.importorskip("torch")


def test_measurement_that_fails_says_why(capsys):
    contenders.main([json.dumps({"what": "training", "framework": "jax", "values": TINY, "seconds": 0})])
    assert json.loads(capsys.readouterr().out) == {
        "failed": "ValueError: framework is 'jax'; it must be one of tensorflow, torch"
    }


def test_what_a_measurement_prints_is_not_taken_for_its_figures(capsys, monkeypatch):
    def talk():
        print("working")
        return {"figure": 1}

    monkeypatch.setitem(contenders.WHATS, "talk", talk)
    contenders.main(['{"what": "talk"}'])
    assert json.loads(capsys.readouterr().out) == {"figure": 1}


def test_operations_of_a_convolution_and_its_gradients_are_counted(session):
    images = tf.ones([2, 8, 8, 3])
    y = conv2d(images, 4, 3, bias=False)  # [2, 6, 6, 4]
    tf.gradients(y, [images, *tf.trainable_variables()])
    session.run(tf.global_variables_initializer())
    forward = 2 * (2 * 6 * 6 * 4) * (3 * 3 * 3)
    assert contenders.convolution_flop(session) == 3 * forward


@pytest.mark.slow
def test_decoding_counts_all_images(photos):
    figures = measure({"what": "decode", "data_dir": str(photos), "side": 40, "crop": 32})
    assert figures["images"] == 2 * COUNT and figures["images_per_s"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("framework", contenders.FRAMEWORKS)
def test_training_times_at_least_three_steps(session, framework):
    needs(framework)
    figures = contenders.training(framework, TINY, seconds=0)
    assert len(figures["times"]) == 3 and min(figures["times"]) > 0 and figures["peak_mb"] > 0
    assert ("flop_per_step" in figures) == (framework == "tensorflow")


@pytest.mark.slow
@pytest.mark.parametrize("framework", contenders.FRAMEWORKS)
def test_translating_writes_every_image(session, photos, tmp_path, framework):
    needs(framework)
    if framework == "tensorflow":
        contenders.make_run(str(tmp_path / "run"), TINY)
    output, source = tmp_path / "translated", photos / "trainA"
    figures = contenders.translating(framework, TINY, str(source), str(output), str(tmp_path / "run"))
    assert figures["images_per_s"] > 0
    assert {file.name for file in source.iterdir()} <= {file.name for file in output.iterdir()}


@pytest.mark.slow
def test_pipeline_delivers_images(session, photos):
    assert contenders.pipeline(str(photos), TINY, epoch=1)["images"] == 2 * COUNT


@pytest.mark.slow
def test_loop_and_startup_are_told_by_what_the_run_leaves(photos, tmp_path):
    values = {"model": "wgan", "image_size": 32, "load_size": 32, "ngf": 4, "ndf": 4, "batch_size": 4, "max_steps": 3}
    values |= {"data_dir": str(photos / "trainA")}
    assert 0 < contenders.loop(values, str(tmp_path))["seconds_per_step"] < 100
    assert 0 < contenders.startup(values, str(tmp_path))["first_step"] < 300


@pytest.mark.slow
def test_build_data_counts_what_it_converted(photos, tmp_path):
    assert contenders.build_data(str(photos), str(tmp_path / "shards"))["images"] == 2 * COUNT


def test_entry_point_that_fails_is_quoted(tmp_path):
    with pytest.raises(UserError, match="nowhere"):
        contenders.build_data(str(tmp_path / "nowhere"), str(tmp_path / "shards"))


@pytest.mark.slow
def test_graph_and_its_import_are_timed():
    figures = measure({"what": "graph", "values": TINY})
    assert figures["import"] > 0 and figures["graph"] > 0
