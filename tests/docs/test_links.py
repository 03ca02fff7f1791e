"""The README and docs/ lead to what is there."""

import re

import pytest

from base.options import options
from models.registry import MODELS, find_model
from tests.conftest import ROOT
from tests.helpers.autoencoder import AutoencoderConfig
from tests.helpers.pages import DOCS, NOTEBOOK, OPTIONS, PAGES, anchors, inline_code, links, name
from training.local_workers import WorkerOptions

CONFIGS = [*(find_model(model).config_class for model in MODELS), AutoencoderConfig]


@pytest.mark.parametrize("page", [*sorted(ROOT.glob("*.md")), *DOCS.glob("*.md"), NOTEBOOK], ids=name)
def test_every_link_and_picture_is_there(page):
    missing = []
    for link in links(page.read_text()):
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if file.startswith(("http://", "https://")):
            continue
        if not target.is_file() or (anchor and anchor not in anchors(target.read_text())):
            missing.append(link)
    assert not missing


def test_every_page_and_picture_is_linked():
    linked = {(page.parent / link.partition("#")[0]).resolve() for page in PAGES for link in links(page.read_text())}
    assert set(DOCS.rglob("*.*")) - {ROOT / "README.md"} <= linked


def test_the_readme_has_one_test_command_for_the_continuous_integration():
    assert (ROOT / "README.md").read_text().count("python -m pytest") == 1


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_option_that_a_page_names_exists(page):
    known = {
        option for options_class in (*CONFIGS, *OPTIONS.values(), WorkerOptions) for option in options(options_class)
    }
    known |= {f"no{option}" for option in known} | {"help", "logdir"}
    named = {option for code in inline_code(page) for option in re.findall(r"(?<![\w-])--([a-z_0-9]+)", code)}
    assert not named - known
