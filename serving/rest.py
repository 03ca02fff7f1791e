"""The REST protocol of TensorFlow Serving: what a model's signatures are, and its JSON to arrays and back.

Every direction is a model of its own, in version 1, with the signatures that its SavedModel has (see
`exports.saved_model`).

Source: https://www.tensorflow.org/tfx/serving/api_rest
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from exports.frozen import CLASSIFY, GENERATE, TRANSLATE
from exports.saved_model import DEFAULT
from serving.errors import RequestError
from serving.served import About, Shape

VERSION = "1"
FLOAT, STRING = "DT_FLOAT", "DT_STRING"
MOST_FILES = 64  # in one request
MOST_FLOAT_PIXELS = 1 << 20  # of the images of a request that has them as floats: JSON is 100 bytes a pixel
METHOD = "tensorflow/serving/predict"
NAMES = {TRANSLATE: ("image", "translated"), GENERATE: ("noise", "generated"), CLASSIFY: ("image", "shares")}


class Tensor(NamedTuple):
    """What goes in or comes out."""

    name: str
    dtype: str  # FLOAT or STRING
    shape: Shape


class Signature(NamedTuple):
    """One of the functions of a model."""

    source: Tensor
    results: Sequence[Tensor]


def signatures(about: About, name: str) -> dict[str, Signature]:
    """The signatures of a model, by name: DEFAULT for files, and one for floats."""
    shape, result_shape = about.shapes[name]
    source_name, result_name = NAMES[about.task]
    source, result = Tensor(source_name, FLOAT, shape), Tensor(result_name, FLOAT, result_shape)
    files = Tensor("image_bytes", STRING, (None,))
    if about.task == CLASSIFY:
        results = [Tensor("classes", STRING, result_shape), Tensor("scores", FLOAT, result_shape)]
    else:
        results = [Tensor(f"{result_name}_bytes", STRING, result_shape[:1])]
    default = Signature(source if about.task == GENERATE else files, results)
    return {DEFAULT: default, about.task: Signature(source, [result])}


def status() -> dict[str, Any]:
    """What `GET /v1/models/NAME` gives."""
    fine = {"error_code": "OK", "error_message": ""}
    return {"model_version_status": [{"version": VERSION, "state": "AVAILABLE", "status": fine}]}


def metadata(about: About, name: str) -> dict[str, Any]:
    """What `GET /v1/models/NAME/metadata` gives."""
    described = {
        signature_name: {
            "inputs": {signature.source.name: _described(signature.source)},
            "outputs": {result.name: _described(result) for result in signature.results},
            "method_name": METHOD,
        }
        for signature_name, signature in signatures(about, name).items()
    }
    return {
        "model_spec": {"name": name, "signature_name": "", "version": VERSION},
        "metadata": {
            "signature_def": {
                "@type": "type.googleapis.com/tensorflow.serving.SignatureDefMap",
                "signature_def": described,
            }
        },
    }


def predict(
    about: About,
    name: str,
    body: bytes,
    of_floats: Callable[[str, np.ndarray], np.ndarray],
    of_files: Callable[[str, Any], dict[str, list]],
) -> bytes:
    """Answers `POST /v1/models/NAME:predict`.

    Args:
      about: of what is served.
      name: of the model.
      body: of the request, JSON.
      of_floats: function from a name and float32 values to those that the signature of that kind gives.
      of_files: function from a name, and files or noise, to what DEFAULT gives: lists by the names of its results.

    Returns:
      The JSON of the answer.

    Raises:
      RequestError: the request is none, or asks for too much.
    """
    request = _parsed(body)
    known = signatures(about, name)
    signature_name = request.get("signature_name") or DEFAULT
    if not isinstance(signature_name, str) or signature_name not in known:
        raise RequestError(f"there is no such signature_name; there are {', '.join(known)}")
    source = known[signature_name].source
    by_rows = "instances" in request
    if by_rows == ("inputs" in request):
        raise RequestError('the body must have either "instances" or "inputs"')
    entries = _rows(request["instances"], source.name) if by_rows else _column(request["inputs"], source.name)
    if source.dtype == STRING:
        given: Any = [_file(entry) for entry in entries]
        if len(given) > MOST_FILES:
            raise RequestError(f"{len(given)} images are more than the {MOST_FILES} of a request", 413)
    else:
        given = _floats(entries, source)
    if signature_name == DEFAULT:
        results = of_files(name, given)
    else:
        (result,) = known[signature_name].results
        results = {result.name: _finite(of_floats(name, given)).tolist()}
    return json.dumps(_answer(results, by_rows), default=_encoded, allow_nan=False).encode()


def _described(tensor):
    sizes = [{"size": str(-1 if size is None else size), "name": ""} for size in tensor.shape]
    shape = {"dim": sizes, "unknown_rank": False}
    return {"dtype": tensor.dtype, "tensor_shape": shape, "name": f"{tensor.name}:0"}


def _parsed(body):
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        raise RequestError("the body is no JSON") from None
    if not isinstance(request, dict):
        raise RequestError("the body is no JSON object")
    return request


def _rows(instances, name):
    """The entries of "instances", each of which may be an object with the input's name."""
    if not isinstance(instances, list) or not instances:
        raise RequestError('"instances" must be a list with something in it')
    return [entry[name] if isinstance(entry, dict) and set(entry) == {name} else entry for entry in instances]


def _column(inputs, name):
    """The entries of "inputs", which may be an object with the input's name."""
    if isinstance(inputs, dict) and set(inputs) == {name}:
        inputs = inputs[name]
    if not isinstance(inputs, list) or not inputs:
        raise RequestError(f'"inputs" must be a list with something in it, or an object with one as "{name}"')
    return inputs


def _file(entry):
    """The bytes that an entry stands for."""
    try:
        return base64.b64decode(entry["b64"], validate=True)
    except (TypeError, KeyError, IndexError, ValueError, binascii.Error):
        raise RequestError('an image must be {"b64": "its bytes in base64"}') from None


def _floats(entries, source):
    """The float32 array that nested lists stand for, of a tensor's shape."""
    try:
        values = np.asarray(entries)
    except (ValueError, RecursionError):
        values = np.asarray("ragged")
    fits = len(values.shape) == len(source.shape) and all(
        wanted in (None, size) and size for wanted, size in zip(source.shape, values.shape)
    )
    if values.dtype.kind not in "iuf" or not fits:
        wanted = ", ".join("any" if size is None else str(size) for size in source.shape)
        raise RequestError(f"{source.name} must be numbers in nested lists of the shape [{wanted}]")
    with np.errstate(over="ignore"):
        return _finite(values.astype(np.float32))


def _finite(values):
    if not np.isfinite(values).all():
        raise RequestError("there are numbers that are not finite")
    return values


def _answer(results, by_rows):
    """Results by name, as TensorFlow Serving orders them: one alone goes without its name."""
    if not by_rows:
        return {"outputs": next(iter(results.values())) if len(results) == 1 else results}
    if len(results) == 1:
        return {"predictions": next(iter(results.values()))}
    return {"predictions": [dict(zip(results, row)) for row in zip(*results.values(), strict=True)]}


def _encoded(value):
    """JSON for bytes."""
    return {"b64": base64.b64encode(value).decode()}
