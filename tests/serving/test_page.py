"""The page: what it holds, that nothing else may run in it, and that it works in a browser."""

import base64
import contextlib
import hashlib
import json
import re

import numpy as np
import pytest

from exports.browser import Browser
from serving.limits import Limits
from serving.page import page_of_server
from tests.helpers.browsers import SAID, needs_browser
from tests.helpers.serving import FakeServed, pixels, png, running

TASKS = ["translate", "generate", "classify"]


@pytest.fixture(params=TASKS)
def page(request):
    """The text of a page, and its policy."""
    data, policy = page_of_server(FakeServed(request.param).about, Limits())
    return data.decode(), policy


def hash_of(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_only_its_own_script_and_style_may_run(page):
    text, policy = page
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["form-action"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    (script,) = re.findall(r'<script type="module">(.*?)</script>', text, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert (rules["script-src"], rules["style-src"]) == (hash_of(script), hash_of(style))
    assert "unsafe" not in policy and not re.findall(r'\s(?:on\w+|style)="', text)


def test_nothing_in_it_comes_from_elsewhere(page):
    text, _ = page
    assert "http:" not in text and "https:" not in text and re.findall(r'(?:src|href)="(.*?)"', text) == ["data:,"]
    assert "[[" not in re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)


def test_names_are_text_and_nothing_more(page):
    text, _ = page
    assert "<h1>&lt;summer&gt;</h1>" in text and "<summer>" not in text


def test_names_of_directions_end_no_script():
    about = FakeServed().about
    odd = about._replace(shapes={"</script><b>": about.shapes["AtoB"]})
    text = page_of_server(odd, Limits())[0].decode()
    assert text.count("</script>") == 2 and "&lt;/script&gt;&lt;b&gt;</select>" in text
    (network,) = re.findall(r'id="network">(.*?)</script>', text)
    assert json.loads(network)["models"] == ["</script><b>"]


SHOWN = """
(async () => {
  const canvas = document.getElementById("after"), { width, height } = canvas;
  return [height, width, ...canvas.getContext("2d").getImageData(0, 0, width, height).data];
})()
"""


@needs_browser
@pytest.mark.slow
def test_a_browser_shows_what_the_server_gives(tmp_path):
    (tmp_path / "photo.png").write_bytes(png(20, 30))
    with running() as web, contextlib.closing(Browser(web.url)) as browser:
        browser.choose_file("#file", tmp_path / "photo.png")
        assert browser.evaluate(SAID).startswith("30 \N{MULTIPLICATION SIGN} 20 px in ")
        height, width, *levels = browser.evaluate(SHOWN)
    assert (height, width) == (20, 30)
    np.testing.assert_array_equal(np.reshape(levels, [20, 30, 4])[:, :, :3], 255 - pixels(png(20, 30)))
