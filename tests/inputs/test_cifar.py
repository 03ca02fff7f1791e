"""CIFAR-10's binary batches as folders of images."""

import io

import numpy as np
import pytest
from PIL import Image

from base.errors import DataError
from inputs.cifar import holds_batches, open_batches
from inputs.images import list_images, read_image
from tests.helpers.archives import cifar_batches


@pytest.fixture
def folder(tmp_path):
    """A folder as the archive holds it, with four images in each batch."""
    for name, data in cifar_batches().items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def test_images_lie_in_their_split_and_class(folder):
    assert holds_batches(folder)
    names = list_images(open_batches(folder))
    assert len(names) == 24 and names[0] == "test/airplane/test_batch-00000.png"
    assert "train/cat/data_batch_5-00003.png" in names


def test_pixels_are_those_of_the_planes(folder):
    pixels = read_image(open_batches(folder) / "train/bird/data_batch_3-00002.png")
    np.testing.assert_array_equal(pixels, np.broadcast_to(np.uint8([20, 21, 22]), [32, 32, 3]))


def test_rows_and_columns_are_where_they_belong(tmp_path):
    planes = np.random.RandomState(0).randint(0, 256, [3, 32, 32]).astype(np.uint8)
    (tmp_path / "test_batch.bin").write_bytes(b"\x09" + planes.tobytes())
    pixels = read_image(open_batches(tmp_path) / "test/truck/test_batch-00000.png")
    np.testing.assert_array_equal(pixels, np.moveaxis(planes, 0, -1))


def test_files_are_png_files(folder):
    data = b"".join(open_batches(folder).tree.chunks("test/airplane/test_batch-00000.png"))
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (32, 32))


@pytest.mark.parametrize("data, problem", [
    (b"", "has 0 bytes"),
    (bytes(3072), "has 3,072 bytes, which is no number of records of 3073"),
    (b"\x0a" + bytes(3072), "has an image of class 10, but CIFAR-10's are 0 to 9"),
])  # fmt: skip
def test_damaged_batch_is_named(folder, data, problem):
    (folder / "data_batch_2.bin").write_bytes(data)
    with pytest.raises(DataError, match=f"data_batch_2.bin: {problem}"):
        open_batches(folder)


def test_batches_that_changed_are_read_again(folder):
    before = open_batches(folder)
    assert open_batches(folder) is before
    (folder / "test_batch.bin").unlink()
    assert not (open_batches(folder) / "test").exists()


def test_other_folders_hold_none(tmp_path):
    (tmp_path / "data_batch_1").touch()  # the form for Python
    assert not holds_batches(tmp_path) and not holds_batches(tmp_path / "none")
