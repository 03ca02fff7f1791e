"""ONNX Runtime for browsers: where it comes from, and what is refused."""

import base64
import hashlib
import io
import tarfile

import pytest

from base.errors import DataError, DownloadError
from exports import web_runtime
from tests.helpers.web import code, web_server, well

FILES = {"package.json": b'{"version": "9.8.7"}', web_runtime.CODE: b"code", web_runtime.WASM: b"wasm"}


@pytest.fixture(autouse=True)
def afresh():
    """Nothing is known of packages that other tests read."""
    web_runtime.find_runtime.cache_clear()


def packed(files):
    """The bytes of an npm package's .tgz."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def test_a_package_is_read_as_folder_and_as_archive(tmp_path):
    for name, data in FILES.items():
        (tmp_path / "package" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "package" / name).write_bytes(data)
    (tmp_path / "package.tgz").write_bytes(packed(FILES))
    runtime = web_runtime.Runtime("9.8.7", b"code", b"wasm")
    assert (
        web_runtime.find_runtime(tmp_path / "package") == web_runtime.find_runtime(tmp_path / "package.tgz") == runtime
    )


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
        web_runtime.find_runtime(tmp_path / "package.tgz")
    assert "\n" not in str(error.value)


def test_the_package_is_fetched_with_its_hash(monkeypatch, capsys):
    data = packed(FILES)
    monkeypatch.setattr(web_runtime, "SHA512", base64.b64encode(hashlib.sha512(data).digest()).decode())
    with web_server(data, well) as web:
        monkeypatch.setattr(web_runtime, "URL", f"{web.url}/onnxruntime-web-9.8.7.tgz")
        assert web_runtime.find_runtime(None).version == "9.8.7"
        assert web_runtime.find_runtime(None) and len(web.requests) == 1
    assert f"fetched from {web_runtime.URL}" in capsys.readouterr().out


@pytest.mark.parametrize("answer, words", [(well, "has the SHA-512 "), (code(404), "the server answers 404")])
def test_another_package_is_not_taken(monkeypatch, answer, words):
    with web_server(packed({**FILES, "more": b""}), answer) as web:
        monkeypatch.setattr(web_runtime, "URL", f"{web.url}/onnxruntime-web-9.8.7.tgz")
        with pytest.raises(DownloadError, match=words):
            web_runtime.find_runtime(None)
