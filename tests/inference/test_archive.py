"""The zip file of translated images."""

import io
import zipfile

import pytest
from PIL import Image

from inference.archive import write_archive


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("a.jpg", "a.png", "sub/b.JPEG", "c.png"):
        Image.new("RGB", (8, 6), "teal").save(tmp_path / name)
    return tmp_path


def test_jpegs_keep_their_bytes_and_others_become_jpegs(folder):
    names = ["a.jpg", "a.png", "sub/b.JPEG", "c.png"]
    write_archive(folder / "images.zip", folder, names)
    with zipfile.ZipFile(folder / "images.zip") as archive:
        assert archive.namelist() == ["a.jpg", "a.png.jpg", "sub/b.jpg", "c.jpg"]
        assert archive.read("a.jpg") == (folder / "a.jpg").read_bytes()
        images = [Image.open(io.BytesIO(archive.read(name))) for name in archive.namelist()]
    assert {(image.format, image.size) for image in images} == {("JPEG", (8, 6))}


def test_same_images_give_the_same_bytes(folder):
    for name in ("1.zip", "2.zip"):
        write_archive(folder / name, folder, ["a.jpg", "c.png"])
    assert (folder / "1.zip").read_bytes() == (folder / "2.zip").read_bytes()


def test_what_goes_wrong_leaves_nothing_behind(folder):
    (folder / "images.zip").write_bytes(b"earlier")
    with pytest.raises(FileNotFoundError):
        write_archive(folder / "images.zip", folder, ["a.jpg", "missing.jpg"])
    assert (folder / "images.zip").read_bytes() == b"earlier"
    assert not list(folder.glob("*.partial*")) + list(folder.glob(".partial*"))
