"""Damaged images: by the functions that read them, and by the programs."""

import io

import numpy as np
import pytest
from PIL import Image

from base.errors import DataError
from inputs.images import BadImage, encode_for_record, encode_halves, read_image
from inputs.reader import Reader
from inputs.streams import Stream
from scripts import translate
from tests.helpers import build
from tests.helpers.errors import complaint
from tests.helpers.images import data_config, exif_block, photo
from tests.helpers.mutations import EXTREMES, mutated, mutated_png
from tests.helpers.programs import Ended, assert_kept, assert_well_ended, run_here, snapshot
from tests.helpers.sources import source_of
from tests.helpers.untrained import FakeRun

PHOTO = Image.fromarray(photo(0, 16, 12))
DEEP = Image.fromarray(photo(0, 16, 12)[:, :, 0].astype(np.uint16) * 257)
PAGES = {"save_all": True, "append_images": [PHOTO.rotate(180)]}
KINDS = {  # by extension: format of Pillow, mode, options
    "jpg": ("JPEG", "RGB", {}),
    "jpeg": ("JPEG", "CMYK", {"progressive": True}),
    "jfif": ("MPO", "RGB", PAGES),
    "png": ("PNG", "RGB", {}),
    "palette.png": ("PNG", "P", {"transparency": 3}),
    "deep.png": ("PNG", "I;16", {}),
    "moving.png": ("PNG", "RGBA", PAGES),
    "webp": ("WEBP", "RGBA", {}),
    "moving.webp": ("WEBP", "RGB", PAGES),
    "bmp": ("BMP", "P", {}),
    "tif": ("TIFF", "RGB", {"compression": "tiff_lzw"}),
    "jpeg.tif": ("TIFF", "RGB", {"compression": "jpeg"}),
    "pages.tif": ("TIFF", "F", {}),
    "gif": ("GIF", "P", PAGES),
    "ppm": ("PPM", "RGB", {}),
    "tga": ("TGA", "RGBA", {"compression": "tga_rle"}),
    "jp2": ("JPEG2000", "RGB", {}),
    "avif": ("AVIF", "RGB", {}),
}
WITH_EXIF = ("JPEG", "PNG", "WEBP")  # that take any bytes for a block
A_FOLDER = 24  # images that the programs are given at once

Image.init()  # lists what it can write

pytestmark = [pytest.mark.fuzz, pytest.mark.filterwarnings(r"ignore:::PIL\.")]  # as inputs.images does outside of tests


def damaged(extension, draw):
    """The bytes of an image with damage: in them, in a PNG's chunks, or in the EXIF block."""
    kind, mode, options = KINDS[extension]
    if kind not in Image.SAVE:
        pytest.skip(f"this Pillow writes no {kind}")
    image = DEEP if mode == "I;16" else PHOTO.convert(mode)
    exif = odd_exif(draw) if kind in WITH_EXIF else b""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options, **({"exif": exif} if exif else {}))
    data = buffer.getvalue()
    if exif and draw.randrange(4) == 0:
        return data
    return mutated_png(data, draw) if kind == "PNG" and draw.randrange(3) else mutated(data, draw)


def odd_exif(draw):
    """An EXIF block: with an orientation, and entries of any kind; or none."""
    if draw.randrange(2):
        return b""
    tags = (0x0112, 0x010F, 0x011A, 0x8769, 0x8825, 0xA005, 0x927C, 0x0201, 0x014A, 0x0111, draw.randrange(2**16))
    values = (6 << 16, 8, draw.randrange(200), *(number % 2**32 for number in EXTREMES))
    entries = [
        (draw.choice(tags), draw.randrange(15), draw.choice((1, 1, 2, 9, *values)), draw.choice(values))
        for _ in range(draw.randrange(1, 6))
    ]
    block = exif_block(*sorted(entries))
    return block if draw.randrange(2) else block[:6] + mutated(block[6:], draw)


@pytest.mark.parametrize("extension", KINDS)
def test_damaged_image_is_read_or_bad_and_nothing_else(fuzz, extension):
    def attack(draw):
        data = damaged(extension, draw)
        for read in (read_image, encode_for_record, encode_halves):
            said = complaint(BadImage, read, data)
            assert said.isprintable()

    fuzz(attack, rounds=40)


@pytest.fixture
def folder_of_damaged(tmp_path):
    """Function that draws a folder of damaged images."""

    def make(draw):
        folder = tmp_path / f"photos-{draw.random()}" / "trainA"
        folder.mkdir(parents=True)
        for number in range(A_FOLDER):
            extension = draw.choice(list(KINDS))
            (folder / f"{number}.{extension}").write_bytes(damaged(extension, draw))
        return folder

    return make


def test_training_reads_damaged_images_or_says_why_not(fuzz, folder_of_damaged):
    def attack(draw):
        folder = folder_of_damaged(draw)
        before = snapshot(folder)
        mode = draw.choice(("resize_and_crop", "scale_and_crop", "pad_and_crop", "none"))
        source = source_of(*sorted(folder.iterdir()))
        streams = {"real_a": Stream("trainA", draw.choice((1, 3)))}
        reader = Reader(streams, {"trainA": source}, data_config(preprocess=mode))
        for position in range(A_FOLDER):
            complaint(DataError, reader.read, position)
        assert all(line.startswith(str(folder)) for line in reader.new_damage(A_FOLDER))
        assert_kept(before, folder)

    fuzz(attack, rounds=10)


@pytest.mark.slow
def test_translate_skips_damaged_images(fuzz, folder_of_damaged, monkeypatch, capfd):
    monkeypatch.setattr(translate, "IsolatedRun", lambda *arguments: FakeRun())

    def attack(draw):
        folder = folder_of_damaged(draw)
        before = snapshot(folder)
        output = folder.parent / "out"
        flags = ["--run_dir=run", "--direction=AtoB", f"--input={folder}", f"--output={output}", "--max_side=64"]
        ended = run_here(translate.main, flags, capfd)
        assert_well_ended(ended)
        assert ended.code < 2 and (output / "index.html").exists()
        assert_kept(before, folder)

    fuzz(attack, rounds=10)


@pytest.mark.slow
def test_build_data_leaves_out_damaged_images(fuzz, folder_of_damaged):
    def attack(draw):
        folder = folder_of_damaged(draw)
        before = snapshot(folder.parent)
        kind = draw.choice(([], ["--pairs"], [f"--max_side={draw.choice((1, 8))}"], ["--strict"]))
        ran = build.build(
            f"--domain_a={folder}", f"--domain_b={folder}", *kind, output=folder.parent / "out", workers=1
        )
        assert_well_ended(Ended(ran.returncode, ran.stdout, ran.stderr))
        assert (folder.parent / "out" / "dataset.json").exists() == (ran.returncode == 0)
        assert_kept(before, folder.parent)

    fuzz(attack, rounds=6)
