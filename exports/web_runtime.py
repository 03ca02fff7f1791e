"""ONNX Runtime for browsers: the npm package that runs a network in a page, fetched by its hash or given."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import tarfile
import tempfile
import zlib
from pathlib import Path
from typing import NamedTuple

from base.errors import DataError, DownloadError
from base.files import read_regular
from downloads.fetch import Download

PACKAGE, VERSION = "onnxruntime-web", "1.30.0"
URL = f"https://registry.npmjs.org/{PACKAGE}/-/{PACKAGE}-{VERSION}.tgz"
SHA512 = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="  # npm's, in base64
CODE, WASM = "dist/ort.wasm.bundle.min.mjs", "dist/ort-wasm-simd-threaded.wasm"
MOST_BYTES = 256 << 20  # of one of its files
NOTICE = """\
This page contains ONNX Runtime {version} (https://github.com/microsoft/onnxruntime), under the MIT License:

Copyright (c) Microsoft Corporation

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


class Runtime(NamedTuple):
    """What runs ONNX files in a browser."""

    version: str
    code: bytes  # a module of JavaScript
    wasm: bytes


@functools.cache
def find_runtime(package: Path | None) -> Runtime:
    """Reads ONNX Runtime for browsers.

    Args:
      package: the folder of the npm package onnxruntime-web, or its .tgz; None: the latter is fetched from npm's
        registry, in the version that is known here, and its hash is checked.

    Raises:
      DataError: it is not there, or is no such package.
      DownloadError: it cannot be fetched.
    """
    if package is None:
        return _fetch()
    version, code, wasm = (_read(package, name) for name in ("package.json", CODE, WASM))
    try:
        return Runtime(str(json.loads(version)["version"]), code, wasm)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise DataError(f"{package}: its package.json names no version") from None


def _fetch():
    print(f"{PACKAGE} {VERSION} (MIT), which runs the network in the page: fetched from {URL}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, Path(URL).name)
        Download(URL, file, safe=True).fetch()
        found = base64.b64encode(hashlib.sha512(file.read_bytes()).digest()).decode()
        if found != SHA512:
            raise DownloadError(f"{URL}: has the SHA-512 {found}, and {SHA512} is known of it")
        return find_runtime(file)


def _read(package, name):
    """Reads a file of the npm package, which is a folder or an archive."""
    try:
        if package.is_dir():
            return read_regular(package / name, MOST_BYTES)
        with tarfile.open(package, "r:gz") as archive:
            member = archive.getmember(f"package/{name}")
            file = archive.extractfile(member) if member.isfile() and member.size <= MOST_BYTES else None
            if file is None:
                raise DataError(f"{package}: {name} in it is no file, or too large")
            return file.read()
    except (OSError, KeyError, tarfile.TarError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{package}: is no npm package of {PACKAGE}, as folder or .tgz: {name}: {reason}") from None
