"""Features: of frozen Inception networks, which are told apart by their nodes, and of classifiers of this project."""

import hashlib

import numpy as np
import pytest
from PIL import Image

from base.errors import DataError
from evaluation.features import classifier_features, inception_features
from inference.load import load_run
from tests.helpers.images import photo
from tests.helpers.inception import expected_features, write_inception
from tests.helpers.untrained import make_run

KINDS = ("ExpandDims", "Mul")


@pytest.fixture(scope="module", params=KINDS)
def file(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("inception") / f"{request.param}.pb"
    write_inception(path, request.param)
    return path


def test_image_of_the_networks_size_is_fed_as_the_networks_were_trained(file):
    image = photo(1, 299, 299)
    found = inception_features(file).of([image])
    assert found.shape == (1, 5)
    np.testing.assert_allclose(found[0], expected_features((image - 128.0) / 128.0), rtol=1e-4)


def test_clean_mode_resizes_by_pillows_filter_without_rounding(file):
    image = photo(2, 60, 40)
    resized = [
        np.asarray(Image.fromarray(image[:, :, c].astype(np.float32)).resize((299, 299), Image.BICUBIC))
        for c in range(3)
    ]
    expected = expected_features((np.stack(resized, axis=2) - 128.0) / 128.0)
    np.testing.assert_allclose(inception_features(file, "clean").of([image])[0], expected, rtol=1e-4)


def test_modes_differ_where_images_are_resized(file):
    images = [photo(3, 400, 380)]
    original, clean = (inception_features(file, mode).of(images) for mode in ("original", "clean"))
    assert np.abs(original - clean).max() > 0.01 * np.abs(original).max()


def test_grey_image_is_that_of_three_equal_channels(file):
    grey = photo(4, 30, 30)[:, :, :1]
    features = inception_features(file)
    np.testing.assert_array_equal(features.of([grey]), features.of([np.repeat(grey, 3, axis=2)]))


def test_figures_name_the_network_and_the_mode(file):
    features = inception_features(file, "clean")
    assert features.name == "inception-clean"
    assert features.file_hash == hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "content, words",
    [
        (None, "cannot be read"),
        (b"no graph at all", "is no TensorFlow graph"),
        (b"", "is not Inception"),
    ],
)
def test_another_file_is_refused(tmp_path, content, words):
    path = tmp_path / "x.pb"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=words):
        inception_features(path)


@pytest.mark.slow
@pytest.mark.usefixtures("shallow_darknet")
def test_classifier_gives_what_its_last_layer_sees(tmp_path):
    run = load_run(make_run(tmp_path / "pets", "darknet"))
    features = classifier_features(run)
    image = photo(5, 20, 24)
    (found,) = features.of([image])
    variables = {variable.op.name: variable for variable in run.session.graph.get_collection("variables")}
    weights, bias = run.session.run([variables[f"darknet/dense/{name}"] for name in ("kernel", "bias")])
    logits = found @ weights + bias
    shares = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(list(run.shares(image).values()), shares, rtol=1e-4)
    assert features.name == "darknet of pets, step 7"


@pytest.mark.slow
def test_run_that_is_no_classifier_has_no_features(tmp_path):
    with pytest.raises(DataError, match="is no classifier"):
        classifier_features(load_run(make_run(tmp_path / "horses", "wgan")))
