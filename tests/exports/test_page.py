"""The page: what it is made of, where that comes from, and that it shows what its network gives."""

import base64
import gzip
import hashlib
import io
import json
import os
import re
import tarfile

import numpy as np
import pytest

from base.errors import DataError, DownloadError
from exports import browser, onnx_file, page
from exports.programs import run_program
from tests.helpers.frozen import frozen_network
from tests.helpers.web import code, web_server, well

# In the place of ONNX Runtime: a network that turns images into their negatives
STUB = """
export const env = { wasm: {} };
export class Tensor {
  constructor(type, data, dims) { Object.assign(this, { type, data, dims }); }
}
export const InferenceSession = {
  async create(model) {
    const letters = bytes => String.fromCharCode(...new Uint8Array(bytes));
    if (letters(model) !== "model" || letters(env.wasm.wasmBinary) !== "wasm") throw Error("damaged");
    return { run: async ({ image }) => ({ translated: new Tensor("float32", image.data.map(x => -x), image.dims) }) };
  },
};
"""
FILES = {"package.json": b'{"version": "9.8.7"}', page.CODE: STUB.encode(), page.WASM: b"wasm"}


@pytest.fixture(autouse=True)
def afresh(monkeypatch):
    """Nothing is known of packages that other tests read; and making ONNX files takes long."""
    page.find_runtime.cache_clear()
    monkeypatch.setattr(onnx_file, "convert", lambda frozen: b"model")


@pytest.fixture
def package(tmp_path):
    """The folder of an npm package."""
    for name, data in FILES.items():
        (tmp_path / "package" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "package" / name).write_bytes(data)
    return tmp_path / "package"


def packed(files):
    """The bytes of an npm package's .tgz."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def test_a_package_is_read_as_folder_and_as_archive(package, tmp_path):
    (tmp_path / "package.tgz").write_bytes(packed(FILES))
    runtime = page.Runtime("9.8.7", STUB.encode(), b"wasm")
    assert page.find_runtime(package) == page.find_runtime(tmp_path / "package.tgz") == runtime


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(packed(FILES)[:-200]),
        lambda path: path.write_bytes(packed({**FILES, "package.json": b"[]"})),
        lambda path: path.write_bytes(packed({"package.json": FILES["package.json"]})),
        lambda path: path.mkdir(),
        lambda path: None,
    ],
)
def test_what_is_no_package_is_one_line(tmp_path, damage):
    damage(tmp_path / "package.tgz")
    with pytest.raises(DataError, match=r"package.tgz: \S.*") as error:
        page.find_runtime(tmp_path / "package.tgz")
    assert "\n" not in str(error.value)


def test_the_package_is_fetched_with_its_hash(monkeypatch, capsys):
    data = packed(FILES)
    monkeypatch.setattr(page, "SHA512", base64.b64encode(hashlib.sha512(data).digest()).decode())
    with web_server(data, well) as web:
        monkeypatch.setattr(page, "URL", f"{web.url}/onnxruntime-web-9.8.7.tgz")
        assert page.find_runtime(None).version == "9.8.7"
        assert page.find_runtime(None) and len(web.requests) == 1
    assert f"fetched from {page.URL}" in capsys.readouterr().out


@pytest.mark.parametrize("answer, words", [(well, "has the SHA-512 "), (code(404), "the server answers 404")])
def test_another_package_is_not_taken(monkeypatch, answer, words):
    with web_server(packed({**FILES, "more": b""}), answer) as web:
        monkeypatch.setattr(page, "URL", f"{web.url}/onnxruntime-web-9.8.7.tgz")
        with pytest.raises(DownloadError, match=words):
            page.find_runtime(None)


def test_the_page_holds_everything_and_names_the_licence(package, tmp_path):
    frozen, _ = frozen_network("resnet")
    page.write(frozen._replace(title="<summer>"), tmp_path, package)
    text = (tmp_path / browser.PAGE).read_text()
    assert "[[" not in re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert "ONNX Runtime 9.8.7" in text and "Copyright (c) Microsoft Corporation" in text
    assert "<h1>&lt;summer&gt;</h1>" in text
    assert not re.findall(r"(?:src|href)=", text) and "http" not in re.sub(r"https://github.com/microsoft\S+", "", text)
    parts = dict(re.findall(r'<script type="text/plain" id="(\w+)">(.*?)</script>', text))
    contents = {name: gzip.decompress(base64.b64decode(part)) for name, part in parts.items()}
    assert contents == {"runtime": STUB.encode(), "wasm": b"wasm", "model": b"model"}
    assert json.loads(re.search(r"const network = (.*);", text)[1])["channels"] == 3


@pytest.mark.slow
@pytest.mark.skipif(browser.find_browser() is None, reason="needs Chromium")
def test_a_browser_shows_what_the_network_gives(package, tmp_path):
    frozen, probes = frozen_network("resnet")
    page.write(frozen, tmp_path, package)
    results = run_program(browser.__file__, tmp_path, probes)
    for index, probe in enumerate(probes):
        np.testing.assert_allclose(results[f"values-{index}"], -probe.values, atol=1e-6)
    assert sorted(os.listdir(tmp_path)) == ["package", "page.html"]
