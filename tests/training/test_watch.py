"""What is written down of a run: metrics.jsonl and the best checkpoint, in runs that are killed at bad moments, too."""

import functools
import json

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from base.errors import UsageError
from evaluation.evaluator import Evaluator, Snapshot
from inference.load import load_run
from run_folder.best import BestCheckpoint
from run_folder.checkpoints import Checkpoints, find_steps
from scripts.evaluate import main
from tests.helpers import runs
from tests.helpers.images import photo, save
from tests.helpers.runs import Killed, assert_same_variables, killed_in_step

WGAN = {
    "model": "wgan", "image_size": 16, "load_size": 16, "ngf": 4, "ndf": 4, "z_size": 5, "batch_size": 2,
    "critic_steps": 1, "critic_lead": 1, "precision": "float32", "max_steps": 13, "checkpoint_every": 4,
    "keep_checkpoints": 1, "sample_every": 100, "summary_every": 5,
}  # fmt: skip
EVALUATED = {"evaluate_every": 3, "keep_best": "swd"}
SWD = {3: 5.0, 6: 2.0, 9: 3.0, 12: 4.0, 13: 6.0}  # by step, where it is planned
CHANGING = ("seconds", "speed/images_per_second", "speed/waiting_share")  # from one run to the next

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    for i in range(7):
        save(folder / "train" / f"{i}.png", photo(i, 20, 20))
    return folder


@pytest.fixture
def train(data, capfd):
    """Trains in this process; gives the exit code and what was said."""
    return functools.partial(runs.train_here, data=data, capfd=capfd, defaults=WGAN)


@pytest.fixture
def planned(monkeypatch):
    """Makes the figures those of SWD."""

    def snapshot(evaluator, session):
        return Snapshot({"test/swd": SWD[int(session.run(evaluator._model.global_step))]}, ["swd as planned"])

    monkeypatch.setattr(Evaluator, "snapshot", snapshot)


def entries(run):
    """The lines of metrics.jsonl, but for what differs from run to run."""
    lines = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    return [{name: value for name, value in line.items() if name not in CHANGING} for line in lines]


def best(run):
    return json.loads((run / "best.json").read_text())


def test_evaluation_moves_no_bit_and_a_killed_run_loses_and_doubles_no_line(tmp_path, train):
    plain, whole, killed = (tmp_path / name for name in ("plain", "whole", "killed"))
    assert train(plain)[0] == 0
    code, said = train(whole, **EVALUATED)
    assert code == 0 and "step 3: evaluated in" in said and "of the time since step 0" in said, said
    assert_same_variables(plain, whole)
    with killed_in_step(8):
        train(killed, **EVALUATED)
    with open(killed / "metrics.jsonl", "a") as file:
        file.write('{"step": 7, "loss/cri')  # as where the process was killed within the line
    code, said = train(killed)
    assert code == 0, said
    assert_same_variables(plain, killed)
    assert [line["step"] for line in entries(whole)] == [3, 5, 6, 9, 10, 12, 13]
    assert entries(killed) == entries(whole)
    assert best(killed) == best(whole)
    assert {"loss/critic", "loss/generator", "learning_rate"} < set(entries(whole)[1])
    assert {"test/swd", "test/swd_16"} < set(entries(whole)[0])
    events = EventAccumulator(str(whole)).Reload()
    assert [point.step for point in events.Scalars("test/swd")] == [3, 6, 9, 12, 13]
    seconds = [json.loads(line)["seconds"] for line in (killed / "metrics.jsonl").read_text().splitlines()]
    assert seconds == sorted(seconds) and seconds[0] > 0
    assert [line["step"] for line in entries(plain)] == [5, 10, 13]


@pytest.mark.usefixtures("planned")
def test_best_checkpoint_stays_beside_the_newest_and_is_loaded_by_its_name(tmp_path, train):
    run = tmp_path / "run"
    code, said = train(run, **EVALUATED)
    assert code == 0 and "step 6: swd 2 is the best so far, and is kept" in said and "step 9: swd 3" not in said, said
    assert find_steps(str(run / "checkpoints")) == [13, 6]
    assert best(run)["step"] == 6 and best(run)["protocol"]["test"]["real"]["images"] == 7
    assert [load_run(run, checkpoint=name).step for name in ("best", "last", 6, "13")] == [6, 13, 6, 13]


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize("owner, method", [(Checkpoints, "save"), (BestCheckpoint, "name")])
def test_run_that_is_killed_before_the_best_is_written_or_named_loses_nothing(
    tmp_path, train, monkeypatch, owner, method
):
    run, original = tmp_path / "run", getattr(owner, method)

    def killed(self, *arguments):
        if json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])["step"] == 6:
            raise Killed
        return original(self, *arguments)

    with monkeypatch.context() as context:
        context.setattr(owner, method, killed)
        with pytest.raises(Killed):
            train(run, **EVALUATED)
    assert best(run)["step"] == 3 and load_run(run, checkpoint="best").step == 3, "the one before is still there"
    assert train(run)[0] == 0
    assert best(run)["step"] == 6 and find_steps(str(run / "checkpoints")) == [13, 6]
    assert [line["step"] for line in entries(run)] == [3, 5, 6, 9, 10, 12, 13]


@pytest.mark.usefixtures("planned")
def test_run_that_goes_on_with_another_rule_chooses_among_what_is_there(tmp_path, train):
    run = tmp_path / "run"
    train(run, max_steps=9, keep_checkpoints=9)
    with pytest.raises(UsageError, match="this run has kept no best checkpoint; train.py --evaluate_every=N"):
        load_run(run, checkpoint="best")
    assert train(run, **EVALUATED)[0] == 0
    assert best(run)["step"] == 12


def test_what_goes_wrong_is_told_once_and_written_where_people_look(tmp_path, train):
    run = tmp_path / "run"
    code, said = train(run, learning_rate=0.0, max_steps=6)
    words = "the learning rate is 0, so that nothing is learned (learning_rate 0); try a larger --max_steps"
    assert code == 0 and f"step 5: {words}" in said, said
    code, said = train(run, max_steps=13)
    assert code == 0 and "nothing is learned" not in said
    assert {line["step"]: line["alarms"][0][: len(words)] for line in entries(run) if "alarms" in line} == {5: words}
    events = EventAccumulator(str(run)).Reload()
    assert [point.step for point in events.Scalars("doctor/learning_rate_0")] == [5]
    assert main([f"--run_dir={run}", "--measures=swd"]) == 0
    assert words in (run / "evaluation.html").read_text()


@pytest.mark.parametrize(
    "values, words",
    [
        ({"keep_best": "swd"}, "--keep_best=swd has no effect without --evaluate_every"),
        ({"evaluate": "swd"}, "--evaluate=swd has no effect without --evaluate_every"),
        ({"evaluate_every": 3, "keep_best": "psnr"}, "--keep_best=psnr: must be one of swd"),
        ({"evaluate_every": 3, "evaluate": "kid"}, "--evaluate=kid: kid must be one of those that fit: swd"),
        ({"evaluate_every": 0}, "--evaluate_every=0: must be at least 1"),
    ],
)
def test_options_without_effect_are_refused_and_leave_no_run_behind(tmp_path, train, values, words):
    code, said = train(tmp_path / "run", **values)
    assert code == 2 and words in said.splitlines()[-1] and "Traceback" not in said
    assert not (tmp_path / "run").exists()
