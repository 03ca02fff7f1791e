"""TensorBoard's event file."""

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from base.errors import OutputError
from base.graph_mode import tf
from base.places import as_path
from tests.helpers.models import tiny_config
from training.events import Events


@pytest.fixture
def write(tmp_path):
    """Writes scalars by step into the event file of one process that starts at a step."""

    def write(first_step, points):
        with tf.Graph().as_default() as graph:
            tf.constant(0, name="only_op")
            events = Events(str(tmp_path), graph, tiny_config("cyclegan", ngf=7), first_step)
        for step, value in points.items():
            events.scalars({"loss/a": value}, step)
        events.close()

    return write


def test_scalars_have_their_tags_and_steps(tmp_path, write):
    write(0, {5: 0.5, 10: -2.0})
    points = EventAccumulator(str(tmp_path)).Reload().Scalars("loss/a")
    assert [(point.step, point.value) for point in points] == [(5, 0.5), (10, -2.0)]


def test_points_beyond_the_step_that_a_run_continues_from_are_struck_out(tmp_path, write):
    write(0, {5: 1.0, 10: 2.0, 15: 3.0})
    (first,) = tmp_path.iterdir()
    first.rename(tmp_path / "events.out.tfevents.0000000000.first")  # both may be of one second
    write(10, {20: 4.0})
    points = EventAccumulator(str(tmp_path)).Reload().Scalars("loss/a")
    assert [(point.step, point.value) for point in points] == [(5, 1.0), (10, 2.0), (20, 4.0)]


def test_config_and_graph_are_shown(tmp_path, write):
    write(0, {})
    events = EventAccumulator(str(tmp_path)).Reload()
    (text,) = events.Tensors("config/text_summary")
    (table,) = text.tensor_proto.string_val
    assert b"| option | value |" in table and b"| ngf | 7 |" in table
    assert [node.name for node in events.Graph().node] == ["only_op"]


def test_disk_that_is_full_is_told_with_the_file(tmp_path):
    with tf.Graph().as_default() as graph:
        events = Events(str(tmp_path), graph, tiny_config("cyclegan"), 0)
    events.close()
    events._file = open("/dev/full", "wb")
    with pytest.raises(OutputError, match=r"events.out.tfevents.\S+: cannot be written: No space left on device"):
        events.scalars({"loss/a": 1.0}, 1)
    events.close()


def test_picture_is_that_of_the_summary_op(tmp_path):
    with tf.Graph().as_default() as graph, tf.Session() as session:
        pixels = np.zeros([1, 4, 6, 3], np.uint8)
        serialized = session.run(tf.raw_ops.ImageSummary(tag="samples", tensor=tf.constant(pixels), max_images=1))
        events = Events(str(tmp_path), graph, tiny_config("cyclegan"), 0)
    events.summary(serialized, 3)
    events.close()
    (image,) = EventAccumulator(str(tmp_path)).Reload().Images("samples/image")
    assert (image.step, image.height, image.width) == (3, 4, 6)


def test_events_at_a_path_with_a_scheme_are_there_with_the_checkpoint_and_in_the_end():
    folder = as_path("ram://events/run")
    with tf.Graph().as_default() as graph:
        events = Events(folder, graph, tiny_config("cyclegan"), 0)
    assert not folder.exists()
    for number, keep in enumerate((events.sync, events.close)):
        events.scalars({"loss/a": 0.5}, number)
        keep()
        points = EventAccumulator(str(folder)).Reload().Scalars("loss/a")
        assert [point.step for point in points] == list(range(number + 1))
