"""The TensorFlow Lite file: near the run, on images of any size, with builtin ops only."""

import warnings

import pytest

from exports import tflite_file
from exports.parity import CLOSE, HALF
from tests.helpers.frozen import NAMES, frozen_network, largest_difference


def run(folder, frozen, probes):
    """Results of the program that the card shows."""
    names = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TensorFlow's, that its interpreter is to move to a package of its own
        exec(tflite_file.program(frozen).replace(tflite_file.FILE, str(folder / tflite_file.FILE)), names)
    return [names["run"](probe.values) for probe in probes]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_results_are_near_those_of_the_run(name, tmp_path):
    frozen, probes = frozen_network(name)
    tflite_file.write(frozen, tmp_path)
    assert largest_difference(run(tmp_path, frozen, probes), probes) <= CLOSE.values


@pytest.mark.slow
def test_other_ops_than_builtin_ones_are_refused(tmp_path):
    frozen, _ = frozen_network("dropout")
    with pytest.raises(Exception, match="Random"):
        tflite_file.write(frozen, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_half_takes_half_the_room_and_comes_near(tmp_path):
    frozen, probes = frozen_network("unet", half=True)
    (tmp_path / "whole").mkdir()
    tflite_file.write(frozen._replace(half=False), tmp_path / "whole")
    tflite_file.write(frozen, tmp_path)
    sizes = [(folder / tflite_file.FILE).stat().st_size for folder in (tmp_path, tmp_path / "whole")]
    assert sizes[0] < 0.8 * sizes[1]
    assert largest_difference(run(tmp_path, frozen, probes), probes) <= HALF.values
