"""A frozen network as one web page, which works from the file it lies in: the ONNX file, and ONNX Runtime beside it."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path

from base.errors import UsageError
from exports import onnx_file
from exports.browser import BROWSERS, PAGE, find_browser
from exports.frozen import CLASSIFY, GENERATE, TRANSLATE, Frozen
from exports.page import SIDES, make_page
from exports.web_runtime import NOTICE, find_runtime

SCRIPTS = {  # what the page does beside running the network
    TRANSLATE: ["page_network.js"],
    GENERATE: ["page_network.js", "page_noise.js"],
    CLASSIFY: ["page_network.js", "page_resize.js"],
}
USUAL_SIDE, SHOWN_SIDE = "256", "1024"  # of a picture that is translated, and of one that is only looked at
PREPROCESSING = ("preprocess", "load_size", "image_size")  # what page_resize.js goes by


def write(frozen: Frozen, folder: Path, package: Path | None = None) -> None:
    """Writes a page.

    Args:
      frozen: the network.
      folder: of the export.
      package: what the page runs the network with, as for `exports.web_runtime.find_runtime`.
    """
    model = onnx_file.convert(frozen)
    runtime = find_runtime(package)
    packed = {"runtime": runtime.code, "wasm": runtime.wasm, "model": model}
    parts = [f'<script type="text/plain" id="{name}">{_packed(data)}</script>' for name, data in packed.items()]
    network = {
        "source": frozen.source_name,
        "result": frozen.result_name,
        "shape": frozen.shape,
        "classes": frozen.class_names,
    }
    trained = [f"The network was trained on {frozen.trained_on}."] if frozen.trained_on else []
    page = make_page(
        title=frozen.title,
        task=frozen.task,
        about=[*trained, "Everything happens on this device: no image leaves it."],
        status="Loading the network …",
        models=[frozen.name],
        sides=SIDES,
        usual_side=USUAL_SIDE if frozen.task == TRANSLATE else SHOWN_SIDE,
        scripts=[Path(__file__).with_name(name) for name in SCRIPTS[frozen.task]],
        network={**network, **{name: getattr(frozen.preprocessing, name, None) for name in PREPROCESSING}},
        parts="\n".join([f"<!--\n{NOTICE.format(version=runtime.version)}-->", *parts]),
    )
    (folder / PAGE).write_text(page, encoding="utf-8")


def check() -> None:
    """Raises UsageError where what makes the page, or what it is tried in, is not installed."""
    onnx_file.check()
    if find_browser() is None:
        raise UsageError(f"html: the page is tried in a browser, and none of {', '.join(BROWSERS)} is installed")


def _packed(data: bytes) -> str:
    """Bytes for a text: gzip, without a date, in base64."""
    return base64.b64encode(gzip.compress(data, mtime=0)).decode()
