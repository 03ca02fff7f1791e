"""Records of figures: kept beside each other, and compared only with what differs in how they were made."""

import json

import pytest

from base.errors import DataError, UsageError
from evaluation.judgement import HIGHER, Figure
from evaluation.records import Record, add_records, comparison, read_records, table

REALS = {"origin": "test images of trainB", "images": 20, "sizes": ["64 x 64"], "sha256": "aa"}


def record(subject="photos, step 100", psnr=20.0, group="", reals=REALS, name="AtoB", **about):
    figures = [Figure("psnr", psnr, "PSNR", "dB", HIGHER), Figure("kid", 0.05, "KID", std=0.01, depends_on=about)]
    protocol = {"reals": reals, "image_size": 64}
    return Record(subject, 100, name, group, {"sha256": f"{subject}{psnr}"}, protocol, figures)


def test_records_come_back_as_they_were_written(tmp_path):
    written = [record(), record(subject="photos, step 200")]
    add_records(tmp_path / "evaluation.json", written)
    assert read_records(tmp_path / "evaluation.json") == written


def test_judging_again_replaces_its_own_record_and_no_other(tmp_path):
    file = tmp_path / "evaluation.json"
    for each in (record(), record(subject="photos, step 200"), record(features="inception"), record()):
        add_records(file, [each])
    assert read_records(file) == [record(subject="photos, step 200"), record(features="inception"), record()]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"[]",
        b'{"format_version": 2, "records": []}',
        b'{"format_version": 1, "records": [{}]}',
        b'{"format_version": 1, "records": {"a": 1}}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_damaged_file_is_named_and_kept(tmp_path, content):
    file = tmp_path / "evaluation.json"
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"evaluation\.json: is damaged"):
        add_records(file, [record()])
    assert file.read_bytes() == content


@pytest.mark.parametrize(
    "key, value", [("subject", 3), ("step", "x"), ("protocol", []), ("fakes", "x"), ("figures", None)]
)
def test_value_of_another_type_is_damage(tmp_path, key, value):
    file = tmp_path / "evaluation.json"
    add_records(file, [record()])
    content = json.loads(file.read_text())
    content["records"][0][key] = value
    file.write_text(json.dumps(content))
    with pytest.raises(DataError, match="is damaged"):
        read_records(file)


def test_missing_file_says_what_makes_it(tmp_path):
    with pytest.raises(UsageError, match=r"no such file; scripts/evaluate.py --run_dir=.* makes one"):
        read_records(tmp_path / "evaluation.json")


def test_table_shows_values_units_and_which_way_is_better():
    assert table(record().figures) == [
        "psnr           20 dB  PSNR; higher is better",
        "kid   0.05 ± 0.01     KID",
    ]


def test_runs_of_different_seeds_are_one_column_of_means():
    lines = comparison([record(f"run{i}, step 100", psnr, group="same") for i, psnr in enumerate((20.0, 22.0, 24.0))])
    assert lines[0] == "AtoB" and lines[1].strip() == "run0, step 100 and 2 more"
    assert [line.split()[0] for line in lines[2:]] == ["psnr", "kid"]
    assert lines[2].split("  ")[-1].strip() == "22 ± 2"


def test_runs_of_different_options_are_columns_of_their_own():
    lines = comparison([record("a, step 1", 20.0, group="x"), record("b, step 1", 21.0, group="y")])
    assert lines[1].split() == ["a,", "step", "1", "b,", "step", "1"] and lines[2].split() == ["psnr", "20", "21"]


def test_directions_are_tables_of_their_own():
    lines = comparison([record(), record(name="BtoA")])
    assert [line for line in lines if line in ("AtoB", "BtoA")] == ["AtoB", "BtoA"]


def test_figures_that_one_record_lacks_are_left_out():
    short = record("b, step 1")
    lines = comparison([record("a, step 1"), short._replace(figures=short.figures[:1])])
    assert [line.split()[0] for line in lines[2:]] == ["psnr"]


@pytest.mark.parametrize(
    "other, words",
    [
        (record("b", reals={**REALS, "sha256": "bb"}), "reals: other images"),
        (record("b", reals={**REALS, "images": 10}), "reals: images 20 and 10"),
        (record("b", features="darknet"), "kid: features None and darknet"),
        (record("b")._replace(protocol={"reals": REALS, "image_size": 128}), "image_size: 64 and 128"),
        (record("b")._replace(protocol={"reals": REALS}), "image_size: 64 and None"),
    ],
)
def test_what_differs_in_how_records_were_made_is_shown(other, words):
    assert comparison([record("a"), other])[-1] == f"b was not judged as a: {words}"


def test_records_made_alike_are_compared_without_a_word():
    assert len(comparison([record("a"), record("b")])) == 4
