"""What translating an image takes in memory, and the largest size that fits."""

import pytest

from base.graph_mode import tf
from inference import memory
from inference.memory import Need, longest_side, memory_need
from tests.helpers.models import build

MEGAPIXEL = 1024 * 1024


def need(**values):
    with tf.Graph().as_default():
        return memory_need(build("cyclegan", data_dir="scenes", **values).outputs.translations["AtoB"])


@pytest.fixture
def machine(monkeypatch):
    """Function that sets the memory there is, and the largest piece of it, in bytes."""

    def use(available, largest=None):
        monkeypatch.setattr(memory, "has_gpu_driver", lambda: False)
        monkeypatch.setattr(memory, "available_memory", lambda: available)
        monkeypatch.setattr(memory, "largest_allocation", lambda: largest)

    return use


@pytest.mark.slow
@pytest.mark.parametrize(
    "values, measured",
    [
        ({}, 128),
        ({"ngf": 64, "generator_blocks": 9}, 997),
        ({"ngf": 32, "generator_blocks": 6}, 516),
        ({"ngf": 64, "generator": "unet", "image_size": 256}, 560),
        ({"ngf": 64, "generator_blocks": 9, "precision": "bfloat16"}, 524),
    ],
    ids=["tiny", "usual", "half", "unet", "bfloat16"],
)
def test_estimate_is_above_what_was_measured_but_not_twice_that(values, measured):
    assert measured < need(**values).resident < 2 * measured


@pytest.mark.slow
def test_last_convolution_of_the_usual_generator_asks_for_the_largest_piece():
    assert need(ngf=64).piece == 4 * 640
    assert need(ngf=4).piece == 4 * 7 * 7 * 4


def test_image_that_fits_has_no_limit(machine):
    machine(10 * MEGAPIXEL)
    assert longest_side(Need(10, 0), 1024, 1024) is None


def test_image_that_does_not_fit_gets_a_side_that_does(machine):
    machine(10 * MEGAPIXEL)
    assert longest_side(Need(40, 0), 1024, 1024) == 512
    assert longest_side(Need(40, 0), 512, 2048) == 1024


def test_one_piece_may_be_the_limit(machine):
    machine(10**12, 12 * MEGAPIXEL)
    assert longest_side(Need(1, 12), 2048, 2048) == 1024


def test_what_is_not_known_is_no_limit(machine):
    machine(None)
    assert longest_side(Need(10**6, 10**6), 10**5, 10**5) is None
