"""Every piece of Python in docs/ runs as written."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from base.graph_mode import tf
from models.configs import load_recipe, make_config
from tests.conftest import ROOT
from tests.helpers.images import photo
from tests.helpers.pages import DOCS, code_cells, snippets
from tests.helpers.untrained import make_run


def run(blocks):
    """Runs blocks of Python in one namespace, which is returned."""
    names = {"__name__": "snippet"}
    for block in blocks:
        exec(compile(block, "snippet", "exec"), names)
    return names


@pytest.mark.slow
def test_a_run_translates_in_three_lines(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    make_run(tmp_path / "runs/photos")
    Image.fromarray(photo(0)).save("photo.jpg")
    names = run(snippets(DOCS / "translate.md"))
    winter, image = names["winter"], np.asarray(Image.open("photo.jpg"))
    assert winter.shape == image.shape and winter.dtype == np.uint8
    assert np.asarray(Image.open("summer.png")).shape == image.shape
    assert capsys.readouterr().out == "['AtoB', 'BtoA'] after 7 steps\n"


def test_the_op_and_the_network_of_the_page_compute(session):
    op, network, *_ = snippets(DOCS / "extend.md")
    names = run([op, network])
    images = tf.constant(np.zeros([2, 8, 8, 3], np.float32))
    result = names["tiny_network"](images, dtype="bfloat16")
    session.run(tf.global_variables_initializer())
    assert session.run(result).shape == (2, 8, 8, 3) and result.dtype == tf.float32


def test_the_model_of_the_page_is_the_one_that_is_tested():
    assert (ROOT / "tests/helpers/autoencoder.py").read_text() in snippets(DOCS / "extend.md")


def test_the_recipe_of_the_page_is_one(tmp_path):
    (tmp_path / "loose.py").write_text(snippets(DOCS / "extend.md")[-1])
    path = str(tmp_path / "loose.py")
    assert load_recipe(path)["lambda_a"] == make_config({"preset": path}).lambda_a == 5.0


def test_no_snippet_is_left_out():
    found = {page.name: len(snippets(page)) for page in [ROOT / "README.md", *DOCS.glob("*.md")] if snippets(page)}
    assert found == {"translate.md": 2, "extend.md": 4}


FEW = """
import functools, sys
sys.path.insert(0, {root!r})
from inputs import scenes
scenes.write_scenes = functools.partial(scenes.write_scenes, train=12, test=2)
"""  # what takes seconds and shows nothing more


@pytest.mark.slow
def test_the_notebook_runs_from_top_to_bottom(tmp_path):
    script = "\n\n".join([FEW.format(root=str(ROOT)), *code_cells(), "print(winter.shape)"])
    assert script.count('"max_steps": 100,') == 1
    script = script.replace('"max_steps": 100,', '"max_steps": 40,')
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("12 images in trainA and 12 images in trainB")
    assert "\n40 {'loss/generators'" in done.stdout and done.stdout.endswith("(150, 150, 3)\n")
