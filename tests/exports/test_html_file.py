"""The web page: what it is made of, and that it shows what its network gives."""

import base64
import contextlib
import gzip
import json
import os
import re
from types import SimpleNamespace

import numpy as np
import pytest

from exports import browser, html_file, onnx_file, web_runtime
from exports.browser import PAGE, Browser
from exports.programs import run_program
from inputs.images import save_image, to_unit
from inputs.preprocess import held_out_image
from tests.helpers.browsers import SAID, needs_browser
from tests.helpers.frozen import frozen_network
from tests.helpers.images import photo
from training.samples import draw_grid

# In the place of ONNX Runtime: images become their negatives, noise becomes images of its numbers, and the shares of
# classes are the first pixel.
STUB = """
export const env = { wasm: {} };
export class Tensor {
  constructor(type, data, dims) { Object.assign(this, { type, data, dims }); }
}
export const InferenceSession = {
  async create(model) {
    const letters = bytes => String.fromCharCode(...new Uint8Array(bytes));
    if (letters(model) !== "model" || letters(env.wasm.wasmBinary) !== "wasm") throw Error("damaged");
    return { run: async ({ image, noise }) => image ? {
      translated: new Tensor("float32", image.data.map(x => -x), image.dims),
      shares: new Tensor("float32", image.data.slice(0, 3), [1, 3]),
    } : { generated: new Tensor("float32", noise.data.map(x => x / 4), [noise.dims[0], 1, noise.dims[1], 1]) } };
  },
};
"""


@pytest.fixture
def write(monkeypatch, tmp_path):
    """A function that writes the page of a network, whose ONNX file is no more than "model"."""
    monkeypatch.setattr(onnx_file, "convert", lambda frozen: b"model")
    runtime = web_runtime.Runtime("9.8.7", STUB.encode(), b"wasm")
    monkeypatch.setattr(html_file, "find_runtime", lambda package: runtime)

    def write(frozen):
        html_file.write(frozen, tmp_path)
        return tmp_path / PAGE

    return write


def test_the_page_holds_everything_and_names_the_licence(write):
    frozen, _ = frozen_network("resnet")
    text = write(frozen._replace(title="<summer>")).read_text()
    assert "[[" not in re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert "ONNX Runtime 9.8.7" in text and "Copyright (c) Microsoft Corporation" in text
    assert "<h1>&lt;summer&gt;</h1>" in text
    assert re.findall(r'(?:src|href)="(.*?)"', text) == ["data:,"]
    assert "http" not in re.sub(r"https://github.com/microsoft\S+", "", text)
    parts = dict(re.findall(r'<script type="text/plain" id="(\w+)">(.*?)</script>', text))
    contents = {name: gzip.decompress(base64.b64decode(part)) for name, part in parts.items()}
    assert contents == {"runtime": STUB.encode(), "wasm": b"wasm", "model": b"model"}
    assert json.loads(re.search(r'id="network">(.*?)</script>', text)[1])["shape"] == [1, None, None, 3]


@needs_browser
@pytest.mark.slow
@pytest.mark.parametrize(
    "name, expected",
    [
        ("resnet", lambda probe: -probe.values),
        ("wgan", lambda probe: probe.values[:, None, :, None] / 4),
        ("darknet", lambda probe: probe.values[:, 0, 0]),
    ],
    ids=["image", "noise", "image of the training size"],
)
def test_a_page_is_tried_on_what_its_network_takes(write, name, expected):
    frozen, probes = frozen_network(name)
    folder = write(frozen).parent
    results = run_program(browser.__file__, folder, probes)
    for index, probe in enumerate(probes):
        np.testing.assert_allclose(results[f"values-{index}"], expected(probe), atol=1e-6)
    assert os.listdir(folder) == [PAGE]


MADE = """
(async () => {
  const image = document.getElementById("made"), canvas = document.createElement("canvas");
  await image.decode();
  const { naturalWidth: width, naturalHeight: height } = image, pen = canvas.getContext("2d");
  Object.assign(canvas, { width, height });
  pen.drawImage(image, 0, 0);
  return [height, width, ...pen.getImageData(0, 0, width, height).data];
})()
"""
CLICKED = '(document.getElementById("seed").value = 4000000000, document.querySelector("button.main").click(), 0)'
ROWS = """
[...document.querySelectorAll("#shares li")].map(row => [...row.querySelectorAll("b, span")].map(x => x.textContent))
"""


@needs_browser
@pytest.mark.slow
def test_a_seed_gives_the_grid_that_sample_py_draws_of_it(write):
    frozen, _ = frozen_network("wgan")
    url = write(frozen).as_uri()
    batch, length = frozen.shape
    draws = np.random.RandomState(4000000000)
    noise = np.concatenate([draws.standard_normal([batch, length]) for _ in range(-(-16 // batch))])[:16]
    expected = draw_grid({"": [np.clip(row / 4, -1, 1).astype(np.float32)[None, :, None] for row in noise]})
    with contextlib.closing(Browser(url)) as page:
        page.evaluate(SAID)
        page.evaluate(CLICKED)
        assert page.evaluate(SAID).startswith("Seed 4000000000: 16 images in ")
        height, width, *levels = page.evaluate(MADE)
    found = np.reshape(levels, [height, width, 4])[:, :, :3]
    np.testing.assert_allclose(found, expected, atol=1)


@needs_browser
@pytest.mark.slow
def test_a_picture_is_classified_in_the_size_that_the_program_brings_it_to(write, tmp_path):
    frozen, _ = frozen_network("darknet")
    side = frozen.shape[1]
    sizes = {"load_size": side + 5, "image_size": side}
    config = SimpleNamespace(preprocess="scale_and_crop", crops=True, least_side=1, flip=False, **sizes)
    image = photo(0, 45, 31)
    save_image(image, tmp_path / "photo.png")
    pixel = to_unit(held_out_image(image, config)[0, 0].astype(np.float32))
    expected = {name: f"{100 * share:.1f} %" for name, share in zip(frozen.class_names, pixel.tolist(), strict=True)}
    with contextlib.closing(Browser(write(frozen._replace(preprocessing=config)).as_uri())) as page:
        page.choose_file("#file", tmp_path / "photo.png")
        assert page.evaluate(SAID).startswith("Most likely ")
        rows = page.evaluate(ROWS)
    assert dict(rows) == expected
