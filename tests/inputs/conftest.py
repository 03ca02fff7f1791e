"""Sources that tests of the input pipeline read."""

import numpy as np
import pytest
from PIL import Image

from inputs.data_dir import find_source
from tests.helpers.sources import source_of

COUNT = 5


@pytest.fixture
def sources(tmp_path):
    """Two sources of five noisy 24x20 images; image i of each has a mean level of about 50 * i."""
    random = np.random.RandomState(0)
    paths = [tmp_path / f"{i}.png" for i in range(COUNT)]
    for i, path in enumerate(paths):
        Image.fromarray((50 * i + random.randint(0, 50, (20, 24, 3))).astype(np.uint8)).save(path)
    return {"trainA": source_of(*paths), "trainB": source_of(*paths)}


@pytest.fixture
def labelled(tmp_path):
    """A source of three classes, two images each; the images of class i have the level 100 * i."""
    for place in range(6):
        path = tmp_path / "train" / "abc"[place % 3] / f"{place}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16), (100 * (place % 3),) * 3).save(path)
    return find_source(tmp_path, "train")
