"""A batch that a model computes in parts, or that workers share, makes the step of the whole batch."""

import numpy as np
import pytest

from tests.helpers.parts import NEAR, SIZE, assert_same_steps, train
from tests.helpers.workers import run_together

ALTERNATING = {"critic_steps": 1, "critic_lead": 1}


@pytest.mark.slow
def test_cyclegan_in_parts_that_workers_share_with_its_pools_and_dropout():
    values = {"dropout": True, "pool_size": 3, "discriminator_layers": 1}
    whole = train("cyclegan", **values)
    assert_same_steps(train("cyclegan", SIZE, **values), whole)
    shared = run_together(2, lambda own: train("cyclegan", 2, own, **values))
    assert_same_steps(shared[0], whole)
    assert_same_weights(*shared)


@pytest.mark.slow
def test_pix2pix_with_the_gradient_penalty_and_its_averages():
    values = {"simultaneous": True, "norm": "instance", "gan_loss": "wgangp"}
    found, expected = train("pix2pix", SIZE, **values).last, train("pix2pix", **values).last
    averages = [key for key in found if key.startswith("moving_averages/")]
    assert averages and {key: found[key] for key in averages} == pytest.approx(
        {key: expected[key] for key in averages}, rel=NEAR
    )


@pytest.mark.slow
@pytest.mark.parametrize("gan_loss", ["wgan", "wgangp"])
def test_wgan_whose_parts_have_the_statistics_of_the_batch(gan_loss):
    values = {"equal": True, "sync_batch_norm": False, "gan_loss": gan_loss, **ALTERNATING}
    found, expected = train("wgan", SIZE, **values), train("wgan", **values)
    assert_same_steps(found, expected)
    counts = {key: count for key, count in found.last.items() if key.endswith("/updates")}
    assert counts == {key: expected.last[key] for key in counts} and len(counts) == 2 * (gan_loss == "wgangp")
    assert gan_loss == "wgangp" or np.abs(found.last["critic/conv2d/kernel"]).max() == np.float32(0.01)


@pytest.mark.slow
def test_darknet_whose_parts_have_the_statistics_of_the_batch():
    values = {"equal": True, "sync_batch_norm": False, "learning_rate": 0.05}
    assert_same_steps(train("darknet", SIZE, **values), train("darknet", **values))


@pytest.mark.slow
@pytest.mark.parametrize("name, values", [("pix2pix", {}), ("wgan", ALTERNATING), ("darknet", {"learning_rate": 0.05})])
def test_batch_norms_of_workers_take_the_statistics_of_the_whole_batch(name, values):
    shared = run_together(2, lambda own: train(name, 1, own, **values))
    assert_same_steps(shared[0], train(name, **values))
    assert_same_weights(*shared)


def assert_same_weights(one, other):
    """Asserts that two workers are equal to the bit."""
    assert not [key for key in one.last if not np.array_equal(one.last[key], other.last[key])]
