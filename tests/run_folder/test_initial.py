"""New runs that start from the networks of another one."""

import numpy as np
import pytest

from base.errors import DataError, UsageError
from base.graph_mode import session_config, tf
from run_folder.initial import InitialWeights
from tests.helpers.models import build, build_training
from tests.helpers.runs import variables
from tests.helpers.untrained import STEP, make_run


@pytest.fixture(scope="module")
def horses(tmp_path_factory):
    """Folder of a small WGAN run whose checkpoint has the generator, and no critic."""
    return make_run(tmp_path_factory.mktemp("runs") / "horses", "wgan", seed=5)


def start_from(folder, *networks, model="wgan", build=build, **values):
    """Builds a model and loads what a run has. Returns what was told of it, and the variables before and after."""
    with tf.Graph().as_default(), tf.Session(config=session_config()) as session:
        build(model, data_dir="scenes", **values)
        initial = InitialWeights(str(folder), *networks)
        session.run(tf.global_variables_initializer())
        values = {v.op.name: v for v in tf.global_variables()}
        before = session.run(values)
        origin = initial.load(session)
        return origin, before, session.run(values)


def changed(before, after):
    """Names of the variables that changed."""
    return {name for name in before if not np.array_equal(before[name], after[name])}


@pytest.mark.slow
def test_networks_start_from_the_other_runs_and_all_else_anew(horses):
    _, before, after = start_from(horses, "generators", build=build_training, batch_size=2)
    kernels = {name for name in before if name.startswith("generator/") and name.endswith("kernel")}
    assert kernels <= changed(before, after) and all(name.startswith("generator/") for name in changed(before, after))
    for name, value in variables(horses).items():
        if name.startswith("generator/"):
            np.testing.assert_array_equal(after[name], value)


@pytest.mark.slow
def test_without_a_choice_all_networks_must_be_there(horses):
    with pytest.raises(DataError, match="has no variable critic/"):
        start_from(horses, build=build_training)


@pytest.mark.slow
def test_where_they_are_from_is_told_with_a_hash_of_the_checkpoint(horses, tmp_path):
    origin, _, _ = start_from(horses)
    other, _, _ = start_from(make_run(tmp_path / "other", "wgan"))
    assert {name: origin[name] for name in ("run_dir", "model", "step")} == {
        "run_dir": str(horses), "model": "wgan", "step": STEP,
    }  # fmt: skip
    assert origin["sha256"] != other["sha256"] and start_from(horses)[0] == origin


@pytest.mark.slow
def test_a_variable_of_another_shape_is_named(horses):
    with pytest.raises(DataError, match=r"variable generator/\S+ has shape \[.*\], but the model's has \[.*\]"):
        start_from(horses, ngf=8)


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(UsageError, match="--init_from: .*nowhere: no such run folder"):
        start_from(tmp_path / "nowhere")


@pytest.mark.slow
def test_a_model_without_generators_is_refused(horses):
    with pytest.raises(UsageError, match="--init_networks=generators: the model has none"):
        start_from(horses, "generators", model="darknet")
