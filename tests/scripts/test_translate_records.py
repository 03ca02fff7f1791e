"""scripts/translate.py on TFRecord files, and its zip file."""

import zipfile

import numpy as np
import pytest
from PIL import Image

from inputs.images import encode_for_record
from inputs.records import image_record, write_record
from scripts.translate import Translator, main
from tests.scripts.test_translate import files, make_run, noise
from training.command_line import UsageError


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Folder of a small run."""
    return make_run(tmp_path_factory.mktemp("run") / "monet")


@pytest.fixture
def call(run, tmp_path, monkeypatch):
    """Function that runs the script on an input, with a network that changes nothing."""
    translator = Translator(lambda image: image, channels=3, step=7, out_of_memory=(MemoryError,))
    monkeypatch.setattr("scripts.translate.open_run", lambda *arguments: translator)
    return lambda source, *more: main([f"--run_dir={run}", "--direction=BtoA", f"--input={source}", f"--output={tmp_path / 'out'}", *more])


@pytest.fixture
def records(tmp_path):
    """A TFRecord file of five images, whose names are those of files, no files, none, twice the same, and a way out of the folder."""
    with open(tmp_path / "photos.tfrec", "wb") as file:
        for i, name in enumerate((b"photo.jpg", b"00068bc07f", b"", b"00068bc07f", b"../../out.png")):
            noise(8, 8, seed=i).save(tmp_path / "x.jpg")
            image = encode_for_record(tmp_path / "x.jpg")
            write_record(file, image_record(image.data, image.format, name, 8, 8))
    return tmp_path / "photos.tfrec"


def test_results_are_named_as_the_records_say(call, records, tmp_path):
    assert call(records) == 0
    assert files(tmp_path / "out") == ["00002.jpg", "00003-00068bc07f.jpg", "00068bc07f.jpg", "out.jpg", "photo.jpg"]


def test_damaged_record_is_skipped(call, records, tmp_path, capsys):
    data = records.read_bytes()
    records.write_bytes(data[:-10] + b"0123456789")
    assert call(records) == 1
    assert "record 4 is damaged" in capsys.readouterr().err and len(files(tmp_path / "out")) == 4


def test_zip_holds_the_results(call, records, tmp_path, capsys):
    assert call(records, f"--zip={tmp_path / 'images.zip'}") == 0
    assert f"Packed: {tmp_path / 'images.zip'}, 5 JPEG images of 8 x 8 px" in capsys.readouterr().out
    with zipfile.ZipFile(tmp_path / "images.zip") as archive:
        assert archive.namelist() == ["photo.jpg", "00068bc07f.jpg", "00002.jpg", "00003-00068bc07f.jpg", "out.jpg"]
        assert archive.read("photo.jpg") == (tmp_path / "out/photo.jpg").read_bytes()


@pytest.mark.parametrize("name, words", [("there.zip", "there.zip exists; --overwrite"), ("no/images.zip", "there is no folder"), ("run", "is a folder")])
def test_zip_that_cannot_be_is_refused_before_the_work(call, records, tmp_path, name, words):
    (tmp_path / "there.zip").touch()
    (tmp_path / "run").mkdir()
    with pytest.raises(UsageError, match=words):
        call(records, f"--zip={tmp_path / name}")
    assert not (tmp_path / "out").exists()


def test_real_records_of_the_competition(call, shared_data, tmp_path):
    place = shared_data / "foreign_tfrecords" / "kaggle"
    assert call(place / "photo*.tfrec", f"--zip={tmp_path / 'images.zip'}") == 0
    sizes = {Image.open(tmp_path / "out" / name).size for name in files(tmp_path / "out")}
    assert sizes == {(256, 256)} and len(zipfile.ZipFile(tmp_path / "images.zip").namelist()) == len(files(tmp_path / "out")) > 0
    assert np.asarray(Image.open(tmp_path / "out" / files(tmp_path / "out")[0])).std() > 5
