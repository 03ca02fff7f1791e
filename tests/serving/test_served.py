"""What is served of runs and of exports: the same pixels, classes and images of noise as everywhere else."""

import json
import shutil

import numpy as np
import pytest

from base.errors import DataError, UsageError
from base.graph_mode import uses_onednn
from exports import saved_model
from exports.card import describe_for_programs
from exports.frozen import freeze
from inference.load import load_run
from inputs.images import to_unit
from run_folder.folder import LAST
from serving import served
from serving.network import Network
from serving.served import ServedExport, ServedRun
from tests.helpers.serving import pixels, png
from tests.helpers.untrained import STEP, make_run

KINDS = {  # by name: the model, its options
    "cyclegan": ("cyclegan", {"channels_a": 1, "lambda_identity": 0.0}),
    "wgan": ("wgan", {}),
    "darknet": ("darknet", {}),
}
MODELS = [pytest.param(name, marks=() if name == "wgan" else pytest.mark.slow) for name in KINDS]
TOLERANCE = {"rtol": 0, "atol": 1e-4}  # with oneDNN; else there is no difference


pytestmark = pytest.mark.usefixtures("shallow_darknet")


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Function that gives the folders of an untrained run and of its export, by the name of its kind."""
    made = {}

    def make(kind):
        if kind not in made:
            model, values = KINDS[kind]
            place = tmp_path_factory.mktemp(kind)
            run = load_run(make_run(place / "run", model, **values), None, "float32")
            for direction in run.directions or [None]:
                folder = place / "export" / direction if len(run.directions) > 1 else place / "export"
                folder.mkdir(parents=True)
                frozen = freeze(run, direction)
                saved_model.write(frozen, folder)
                (folder / "config.json").write_text(json.dumps(describe_for_programs(run, frozen)))
            made[kind] = place / "run", place / "export", run
        return made[kind]

    return make


def assert_same_levels(found, expected):
    np.testing.assert_allclose(np.int32(found), np.int32(expected), rtol=0, atol=int(uses_onednn()))


def assert_close(found, expected):
    np.testing.assert_allclose(found, expected, **(TOLERANCE if uses_onednn() else {"rtol": 0, "atol": 0}))


@pytest.mark.parametrize("kind", MODELS)
def test_run_and_export_are_served_as_the_run_itself_computes(places, kind, monkeypatch):
    folder, export, run = places(kind)
    monkeypatch.setattr(served, "load_run", lambda run_dir, precision, checkpoint: run)
    both = [ServedRun(folder, None, LAST), ServedExport(export)]
    assert both[0].about._replace(title="") == both[1].about._replace(title="")
    assert both[0].about.step == STEP
    image = pixels(png(20, 30))
    for each in both:
        for name in run.directions:
            found = pixels(Network(each, 10_000).translate(png(20, 30), name))
            assert_same_levels(found.reshape(20, 30, -1), run.translate(image, name))
            source, result = each.about.shapes[name]
            values = to_unit(np.zeros([2, 5, 7, source[-1]], np.float32))
            assert each.compute(name, values).shape == (2, 5, 7, result[-1])
        if each.about.task == "generate":
            assert_same_levels(list(each.generate(4, 3)), list(run.generate(4, 3)))
        if each.about.task == "classify":
            assert_close(list(each.shares(image).values()), list(run.shares(image).values()))
            assert max(run.shares(image), key=run.shares(image).get) == run.classify(image)


def test_folders_that_are_no_exports_are_told(tmp_path):
    with pytest.raises(UsageError, match="nowhere: no such folder"):
        ServedExport(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="is no export with a SavedModel"):
        ServedExport(tmp_path)
    (tmp_path / "saved_model/1").mkdir(parents=True)
    for text, words in (
        (None, "cannot be read: No such file"),
        ("{", "is no JSON"),
        ("[]", "is none of scripts/export.py"),
    ):
        if text:
            (tmp_path / "config.json").write_text(text)
        with pytest.raises(DataError, match=f"config.json: {words}"):
            ServedExport(tmp_path)


def test_exports_of_several_networks_are_told_apart(places, tmp_path):
    for name in "ab":
        shutil.copytree(places("wgan")[1], tmp_path / name)
    with pytest.raises(UsageError, match="holds exports that do not belong together"):
        ServedExport(tmp_path)


def test_damaged_exports_are_told(places, tmp_path):
    (tmp_path / "saved_model/1").mkdir(parents=True)
    card = tmp_path / "config.json"
    card.write_text("{}")
    (tmp_path / "saved_model/1/saved_model.pb").write_bytes(b"no model")
    with pytest.raises(DataError, match="saved_model/1: cannot be loaded: "):
        ServedExport(tmp_path)
    model = places("wgan")[1] / "saved_model/1/saved_model.pb"
    (tmp_path / "saved_model/1/saved_model.pb").write_bytes(model.read_bytes())
    with pytest.raises(DataError, match=r"config.json: is none of scripts/export.py"):
        ServedExport(tmp_path)
