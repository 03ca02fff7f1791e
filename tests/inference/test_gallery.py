"""The page of translations: names are safe, nothing is said twice, small images are enlarged."""

import html
from pathlib import Path
from urllib.parse import quote

import pytest

from inference.gallery import write_gallery
from inference.jobs import Job
from inference.translation import Outcome
from tests.helpers.untrained import STEP, FakeRun


@pytest.fixture
def page(tmp_path):
    """Function that writes a page and gives its text."""

    def write(outcomes, direction="AtoB", **values):
        write_gallery(tmp_path / "index.html", FakeRun(**values), direction, outcomes)
        return (tmp_path / "index.html").read_text(encoding="utf-8")

    return write


def outcome(name="a.jpg", source_size=(8, 16), size=(8, 16), skipped=""):
    job = Job(Path(name), bytes, name, name, "inputs/0.jpg")
    return Outcome(job, skipped=skipped) if skipped else Outcome(job, source_size, size)


def test_names_are_escaped_and_addresses_quoted(page):
    name = """<b>"q" & 'x' #1 50%:é.jpg"""
    text = page([outcome(name), outcome("broken & <i>.png", skipped="is <empty>")])
    assert f"<b>{html.escape(name)}</b>" in text and f'src="{quote(name)}" width="16" height="8"' in text
    assert "<b>broken &amp; &lt;i&gt;.png</b> is &lt;empty&gt;" in text
    assert 'src="inputs/0.jpg"' in text


def test_heading_names_run_direction_and_step(page):
    assert f"<title>summer · AtoB · step {STEP}</title>" in page([outcome()])


def test_nothing_is_said_twice_where_run_direction_and_model_have_one_name(page):
    text = page([outcome()], run_dir="runs/cyclegan", direction="cyclegan")
    assert f"<title>cyclegan · step {STEP}</title>" in text
    text = page([outcome()], run_dir="runs/cyclegan")
    assert "1 translated, 0 skipped</p>" in text


def test_captions_stand_below_the_images(page):
    text = page([outcome(source_size=(300, 400), size=(60, 80))])
    figure = text[text.index("<figure>") :]
    assert figure.index("<figcaption>") > figure.rindex("<img")
    assert "400 &times; 300" in figure and "80 &times; 60" in figure
    assert "position: absolute" not in text


def test_small_images_are_enlarged_pixel_by_pixel(page):
    assert page([outcome(size=(64, 64))]).count('class="small"') == 2
    assert 'class="small"' not in page([outcome(size=(480, 640))])


def test_page_says_what_the_run_was_trained_on(page):
    values = {"image_size": 64, "load_size": 72}
    text = page([outcome(size=(500, 500))], **values)
    assert "trained on crops of 64 x 64 px of whole images squeezed to 72 x 72 px" in text
    assert "6.9 times that size" in text and "--size=training" in text
    text = page([outcome(size=(72, 72))], **values)
    assert "trained on crops of 64 x 64 px of whole images squeezed to 72 x 72 px." in text
    assert "--size=training" not in text
