"""TensorFlow Serving's protocol: rows and columns, files and floats, and requests that are none."""

import base64
import json

import numpy as np
import pytest

from serving import rest
from serving.errors import RequestError
from tests.helpers.serving import BATCH, CLASSES, NOISE, SIDE, FakeServed, NetworkHere, pixels, png


def predict(name, request, task="translate"):
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    return json.loads(NetworkHere(FakeServed(task)).call("predict", name, body))


def b64(data):
    return {"b64": base64.b64encode(data).decode()}


@pytest.mark.parametrize(
    "request_, key",
    [
        ({"instances": [b64(png(4, 3)), b64(png(2, 9))]}, "predictions"),
        ({"instances": [{"image_bytes": b64(png(4, 3))}, b64(png(2, 9))]}, "predictions"),
        ({"inputs": [b64(png(4, 3)), b64(png(2, 9))]}, "outputs"),
        ({"inputs": {"image_bytes": [b64(png(4, 3)), b64(png(2, 9))]}, "signature_name": "serving_default"}, "outputs"),
        ({"instances": [b64(png(4, 3)), b64(png(2, 9))], "signature_name": "", "more": 1}, "predictions"),
    ],
)
def test_files_of_several_sizes_are_translated(request_, key):
    answer = predict("AtoB", request_)
    found = [pixels(base64.b64decode(each["b64"])) for each in answer.pop(key)]
    np.testing.assert_array_equal(found[0], 255 - pixels(png(4, 3)))
    np.testing.assert_array_equal(found[1], 255 - pixels(png(2, 9)))
    assert not answer


def test_floats_go_through_the_signature_of_the_task():
    values = np.random.default_rng(0).uniform(-1, 1, [2, 3, 4, 3]).astype(np.float32)
    request = {"signature_name": "translate", "instances": values.tolist()}
    np.testing.assert_array_equal(np.array(predict("AtoB", request)["predictions"], np.float32), -values)
    request = {"signature_name": "translate", "inputs": {"image": values.tolist()}}
    np.testing.assert_array_equal(np.array(predict("AtoB", request)["outputs"], np.float32), -values)


def test_results_with_two_names_are_objects():
    one = {"classes": list(CLASSES), "scores": [0.25, 0.75, 0.0]}
    assert predict("classify", {"instances": [b64(png())]}, "classify") == {"predictions": [one]}
    both = {name: [values, values] for name, values in one.items()}
    assert predict("classify", {"inputs": [b64(png())] * 2}, "classify") == {"outputs": both}
    floats = {"signature_name": "classify", "instances": np.zeros([1, SIDE, SIDE, 3]).tolist()}
    assert predict("classify", floats, "classify") == {"predictions": [[0.5] * 3]}


def test_noise_becomes_files_or_floats():
    noise = np.zeros([BATCH, NOISE]).tolist()
    found = predict("generate", {"instances": noise}, "generate")["predictions"]
    assert len(found) == BATCH and pixels(base64.b64decode(found[0]["b64"])).shape == (SIDE, SIDE, 3)
    found = predict("generate", {"inputs": noise, "signature_name": "generate"}, "generate")["outputs"]
    assert np.shape(found) == (BATCH, SIDE, SIDE, 3)


FLOATS = {"signature_name": "translate"}


@pytest.mark.parametrize(
    "request_, code, words",
    [
        (b"", 400, "no JSON"),
        (b"\xff\xfe", 400, "no JSON"),
        (b"[" * 100_000, 400, "no JSON"),
        (b"1" * 5_000, 400, "no JSON"),
        (b"[]", 400, "no JSON object"),
        ({}, 400, 'either "instances" or "inputs"'),
        ({"instances": [], "inputs": []}, 400, 'either "instances" or "inputs"'),
        ({"instances": []}, 400, "something in it"),
        ({"instances": {}}, 400, "something in it"),
        ({"inputs": {"image": []}}, 400, "something in it"),
        ({"instances": [1], "signature_name": "regress"}, 400, "there are serving_default, translate"),
        ({"instances": [1], "signature_name": ["translate"]}, 400, "there are serving_default, translate"),
        ({"instances": ["aGk="]}, 400, "in base64"),
        ({"instances": [{"b64": "###"}]}, 400, "in base64"),
        ({"instances": [{"b64": 3}]}, 400, "in base64"),
        ({"instances": [[]]}, 400, "in base64"),
        ({"instances": [{"b64": ""}]}, 400, "is empty"),
        ({"instances": [b64(b"no image")]}, 415, "is not an image"),
        ({"instances": [b64(png(101, 50))] * 2}, 413, "10,100 pixels are more than"),
        ({"instances": [b64(png())] * 65}, 413, "65 images are more than the 64"),
        ({"instances": [[[[1, 2]]]], **FLOATS}, 400, "of the shape [any, any, any, 3]"),
        ({"instances": [[[1, 2, 3]]], **FLOATS}, 400, "of the shape"),
        ({"instances": [[[[1, 2, 3]], [[1, 2, 3], [1, 2, 3]]]], **FLOATS}, 400, "of the shape"),
        ({"instances": [[[]]], **FLOATS}, 400, "of the shape"),
        ({"instances": [[[["1", "2", "3"]]]], **FLOATS}, 400, "must be numbers"),
        ({"instances": [[[[True, True, True]]]], **FLOATS}, 400, "must be numbers"),
        ({"instances": [[[[None, 1, 2]]]], **FLOATS}, 400, "must be numbers"),
        ({"instances": [[[[10**30, 1, 2]]]], **FLOATS}, 400, "must be numbers"),
        ({"instances": [[[[1e300, 1, 2]]]], **FLOATS}, 400, "not finite"),
        ({"instances": [[[[float("nan"), 1, 2]]]], **FLOATS}, 400, "not finite"),
        ({"instances": np.zeros([1, 101, 100, 3]).tolist(), **FLOATS}, 413, "10,100 pixels are more than"),
    ],
)
def test_what_is_no_request_is_refused(request_, code, words):
    with pytest.raises(RequestError) as error:
        predict("AtoB", request_)
    assert error.value.code == code and words in str(error.value)


def test_metadata_describes_the_signatures():
    found = rest.metadata(FakeServed().about, "AtoB")
    assert found["model_spec"] == {"name": "AtoB", "signature_name": "", "version": "1"}
    described = found["metadata"]["signature_def"]["signature_def"]
    assert set(described) == {"serving_default", "translate"}
    files, floats = described["serving_default"], described["translate"]
    assert files["inputs"]["image_bytes"]["dtype"] == files["outputs"]["translated_bytes"]["dtype"] == "DT_STRING"
    sizes = [each["size"] for each in floats["inputs"]["image"]["tensor_shape"]["dim"]]
    assert sizes == ["-1", "-1", "-1", "3"] and floats["outputs"]["translated"]["dtype"] == "DT_FLOAT"
