"""Damaged JSON files: dataset.json, and config.json, provenance.json, metrics.jsonl and best.json of a run."""

import json
import shutil

import pytest

from base.errors import DataError, UserError
from evaluation.judgement import HIGHER, Figure
from evaluation.records import Record, add_records, comparison, read_records
from inputs.data_dir import open_splits
from inputs.dataset import read_description
from inputs.fingerprint import fingerprint
from inputs.streams import Labels, Stream
from models.configs import make_config, parse_config_flags
from models.registry import MODELS
from run_folder.best import BestCheckpoint, Rule
from run_folder.continuation import write_config
from run_folder.folder import RunFolder
from run_folder.metrics import Metrics
from run_folder.provenance import Provenance
from tests.helpers import build
from tests.helpers.errors import complaint
from tests.helpers.images import photo, save
from tests.helpers.models import tiny_config
from tests.helpers.mutations import mutated_json
from tests.helpers.programs import Ended, assert_kept, assert_well_ended, snapshot

pytestmark = pytest.mark.fuzz


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """The output of build_data.py, of two labelled images, beside its source."""
    folder = tmp_path_factory.mktemp("labelled")
    for number in range(4):
        save(folder / "images" / "ab"[number % 2] / f"{number}.png", photo(number, 8, 8))
    build.build_well("--labelled", images=folder / "images", output=folder / "out", test_fraction=0.5)
    return folder


def damage(file, draw, like=None):
    """Writes a file anew, with damage to what it holds, or to other values."""
    file.write_bytes(mutated_json(json.loads(file.read_text()) if like is None else like, draw))


def test_data_with_a_damaged_description_is_opened_or_refused(fuzz, dataset, tmp_path):
    streams = {"images": Stream("train"), "labels": Labels("train")}

    def attack(draw):
        data = shutil.copytree(dataset / "out", tmp_path / "data", dirs_exist_ok=True)
        damage(data / "dataset.json", draw)
        before = snapshot(data)
        complaint(DataError, read_description, data)
        complaint(DataError, lambda: [source.classes() for source in open_splits(data, streams).train.values()])
        complaint(DataError, open_splits, data, {"images": Stream("train/A")})
        assert_kept(before, data)

    fuzz(attack, rounds=60)


@pytest.mark.slow
def test_output_with_a_damaged_description_is_replaced_or_kept(fuzz, dataset, tmp_path):
    def attack(draw):
        place = shutil.copytree(dataset, tmp_path / f"{draw.random()}")
        damage(place / "out" / "dataset.json", draw)
        before = snapshot(place)
        ran = build.build("--labelled", "--overwrite", images=place / "images", output=place / "out", workers=1)
        assert_well_ended(Ended(ran.returncode, ran.stdout, ran.stderr))
        assert_kept(before, place, owned="" if ran.returncode else "out(/.*)?")

    fuzz(attack, rounds=8)


@pytest.mark.parametrize("model", MODELS)
def test_damaged_config_is_understood_or_refused(fuzz, tmp_path, model):
    values = json.loads(write_config(tiny_config(model, data_dir="scenes")))
    version_1 = {name: value for name, value in values.items() if name not in ("program", "format_version")}
    folder = RunFolder(str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "model-7.index").touch()

    def attack(draw):
        damage(tmp_path / "config.json", draw, like=draw.choice((values, values, version_1)))
        before = snapshot(tmp_path)
        given = {"run_dir": str(tmp_path), **draw.choice(({}, {"max_steps": 20}, {"seed": 5}, {"data_dir": "photos"}))}
        complaint(UserError, folder.config)
        complaint(UserError, folder.config_for, given)
        complaint(UserError, folder.config_for, {**given, "model": model, "overwrite": True})
        assert_kept(before, tmp_path)

    fuzz(attack, rounds=100)


@pytest.mark.parametrize("model", MODELS)
def test_damaged_preset_is_understood_or_refused(fuzz, tmp_path, model):
    values = {name: value for name, value in tiny_config(model, data_dir="scenes").values().items() if name != "preset"}
    file = tmp_path / "mine.json"

    def attack(draw):
        damage(file, draw, like=values)
        given = []
        complaint(UserError, lambda: given.append(parse_config_flags([f"--preset={file}"], "")))
        for flags in given:
            complaint(UserError, make_config, flags)

    fuzz(attack, rounds=100)


def test_damaged_provenance_is_understood_or_refused(fuzz, tmp_path):
    file, data = tmp_path / "provenance.json", {"trainA": fingerprint(2, [("a.png", "7"), ("b.png", "8")])}
    Provenance(str(file), continued=False).record(0, data, {"cores": 2})
    whole = json.loads(file.read_text())

    def attack(draw):
        damage(file, draw, like=whole)
        before = snapshot(tmp_path)
        complaint(DataError, continue_from_it)
        assert_kept(before, tmp_path)

    def continue_from_it():
        Provenance(str(file), continued=True).check_data(data, accept_change=False)

    fuzz(attack, rounds=200)


def test_damaged_name_of_the_best_or_line_is_understood_or_refused(fuzz, tmp_path):
    folder, rule = RunFolder(str(tmp_path)), Rule("swd", False, ["test/swd"], {"precision": "float32"})
    metrics = Metrics(folder.metrics)
    metrics.add(5, 1.5, {"test/swd": 3.0})
    BestCheckpoint(folder.best, rule, metrics, [5])
    files = {name: (tmp_path / name).read_bytes() for name in ("metrics.jsonl", "best.json")}

    def attack(draw):
        for name, whole in files.items():
            (tmp_path / name).write_bytes(whole)
        damaged = tmp_path / draw.choice([*files])
        damaged.write_bytes(mutated_json(json.loads(damaged.read_text()), draw) + draw.choice([b"", b"\n"]))
        before = snapshot(tmp_path)
        complaint(UserError, folder.step_of, "best")
        assert_kept(before, tmp_path)
        complaint(DataError, metrics.rewind, 7)
        complaint(DataError, BestCheckpoint, folder.best, rule, metrics, [5])

    fuzz(attack, rounds=200)


def test_damaged_record_of_figures_is_read_or_refused_and_kept(fuzz, tmp_path):
    file = tmp_path / "evaluation.json"
    figures = [
        Figure("psnr", 20.0, "PSNR", "dB", HIGHER),
        Figure("kid", 0.1, "KID", std=0.01, depends_on={"subsets": 9}),
    ]
    reals = {"origin": "images of testB", "images": 9, "sizes": ["64 x 64"], "sha256": "ab"}
    record = Record("photos, step 9", 9, "AtoB", "", {"images": 9, "origin": "x"}, {"reals": reals}, figures)
    add_records(file, [record])
    whole = json.loads(file.read_text())

    def attack(draw):
        damage(file, draw, whole)
        before = snapshot(tmp_path)
        complaint(DataError, lambda: comparison([*read_records(file), record]))
        assert_kept(before, tmp_path)
        complaint(DataError, add_records, file, [record])

    fuzz(attack, rounds=60)
