"""Tiles: what they give is what the whole image gives, whatever their size."""

import numpy as np
import pytest

from base.errors import DataError, UsageError
from base.graph_mode import tf
from inference import tiles
from inference.session import translate
from inference.tiles import TiledTranslation
from inputs.images import to_uint8, to_unit
from tests.helpers.models import build

NETWORKS = {
    "resnet": ("cyclegan", {}),
    "resize": ("cyclegan", {"upsampling": "resize", "long_skip": True, "norm": "affine_instance"}),
    "batch": ("cyclegan", {"norm": "batch"}),
    "none": ("cyclegan", {"norm": "none", "init": "he"}),
    "unet": ("pix2pix", {"dropout": False}),
    "colorize": ("pix2pix", {"colorize": True, "dropout": False}),
}


def pixels(height, width, seed=0):
    """An image whose brightness and contrast differ from place to place."""
    random = np.random.RandomState(seed)
    rows, columns = np.mgrid[:height, :width, :1][:2]
    ramp = 60 + 80 * rows / height + 50 * columns / width
    return np.clip(ramp + (20 + 60 * columns / width) * random.randn(height, width, 3), 0, 255).astype(np.uint8)


class Built:
    """A tiny model with random weights: its first translation, of a whole image and of tiles."""

    def __init__(self, name, **values):
        self.graph = tf.Graph()
        with self.graph.as_default():
            tf.set_random_seed(0)
            self.signature = next(iter(build(name, data_dir="scenes", **values).outputs.translations.values()))
            self.session = tf.Session()
            self.session.run(tf.global_variables_initializer())

    def whole(self, image):
        return to_uint8(translate(self.session, self.signature, to_unit(image.astype(np.float32))))

    def tiled(self):
        return TiledTranslation(self.session, self.signature)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("kept", [0, 1 << 20], ids=["computed again", "waiting in files"])
def test_exact_tiles_give_what_the_whole_image_gives(name, kept, monkeypatch):
    monkeypatch.setattr(tiles, "KEPT", kept)
    model, values = NETWORKS[name]
    built, image = Built(model, **values), pixels(75, 94)
    expected = built.whole(image).astype(int)
    assert expected.std() > 5
    got = built.tiled().translate(image, tile=32)
    assert got.shape == expected.shape
    assert np.abs(got - expected).max() <= 1


@pytest.mark.slow
def test_statistics_of_a_smaller_image_make_no_seams_but_another_image(monkeypatch):
    monkeypatch.setattr(tiles, "FAST_PIXELS", 40 * 50)
    built, image = Built("cyclegan"), pixels(80, 100)
    tiled = built.tiled()
    small, large = (tiled.translate(image, tile, "fast").astype(int) for tile in (24, 200))
    assert np.abs(small - large).max() <= 1
    assert np.abs(large - built.whole(image)).max() > 1


@pytest.mark.slow
@pytest.mark.parametrize("statistics, pixels_looked_at", [("exact", 0), ("fast", 40 * 50)])
def test_every_tile_of_every_walk_is_told(monkeypatch, statistics, pixels_looked_at):
    monkeypatch.setattr(tiles, "FAST_PIXELS", pixels_looked_at)
    built, heard = Built("cyclegan"), []
    built.tiled().translate(pixels(80, 100), 40, statistics, lambda *what: heard.append(what))
    total = heard[-1][1]
    assert heard == [(done, total) for done in range(1, total + 1)]
    assert total > 6


@pytest.mark.slow
def test_fast_is_exact_where_the_image_is_small():
    built, image = Built("cyclegan"), pixels(40, 50)
    tiled = built.tiled()
    np.testing.assert_array_equal(tiled.translate(image, 32, "fast"), tiled.translate(image, 32, "exact"))


@pytest.mark.slow
def test_dropout_of_the_whole_image_is_refused():
    with pytest.raises(UsageError, match="cannot be cut into tiles: its dropout"):
        Built("cyclegan", dropout=True).tiled()


@pytest.mark.slow
def test_statistics_are_one_of_two():
    with pytest.raises(ValueError, match="statistics is 'all'; it must be one of exact, fast"):
        Built("cyclegan", norm="none").tiled().translate(pixels(8, 8), 8, "all")


@pytest.mark.slow
def test_disk_without_room_is_named(monkeypatch):
    monkeypatch.setattr(tiles.shutil, "disk_usage", lambda folder: tiles.shutil._ntuple_diskusage(1, 1, 0))
    with pytest.raises(DataError, match=r"its layers take \d+ MB in \S+, which has not so much; set TMPDIR"):
        Built("cyclegan").tiled().translate(pixels(64, 64), 32)


@pytest.mark.slow
def test_translation_that_is_not_finite_is_an_error():
    built = Built("cyclegan", norm="none")
    with built.graph.as_default():
        weights = tf.trainable_variables("generator_ab")[0]
        built.session.run(weights.initializer)
        weights.load(np.full(weights.shape, np.nan), built.session)
    with pytest.raises(DataError, match="its translation is not finite"):
        built.tiled().translate(pixels(16, 16), 16)
