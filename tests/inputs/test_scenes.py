"""The built-in landscapes: fixed by their seed, alike but for the palette, written whole."""

import json
import os

import numpy as np
import pytest
from PIL import Image

from base.errors import DataError
from inputs import scenes
from inputs.scenes import draw_scene, write_scenes

SUMMER_7 = [[[187.8, 206.6, 219.8], [144.6, 182.7, 219.3]], [[107.0, 134.4, 71.6], [86.7, 120.3, 76.4]]]  # quarters
WINTER_7 = [[[215.9, 214.3, 225.5], [193.9, 199.0, 221.6]], [[159.4, 169.2, 184.2], [143.5, 158.9, 173.7]]]


def psnr(image, truth):
    """Peak signal-to-noise ratio of two images in [0, 255], in dB."""
    return 10 * np.log10(255**2 / np.mean((np.float64(image) - truth) ** 2))


def colour_terms(images):
    """Quadratic polynomial of each pixel's colour, [pixels, 10]."""
    r, g, b = (images.reshape(-1, 3) / 255.0).T
    return np.stack([np.ones_like(r), r, g, b, r * r, g * g, b * b, r * g, g * b, b * r], axis=1)


def blocks(image, count):
    """Mean colour of count x count blocks."""
    side = len(image) // count
    return image.reshape(count, side, count, side, 3).mean(axis=(1, 3))


@pytest.fixture(scope="module")
def pairs():
    """Twelve scenes in both palettes: {palette: uint8 [12, 64, 64, 3]}."""
    return {palette: np.stack([draw_scene(seed, palette, 64) for seed in range(12)]) for palette in scenes.PALETTES}


def test_scene_is_a_uint8_image_of_the_size_asked_for():
    image = draw_scene(3, "winter", 50)
    assert image.shape == (50, 50, 3) and image.dtype == np.uint8


def test_same_seed_draws_same_bytes():
    np.testing.assert_array_equal(draw_scene(7, "summer", 64), draw_scene(7, "summer", 64))


def test_drawing_is_the_one_its_version_names():
    """Whoever changes the drawing raises VERSION and writes the new figures here."""
    assert scenes.VERSION == 1
    np.testing.assert_allclose(blocks(draw_scene(7, "summer", 64), 2), SUMMER_7, atol=0.5)
    np.testing.assert_allclose(blocks(draw_scene(7, "winter", 64), 2), WINTER_7, atol=0.5)


def test_scenes_of_different_seeds_differ(pairs):
    summer = pairs["summer"]
    assert max(psnr(summer[i], summer[j]) for i in range(12) for j in range(i)) < 20


def test_palettes_differ_in_colour_alone(monkeypatch):
    monkeypatch.setattr(scenes, "MATERIALS", {name: (pair, pair) for name, (pair, _) in scenes.MATERIALS.items()})
    for seed in range(4):
        np.testing.assert_array_equal(draw_scene(seed, "summer", 64), draw_scene(seed, "winter", 64))


def test_scene_is_the_same_at_another_size():
    for seed in range(4):
        assert psnr(blocks(draw_scene(seed, "summer", 64), 32), blocks(draw_scene(seed, "summer", 128), 32)) > 40


def test_domains_look_different(pairs):
    assert psnr(pairs["summer"], pairs["winter"]) < 13


@pytest.mark.parametrize("source, target, least", [("summer", "winter", 30), ("winter", "summer", 20)])
def test_colour_alone_tells_the_counterpart(pairs, source, target, least):
    x, y = colour_terms(pairs[source][:8]), pairs[target][:8].reshape(-1, 3)
    fit = np.linalg.lstsq(x, y, rcond=None)[0]
    assert psnr(colour_terms(pairs[source][8:]) @ fit, pairs[target][8:].reshape(-1, 3)) > least


def test_unknown_palette_is_named():
    with pytest.raises(ValueError, match="'autumn'.*summer, winter"):
        draw_scene(0, "autumn", 64)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_training_scenes_are_disjoint_and_test_scenes_pair_up(tmp_path):
    folder = tmp_path / "data" / "scenes"
    write_scenes(folder, 16, train=4, test=2, seed=5)
    assert names(folder) == ["scenes.json", "testA", "testB", "trainA", "trainB"]
    assert len(names(folder / "trainA")) == len(names(folder / "trainB")) == 4
    assert names(folder / "testA") == names(folder / "testB") and len(names(folder / "testA")) == 2
    assert not set(names(folder / "trainA")) & set(names(folder / "trainB"))
    assert not set(names(folder / "testA")) & set(names(folder / "trainA") + names(folder / "trainB"))
    for name in names(folder / "testA"):
        for split, palette in (("testA", "summer"), ("testB", "winter")):
            truth = draw_scene((5, int(name[:-4])), palette, 16)
            np.testing.assert_array_equal(np.asarray(Image.open(folder / split / name)), truth)


def test_complete_folder_is_left_alone(tmp_path, monkeypatch):
    write_scenes(tmp_path / "scenes", 16, train=2, test=1)
    monkeypatch.setattr(scenes, "draw_scene", None)
    write_scenes(tmp_path / "scenes", 16, train=2, test=1)


def test_interrupted_drawing_leaves_nothing(tmp_path, monkeypatch):
    calls = []

    def interrupted(seed, palette, size):
        calls.append(seed)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return draw_scene(seed, palette, size)

    monkeypatch.setattr(scenes, "draw_scene", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_scenes(tmp_path / "scenes", 16, train=2, test=1)
    assert names(tmp_path) == []


@pytest.mark.parametrize("change", [{"size": 32}, {"train": 3}, {"test": 2}, {"seed": 1}])
def test_folder_of_other_scenes_is_refused(tmp_path, change):
    parameters = {"size": 16, "train": 2, "test": 1, "seed": 0}
    write_scenes(tmp_path / "scenes", **parameters)
    with pytest.raises(DataError, match="holds other scenes"):
        write_scenes(tmp_path / "scenes", **{**parameters, **change})


def test_folder_of_another_drawing_is_refused(tmp_path):
    write_scenes(tmp_path / "scenes", 16, train=2, test=1)
    description = json.loads((tmp_path / "scenes" / "scenes.json").read_text())
    (tmp_path / "scenes" / "scenes.json").write_text(json.dumps({**description, "drawing": 0}))
    with pytest.raises(DataError, match="holds other scenes"):
        write_scenes(tmp_path / "scenes", 16, train=2, test=1)


def test_foreign_folder_is_refused_and_kept(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"mine")
    with pytest.raises(DataError, match="holds no built-in scenes"):
        write_scenes(tmp_path, 16, train=2, test=1)
    assert names(tmp_path) == ["photo.jpg"]


def test_missing_scene_is_noticed(tmp_path):
    write_scenes(tmp_path / "scenes", 16, train=2, test=1)
    (tmp_path / "scenes" / "trainB" / "00002.png").unlink()
    with pytest.raises(DataError, match="trainB holds 1 of its 2 scenes"):
        write_scenes(tmp_path / "scenes", 16, train=2, test=1)


def test_pipe_in_place_of_the_description_is_no_scenes(tmp_path):
    os.mkfifo(tmp_path / "scenes.json")
    with pytest.raises(DataError, match="holds no built-in scenes"):
        write_scenes(tmp_path, 16, 1, 1)


def test_built_in_data_has_as_many_scenes_as_the_pages_say(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(scenes, "draw_scene", lambda seed, palette, size: np.zeros([size, size, 3], np.uint8))
    folder = tmp_path / scenes.draw(8)
    found = {split.name: len(list(split.glob("*.png"))) for split in folder.iterdir() if split.is_dir()}
    assert found == {"trainA": 300, "trainB": 300, "testA": 20, "testB": 20}
