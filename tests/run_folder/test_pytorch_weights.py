"""Networks saved by PyTorch are recognised by their shapes, and ours compute the same with their weights."""

import io
import os
import sys
import zipfile
from pathlib import Path

import pytest

from base.errors import ConfigError, DataError, UsageError, UserError
from base.graph_mode import tf
from models.configs import make_config
from run_folder.pytorch_weights import convert, read_networks, shared_options
from tests.helpers.pytorch import SOURCE, assert_same_outputs, save, save_all

torch = pytest.importorskip("torch")
torch_networks = pytest.importorskip("benchmarks.torch_networks")


@pytest.fixture(autouse=True)
def work_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkdir(SOURCE)
    torch.manual_seed(0)


def config_of_files(**given):
    """The config that an import of the saved files would write, without the import."""
    networks = read_networks(SOURCE)
    return make_config({**given, **shared_options(networks, given), "precision": "float32"})


def compare(config, networks):
    """Asserts that our networks, with weights converted from the files, compute what PyTorch's modules do."""

    def load(session):
        saved = read_networks(SOURCE)
        for name in networks:
            variables = tf.trainable_variables(name + "/")
            values = convert(saved[name], {v.op.name: v.shape.as_list() for v in variables})
            feed = {v.initializer.inputs[1]: values[v.op.name] for v in variables}
            session.run([v.initializer for v in variables], feed)

    assert_same_outputs(config, networks, load)


@pytest.mark.slow
@pytest.mark.parametrize("norm", ["instance", "affine_instance", "batch"])
def test_norm_is_recognized(norm):
    theirs = save_all(norm)
    config = config_of_files(image_size=32)
    assert config.norm == norm
    compare(config, {"generator_ab": theirs["G_A"], "discriminator_b": theirs["D_A"]})


@pytest.mark.slow
def test_unet_and_pixel_discriminator():
    generator = save("G_A", torch_networks.UNetGenerator(3, 3, 4, levels=6, norm="batch"))
    discriminator = save("D_A", torch_networks.PixelDiscriminator(3, 4, "batch"))
    config = config_of_files()
    assert (config.generator, config.unet_levels, config.discriminator, config.norm) == ("unet", 6, "pixel", "batch")
    assert config.image_size == 64, "the smallest that a U-Net of 6 levels takes"
    assert not {"generator_blocks", "discriminator_layers"} & set(config.values()), "they have no effect here"
    compare(config, {"generator_ab": generator, "discriminator_b": discriminator})


def test_levels_left_to_the_program_are_those_of_the_files():
    save("G_A", torch_networks.UNetGenerator(3, 3, 4, levels=5))
    assert config_of_files(unet_levels=None, image_size=64).unet_levels == 5


def test_dropout_that_the_files_do_not_show_is_left_to_the_command_line():
    save("G_A", torch_networks.UNetGenerator(3, 3, 4, levels=5))
    assert "dropout" not in shared_options(read_networks(SOURCE), {"dropout": True})


@pytest.mark.slow
def test_module_prefix_and_unused_statistics_are_ignored():
    unused = {"module.model.2.running_mean": torch.ones(4), "module.model.2.num_batches_tracked": torch.tensor(7)}
    generator = save("G_A", torch_networks.ResNetGenerator(3, 3, 4, 1), prefix="module.", also=unused)
    config = config_of_files(image_size=32)
    assert config.norm == "instance"
    compare(config, {"generator_ab": generator})


@pytest.mark.slow
def test_networks_without_norm_and_biases():
    generator = save("G_A", torch_networks.ResNetGenerator(3, 3, 4, 1, "none"))
    blocks = ["model.10.conv_block.1.bias", "model.10.conv_block.5.bias"]
    inner = [f"model.{number}.bias" for number in (1, 4, 7, 11, 14)] + blocks
    for name in inner:
        torch.nn.init.zeros_(generator.get_parameter(name))
    torch.save({k: v for k, v in generator.state_dict().items() if k not in inner}, f"{SOURCE}/latest_net_G_A.pth")
    config = config_of_files(image_size=32)
    assert config.norm == "none"
    compare(config, {"generator_ab": generator})


@pytest.mark.slow
def test_dropout_moves_the_second_convolution_of_a_block():
    generator = save("G_A", torch_networks.ResNetGenerator(3, 3, 4, 1, dropout=True))
    assert config_of_files(image_size=32).dropout
    compare(config_of_files(image_size=32, dropout=False), {"generator_ab": generator.eval()})


def test_channels_are_read_from_the_files():
    save("G_A", torch_networks.ResNetGenerator(1, 3, 4, 1))
    config = config_of_files(image_size=32)
    assert (config.channels_a, config.channels_b, config.lambda_identity) == (1, 3, 0.0)


@pytest.mark.slow
def test_keys_are_those_of_published_files():
    """The file format, written down: names of convolution kernels and their shapes in PyTorch's layout."""

    def kernels(network):
        return {name: list(value.shape) for name, value in network.state_dict().items() if value.ndim == 4}

    resnet = kernels(torch_networks.ResNetGenerator(3, 3, 64, 9))
    assert resnet["model.1.weight"] == [64, 3, 7, 7]
    assert resnet["model.4.weight"] == [128, 64, 3, 3]
    assert resnet["model.7.weight"] == [256, 128, 3, 3]
    assert resnet["model.10.conv_block.1.weight"] == resnet["model.18.conv_block.5.weight"] == [256, 256, 3, 3]
    assert resnet["model.19.weight"] == [256, 128, 3, 3]
    assert resnet["model.22.weight"] == [128, 64, 3, 3]
    assert resnet["model.26.weight"] == [3, 64, 7, 7]
    assert len(resnet) == 24
    unet = kernels(torch_networks.UNetGenerator(3, 3, 64, 8))
    assert unet["model.model.0.weight"] == [64, 3, 4, 4]
    assert unet["model.model.1.model.1.weight"] == [128, 64, 4, 4]
    assert unet["model.model.1.model.3.model.5.weight"] == [512, 128, 4, 4]
    assert unet["model.model." + "1.model." + 6 * "3.model." + "1.weight"] == [512, 512, 4, 4]
    assert unet["model.model." + "1.model." + 6 * "3.model." + "3.weight"] == [512, 512, 4, 4]
    assert unet["model.model.3.weight"] == [128, 3, 4, 4]
    assert len(unet) == 16
    patch, pixel = torch_networks.PatchDiscriminator(3), torch_networks.PixelDiscriminator(3)
    assert list(kernels(patch)) == [f"model.{number}.weight" for number in (0, 2, 5, 8, 11)]
    assert list(kernels(pixel)) == [f"net.{number}.weight" for number in (0, 2, 5)]


# What does not fit


def edited(name, change):
    """Saves a small generator after `change` has edited its state dict."""
    network = save(name, torch_networks.ResNetGenerator(3, 3, 4, 1))
    state = dict(network.state_dict())
    change(state)
    torch.save(state, f"{SOURCE}/latest_net_{name}.pth")


@pytest.mark.slow
@pytest.mark.parametrize(
    "change, message",
    [
        (
            lambda state: state.update({"model.4.weight": torch.zeros(9, 4, 3, 3)}),
            r"model\.4\.weight has shape \[9, 4, 3, 3\].*\[8, 4, 3, 3\]",
        ),
        (lambda state: state.pop("model.18.weight"), "model.18.weight is missing"),
        (
            lambda state: [state.pop("model.18.weight"), state.pop("model.18.bias")],
            "7 convolutions, but .* of 1 blocks has 8",
        ),
        (lambda state: state.update({"model.4.weight_u": torch.zeros(3)}), r"model\.4\.weight_u has no place"),
    ],
)
def test_weights_that_do_not_fit_are_named(change, message):
    edited("G_A", change)
    with pytest.raises(DataError, match="latest_net_G_A.pth: .*(" + message + ")"):
        compare(config_of_files(image_size=32), {"generator_ab": None})


def test_networks_that_disagree_are_named():
    save("G_A", torch_networks.ResNetGenerator(3, 3, 4, 1))
    save("G_B", torch_networks.ResNetGenerator(3, 3, 8, 1))
    with pytest.raises(DataError, match="latest_net_G_B.pth has ngf 8, but latest_net_G_A.pth has 4"):
        config_of_files()


def test_given_value_that_is_not_that_of_the_files_is_named():
    save("G_A", torch_networks.ResNetGenerator(3, 3, 4, 1))
    with pytest.raises(ConfigError, match="--ngf=32: latest_net_G_A.pth has 4"):
        config_of_files(ngf=32)


def test_given_norm_that_the_weights_cannot_be_of_is_named():
    save("G_A", torch_networks.ResNetGenerator(3, 3, 4, 1))
    with pytest.raises(
        ConfigError, match="--norm=batch: the weights in latest_net_G_A.pth are of norm instance or none"
    ):
        config_of_files(norm="batch")


def test_a_discriminator_is_no_generator():
    save("G_A", torch_networks.PatchDiscriminator(3))
    with pytest.raises(DataError, match="holds a patch discriminator where a generator should be"):
        read_networks(SOURCE)


def test_file_that_holds_no_weights_is_named():
    with open(f"{SOURCE}/latest_net_G_A.pth", "wb") as file:
        file.write(b"no weights")
    with pytest.raises(DataError, match="latest_net_G_A.pth: cannot be read as weights"):
        read_networks(SOURCE)


def test_missing_torch_is_explained(monkeypatch):
    save("G_A", torch_networks.ResNetGenerator(3, 3, 4, 1))
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(UsageError, match="pip install 'torch>=2.6'"):
        read_networks(SOURCE)


FILE = f"{SOURCE}/latest_net_G_A.pth"
WEIGHT = "model.1.weight"


def small_state():
    return {name: value.clone() for name, value in torch_networks.ResNetGenerator(3, 3, 4, 1).state_dict().items()}


def refusal(changes):
    """The message about a file whose state dict has some values changed."""
    torch.save({**small_state(), **changes}, FILE)
    with pytest.raises(UserError) as error:
        read_networks(SOURCE)
    assert "\n" not in str(error.value)
    return str(error.value)


STRANGE_TENSORS = {
    "sparse": lambda: torch.ones(3, 3).to_sparse(),
    "complex": lambda: torch.ones(3, dtype=torch.complex64),
    "meta": lambda: torch.ones(3, device="meta"),
    "spread over one number": lambda: torch.ones(1).expand(10**6, 10**6),
}


@pytest.mark.parametrize("kind", STRANGE_TENSORS)
def test_tensor_that_is_not_dense_and_real_is_named(kind):
    assert f"{WEIGHT} is no dense tensor of real numbers" in refusal({WEIGHT: STRANGE_TENSORS[kind]()})


@pytest.mark.filterwarnings("ignore")  # PyTorch's, that quantised tensors are going away
def test_quantized_tensor_is_refused():
    quantized = torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8)
    assert "latest_net_G_A.pth: " in refusal({WEIGHT: quantized})


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e300])
def test_number_that_is_not_finite_is_named(number):
    value = torch.full([4, 3, 7, 7], number, dtype=torch.float64)
    assert f"{WEIGHT} holds something that is not a finite number" in refusal({WEIGHT: value})


@pytest.mark.parametrize("key", ["conv_block.weight", "model.10.conv_block..weight", "weight", "", ".", "conv_block"])
def test_strange_name_is_refused_in_one_line(key):
    refusal({key: torch.zeros(4, 4, 3, 3)})


def test_name_that_is_a_number_is_refused():
    assert "holds no state dict, which is tensors by name: one is called 7" in refusal({7: torch.zeros(1)})


def test_weights_that_need_their_gradients_are_read():
    torch.save({name: torch.nn.Parameter(value) for name, value in small_state().items()}, FILE)
    assert read_networks(SOURCE)["generator_ab"].options["ngf"] == 4


def test_pytorchs_advice_to_run_the_files_code_is_not_passed_on():
    torch.save({"model": os.system}, FILE)
    with pytest.raises(DataError, match="it holds more than tensors, or is damaged") as error:
        read_networks(SOURCE)
    assert "weights_only" not in str(error.value)


def test_pytorch_that_files_can_make_run_code_is_refused(monkeypatch):
    torch.save(small_state(), FILE)
    monkeypatch.setattr(torch, "__version__", "2.5.1+cpu")
    with pytest.raises(UsageError, match=r"takes torch>=2\.6, and 2\.5\.1\+cpu is installed"):
        read_networks(SOURCE)


def test_file_that_would_become_larger_is_not_unpacked():
    torch.save(small_state(), FILE)
    packed = io.BytesIO()
    with zipfile.ZipFile(FILE) as plain, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in plain.namelist():
            archive.writestr(name, plain.read(name) + bytes(10**6))
    Path(FILE).write_bytes(packed.getvalue())
    with pytest.raises(DataError, match="it is compressed"):
        read_networks(SOURCE)


def test_what_is_no_file_is_refused():
    os.mkfifo(FILE)
    with pytest.raises(DataError, match="latest_net_G_A.pth: .*no regular file"):
        read_networks(SOURCE)
    os.remove(FILE)
    os.mkdir(FILE)
    with pytest.raises(DataError, match="latest_net_G_A.pth"):
        read_networks(SOURCE)


def test_empty_file_is_refused():
    Path(FILE).touch()
    with pytest.raises(DataError, match="cannot be read as weights saved by PyTorch"):
        read_networks(SOURCE)
