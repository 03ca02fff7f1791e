"""Hashes within a radius: found exactly, whatever they are."""

import numpy as np
import pytest

from checks import hamming
from checks.hamming import BITS_SET, PART_BITS, PARTS, RADIUS, near_hashes


def hashes_of(seed, count, bits=64):
    """Random hashes, of which all but some bits are 0; every second is near to the one before it."""
    rng = np.random.RandomState(seed)
    hashes = rng.randint(0, 2**32, count).astype(np.uint64) << np.uint64(32) | rng.randint(0, 2**32, count).astype(
        np.uint64
    )
    hashes &= np.uint64(2**bits - 1)
    for number in range(1, count, 2):
        flips = rng.choice(64, rng.randint(0, RADIUS + 3), replace=False)
        hashes[number] = hashes[number - 1] ^ np.sum(np.uint64(1) << flips.astype(np.uint64), dtype=np.uint64)
    return hashes


def by_comparing_all(queries, hashes):
    differing = (queries[:, None] ^ hashes)[..., None].view(np.uint8)
    return set(zip(*map(np.ndarray.tolist, np.nonzero(BITS_SET[differing].sum(2) <= RADIUS)), strict=True))


@pytest.mark.parametrize("bits", [64, 12])
@pytest.mark.parametrize("block", [7, 1 << 16])
def test_all_within_the_radius_are_found_and_none_beyond(monkeypatch, bits, block):
    monkeypatch.setattr(hamming, "BLOCK", block)
    hashes = hashes_of(0, 80, bits)
    queries = hashes[10:70]
    pairs = {pair for q, h in near_hashes(queries, hashes) for pair in zip(q.tolist(), h.tolist(), strict=True)}
    assert pairs == by_comparing_all(queries, hashes) and len(pairs) > 60


@pytest.mark.parametrize("alike", range(PARTS))
def test_one_part_that_is_nearly_the_same_is_enough(alike):
    flips = [PART_BITS * part + bit for part in range(PARTS) for bit in ((3,) if part == alike else (0, 15))]
    other = np.array([sum(1 << flip for flip in flips)], np.uint64)
    assert len(flips) == RADIUS and list(near_hashes(np.zeros(1, np.uint64), other))


def test_candidates_come_in_blocks(monkeypatch):
    monkeypatch.setattr(hamming, "BLOCK", 100)
    same = np.zeros(90, np.uint64)
    assert max(len(query) for query, _ in near_hashes(same, same)) < 200


def test_where_there_is_nothing_nothing_is_found():
    assert not list(near_hashes(np.zeros(0, np.uint64), np.zeros(0, np.uint64)))
