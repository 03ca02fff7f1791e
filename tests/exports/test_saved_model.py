"""The SavedModel: its signatures, weights once, images of mixed sizes, and the run's bits."""

import io

import numpy as np
import pytest
from PIL import Image

from base.graph_mode import tf, uses_onednn
from exports import saved_model
from exports.frozen import freeze, weights
from exports.probes import Probe
from exports.programs import run_program
from inference import tiles
from inputs.images import read_image, to_uint8, to_unit
from tests.helpers.frozen import NAMES, assert_same, frozen_network, loaded_network
from tests.helpers.images import photo

FILE = f"{saved_model.FOLDER}/saved_model.pb"


@pytest.fixture
def signatures(tmp_path):
    """A function that writes a network, and gives its signatures: from arrays by name to arrays by name."""
    with tf.Graph().as_default(), tf.Session() as session:

        def write(frozen):
            saved_model.write(frozen, tmp_path)
            meta = tf.saved_model.loader.load(session, ["serve"], str(tmp_path / saved_model.FOLDER))

            def call(name, **inputs):
                signature = meta.signature_def[name]
                fetched = {key: info.name for key, info in signature.outputs.items()}
                return session.run(fetched, {signature.inputs[key].name: array for key, array in inputs.items()})

            return call

        yield write


def decoded(data):
    return read_image(data, 3)


@pytest.mark.parametrize("name", [*NAMES, pytest.param("dropout", marks=pytest.mark.slow)])
def test_floats_are_those_of_the_run_to_the_bit(name, signatures):
    frozen, probes = frozen_network(name)
    call = signatures(frozen)
    for probe in probes:
        found = call(frozen.task, **{frozen.source_name: probe.values})[frozen.result_name]
        assert_same(found, probe)


def test_files_of_mixed_sizes_are_translated_to_the_run_s_levels(signatures):
    frozen, probes = frozen_network("resnet")
    found = signatures(frozen)("serving_default", image_bytes=[probe.file for probe in probes])["translated_bytes"]
    for data, probe in zip(found, probes, strict=True):
        np.testing.assert_allclose(decoded(data), to_uint8(probe.expected[0]), atol=int(uses_onednn()))


@pytest.mark.slow
def test_images_of_a_batch_do_not_see_each_other(signatures):
    frozen, probes = frozen_network("unet")
    call, images = signatures(frozen), probes[:3]
    found = call("translate", image=np.concatenate([probe.values for probe in images]))["translated"]
    for result, probe in zip(found, images, strict=True):
        assert_same(result[None], probe)


@pytest.mark.slow
def test_noise_becomes_files(signatures):
    frozen, probes = frozen_network("wgan")
    found = signatures(frozen)("serving_default", noise=probes[0].values)["generated_bytes"]
    levels = [decoded(data) for data in found]
    np.testing.assert_allclose(levels, to_uint8(probes[0].expected), atol=int(uses_onednn()))


@pytest.mark.slow
def test_files_become_classes_with_scores(signatures):
    frozen, probes = frozen_network("darknet")
    call = signatures(frozen)
    found = call("serving_default", image_bytes=[probe.file for probe in probes])
    for scores, probe in zip(found["scores"], probes, strict=True):
        assert_same(scores[None], probe)
    assert found["classes"].tolist() == [[b"cat", b"dog", b"cow"]] * len(probes)
    buffer = io.BytesIO()
    Image.new("RGB", (20, 30)).save(buffer, "PNG")
    with pytest.raises(tf.errors.InvalidArgumentError, match="must have the 16 x 16 px"):
        call("serving_default", image_bytes=[buffer.getvalue()])


def test_weights_are_written_once(tmp_path):
    frozen, _ = frozen_network("resnet")
    saved_model.write(frozen, tmp_path)
    data = (tmp_path / FILE).read_bytes()
    arrays = [tf.make_ndarray(node.attr["value"].tensor) for node in weights(frozen.graph_def)]
    assert frozen.tiles and arrays and all(data.count(array.tobytes()) == 1 for array in arrays)


TRIED = """
def run(values):
    return run_tiles(values, 64, 5000)

del run_files
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet", "unet"])
def test_tiles_give_what_the_fast_ones_of_the_run_give(name, tmp_path, monkeypatch):
    monkeypatch.setattr(tiles, "FAST_PIXELS", 5000)
    run, direction = loaded_network(name)
    image = photo(0, 90, 130)
    expected = run.translate(image, direction, tile=32, statistics="fast")
    frozen = freeze(run, direction)
    saved_model.write(frozen, tmp_path)
    (tmp_path / "program.py").write_text(f"import numpy as np\n{saved_model.program(frozen)}{TRIED}")
    probe = Probe("photo", b"", to_unit(image[None].astype(np.float32)), np.zeros(0))
    found = run_program(tmp_path / "program.py", tmp_path, [probe])["values-0"]
    assert np.abs(to_uint8(found[0]).astype(int) - expected).max() <= 1


@pytest.mark.slow
def test_what_takes_more_from_the_whole_image_than_statistics_has_no_tiles():
    assert frozen_network("dropout")[0].tiles is None


@pytest.mark.slow
def test_half_takes_less_room_and_comes_near(signatures, tmp_path):
    frozen, probes = frozen_network("unet", half=True)
    call = signatures(frozen)
    saved_model.write(frozen._replace(half=False), tmp_path / "whole")
    half, whole = ((folder / FILE).stat().st_size for folder in (tmp_path, tmp_path / "whole"))
    count = sum(tf.make_ndarray(node.attr["value"].tensor).size for node in weights(frozen.graph_def))
    assert whole - half > 0.95 * 2 * count
    found = [call("translate", image=probe.values)["translated"] for probe in probes]
    assert 0 < max(np.abs(array - probe.expected).max() for array, probe in zip(found, probes)) < 0.03
