"""The application: what its routes take and give, which codes tell what went wrong, and who may ask."""

import io
import json

import numpy as np
import pytest
from werkzeug.test import Client

from base.errors import ConfigError, UsageError
from inputs.images import resize
from serving.app import Application, create_app
from serving.errors import RequestError
from serving.limits import LOOPBACK, Limits, names_of
from tests.helpers.serving import CLASSES, SIDE, FakeServed, NetworkHere, pixels, png
from training.samples import draw_grid


def client(task="translate", hosts=LOOPBACK, network=None, **limits):
    served = network or NetworkHere(FakeServed(task))
    return Client(Application(served, Limits(**{"body_mb": 1, "megapixels": 0.01, **limits}), hosts))


@pytest.fixture(scope="module")
def translator():
    return client()


def form(**fields):
    """Keyword arguments of a request with a multipart form; bytes become files."""
    return {"data": {key: (io.BytesIO(v), "a.png") if isinstance(v, bytes) else v for key, v in fields.items()}}


def assert_refused(answer, code, words=""):
    assert answer.status_code == code and answer.mimetype == "application/json"
    assert set(answer.json) == {"error"} and words in answer.json["error"]


def test_an_image_is_translated_raw_and_as_a_form(translator):
    expected = 255 - pixels(png())
    raw = translator.post("/translate?direction=AtoB", data=png())
    assert raw.status_code == 200 and raw.mimetype == "image/png"
    np.testing.assert_array_equal(pixels(raw.data), expected)
    for fields in ({"direction": "AtoB", "image": png()}, {"direction": "AtoB", "anything": png()}):
        np.testing.assert_array_equal(pixels(translator.post("/translate", **form(**fields)).data), expected)
    curl = translator.post("/translate?direction=AtoB", data=png(), content_type="application/x-www-form-urlencoded")
    np.testing.assert_array_equal(pixels(curl.data), expected)


def test_sizes_are_those_of_translate_py(translator):
    data = png(40, 30)
    found = translator.post("/translate?direction=AtoB&max_side=20", data=data).data
    np.testing.assert_array_equal(pixels(found), 255 - resize(pixels(data), 20, 15))
    found = translator.post("/translate?direction=AtoB&size=training", data=data).data
    assert pixels(found).shape == (23, 17, 3)  # as many pixels as the 20 x 20 of training


@pytest.mark.parametrize(
    "query, words",
    [
        ("", "direction must be one of AtoB, BtoA"),
        ("direction=AtoC", "direction must be one of AtoB, BtoA"),
        ("direction=AtoB&max_side=0", "max_side must be a whole number from 1 to 65536"),
        ("direction=AtoB&max_side=1e3", "max_side must be"),
        ("direction=AtoB&max_side=%C2%B2", "max_side must be"),
        ("direction=AtoB&size=huge", "size must be one of original, training"),
        ("direction=AtoB&size=training&max_side=9", "max_side has no effect"),
        ("direction=AtoB&direction=BtoA", "each at most once: direction, max_side, size"),
        ("direction=AtoB&path=/etc/passwd", "each at most once: direction, max_side, size"),
    ],
)
def test_parameters_that_cannot_be_are_400(translator, query, words):
    assert_refused(translator.post(f"/translate?{query}", data=png()), 400, words)


@pytest.mark.parametrize(
    "data, code, words",
    [
        (b"", 400, "the body is empty"),
        (b"no image", 415, "is not an image that Pillow can read"),
        (b"%PDF-1.4", 415, "is not an image"),
        (png()[:-30], 400, "is damaged"),
        (png(200, 51), 413, "10,200 pixels are more than the 10,000"),
        (bytes(1_000_001), 413, "larger than it may be"),
    ],
)
def test_files_that_cannot_be_have_their_codes(translator, data, code, words):
    assert_refused(translator.post("/translate?direction=AtoB", data=data), code, words)


def test_a_form_has_one_file(translator):
    none = {**form(direction="AtoB"), "content_type": "multipart/form-data"}
    assert_refused(translator.post("/translate", **none), 400, "the form must have one file, not 0")
    two = form(direction="AtoB", a=png(), b=png())
    assert_refused(translator.post("/translate", **two), 400, "the form must have one file, not 2")
    broken = translator.post("/translate", data=b"--x\r\nnothing", content_type="multipart/form-data; boundary=x")
    assert_refused(broken, 400)


@pytest.mark.parametrize(
    "method, path, code",
    [
        ("GET", "/translate", 405),
        ("PUT", "/", 405),
        ("OPTIONS", "/translate", 405),
        ("GET", "/generate", 404),
        ("GET", "/../../etc/passwd", 404),
        ("GET", "/v1/models/AtoC", 404),
        ("GET", "/v1/models/AtoB/versions/2", 404),
        ("GET", "/v1/models/AtoB/versions/one/metadata", 404),
        ("POST", "/v1/models/AtoB", 405),
        ("POST", "/v1/models/AtoC:predict", 404),
        ("POST", "/v1/models/AtoB:regress", 405),
    ],
)
def test_other_paths_and_methods_are_refused(translator, method, path, code):
    assert_refused(translator.open(path, method=method), code)


def test_head_gives_what_get_gives_without_its_body(translator):
    answer, whole = translator.head("/info"), translator.get("/info")
    assert answer.status_code == 200 and not answer.data and answer.content_length == whole.content_length


def test_facts_and_health_are_told(translator):
    assert translator.get("/healthz").json == {"status": "ok", "requests": 0}
    facts = translator.get("/info").json
    assert (facts["task"], facts["models"], facts["step"]) == ("translate", ["AtoB", "BtoA"], 7)
    assert facts["limits"]["pixels"] == 10_000


def test_classes_come_with_their_shares():
    answer = client("classify").post("/classify", data=png())
    expected = [(CLASSES[1], 0.75), (CLASSES[0], 0.25), (CLASSES[2], 0.0)]
    assert [(each["name"], each["share"]) for each in answer.json["classes"]] == expected


def test_noise_becomes_a_grid_or_the_image_of_a_number():
    maker = client("generate")
    one = maker.get("/generate?seed=5&image=2")
    np.testing.assert_array_equal(pixels(one.data), np.full([SIDE, SIDE, 3], 7))
    images = [np.full([SIDE, SIDE, 3], (5 + number) / 127.5 - 1, np.float32) for number in range(9)]
    np.testing.assert_array_equal(pixels(maker.post("/generate?seed=5&count=9").data), draw_grid({"": images}))
    for query in ("seed=-1", "seed=4294967296", "count=0", "count=65", "image=64", "image=1&count=2"):
        assert_refused(maker.get(f"/generate?{query}"), 400)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:80", "[::1]", "LOCALHOST:1"])
def test_this_machine_is_known_by_its_own_names(translator, host):
    assert translator.get("/info", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:80", "127.0.0.1.evil.example", "a,localhost"])
def test_pages_that_call_this_machine_otherwise_read_nothing(translator, host):
    assert_refused(translator.get("/info", headers={"Host": host}), 421)
    assert client(hosts=None).get("/info", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:99"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_of_others_get_no_work_done(translator, headers):
    assert_refused(translator.post("/translate?direction=AtoB", data=png(), headers=headers), 403)


def test_the_page_s_own_requests_are_answered(translator):
    headers = {"Host": "localhost:81", "Origin": "http://localhost:81", "Sec-Fetch-Site": "same-origin"}
    assert translator.post("/translate?direction=AtoB", data=png(), headers=headers).status_code == 200


def test_answers_allow_no_other_site_anything(translator):
    for answer in (translator.get("/info"), translator.get("/nothing")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    "error, code", [(RequestError("too many", 503, 4), 503), (ValueError("/secret/path"), 500)], ids=str
)
def test_failures_are_one_line_without_what_is_none_of_the_client_s_business(monkeypatch, error, code, capsys):
    network = NetworkHere()

    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr(network, "call", fail)
    answer = client(network=network).post("/translate?direction=AtoB", data=png())
    assert_refused(answer, code)
    assert answer.headers.get("Retry-After") == ("4" if code == 503 else None)
    assert "secret" not in answer.text
    said = capsys.readouterr().err
    assert said == ("" if code == 503 else "POST /translate: 500 ValueError /secret/path\n")


def test_tensorflow_serving_s_routes_answer(translator):
    for path in ("/v1/models/AtoB", "/v1/models/AtoB/versions/1"):
        assert translator.get(path).json["model_version_status"][0]["state"] == "AVAILABLE"
        assert translator.get(f"{path}/metadata").json["model_spec"]["name"] == "AtoB"
        body = json.dumps({"signature_name": "translate", "instances": [[[[0.5, 0.25, 1]]]]})
        assert translator.post(f"{path}:predict", data=body).json == {"predictions": [[[[-0.5, -0.25, -1.0]]]]}


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({}, "give --run_dir=RUN or --model=EXPORTED"),
        ({"run_dir": "a", "model": "b"}, "give --run_dir=RUN or --model=EXPORTED"),
        ({"model": "b", "precision": "float32"}, "--precision goes with --run_dir"),
        ({"model": "b", "checkpoint": "best"}, "--checkpoint goes with --run_dir"),
    ],
)
def test_an_application_is_of_a_run_or_of_an_export(arguments, words):
    with pytest.raises(UsageError, match=words):
        create_app(**arguments)


def test_limits_are_checked():
    with pytest.raises(ConfigError, match="--queue=-1: must be at least 0"):
        create_app(run_dir="a", queue=-1)


def test_only_loopback_has_names_of_its_own():
    assert names_of("127.0.0.1", "127.0.0.1") == LOOPBACK
    assert names_of("Mine", "127.0.0.2") == (*LOOPBACK, "mine", "127.0.0.2")
    assert "[::1]" in names_of("::1", "::1")
    assert names_of("0.0.0.0", "0.0.0.0") is None and names_of("10.0.0.7", "10.0.0.7") is None
