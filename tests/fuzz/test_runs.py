"""Damaged run folders: checkpoints and their state; and what the programs make of a damaged file of any kind."""

import json
import shutil

import numpy as np
import pytest

import train
from base.errors import DataError
from base.graph_mode import tf
from run_folder.checkpoints import Checkpoints
from scripts import sample, translate
from tests.helpers.errors import complaint
from tests.helpers.images import photo, save
from tests.helpers.models import TINY
from tests.helpers.mutations import mutated, mutated_json
from tests.helpers.programs import assert_kept, assert_well_ended, run_here, snapshot
from tests.helpers.runs import flags
from tests.helpers.untrained import loaded_here, make_run
from training import graph

STEPS = (2, 3)
WRITTEN_ANEW = r"run/(config\.json|provenance\.json|\.lock)"  # by train.py where a run goes on
MEMORY = 1 << 30  # bytes that training is told there are

pytestmark = pytest.mark.fuzz


@pytest.fixture
def checkpoints(session, tmp_path):
    """Writes checkpoints of some steps to the folder `whole`; gives the Checkpoints of `damaged`, and the variables,
    which hold the step.
    """
    variables = [tf.get_variable(name, [size]) for name, size in (("bias", 3), ("kernel", 50))]
    (tmp_path / "whole").mkdir()
    whole = Checkpoints(str(tmp_path / "whole"), variables, keep=len(STEPS))
    for step in STEPS:
        session.run([variable.assign(tf.fill(variable.shape, float(step))) for variable in variables])
        assert whole.save(session, step)
    return Checkpoints(str(tmp_path / "damaged"), variables), variables


def test_what_is_restored_was_saved_whatever_is_damaged(fuzz, session, checkpoints, tmp_path):
    loaded, variables = checkpoints
    folder = tmp_path / "damaged"

    def attack(draw):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(tmp_path / "whole", folder)
        for _ in range(draw.choice((1, 1, 2))):
            file = draw.choice(sorted(folder.iterdir()))
            file.write_bytes(mutated(file.read_bytes(), draw))
        before = snapshot(folder)
        passed_over = []
        if not complaint(DataError, lambda: passed_over.extend(loaded.restore(session))):
            values = np.concatenate(session.run(variables))
            assert set(values) == {STEPS[-1 - len(passed_over)]}
        assert all(line.isprintable() for line in passed_over)
        loaded.sweep()
        assert_kept(before, folder)

    fuzz(attack, rounds=150)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a run of a step, and one that can translate; the current folder is to be this one."""
    folder = tmp_path_factory.mktemp("runs")
    save(folder / "photos" / "1.png", photo(1, 24, 24))
    make_run(folder / "translator")
    given = {"model": "wgan", "data_dir": folder / "photos", "run_dir": folder / "run", "max_steps": 1}
    with tf.Graph().as_default():
        assert train.main(flags({**TINY["wgan"], **given, "precision": "float32"})) == 0
    return folder


@pytest.fixture
def in_this_process(monkeypatch):
    """Loads runs into the process of the tests, and tells training that there is little memory."""
    monkeypatch.setattr(translate, "IsolatedRun", loaded_here)
    monkeypatch.setattr(graph, "available_memory", lambda: MEMORY)


PROGRAMS = {
    train: ["--run_dir=run", "--max_steps=1"],
    sample: ["--run_dir=run", "--output=out", "--grid=grid.png", "--count=2"],
    translate: ["--run_dir=translator", "--direction=AtoB", "--input=photos", "--output=out"],
}


@pytest.mark.slow
@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda module: module.__name__)
def test_damaged_run_is_opened_or_refused(fuzz, program, trained, tmp_path, monkeypatch, capfd):
    arguments = PROGRAMS[program]

    def attack(draw):
        folder = shutil.copytree(trained, tmp_path / f"{draw.random()}")
        monkeypatch.chdir(folder)
        run = folder / arguments[0].partition("=")[2]
        file = draw.choice([path for path in sorted(run.rglob("*")) if path.is_file() and path.name[0] != "."])
        if file.suffix == ".json" and draw.randrange(5):
            file.write_bytes(mutated_json(json.loads(file.read_text()), draw))
        else:
            file.write_bytes(mutated(file.read_bytes(), draw))
        before = snapshot(folder)
        with tf.Graph().as_default():
            ended = run_here(program.main, arguments, capfd)
        assert_well_ended(ended)
        assert_kept(before, folder, owned=WRITTEN_ANEW if program is train and ended.code == 0 else r"run/\.lock")

    fuzz(attack, rounds=4)
