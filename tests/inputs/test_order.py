"""The order of the images and all chance: frozen, since runs of older versions are continued in theirs."""

import numpy as np

from inputs.order import chance_at, epoch_order, index_at


def test_order_of_an_epoch_is_frozen():
    assert epoch_order(7, 0, 0, 5).tolist() == [4, 1, 3, 2, 0] and epoch_order(7, 0, 1, 5).tolist() == [2, 1, 3, 4, 0]


def test_chance_is_frozen():
    assert chance_at(7, 1, 3).tolist() == [11068145856911271186, 4861069545882810459, 12063709490341422577]


def test_position_is_an_epoch_and_a_place_in_it():
    assert [index_at(7, 0, position, 5) for position in range(10)] == [4, 1, 3, 2, 0, 2, 1, 3, 4, 0]


def test_every_draw_is_another():
    draws = {chance_at(seed, key, position).tobytes() for seed in (0, 1) for key in (0, 1) for position in (0, 1)}
    assert len(draws) == 8 and len(np.unique(chance_at(0, 0, 0))) == 3
