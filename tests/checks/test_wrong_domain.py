"""Images in the wrong domain: candidates are named where looks tell the domains apart, and only there."""

import numpy as np
import pytest

from checks import wrong_domain as checked
from checks.wrong_domain import wrong_domain
from tests.helpers.images import painting
from tests.helpers.surveys import found, listed, write_set


def warm(seed):
    return painting(seed, 40, 32) // np.array([1, 2, 4], np.uint8)


def cold(seed):
    return warm(seed)[:, :, ::-1]


@pytest.mark.parametrize("block", [10, 1024])
def test_images_among_those_that_look_otherwise_are_named(tmp_path, monkeypatch, block):
    monkeypatch.setattr(checked, "BLOCK", block)
    sets = {
        "trainA": [*map(warm, range(40)), cold(190)],
        "trainB": [*map(cold, range(60, 102)), warm(191)],
        "testA": [warm(192), cold(193)],
    }
    (finding,) = found(wrong_domain, write_set(tmp_path, sets))
    assert finding.what == "images that may lie in the wrong domain: 3 (testA 1, trainA 1, trainB 1)"
    names = {caption.removeprefix(f"{tmp_path}/") for _, caption in finding.figures}
    assert names == {"trainA/40.png", "trainB/42.png", "testA/1.png"} and not finding.certain
    assert len(listed(finding)) == 3


def test_nothing_is_said_of_domains_that_look_alike(tmp_path):
    sets = {
        "trainA": [*map(warm, range(40)), cold(190)],
        "trainB": [*map(warm, range(60, 80)), *map(cold, range(90, 111))],
    }
    assert not found(wrong_domain, write_set(tmp_path, sets))


def test_nothing_is_said_of_too_few_images(tmp_path):
    sets = {"trainA": list(map(warm, range(9))), "trainB": [*map(cold, range(30, 38)), warm(90)]}
    assert not found(wrong_domain, write_set(tmp_path, sets))


def test_nothing_is_said_of_one_set(tmp_path):
    assert not found(wrong_domain, write_set(tmp_path, {"train": [warm(1)]}))
