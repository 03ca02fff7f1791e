"""scripts/import_weights.py: a run folder that translates and trains on, and mistakes in one line."""

import os
from pathlib import Path
from unittest import mock

import pytest

from base.errors import OutputError, UsageError, UserError
from base.graph_mode import tf
from inference.load import load_run
from inputs.scenes import write_scenes
from run_folder.checkpoints import Checkpoints
from run_folder.folder import RunFolder
from scripts import import_weights
from tests.helpers.programs import run_here
from tests.helpers.pytorch import SOURCE, assert_same_outputs, save, save_all
from tests.helpers.runs import train_here
from tests.helpers.untrained import make_run, noise

torch = pytest.importorskip("torch")
torch_networks = pytest.importorskip("benchmarks.torch_networks")

RUN = "run"
OF_TRAINING = ["--image_size=32", "--pool_size=2", "--lambda_identity=0"]  # small checkpoints and graphs


@pytest.fixture(autouse=True)
def work_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkdir(SOURCE)
    torch.manual_seed(0)


def import_run(*flags):
    assert import_weights.main([f"--source={SOURCE}", f"--run_dir={RUN}", "--precision=float32", *flags]) == 0
    return RunFolder(RUN).config()


def compare(config, networks):
    """Asserts that the run's networks compute what PyTorch's modules do, which are given by our names."""
    checkpoints = RunFolder(RUN).checkpoints
    assert_same_outputs(
        config, networks, lambda session: Checkpoints(checkpoints, tf.trainable_variables()).restore(session)
    )


def bytes_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


@pytest.mark.slow
def test_all_four_networks_come_into_the_run():
    theirs = save_all()
    config = import_run(*OF_TRAINING)
    assert (config.generator_blocks, config.ngf, config.ndf, config.discriminator_layers) == (2, 4, 8, 2)
    # Their D_A judges what their G_A makes, images of B.
    ours = {
        "generator_ab": theirs["G_A"], "generator_ba": theirs["G_B"],
        "discriminator_b": theirs["D_A"], "discriminator_a": theirs["D_B"],
    }  # fmt: skip
    compare(config, ours)


@pytest.mark.slow
def test_imported_run_translates():
    save_all(blocks=1)
    import_run(*OF_TRAINING)
    assert load_run(RUN).translate(noise(20, 30), "BtoA").shape == (20, 30, 3)


@pytest.mark.slow
@pytest.mark.parametrize(
    "direction, ours, other", [("AtoB", "generator_ab", "generator_ba"), ("BtoA", "generator_ba", "generator_ab")]
)
def test_one_generator_and_an_epoch(direction, ours, other, capsys):
    generator = save("G", torch_networks.ResNetGenerator(3, 3, 4, 1))
    os.rename(f"{SOURCE}/latest_net_G.pth", f"{SOURCE}/200_net_G.pth")
    config = import_run("--epoch=200", f"--direction={direction}", *OF_TRAINING)
    printed = capsys.readouterr().out
    assert f"{other}: no file, fresh initial weights" in printed
    assert f"{ours}: 200_net_G.pth: generator resnet" in printed
    compare(config, {ours: generator})


@pytest.mark.slow
def test_a_run_is_not_overwritten_unless_asked():
    make_run(RUN)
    before = bytes_of(RUN)
    save_all(blocks=1)
    with pytest.raises(UsageError, match=r"holds a run.*--overwrite"):
        import_run(*OF_TRAINING)
    assert bytes_of(RUN) == before
    import_run("--overwrite", *OF_TRAINING)
    assert bytes_of(RUN) != before


@pytest.mark.slow
def test_weights_that_do_not_fit_write_nothing():
    network = save("G_A", torch_networks.ResNetGenerator(3, 3, 4, 1))
    torch.save({**network.state_dict(), "model.4.weight_u": torch.zeros(3)}, f"{SOURCE}/latest_net_G_A.pth")
    with pytest.raises(UserError, match=r"model\.4\.weight_u has no place"):
        import_run(*OF_TRAINING)
    assert not os.path.exists(RUN)


@pytest.mark.slow
def test_run_is_replaced_only_by_one_that_is_whole(monkeypatch):
    make_run(RUN)
    before = bytes_of(RUN)
    save_all(blocks=1)
    broken = torch.load(f"{SOURCE}/latest_net_G_A.pth")

    def refused(words):
        with pytest.raises(UserError, match=words):
            import_run("--overwrite", *OF_TRAINING)
        assert bytes_of(RUN) == before

    torch.save({**broken, "model.1.weight": torch.full([4, 3, 7, 7], torch.nan)}, f"{SOURCE}/latest_net_G_A.pth")
    refused("model.1.weight holds something that is not a finite number")
    torch.save({**broken, "model.4.weight_u": torch.zeros(3)}, f"{SOURCE}/latest_net_G_A.pth")
    refused(r"model\.4\.weight_u has no place")
    torch.save(broken, f"{SOURCE}/latest_net_G_A.pth")
    with monkeypatch.context() as patch:
        patch.setattr("training.graph.available_memory", lambda: 1000)
        refused("of memory, and 0.0 GB are free")
    monkeypatch.setattr(Checkpoints, "save", mock.Mock(side_effect=OutputError("disk full")))
    refused("disk full")


def test_data_dir_may_be_given_from_anywhere():
    _, given = import_weights.parse_options([f"--source={SOURCE}", f"--run_dir={RUN}", "--data_dir=photos,paintings"])
    assert given["data_dir"] == ",".join(str(Path(name).absolute()) for name in ("photos", "paintings"))


@pytest.mark.slow
def test_training_goes_on(capfd):
    save_all(blocks=1)
    write_scenes(Path("scenery"), 36, train=3, test=2)
    import_run("--data_dir=scenery", "--max_steps=1", *OF_TRAINING)
    code, output = train_here(RUN, None, capfd, {})
    assert code == 0 and "steps 1 to 1" in output


def test_errors_of_use_are_one_line(capfd):
    def error(*flags):
        ended = run_here(import_weights.main, [f"--source={SOURCE}", f"--run_dir={RUN}", *flags], capfd)
        assert ended.code == 2 and ended.err.count("\n") == 1
        return ended.err

    save("G_A", torch_networks.ResNetGenerator(3, 3, 4, 1))
    assert "--ngf=32: latest_net_G_A.pth has 4" in error("--ngf=32")
    Path(SOURCE, "latest_net_G_A.pth").write_bytes(b"no weights")
    assert "cannot be read as weights" in error()


@pytest.mark.parametrize(
    "flags, message",
    [
        ([], "pass --source=DIR"),
        (["--source=nowhere", "--run_dir=run"], "--source=nowhere: no such folder"),
        (["--source=saved", "--run_dir=run"], "holds no generator"),
        (["--source=saved", "--run_dir=run", "--direction=up"], "direction=up"),
        (["--source=saved", "--run_dir=gs://run"], "--run_dir=gs://run: must be a path on this machine"),
        (["--source=saved", "--run_dir=run", "--model=wgan"], "--model=wgan: only CycleGAN's networks can be imported"),
        (["--source=saved", "--run_dir=run", "--preset=facades"], "--model=pix2pix: only CycleGAN's networks"),
        (["--source=saved", "--run_dir=run", "--eopch=3"], "unknown flag --eopch; did you mean --epoch"),
    ],
)
def test_mistakes_are_explained(flags, message):
    with pytest.raises(UserError, match=message):
        import_weights.main(flags)
