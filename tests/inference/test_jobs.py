"""Jobs: what is translated, and the names of the results."""

import os

import pytest

from base.errors import DataError, UserError
from inference.jobs import find_jobs, is_thumbnail, target_names
from inputs.images import BadImage, encode_for_record
from inputs.records import image_record
from tests.helpers.records import write_records
from tests.helpers.untrained import noise


@pytest.fixture
def records(tmp_path):
    """TFRecords of five images, named as a file, as no file, not at all, like another, and as a way out of it."""
    noise(8, 8).save(tmp_path / "x.jpg")
    image = encode_for_record(tmp_path / "x.jpg")
    names = (b"photo.jpg", b"00068bc07f", b"", b"00068bc07f", b"../../out.png")
    made = [image_record(image.data, image.format, name, 8, 8) for name in names]
    return write_records(tmp_path / "photos.tfrec", *made)


def test_formats_that_become_png_collide_with_nothing():
    names = ["A.tif", "a.gif", "a.gif.png", "a.png", "b.c.webp", "noextension", "sub/a.bmp"]
    targets = ["A.tif.png", "a.gif-2.png", "a.gif.png", "a.png", "b.c.png", "noextension.png", "sub/a.png"]
    assert target_names(names) == targets


def test_no_name_is_given_twice_nor_that_of_a_folder():
    names = ["A.jpg", "a.gif", "a.jpg", "a.png/b.jpg", "c.png/d.gif", "c.tif"]
    targets = target_names(names)
    assert targets == ["A.jpg", "a.gif.png", "a-2.jpg", "a.png/b.jpg", "c.png/d.png", "c.tif.png"]


def test_files_keep_names_and_subfolders(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ("a.jpg", "b/c.PNG"):
        noise(8, 8).save(tmp_path / name)
    jobs = find_jobs(tmp_path)
    assert [(job.name, job.target, job.source) for job in jobs] == [
        ("a.jpg", "a.jpg", tmp_path / "a.jpg"),
        ("b/c.PNG", "b/c.PNG", tmp_path / "b" / "c.PNG"),
    ]
    assert jobs[1].read() == (tmp_path / "b" / "c.PNG").read_bytes()


def test_thumbnails_keep_clear_of_results(tmp_path):
    (tmp_path / "Inputs").mkdir()
    noise(8, 8).save(tmp_path / "Inputs" / "a.jpg")
    noise(8, 8).save(tmp_path / "b.jpg")
    thumbnails = {job.thumbnail for job in find_jobs(tmp_path)}
    assert len(thumbnails) == 2 and {name.split("/")[0] for name in thumbnails} == {"inputs-2"}


def test_thumbnails_are_told_from_results(tmp_path):
    noise(8, 8).save(tmp_path / "b.jpg")
    (job,) = find_jobs(tmp_path)
    assert is_thumbnail(job.thumbnail) and is_thumbnail(job.thumbnail.replace("inputs", "inputs-2"))
    assert not any(map(is_thumbnail, (job.target, "inputs/b.jpg", f"x/{job.thumbnail}", f"{job.thumbnail}/x.jpg")))


def test_results_of_records_are_named_as_the_records_say(records):
    jobs = find_jobs(records)
    targets = ["photo.jpg", "00068bc07f.jpg", "00002.jpg", "00003-00068bc07f.jpg", "out.jpg"]
    assert [job.target for job in jobs] == targets
    assert {job.source for job in jobs} == {records} and jobs[0].read().startswith(b"\xff\xd8")


def test_damaged_record_is_a_job_that_says_so_at_its_turn(records):
    data = records.read_bytes()
    records.write_bytes(data[:-10] + b"0123456789")
    jobs = find_jobs(records)
    assert jobs[4].target == "00004.png"
    with pytest.raises(DataError, match="record 4 is damaged"):
        jobs[4].read()


def test_empty_file_is_a_job_that_says_so_at_its_turn(tmp_path):
    (tmp_path / "a.jpg").touch()
    (job,) = find_jobs(tmp_path)
    with pytest.raises(BadImage, match="is empty"):
        job.read()


@pytest.mark.parametrize(
    "name, words",
    [
        ("nowhere", "nowhere: no such file or folder"),
        ("empty", "empty: no images in it"),
        ("pipe", "pipe: is neither a file nor a folder"),
        ("x" * 300, "File name too long"),
    ],
)
def test_nothing_to_translate_is_told(tmp_path, name, words):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=words):
        find_jobs(tmp_path / name)
