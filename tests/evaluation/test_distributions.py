"""Measures of sets of features against what torch-fidelity and prdc gave, and against planted faults."""

import numpy as np
import pytest

from evaluation import distributions
from evaluation.distributions import copying, diversity, fid, kid, manifolds
from tests.helpers.judged import FEATURE_CASES, features, stored


@pytest.fixture(params=FEATURE_CASES)
def case(request):
    return request.param


def test_fid_is_that_of_torch_fidelity(case):
    assert fid(*features(case)) == pytest.approx(stored()["features"][case]["fid"], rel=1e-6)


def test_kid_is_that_of_torch_fidelity(case):
    found, expected = kid(*features(case), size=30), stored()["features"][case]
    assert found.mean == pytest.approx(expected["kid"], rel=1e-6)
    assert found.std == pytest.approx(expected["kid_std"], rel=1e-6)


def test_manifolds_are_those_of_prdc(case):
    expected = stored()["features"][case]
    found = manifolds(*features(case))._asdict()
    assert found == pytest.approx({name: expected[name] for name in found}, rel=1e-9)


def test_set_has_no_distance_to_itself():
    reals, _ = features("more images than dimensions")
    assert fid(reals, reals) == pytest.approx(0.0, abs=1e-9)


def test_fid_of_shifted_features_is_the_square_of_the_shift():
    reals, _ = features("fewer images than dimensions")
    assert fid(reals, reals + 0.5) == pytest.approx(0.25 * reals.shape[1], rel=1e-5)


@pytest.mark.parametrize("count, size", [(50, 25), (5, 2), (3, 2), (2, 2)])
def test_subsets_of_few_images_are_half_of_them_so_that_they_differ(count, size):
    reals, fakes = features("more images than dimensions")
    found = kid(reals, fakes[:count])
    assert found.subset_size == size
    assert found.std > 0


def test_distances_in_blocks_are_those_of_all_at_once(monkeypatch):
    reals, fakes = features("more images than dimensions")
    whole = manifolds(reals, fakes), copying(fakes, reals).distances, diversity(reals)
    monkeypatch.setattr(distributions, "BLOCK", 1000)
    parts = manifolds(reals, fakes), copying(fakes, reals).distances, diversity(reals)
    assert parts[0] == pytest.approx(whole[0])
    assert parts[1] == pytest.approx(whole[1])
    assert parts[2] == pytest.approx(whole[2])


@pytest.fixture
def reals():
    """Three modes, far apart."""
    random = np.random.RandomState(1)
    return random.standard_normal([300, 8]) + 20 * np.eye(3, 8)[np.arange(300) % 3]


def test_collapsed_generator_is_told_from_a_healthy_one(reals):
    random = np.random.RandomState(2)
    healthy = random.standard_normal([300, 8]) + 20 * np.eye(3, 8)[np.arange(300) % 3]
    collapsed = 0.1 * random.standard_normal([300, 8]) + 20 * np.eye(3, 8)[0]
    assert manifolds(reals, healthy).recall > 0.8
    assert manifolds(reals, collapsed).recall < 0.1
    assert manifolds(reals, healthy).coverage > 0.8
    assert manifolds(reals, collapsed).coverage < 0.35
    assert diversity(collapsed) < 0.1 * diversity(reals) < 0.2 * diversity(healthy)


def test_fakes_of_a_mode_that_is_not_there_are_not_precise(reals):
    elsewhere = np.random.RandomState(3).standard_normal([100, 8]) - 20
    assert manifolds(reals, elsewhere).precision == 0.0
    assert manifolds(reals, elsewhere).density == 0.0


def test_planted_copies_are_found_with_the_images_they_are_of(reals):
    fresh = np.random.RandomState(4).standard_normal([30, 8]) + 20 * np.eye(3, 8)[0]
    planted = np.concatenate([fresh, reals[[7, 90, 100]] + 1e-3])
    found = copying(planted, reals)
    assert found.nearest[-3:].tolist() == [7, 90, 100]
    assert (found.distances[-3:] < 0.01).all()
    assert found.copies == pytest.approx(3 / 33)


def test_gap_between_test_and_training_images_shows_what_is_remembered(reals):
    random = np.random.RandomState(5)
    train, test = reals[:150], reals[150:]
    new = random.standard_normal([100, 8]) + 20 * np.eye(3, 8)[np.arange(100) % 3]
    remembered = train[:100] + 0.3 * random.standard_normal([100, 8])
    assert copying(new, train, test).test_gap == pytest.approx(1.0, abs=0.1)
    assert copying(remembered, train, test).test_gap > 1.5


def test_without_test_images_there_is_no_gap(reals):
    assert np.isnan(copying(reals[:10], reals).test_gap)


def test_training_images_that_are_all_alike_do_not_divide_by_zero():
    same = np.ones([10, 4])
    assert np.isfinite(copying(same + 1, same).distances).all()


def test_diversity_is_the_mean_over_pairs():
    assert diversity(np.array([[0.0], [1.0], [3.0]])) == pytest.approx((1 + 3 + 2) / 3)
