"""Files to files: order, sizes, what is skipped and what ends the work."""

import errno

import numpy as np
import pytest

from base.errors import DataError, OutputError
from inference import outputs
from inference.jobs import find_jobs
from inference.translation import AHEAD, limit_side, translate_files
from inputs.images import read_image
from tests.helpers.untrained import FakeRun, noise


@pytest.fixture
def photos(tmp_path):
    (tmp_path / "photos").mkdir()
    return tmp_path / "photos"


@pytest.fixture
def translate(photos, tmp_path):
    """Function that translates the photographs with a function in the network's place; gives the outcomes."""

    def run(function=lambda image: image, fit=lambda height, width: (height, width), stopped=lambda: False):
        jobs = find_jobs(photos)
        return translate_files(FakeRun(function), jobs, tmp_path / "out", fit, stopped)

    return run


def test_outcomes_come_in_order_with_the_sizes_of_image_and_result(translate, photos, tmp_path):
    for number in range(2 * AHEAD + 3):
        noise(8, 8 + number).save(photos / f"{number:02}.png")
    outcomes = list(translate(fit=lambda height, width: (2 * height, 2 * width)))
    assert [outcome.job.name for outcome in outcomes] == [f"{number:02}.png" for number in range(2 * AHEAD + 3)]
    assert outcomes[3].source_size == (8, 11) and outcomes[3].size == (16, 22)
    assert read_image(tmp_path / "out" / "03.png").shape == (16, 22, 3)


def test_result_and_thumbnail_are_written(translate, photos, tmp_path):
    noise(8, 700).save(photos / "a.png")
    (outcome,) = translate(lambda image: 255 - image)
    inverse = read_image(tmp_path / "out" / "a.png")
    np.testing.assert_array_equal(inverse, 255 - np.asarray(noise(8, 700)))
    assert read_image(tmp_path / "out" / outcome.job.thumbnail).shape == (7, 640, 3)


def test_bad_files_and_what_the_network_refuses_are_skipped(translate, photos, tmp_path):
    def limited(image):
        if image.shape[0] > 8:
            raise DataError("is too large")
        return image

    (photos / "empty.jpg").touch()
    for side in (8, 64):
        noise(side, side).save(photos / f"{side}.png")
    outcomes = {outcome.job.name: outcome.skipped for outcome in translate(limited)}
    assert outcomes == {"8.png": "", "64.png": "is too large", "empty.jpg": "is empty"}
    assert [path.name for path in (tmp_path / "out").glob("*.*")] == ["8.png"]


@pytest.mark.parametrize("number, ends", [(errno.ENOSPC, True), (errno.ENAMETOOLONG, False)])
def test_full_disk_ends_the_work_and_a_bad_name_does_not(translate, photos, monkeypatch, number, ends):
    def refuse(array, path):
        raise OSError(number, "refused")

    monkeypatch.setattr(outputs, "save_image", refuse)
    noise(8, 8).save(photos / "a.png")
    if ends:
        with pytest.raises(OutputError, match="a.png: cannot be written: refused"):
            list(translate())
    else:
        (outcome,) = translate()
        assert outcome.skipped == "its translation cannot be written: refused"


def test_what_is_finished_when_the_work_is_stopped_is_written(translate, photos):
    calls = []
    for number in range(3 * AHEAD):
        noise(8, 8).save(photos / f"{number:02}.png")
    outcomes = list(translate(lambda image: calls.append(1) or image, stopped=lambda: len(calls) == AHEAD + 2))
    assert [outcome.job.name for outcome in outcomes] == [f"{number:02}.png" for number in range(AHEAD + 2)]
    assert not any(outcome.skipped for outcome in outcomes)


def test_image_over_which_the_network_was_ended_is_no_outcome(translate, photos):
    calls = []

    def ended(image):
        calls.append(1)
        if len(calls) == 3:
            raise DataError("the process was ended")
        return image

    for number in range(5):
        noise(8, 8).save(photos / f"{number:02}.png")
    outcomes = list(translate(ended, stopped=lambda: len(calls) == 3))
    assert [outcome.job.name for outcome in outcomes] == ["00.png", "01.png"]


def test_longest_side_is_limited_and_smaller_images_keep_theirs():
    assert limit_side(20, 40, 10) == (5, 10)
    assert limit_side(1, 400, 10) == (1, 10)
    assert limit_side(20, 40, 40) == (20, 40)
