"""What is compared, and what is refused."""

import io

import numpy as np
import pytest
from PIL import Image

from base.graph_mode import tf
from exports.frozen import CLASSIFY, TRANSLATE, Frozen
from exports.parity import CLOSE, EXACT, Difference, ParityError, check, compare
from exports.probes import Probe

SHAPE = (1, None, None, 3)


def network(task=TRANSLATE):
    return Frozen(task, "AtoB", "summer", None, tf.GraphDef(), "image:0", "translated:0", SHAPE, SHAPE)


def probes(*levels):
    """Probes of images of one grey."""
    values = [np.full([1, 2, 2, 3], level / 127.5 - 1, np.float32) for level in levels]
    return [Probe(f"{level}", b"", array, array) for level, array in zip(levels, values)]


def png(level):
    buffer = io.BytesIO()
    Image.new("RGB", (2, 2), (level, level, level)).save(buffer, "PNG")
    return np.frombuffer(buffer.getvalue(), np.uint8)


def test_the_largest_difference_counts():
    given = probes(10, 120)
    results = {"values-0": given[0].expected + 0.125, "values-1": given[1].expected - 0.25}
    assert compare(network(), given, results) == Difference(pytest.approx(0.25), 32)


def test_files_count_beside_floats():
    given = probes(10)
    results = {"values-0": given[0].expected, "file-0": png(13)}
    assert compare(network(), given, results) == Difference(0.0, 3)


def test_classes_have_no_levels():
    given = probes(10)
    assert compare(network(CLASSIFY), given, {"values-0": given[0].expected}) == Difference(0.0, None)


def test_a_result_of_another_shape_is_refused():
    given = probes(10)
    with pytest.raises(ParityError, match=r"10: gives \[1, 1, 2, 3\], not \[1, 2, 2, 3\]"):
        compare(network(), given, {"values-0": given[0].expected[:, :1]})


@pytest.mark.parametrize(
    "found, allowed", [((0.0, 0), EXACT), ((0.0, None), EXACT), ((1e-4, 1), CLOSE), ((1e-5, None), CLOSE)]
)
def test_what_is_near_passes(found, allowed):
    check("onnx", Difference(*found), allowed)


@pytest.mark.parametrize(
    "found, allowed",
    [((1e-9, 0), EXACT), ((0.0, 1), EXACT), ((2e-4, 0), CLOSE), ((0.0, 2), CLOSE), ((float("nan"), 0), CLOSE)],
)
def test_what_is_farther_is_refused(found, allowed):
    with pytest.raises(ParityError, match="onnx: differs from the run by .* nothing was written"):
        check("onnx", Difference(*found), allowed)
