"""Imported networks compute what PyTorch's do, in a run folder that translates and trains on; what does not fit is named."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from config import make_config
from models.cyclegan import CycleGAN
from scripts import import_weights
from training.checkpoints import Checkpoints
from training.command_line import UsageError
from training.run_folder import RunFolder
from training.tensorflow_setup import session_config, tf

torch = pytest.importorskip("torch")

from scripts import torch_reference as reference

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE, RUN = "saved", "run"
OF_TRAINING = ["--image_size=32", "--pool_size=2"]  # small checkpoints


@pytest.fixture(autouse=True)
def work_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkdir(SOURCE)
    torch.manual_seed(0)


def save(name, network, prefix="", also=None):
    """Saves a network's weights, all random, as the reference implementation names the file; returns the network."""
    reference.initialize(network, bias_stddev=0.1)
    state = {prefix + key: value for key, value in network.state_dict().items()}
    torch.save({**state, **(also or {})}, f"{SOURCE}/latest_net_{name}.pth")
    return network


def save_all(norm="instance", blocks=2, **kwargs):
    """Saves four small networks; returns them by the names of their files."""
    return {
        "G_A": save("G_A", reference.ResNetGenerator(3, 3, 4, blocks, norm), **kwargs),
        "G_B": save("G_B", reference.ResNetGenerator(3, 3, 4, blocks, norm), **kwargs),
        "D_A": save("D_A", reference.PatchDiscriminator(3, 8, 2, norm), **kwargs),
        "D_B": save("D_B", reference.PatchDiscriminator(3, 8, 2, norm), **kwargs),
    }


def import_run(*flags):
    assert import_weights.main([f"--source={SOURCE}", f"--run_dir={RUN}", *flags]) == 0
    return RunFolder(RUN).config(precision="float32", batch_size=1)


def config_of_files(**given):
    """The config that an import of the saved files would write, without the import."""
    networks = import_weights.read_networks(SOURCE)
    return make_config({**import_weights.shared_options(networks, given), **given, "precision": "float32"})


def compare(config, networks, from_run=False):
    """Asserts that our networks give what PyTorch's give.

    Args:
      config: Config of ours.
      networks: dict of PyTorch modules by our names.
      from_run: bool, whether our weights are those of the run's checkpoint; else they are converted from the files.
    """
    size = config.image_size
    images = np.random.RandomState(0).uniform(-1, 1, [1, size, size, 3]).astype(np.float32)
    with tf.Graph().as_default(), tf.Session(config=session_config()) as session:
        model = CycleGAN(config)
        results = {name: getattr(model, name)(tf.constant(images), call="test") for name in networks}
        if from_run:
            Checkpoints(RunFolder(RUN).checkpoints, tf.trainable_variables()).restore(session)
        else:
            saved = import_weights.read_networks(SOURCE)
            for name in networks:
                initializers = {v.op.name: v.initializer for v in tf.trainable_variables(name + "/")}
                shapes = {v.op.name: v.shape.as_list() for v in tf.trainable_variables(name + "/")}
                values = import_weights.convert(saved[name], shapes)
                session.run(initializers, {op.inputs[1]: values[variable] for variable, op in initializers.items()})
        results = session.run(results)
    for name, network in networks.items():
        with torch.no_grad():
            expected = network(torch.from_numpy(images.transpose(0, 3, 1, 2).copy())).numpy().transpose(0, 2, 3, 1)
        np.testing.assert_allclose(results[name], expected, atol=1e-5)


def test_all_four_networks_come_into_the_run():
    theirs = save_all()
    config = import_run(*OF_TRAINING)
    assert (config.generator_blocks, config.ngf, config.ndf, config.discriminator_layers) == (2, 4, 8, 2)
    # Their D_A judges what their G_A makes, images of B.
    ours = {
        "generator_ab": theirs["G_A"], "generator_ba": theirs["G_B"],
        "discriminator_b": theirs["D_A"], "discriminator_a": theirs["D_B"],
    }  # fmt: skip
    compare(config, ours, from_run=True)


@pytest.mark.parametrize("norm", ["instance", "affine_instance", "batch"])
def test_norm_is_recognized(norm):
    theirs = save_all(norm)
    config = config_of_files(image_size=32)
    assert config.norm == norm
    compare(config, {"generator_ab": theirs["G_A"], "discriminator_b": theirs["D_A"]})


def test_unet_and_pixel_discriminator():
    generator = save("G_A", reference.UNetGenerator(3, 3, 4, levels=6, norm="batch"))
    discriminator = save("D_A", reference.PixelDiscriminator(3, 4, "batch"))
    config = config_of_files()
    assert (config.generator, config.levels, config.discriminator, config.norm) == ("unet", 6, "pixel", "batch")
    assert config.image_size == 64, "the smallest that a U-Net of 6 levels takes"
    compare(config, {"generator_ab": generator, "discriminator_b": discriminator})


def test_module_prefix_and_unused_statistics_are_ignored():
    unused = {"module.model.2.running_mean": torch.ones(4), "module.model.2.num_batches_tracked": torch.tensor(7)}
    generator = save("G_A", reference.ResNetGenerator(3, 3, 4, 1), prefix="module.", also=unused)
    config = config_of_files(image_size=32)
    assert config.norm == "instance"
    compare(config, {"generator_ab": generator})


def test_networks_without_norm_and_biases():
    generator = save("G_A", reference.ResNetGenerator(3, 3, 4, 1, "none"))
    inner = [f"model.{place}.bias" for place in (1, 4, 7, 11, 14)] + ["model.10.conv_block.1.bias", "model.10.conv_block.5.bias"]
    for name in inner:
        torch.nn.init.zeros_(generator.get_parameter(name))
    torch.save({k: v for k, v in generator.state_dict().items() if k not in inner}, f"{SOURCE}/latest_net_G_A.pth")
    config = config_of_files(image_size=32)
    assert config.norm == "none"
    compare(config, {"generator_ab": generator})


def test_dropout_moves_the_second_convolution_of_a_block():
    generator = save("G_A", reference.ResNetGenerator(3, 3, 4, 1, dropout=True))
    assert config_of_files(image_size=32).dropout
    compare(config_of_files(image_size=32, dropout=False), {"generator_ab": generator.eval()})


def test_channels_are_read_from_the_files():
    save("G_A", reference.ResNetGenerator(1, 3, 4, 1))
    config = config_of_files(image_size=32)
    assert (config.channels_a, config.channels_b, config.lambda_identity) == (1, 3, 0.0)


@pytest.mark.parametrize("direction, ours, other", [("AtoB", "generator_ab", "generator_ba"), ("BtoA", "generator_ba", "generator_ab")])
def test_one_generator_and_an_epoch(direction, ours, other, capsys):
    generator = save("G", reference.ResNetGenerator(3, 3, 4, 1))
    os.rename(f"{SOURCE}/latest_net_G.pth", f"{SOURCE}/200_net_G.pth")
    config = import_run("--epoch=200", f"--direction={direction}", *OF_TRAINING)
    printed = capsys.readouterr().out
    assert f"{other}: no file, fresh initial weights" in printed
    assert f"{ours}: 200_net_G.pth: generator resnet" in printed
    compare(config, {ours: generator}, from_run=True)


def test_keys_are_those_of_published_files():
    """The file format, written down: names of convolution kernels and their shapes in PyTorch's layout."""

    def kernels(network):
        return {name: list(value.shape) for name, value in network.state_dict().items() if value.ndim == 4}

    resnet = kernels(reference.ResNetGenerator(3, 3, 64, 9))
    assert resnet["model.1.weight"] == [64, 3, 7, 7]
    assert resnet["model.4.weight"] == [128, 64, 3, 3]
    assert resnet["model.7.weight"] == [256, 128, 3, 3]
    assert resnet["model.10.conv_block.1.weight"] == resnet["model.18.conv_block.5.weight"] == [256, 256, 3, 3]
    assert resnet["model.19.weight"] == [256, 128, 3, 3]
    assert resnet["model.22.weight"] == [128, 64, 3, 3]
    assert resnet["model.26.weight"] == [3, 64, 7, 7]
    assert len(resnet) == 24
    unet = kernels(reference.UNetGenerator(3, 3, 64, 8))
    assert unet["model.model.0.weight"] == [64, 3, 4, 4]
    assert unet["model.model.1.model.1.weight"] == [128, 64, 4, 4]
    assert unet["model.model.1.model.3.model.5.weight"] == [512, 128, 4, 4]
    assert unet["model.model." + "1.model." + 6 * "3.model." + "1.weight"] == [512, 512, 4, 4]
    assert unet["model.model." + "1.model." + 6 * "3.model." + "3.weight"] == [512, 512, 4, 4]
    assert unet["model.model.3.weight"] == [128, 3, 4, 4]
    assert len(unet) == 16
    assert list(kernels(reference.PatchDiscriminator(3))) == [f"model.{place}.weight" for place in (0, 2, 5, 8, 11)]
    assert list(kernels(reference.PixelDiscriminator(3))) == [f"net.{place}.weight" for place in (0, 2, 5)]


def test_script_runs_from_anywhere_and_training_goes_on():
    save_all(blocks=1)
    script = [sys.executable, str(ROOT / "scripts" / "import_weights.py"), f"--source={SOURCE}", f"--run_dir={RUN}"]
    values = ["--data_dir=scenes", "--max_steps=1", "--precision=float32", *OF_TRAINING]
    subprocess.run([*script, *values], check=True, capture_output=True)
    trained = subprocess.run([sys.executable, str(ROOT / "train.py"), f"--run_dir={RUN}"], capture_output=True, text=True)
    assert trained.returncode == 0, trained.stderr
    assert "steps 1 to 1" in trained.stdout


def test_a_run_is_not_overwritten_unless_asked():
    save_all(blocks=1)
    import_run(*OF_TRAINING)
    with pytest.raises(UsageError, match="holds a run.*--overwrite"):
        import_run(*OF_TRAINING)
    import_run("--overwrite", *OF_TRAINING)


# What does not fit


def edited(name, change):
    """Saves a small generator after `change` has edited its state dict."""
    network = save(name, reference.ResNetGenerator(3, 3, 4, 1))
    state = dict(network.state_dict())
    change(state)
    torch.save(state, f"{SOURCE}/latest_net_{name}.pth")


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda state: state.update({"model.4.weight": torch.zeros(9, 4, 3, 3)}), r"model\.4\.weight has shape \[9, 4, 3, 3\].*\[8, 4, 3, 3\]"),
        (lambda state: state.pop("model.18.weight"), "model.18.weight is missing"),
        (lambda state: [state.pop("model.18.weight"), state.pop("model.18.bias")], "7 convolutions, but .* of 1 blocks has 8"),
        (lambda state: state.update({"model.4.weight_u": torch.zeros(3)}), r"model\.4\.weight_u has no place"),
    ],
)
def test_weights_that_do_not_fit_are_named(change, message):
    edited("G_A", change)
    with pytest.raises(UsageError, match="latest_net_G_A.pth: .*(" + message + ")"):
        import_run(*OF_TRAINING)
    assert not os.path.exists(RUN), "nothing is written"


def test_networks_that_disagree_are_named():
    save("G_A", reference.ResNetGenerator(3, 3, 4, 1))
    save("G_B", reference.ResNetGenerator(3, 3, 8, 1))
    with pytest.raises(UsageError, match="latest_net_G_B.pth has ngf 8, but latest_net_G_A.pth has 4"):
        import_run()


def test_a_discriminator_is_no_generator():
    save("G_A", reference.PatchDiscriminator(3))
    with pytest.raises(UsageError, match="holds a patch discriminator where a generator should be"):
        import_run()


def command_line_error(*flags):
    script = [sys.executable, str(ROOT / "scripts" / "import_weights.py")]
    result = subprocess.run([*script, *flags], capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_errors_of_use_are_one_line():
    save("G_A", reference.ResNetGenerator(3, 3, 4, 1))
    assert "--ngf=32: latest_net_G_A.pth has 4" in command_line_error(f"--source={SOURCE}", f"--run_dir={RUN}", "--ngf=32")
    pathlib.Path(SOURCE, "latest_net_G_A.pth").write_bytes(b"no weights")
    assert "cannot be read as weights" in command_line_error(f"--source={SOURCE}", f"--run_dir={RUN}")


@pytest.mark.parametrize(
    "flags, message",
    [
        ([], "pass --source=DIR"),
        (["--source=nowhere", "--run_dir=run"], "--source=nowhere: no such folder"),
        (["--source=saved", "--run_dir=run"], "holds no generator"),
        (["--source=saved", "--run_dir=run", "--direction=up"], "direction=up"),
    ],
)
def test_mistakes_are_explained(flags, message):
    with pytest.raises(ValueError, match=message):
        import_weights.main(flags)


def test_missing_torch_is_explained(monkeypatch):
    save("G_A", reference.ResNetGenerator(3, 3, 4, 1))
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(UsageError, match="pip install torch"):
        import_run()
