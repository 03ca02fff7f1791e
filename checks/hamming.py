"""Hashes of 64 bits that differ in a few: all of them, found without comparing all with all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

RADIUS = 7  # bits in which two hashes may differ
PARTS = 4  # of a hash; two hashes within the radius differ in at most one bit of one of them, for 4 * 2 bits are more
PART_BITS = 64 // PARTS
BLOCK = 1 << 16  # candidates that are compared at a time
BITS_SET = np.array([number.bit_count() for number in range(256)], np.uint8)


def near_hashes(queries: np.ndarray, hashes: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Finds all hashes that differ from a query in at most RADIUS bits.

    Args:
      queries: uint64 [number].
      hashes: uint64 [number].

    Yields:
      (indices of queries, indices of hashes) of some that are near; in all, each that is near comes once or more.

    Source: Norouzi, Punjani and Fleet 2012, "Fast search in Hamming space with multi-index hashing" (arXiv 1307.2982).
    """
    for part in range(PARTS):
        keys, wanted = (_part(each, part) for each in (hashes, queries))
        order = np.argsort(keys, kind="stable")
        starts = np.searchsorted(keys[order], np.arange((1 << PART_BITS) + 1))  # where in that order each key begins
        for flipped in (0, *(1 << bit for bit in range(PART_BITS))):
            keys_near = wanted ^ flipped
            for query, place in _candidates(starts[keys_near], starts[keys_near + 1]):
                found = order[place]
                differing = (queries[query] ^ hashes[found])[:, None].view(np.uint8)
                near = BITS_SET[differing].sum(1) <= RADIUS
                if near.any():
                    yield query[near], found[near]


def _part(hashes: np.ndarray, part: int) -> np.ndarray:
    """Some of the bits of hashes, int64 [number]."""
    return (hashes >> np.uint64(part * PART_BITS) & np.uint64((1 << PART_BITS) - 1)).astype(np.int64)


def _candidates(starts: np.ndarray, ends: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Lists the places from a start to an end of each query, some queries at a time: (index of the query, place)."""
    counts = ends - starts
    blocks = np.cumsum(counts) // BLOCK
    for queries in np.split(np.arange(len(counts)), np.flatnonzero(np.diff(blocks)) + 1):
        query = np.repeat(queries, counts[queries])
        before = np.repeat(np.cumsum(counts[queries]) - counts[queries], counts[queries])
        if len(query):
            yield query, np.arange(len(query)) - before + starts[query]
