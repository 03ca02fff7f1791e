"""Tests of the tf.data pipeline."""

import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from base.errors import DataError
from base.graph_mode import tf
from inputs.pipeline import build_pipeline
from inputs.sources import FolderSource
from inputs.streams import Labels, Stream
from tests.conftest import ROOT
from tests.helpers.images import data_config, shown_images
from tests.helpers.sources import source_of

COUNT = 5
ORDER_OF_SEED_7 = [1, 2, 3, 4, 0, 2, 0, 4, 1, 3]  # two epochs of stream 0
ONE = {"real_a": Stream("trainA")}
TWO = {"real_a": Stream("trainA", 3, key=0), "real_b": Stream("trainB", 3, key=1)}


def run(session, streams, sources, config, steps, start_step=0):
    """Gives the batches of some steps, a list of dicts."""
    pipeline = build_pipeline(streams, sources, config, start_step)
    session.run(pipeline.initializer)
    return [session.run(pipeline.batch) for _ in range(steps)]


@pytest.mark.parametrize("batch_size", [1, 3])
def test_resumed_run_continues_with_the_images_that_would_have_come(session, sources, batch_size):
    whole = run(session, TWO, sources, data_config(batch_size=batch_size), steps=12)
    resumed = run(session, TWO, sources, data_config(batch_size=batch_size), steps=5, start_step=7)
    for expected, found in zip(whole[7:], resumed, strict=True):
        np.testing.assert_array_equal(found["real_a"], expected["real_a"])
        np.testing.assert_array_equal(found["real_b"], expected["real_b"])


def test_parts_of_a_batch_come_one_after_the_other(session, sources):
    whole = run(session, TWO, sources, data_config(batch_size=6), steps=2)
    parts = run(session, TWO, sources, data_config(batch_size=6, accumulate=3), steps=3, start_step=1)
    for name, images in whole[1].items():
        np.testing.assert_array_equal([batch[name] for batch in parts], images.reshape(3, 2, *images.shape[1:]))


def test_start_step_may_be_a_variable(session, sources):
    step = tf.Variable(2, dtype=tf.int64)
    session.run(step.initializer)
    whole = run(session, ONE, sources, data_config(), steps=4)
    resumed = run(session, ONE, sources, data_config(), steps=2, start_step=step)
    np.testing.assert_array_equal([batch["real_a"] for batch in resumed], [batch["real_a"] for batch in whole[2:]])


def test_every_epoch_shows_each_image_once(session, sources):
    shown = shown_images(run(session, ONE, sources, data_config(), steps=4 * COUNT), "real_a")
    epochs = [shown[start : start + COUNT] for start in range(0, len(shown), COUNT)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(COUNT))] * 4


def test_order_differs_between_epochs(session, sources):
    shown = shown_images(run(session, ONE, sources, data_config(), steps=2 * COUNT), "real_a")
    assert shown[:COUNT] != shown[COUNT:]


def test_order_is_frozen(session, sources):
    """A run must be continued in its order, so these numbers never change."""
    assert shown_images(run(session, ONE, sources, data_config(), steps=10), "real_a") == ORDER_OF_SEED_7


@pytest.mark.parametrize("change", [{"seed": 8}, {"key": 1}])
def test_order_depends_on_seed_and_key(session, sources, change):
    streams = {"real_a": Stream("trainA", key=change.get("key", 0))}
    found = shown_images(run(session, streams, sources, data_config(seed=change.get("seed", 7)), steps=10), "real_a")
    assert found != ORDER_OF_SEED_7


def test_streams_with_one_key_go_in_step(session, sources):
    streams = {"input": Stream("trainA"), "target": Stream("trainB")}
    for batch in run(session, streams, sources, data_config(), steps=5):
        np.testing.assert_array_equal(batch["input"], batch["target"])


def test_crops_and_flips_differ_between_epochs(session, sources):
    one = {"trainA": source_of(sources["trainA"].file(0))}
    images = run(session, ONE, one, data_config(load_size=30), steps=8)
    assert len({image["real_a"].tobytes() for image in images}) > 4


@pytest.mark.parametrize("mode, shape", [("resize_and_crop", (2, 16, 16, 1)), ("none", (2, None, None, 1))])
def test_static_shape_says_what_is_known(session, sources, mode, shape):
    pipeline = build_pipeline({"real_a": Stream("trainA", 1)}, sources, data_config(preprocess=mode, batch_size=2))
    assert pipeline.batch["real_a"].shape.as_list() == list(shape)


def test_values_are_the_files_in_unit_range(session, sources):
    (batch,) = run(session, ONE, sources, data_config(preprocess="none", flip=False), steps=1)
    levels = np.asarray(Image.open(sources["trainA"].file(shown_images([batch], "real_a")[0])))
    np.testing.assert_allclose(batch["real_a"][0], levels / 127.5 - 1, atol=1e-6)


def test_all_ops_lie_in_one_scope(session, sources):
    build_pipeline(TWO, sources, data_config())
    assert {op.name.split("/")[0] for op in session.graph.get_operations()} == {"inputs"}


def test_image_that_cannot_be_read_is_named_at_its_step(session, sources):
    gone = sources["trainA"].file(3)
    gone.unlink()
    pipeline = build_pipeline(ONE, sources, data_config())
    session.run(pipeline.initializer)
    step = ORDER_OF_SEED_7.index(3)
    for _ in range(step):
        session.run(pipeline.batch)
    with pytest.raises(tf.errors.OpError):
        session.run(pipeline.batch)
    assert str(pipeline.error(step)).startswith(f"{gone}: cannot be read")


def test_damaged_image_is_told_at_its_step(session, sources):
    bad = sources["trainA"].file(3)
    bad.write_bytes(bad.read_bytes()[:-40])
    pipeline = build_pipeline(ONE, sources, data_config())
    session.run(pipeline.initializer)
    told = []
    for step in range(COUNT):
        session.run(pipeline.batch)
        told.append(pipeline.new_damage(step))
    assert [len(lines) for lines in told] == [0, 0, 1, 0, 0] and told[2][0].startswith(f"{bad}: is damaged")


def test_error_about_something_else_is_not_explained(session, sources):
    pipeline = build_pipeline(ONE, sources, data_config())
    assert pipeline.error(0) is None


def test_images_of_different_sizes_in_a_batch_are_named(session, sources):
    Image.new("RGB", (40, 40)).save(sources["trainA"].file(0))
    pipeline = build_pipeline(ONE, sources, data_config(preprocess="none", batch_size=COUNT))
    session.run(pipeline.initializer)
    with pytest.raises(tf.errors.OpError):
        session.run(pipeline.batch)
    expected = r"preprocess=none leaves images of different sizes \(24x20 and 40x40\) in a batch; take batch_size=1"
    with pytest.raises(DataError, match=expected):
        raise pipeline.error(0)


def test_waiting_for_a_slow_source_is_measured(session, sources, monkeypatch):
    read = FolderSource.read
    monkeypatch.setattr(FolderSource, "read", lambda *arguments: (time.sleep(0.3), read(*arguments))[1])
    pipeline = build_pipeline(ONE, sources, data_config())
    started = time.perf_counter()
    session.run(pipeline.initializer)
    session.run(pipeline.batch)
    elapsed = time.perf_counter() - started
    assert 0.25 < pipeline.wait_seconds(0, [started]) <= elapsed


def test_waiting_for_a_fast_source_is_short(session, sources):
    pipeline = build_pipeline(ONE, sources, data_config())
    session.run(pipeline.initializer)
    session.run(pipeline.batch)
    time.sleep(0.2)
    started = time.perf_counter()
    session.run(pipeline.batch)
    assert pipeline.wait_seconds(1, [started]) == 0


@pytest.mark.slow
def test_program_that_leaves_its_session_open_ends(sources):
    """Threads of tf.data that call Python while it ends would hang it."""
    script = f"""if True:
        from types import SimpleNamespace
        from base.graph_mode import tf
        from inputs.pipeline import build_pipeline
        from inputs.sources import open_place
        from inputs.streams import Stream
        sources = {{"trainA": open_place({str(sources["trainA"].file(0).parent)!r})}}
        config = {repr(data_config(batch_size=64)).replace("namespace", "SimpleNamespace")}
        pipeline = build_pipeline({{"a": Stream("trainA")}}, sources, config)
        session = tf.Session()
        session.run(pipeline.initializer)
        session.run(pipeline.batch)
    """
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, timeout=60)


LABELLED = {"images": Stream("train"), "labels": Labels("train")}


def test_labels_go_with_their_images(session, labelled):
    batches = run(
        session, LABELLED, {"train": labelled}, data_config(batch_size=4, class_names=["c", "b", "a"]), steps=3
    )
    for batch in batches:
        levels = (batch["images"].mean((1, 2, 3)) + 1) * 127.5
        assert batch["labels"].dtype == np.int64
        np.testing.assert_array_equal(batch["labels"], 2 - np.rint(levels / 100))


def test_image_of_an_unknown_class_is_named_at_its_step(session, labelled):
    known = data_config(batch_size=6, class_names=["a", "b"])
    pipeline = build_pipeline(LABELLED, {"train": labelled}, known)
    session.run(pipeline.initializer)
    with pytest.raises(tf.errors.OpError):
        session.run(pipeline.batch)
    assert "is of the class c, which is none of a,b" in str(pipeline.error(0))
