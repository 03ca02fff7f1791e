"""Tests of image files in and out."""

import ast
import io
import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from inputs.images import (
    MOST_BYTES,
    BadImage,
    UnreadImage,
    encode_for_record,
    encode_halves,
    list_images,
    read_bytes,
    read_image,
    resize,
    save_image,
    to_uint8,
    to_unit,
)
from tests.conftest import ROOT
from tests.helpers.images import exif_block
from tests.helpers.modules import product_files

RAMP = np.arange(0, 240, 5, dtype=np.uint8).reshape(6, 8)
GREY = Image.fromarray(RAMP)
COLOUR = Image.fromarray(np.stack([RAMP, RAMP[::-1], RAMP[:, ::-1]], axis=-1))


def saved(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png(width, height, depth, colour_type, pixels=b""):
    """A PNG file made by hand."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(pixels)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


@pytest.mark.parametrize(
    "kind, options",
    [
        ("PNG", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("WEBP", {"lossless": True}),
        ("PPM", {}),
        ("TGA", {}),
    ],
)
def test_lossless_formats_are_read_exactly(kind, options):
    np.testing.assert_array_equal(read_image(saved(COLOUR, kind, **options)), np.asarray(COLOUR))


def test_jpeg_is_decoded_as_pillow_does():
    data = saved(COLOUR, "JPEG", quality=90)
    np.testing.assert_array_equal(read_image(data), np.asarray(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize(
    "image, kind",
    [
        (GREY, "PNG"),
        (GREY.convert("P"), "PNG"),
        (GREY, "GIF"),
        (GREY.convert("LA"), "PNG"),
        (GREY.convert("RGBA"), "WEBP"),
    ],
)
def test_grey_images_become_rgb(image, kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    np.testing.assert_array_equal(read_image(saved(image, kind, **options)), np.stack([RAMP] * 3, axis=-1))


def test_one_bit_becomes_black_and_white():
    data = saved(Image.fromarray(RAMP > 100), "PNG")
    np.testing.assert_array_equal(read_image(data, channels=1)[:, :, 0], np.where(RAMP > 100, 255, 0))


def test_cmyk_becomes_rgb():
    data = saved(Image.new("CMYK", (4, 4), (0, 255, 255, 0)), "TIFF")
    np.testing.assert_array_equal(read_image(data)[0, 0], [255, 0, 0])


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_grey_is_scaled(kind):
    data = saved(Image.fromarray(RAMP.astype(np.uint16) * 257), kind)
    np.testing.assert_array_equal(read_image(data, channels=1)[:, :, 0], RAMP)


def test_float_grey_is_scaled():
    data = saved(Image.fromarray(RAMP.astype(np.float32) / 255), "TIFF")
    np.testing.assert_array_equal(read_image(data, channels=1)[:, :, 0], RAMP)


def test_float_of_unknown_range_is_refused():
    with pytest.raises(BadImage, match="pixels from 0 to 235; understood are 0 to 1"):
        read_image(saved(Image.fromarray(RAMP.astype(np.float32)), "TIFF"))


@pytest.mark.parametrize("bits", [0x7FC00000, 0x7FA00000])
def test_grey_that_is_no_number_is_bad_without_a_warning(bits):
    """The second is a signalling NaN, which processors complain about."""
    data = saved(Image.fromarray(RAMP.astype(np.float32) / 255), "TIFF")
    pixel = struct.pack("<f", RAMP[1, 1] / 255)
    assert pixel in data
    with pytest.raises(BadImage, match="pixels from nan to nan"):
        read_image(data.replace(pixel, struct.pack("<I", bits)))


@pytest.mark.parametrize("alpha, red", [(0, 255), (255, 100), (51, 224)])
def test_alpha_lies_over_white(alpha, red):
    data = saved(Image.new("RGBA", (4, 4), (100, 100, 100, alpha)), "PNG")
    assert read_image(data)[0, 0, 0] == red


def test_transparent_palette_entry_lies_over_white():
    data = saved(Image.new("P", (4, 4), 0), "PNG", transparency=0)
    np.testing.assert_array_equal(read_image(data), 255)


def test_first_frame_of_gif_is_read():
    data = saved(Image.new("L", (4, 4), 10), "GIF", save_all=True, append_images=[Image.new("L", (4, 4), 200)])
    np.testing.assert_array_equal(read_image(data), 10)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG", "WEBP"])
@pytest.mark.parametrize(
    "orientation, upright",
    [
        (1, RAMP),
        (2, RAMP[:, ::-1]),
        (3, RAMP[::-1, ::-1]),
        (4, RAMP[::-1]),
        (5, RAMP.T),
        (6, RAMP.T[:, ::-1]),
        (7, RAMP.T[::-1, ::-1]),
        (8, RAMP.T[::-1]),
    ],
)
def test_exif_orientation_is_applied(kind, orientation, upright):
    image = GREY.convert("RGB") if kind == "WEBP" else GREY
    data = saved(image, kind, exif=exif(orientation), **({"lossless": True} if kind == "WEBP" else {}))
    error = read_image(data, channels=1)[:, :, 0].astype(int) - upright
    assert np.abs(error).max() <= (6 if kind == "JPEG" else 0)


def test_luma_is_pillows():
    np.testing.assert_array_equal(
        read_image(saved(COLOUR, "PNG"), channels=1)[:, :, 0], np.asarray(COLOUR.convert("L"))
    )


@pytest.mark.parametrize(
    "size, shape",
    [
        ((200, 100), (20, 40)),
        ((100, 200), (40, 20)),
        ((40, 30), (30, 40)),
        ((500, 2), (1, 40)),
    ],
)
def test_max_side_bounds_the_longest_side(size, shape):
    assert read_image(saved(Image.new("RGB", size), "PNG"), max_side=40).shape[:2] == shape


@pytest.mark.parametrize(
    "data, reason",
    [
        (b"", "is empty"),
        (b"hello", "is not an image that Pillow can read"),
        (saved(COLOUR, "JPEG")[:-20], "is damaged: .*truncated"),
        (saved(COLOUR, "PNG")[:-30], "is damaged: "),
        (saved(COLOUR, "WEBP")[:-30], "is damaged: "),
        (saved(COLOUR, "TIFF")[:-30], "is damaged: "),
        (png(30000, 30000, 8, 2), "has more than 178,956,970 pixels"),
    ],
    ids=["empty", "text", "jpeg", "png", "webp", "tiff", "bomb"],
)
def test_unreadable_data_is_bad_image_of_one_line(data, reason):
    with pytest.raises(BadImage, match=reason) as caught:
        read_image(data)
    assert "\n" not in str(caught.value)


def test_missing_file_is_bad_image(tmp_path):
    with pytest.raises(BadImage, match="cannot be read: No such file"):
        read_image(tmp_path / "none.png")


def test_broken_exif_is_ignored_without_warning(tmp_path):
    broken = b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x05\x01\x12"
    (tmp_path / "x.jpg").write_bytes(saved(COLOUR, "JPEG", exif=broken))
    command = f"from inputs.images import read_image; print(read_image({str(tmp_path / 'x.jpg')!r}).shape)"
    # In a process of its own, since pytest replaces the filters of warnings.
    ran = subprocess.run([sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("(6, 8, 3)\n", "")


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_rgb_jpeg_and_png_keep_their_bytes(kind):
    data = saved(COLOUR, kind)
    assert encode_for_record(data) == (data, kind.lower(), 6, 8)


@pytest.mark.parametrize(
    "data",
    [
        saved(GREY, "JPEG"),
        saved(GREY, "PNG"),
        saved(COLOUR, "BMP"),
        saved(COLOUR.convert("RGBA"), "PNG"),
        saved(COLOUR.convert("CMYK"), "JPEG"),
        png(8, 6, 16, 2, (b"\0" + bytes(48)) * 6),
        saved(COLOUR, "PNG", transparency=(0, 0, 0)),
        saved(COLOUR, "PNG", exif=exif(3)),
    ],
    ids=["grey jpeg", "grey png", "bmp", "alpha", "cmyk", "16 bit", "transparent colour", "turned png"],
)
def test_other_images_become_png_without_loss(data):
    encoded = encode_for_record(data)
    assert encoded.format == "png"
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(encoded.data))), read_image(data))


def test_turned_jpeg_becomes_upright_jpeg():
    encoded = encode_for_record(saved(COLOUR, "JPEG", exif=exif(6)))
    assert encoded[1:] == ("jpeg", 8, 6)
    assert not Image.open(io.BytesIO(encoded.data)).getexif()


def test_downsized_image_has_its_new_size():
    encoded = encode_for_record(saved(Image.new("RGB", (100, 50)), "JPEG"), max_side=10)
    assert encoded[1:] == ("jpeg", 5, 10)
    assert Image.open(io.BytesIO(encoded.data)).size == (10, 5)


def test_truncated_image_is_not_kept():
    with pytest.raises(BadImage):
        encode_for_record(saved(COLOUR, "JPEG")[:-20])


def test_list_is_sorted_and_leaves_out_what_is_hidden_or_no_image(tmp_path):
    for name in ("b.jpg", "a/c.PNG", "a.webp", "notes.txt", ".hidden.jpg", ".thumbnails/d.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert list_images(tmp_path) == ["a.webp", "a/c.PNG", "b.jpg"]


def test_runs_in_a_folder_are_not_listed(tmp_path):
    for name in ("a.jpg", "run/config.json", "run/checkpoints/x", "run/samples/b.png", "set/config.json", "set/c.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).touch()
    assert list_images(tmp_path) == ["a.jpg", "set/c.jpg"]


def test_list_leaves_out_sub_folders_by_name_but_not_theirs(tmp_path):
    for name in ("a.jpg", "test/b.jpg", "more/test/c.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).touch()
    assert list_images(tmp_path, {"test"}) == ["a.jpg", "more/test/c.jpg"]


def test_list_follows_links_but_not_in_circles(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a.jpg").touch()
    (tmp_path / "root").mkdir()
    (tmp_path / "root/link").symlink_to(tmp_path / "real")
    (tmp_path / "real/up").symlink_to(tmp_path / "real")
    assert list_images(tmp_path / "root") == ["link/a.jpg"]


def test_every_grey_level_survives_the_way_to_unit_and_back():
    levels = np.arange(256, dtype=np.float32)
    np.testing.assert_array_equal(to_uint8(to_unit(levels)), levels)


def test_unit_range_is_minus_one_to_one():
    assert to_unit(np.float32([0, 255])).tolist() == [-1.0, 1.0]


def test_values_outside_the_range_are_clipped():
    assert to_uint8(np.array([-1.5, 1.5])).tolist() == [0, 255]


def test_resize_treats_one_channel_as_each_of_three():
    array = np.asarray(COLOUR)
    np.testing.assert_array_equal(resize(array[:, :, :1], 9, 5), resize(array, 9, 5)[:, :, :1])


@pytest.mark.parametrize("channels", [1, 3])
def test_saved_image_is_read_back(tmp_path, channels):
    array = np.asarray(COLOUR)[:, :, :channels]
    save_image(array, tmp_path / "x.png")
    np.testing.assert_array_equal(read_image(tmp_path / "x.png", channels), array)


POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n9 9 moveto showpage\n%%EOF\n"


def test_no_program_is_started_for_an_image(monkeypatch):
    started = []
    monkeypatch.setattr(subprocess, "Popen", lambda *arguments, **options: started.append(arguments))
    monkeypatch.setattr(os, "system", started.append)
    with pytest.raises(BadImage, match="is not an image that Pillow can read"):
        read_image(POSTSCRIPT)
    assert not started


@pytest.mark.slow
def test_pillow_opens_files_in_one_place_only():
    """The other formats that it knows run programs or are no photographs."""
    found = []
    for path in product_files():
        calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
        found += [path.name for call in calls if ast.unparse(call.func) in ("Image.open", "PIL.Image.open")]
    assert found == ["images.py"]


@pytest.mark.parametrize(
    "entries",
    [
        [(0x0112, 2, 1, 0x36000000)],  # text
        [(0x0112, 5, 1, 8)],  # a fraction that is none
        [(0x0112, 3, 1, 6 << 16), (0x8769, 4, 1, 0xFFFFFFF0)],  # turned, with a table far behind the end
        [(0x0112, 3, 1, 6 << 16), (0x0131, 2, 0xFFFFFF, 0xFFFF)],  # turned, with text behind the end
        [(0x0112, 3, 9, 0xFFFF)],
        [(0x0112, 99, 1, 6)],
        [(0x0112, 7, 3, 0x06060600)],
        [(0x0112, 3, 1, 6 << 16), (0x011A, 5, 1, 0), (0x9286, 7, 4, 0x41424344), (0x0111, 3, 1, 1)],
    ],
)
@pytest.mark.filterwarnings("ignore")  # as inputs.images does outside of tests
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_malformed_exif_never_costs_the_image(kind, entries):
    data = saved(COLOUR, kind, exif=exif_block(*entries))
    assert read_image(data).shape in ((6, 8, 3), (8, 6, 3))
    assert {encode_for_record(data).height, *(half.width for half in encode_halves(data))} <= {3, 4, 6, 8}


SAMPLES = struct.pack("<HHIH", 277, 3, 1, 3)  # the tag of a TIFF file that says how many there are to a pixel


@pytest.mark.parametrize(
    "compression, whole, broken", [("jpeg", b"\xff\xdb", b"\xff\xdc"), (None, SAMPLES, SAMPLES[:-2] + b"\x00\x3c")]
)
def test_decoders_say_nothing_beside_the_reason(compression, whole, broken):
    """In a process of its own, since pytest takes what is logged."""
    data = saved(COLOUR, "TIFF", compression=compression)
    assert whole in data
    code = "import sys; from inputs.images import read_image; read_image(sys.stdin.buffer.read())"
    ran = subprocess.run([sys.executable, "-c", code], input=data.replace(whole, broken), capture_output=True, cwd=ROOT)
    said = ran.stderr.decode()
    assert said.startswith("Traceback") and "inputs.images.BadImage" in said.splitlines()[-1]


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero"), os.mkdir])
def test_only_regular_files_are_read(tmp_path, make):
    make(tmp_path / "x.jpg")
    with pytest.raises(BadImage, match="cannot be read: (it is no regular file|Is a directory)") as caught:
        read_bytes(tmp_path / "x.jpg")
    assert caught.value.damaged


def test_huge_file_is_not_read(tmp_path):
    with open(tmp_path / "x.jpg", "wb") as file:
        file.truncate(2 << 40)
    with pytest.raises(BadImage, match=f"it has 2,199,023,255,552 bytes, more than {MOST_BYTES:,}"):
        read_bytes(tmp_path / "x.jpg")


def test_missing_file_may_be_there_the_next_time(tmp_path):
    with pytest.raises(UnreadImage) as caught:
        read_bytes(tmp_path / "x.jpg")
    assert not caught.value.damaged
