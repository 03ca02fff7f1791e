"""The order of the images and all chance: frozen, since a run is continued in what it was begun in."""

import collections
import itertools

import numpy as np
import pytest

from inputs.order import chances_at, index_at

POWERS = [2**power + more for power in (10, 13) for more in (-1, 0, 1)]
COUNT = 9  # of images whose evenness is looked at: no power, and some of their table is empty
EPOCHS = 4000


def epoch(seed, key, number, count):
    """The indices of one epoch, in their order."""
    return [index_at(seed, key, number * count + place, count) for place in range(count)]


@pytest.fixture(scope="module")
def epochs():
    """int64 [EPOCHS, COUNT]: the first epochs of one stream."""
    return np.array([epoch(0, 0, number, COUNT) for number in range(EPOCHS)])


def assert_even(found, kinds):
    """Checks that the values, of 0 to kinds - 1, come equally often, as nearly as chance has it.

    Of what is drawn at random, chi squared is `kinds - 1` in the mean and deviates by the root of twice that.
    """
    counts = np.bincount(np.ravel(found), minlength=kinds)
    expected = np.size(found) / kinds
    chi_squared = ((counts - expected) ** 2 / expected).sum()
    assert len(counts) == kinds and abs(chi_squared - (kinds - 1)) < 4 * np.sqrt(2 * (kinds - 1))


def test_order_of_an_epoch_is_frozen():
    assert [epoch(7, 0, number, 5) for number in (0, 1)] == [[1, 2, 3, 4, 0], [2, 0, 4, 1, 3]]


def test_order_of_many_images_is_frozen():
    found = [index_at(2**40, 1, position, 10**9) for position in (0, 1, 10**9 - 1, 10**9)]
    assert found == [927427495, 712507450, 514219055, 72498788]


def test_chance_is_frozen():
    (chance,) = chances_at(7, 1, range(3, 4))
    assert chance == [11068145856911271186, 4861069545882810459, 12063709490341422577]


def test_chance_at_a_position_does_not_depend_on_what_is_drawn_before():
    far = 2**63 - 40
    for start in (0, far):
        together = chances_at(2**40, 3, range(start, start + 40))
        assert together == [chances_at(2**40, 3, range(start + i, start + i + 1))[0] for i in range(40)]


@pytest.mark.parametrize("counts", [range(1, 301), POWERS])
def test_an_epoch_shows_each_image_once(counts):
    assert all(sorted(epoch(3, 1, 2, count)) == list(range(count)) for count in counts)


def test_no_two_of_many_images_stand_at_one_place():
    places = [start + place for start in range(0, 10**12, 25 * 10**9 + 7) for place in range(250)]
    found = [index_at(3, 1, place, 10**12) for place in places]
    assert len(set(found)) == len(places) and max(found) < 10**12


def test_each_image_comes_equally_often_at_each_place(epochs):
    for place in range(COUNT):
        assert_even(epochs[:, place], COUNT)


def test_each_image_follows_each_other_equally_often(epochs):
    pairs = {pair: number for number, pair in enumerate(itertools.permutations(range(COUNT), 2))}
    assert_even([pairs[pair] for pair in zip(epochs[:, :-1].ravel(), epochs[:, 1:].ravel())], len(pairs))


def test_images_that_follow_each_other_are_any_distance_apart():
    """In a set of many, where the pairs cannot be counted."""
    count = 10**7
    found = np.array([index_at(5, 0, position, count) for position in range(20_000)])
    assert_even(np.diff(found) % count * 100 // count, 100)


def test_the_same_place_of_two_epochs_has_any_two_images(epochs):
    assert_even(epochs[:-1, 0] * COUNT + epochs[1:, 0], COUNT**2)


def test_streams_of_two_keys_and_of_two_seeds_have_any_two_images(epochs):
    for seed, key in ((0, 1), (1, 0)):
        other = np.array([index_at(seed, key, number * COUNT, COUNT) for number in range(EPOCHS)])
        assert_even(epochs[:, 0] * COUNT + other, COUNT**2)


def test_all_orders_of_few_images_come_equally_often():
    orders = collections.Counter(tuple(epoch(2, 0, number, 4)) for number in range(3000))
    assert_even(np.repeat(range(len(orders)), list(orders.values())), 24)


def test_every_draw_is_another():
    draws = [chance for seed in (0, 1) for key in (0, 1) for chance in chances_at(seed, key, range(2))]
    assert len(np.unique(draws)) == 8 * 3
