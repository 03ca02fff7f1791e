"""What pages compute themselves: NumPy's draws of a seed, and Pillow's pictures of the size of training."""

import contextlib
import json
from types import SimpleNamespace

import numpy as np
import pytest

from exports import page
from exports.browser import Browser
from inputs.preprocess import CROPPING, held_out_image
from tests.helpers.browsers import needs_browser

pytestmark = [needs_browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def call():
    """A function that calls one of a script of JavaScript's."""
    with contextlib.closing(Browser("about:blank")) as browser:

        def call(script, expression, **values):
            names, texts = ", ".join(values), ", ".join(map(json.dumps, values.values()))
            text = page.TEMPLATE.with_name(script).read_text()
            return browser.evaluate(f"(({names}) => {{ {text}\nreturn {expression}; }})({texts})")

        yield call


@pytest.mark.parametrize("seed", [0, 1, 12345, 2**31, 2**32 - 1])
def test_a_seed_gives_numpy_s_draws(call, seed):
    expected = np.random.RandomState(seed).standard_normal(2001)
    draws = "Array.from({ length: 2001 }, () => draws.next().value)"
    found = call("page_noise.js", f"(draws => {draws})(normal(seed))", seed=seed)
    np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize("size", [(40, 60), (33, 32), (32, 32), (7, 9), (1, 80), (300, 210)])
@pytest.mark.parametrize("preprocess", CROPPING)
def test_pictures_come_to_the_size_of_training_as_in_the_program(call, preprocess, size):
    if preprocess == "crop" and min(size) < 32:
        pytest.skip("such pictures are smaller than the crop")
    image = np.random.default_rng(0).integers(0, 256, [*size, 3], np.uint8)
    sizes = {"preprocess": preprocess, "load_size": 37, "image_size": 32}
    rgba = np.concatenate([image, np.full([*size, 1], 255, np.uint8)], axis=2)
    given = {"data": rgba.ravel().tolist(), "width": size[1], "height": size[0]}
    found = call(
        "page_resize.js",
        "(image.data = Uint8ClampedArray.from(image.data), [...fitted(image, sizes).data])",
        image=given,
        sizes=sizes,
    )
    expected = held_out_image(image, SimpleNamespace(crops=True, least_side=1, flip=False, **sizes))
    np.testing.assert_array_equal(np.reshape(found, [32, 32, 4])[:, :, :3], expected)
