"""scripts/export.py: a folder that explains itself, or none where a form is not the run; and mistakes in one line."""

import hashlib
import json

import numpy as np
import pytest

from base.errors import UsageError, UserError
from base.graph_mode import tf, uses_onednn
from exports import saved_model
from exports.folder import PARITY, holds_exports_only
from exports.forms import FORMS
from exports.frozen import weights
from exports.parity import ParityError
from exports.programs import run_program
from inference.load import load_run
from inputs.images import read_image
from scripts.export import main
from tests.helpers.images import photo, save
from tests.helpers.programs import snapshot
from tests.helpers.untrained import make_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Folder of a small CycleGAN run with data of its own."""
    place = tmp_path_factory.mktemp("runs")
    for index in range(7):
        save(place / f"photos/trainA/{index}.jpg", photo(index))
        save(place / f"photos/trainB/{index}.jpg", photo(index + 7))
    return make_run(place / "summer", data_dir=str(place / "photos"))


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    """An export of that run."""
    output = tmp_path_factory.mktemp("out") / "winter"
    assert main([f"--run_dir={run}", "--direction=AtoB", f"--output={output}"]) == 0
    return output


@pytest.mark.slow
def test_the_folder_holds_what_is_needed_to_use_it(exported):
    files = {path.relative_to(exported).as_posix() for path in exported.rglob("*") if path.is_file()}
    pictures = {f"examples/{number}{end}" for number in (1, 2, 3) for end in (".jpg", "-translated.png")}
    described = {"README.md", "LICENSE", "config.json", "preprocessor_config.json", "parity.json"}
    assert files == {*described, *pictures, "examples/saved_model.py", "saved_model/1/saved_model.pb"}


@pytest.mark.slow
def test_examples_are_images_of_the_run_and_what_it_makes_of_them(run, exported):
    expected = load_run(run, "AtoB", "float32").translate(exported / "examples/2.jpg", "AtoB")
    np.testing.assert_array_equal(read_image(exported / "examples/2-translated.png"), expected)


@pytest.mark.slow
def test_parity_json_records_differences_images_and_hashes(run, exported):
    parity = json.loads((exported / PARITY).read_text())
    form = parity["forms"]["saved_model"]
    assert form["values"] <= form["allowed"]["values"] and form["levels"] <= form["allowed"]["levels"]
    assert form["allowed"] == {"values": 0.0, "levels": 0} or parity["machine"]["onednn"]
    assert form["in_tiles"]["values"] <= form["in_tiles"]["allowed"]["values"] == 1e-4
    assert [image["name"] for image in parity["images"]][:2] == ["0.jpg", "1.jpg"] and len(parity["images"]) == 12
    for name, digest in parity["files"].items():
        assert hashlib.sha256((exported / name).read_bytes()).hexdigest() == digest, name
    checkpoint = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (run / "checkpoints").glob("m*")}
    assert parity["run"]["checkpoint"] == checkpoint and parity["run"]["step"] == 7
    assert parity["images_from"] == "the run's data (photos)" and parity["machine"]["versions"]["tensorflow"]


@pytest.mark.slow
def test_the_readme_shows_the_program_that_was_run(exported):
    assert (exported / "examples/saved_model.py").read_text() in (exported / "README.md").read_text()


@pytest.mark.slow
def test_both_directions_are_folders_of_their_own_and_replaced_together(run, tmp_path, monkeypatch, capsys):
    found = {}

    def run_once(program, place, probes):
        """Runs the program of a direction the first time, in a process that takes seconds to start."""
        if place.name not in found:
            found[place.name] = run_program(program, place, probes)
        return found[place.name]

    monkeypatch.setattr("exports.folder.run_program", run_once)
    command = [f"--run_dir={run}", "--direction=both", f"--output={tmp_path / 'out'}"]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "AtoB, saved_model: values differ by " in said and "BtoA, saved_model: values differ by " in said
    titles = [
        (tmp_path / "out" / name / "README.md").read_text().count(f"# summer · {name}") for name in ("AtoB", "BtoA")
    ]
    assert titles == [1, 1] and holds_exports_only(tmp_path / "out")
    with pytest.raises(UsageError, match="--overwrite replaces it"):
        main(command)
    assert main([*command, "--overwrite"]) == 0
    (tmp_path / "out/AtoB/notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds something else than an earlier export"):
        main([*command, "--overwrite"])


@pytest.mark.slow
def test_a_form_that_is_not_the_run_leaves_nothing(run, tmp_path, monkeypatch):
    factor = 1.1 if uses_onednn() else 1.001  # which is more than the differences that are allowed

    def write_wrongly(frozen, folder):
        for node in weights(frozen.graph_def):
            kernel = tf.make_ndarray(node.attr["value"].tensor)
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(factor * kernel))
        saved_model.write(frozen, folder)

    monkeypatch.setitem(FORMS, "saved_model", FORMS["saved_model"]._replace(write=write_wrongly))
    with pytest.raises(ParityError, match="saved_model: differs from the run by") as error:
        main([f"--run_dir={run}", "--direction=AtoB", f"--output={tmp_path / 'out'}"])
    assert error.value.exit_code == 2 and not list(tmp_path.iterdir())


@pytest.mark.slow
def test_tiles_that_are_not_the_run_leave_nothing(run, tmp_path, monkeypatch):
    def too_little_halo(frozen):
        return saved_model.program(frozen._replace(tiles=frozen.tiles._replace(halo=8)))

    monkeypatch.setitem(FORMS, "saved_model", FORMS["saved_model"]._replace(program=too_little_halo))
    with pytest.raises(ParityError, match="saved_model in tiles: differs from the run by"):
        main([f"--run_dir={run}", "--direction=AtoB", f"--output={tmp_path / 'out'}"])
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_form_that_cannot_be_converted_is_one_line(run, tmp_path, monkeypatch):
    def fail(frozen, folder):
        raise ValueError("no such op\nin this version")

    monkeypatch.setitem(FORMS, "saved_model", FORMS["saved_model"]._replace(write=fail))
    with pytest.raises(UsageError, match="cannot be converted: ValueError no such op in this version$"):
        main([f"--run_dir={run}", "--direction=AtoB", f"--output={tmp_path / 'out'}"])
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_dropout_is_for_the_saved_model_only(tmp_path):
    run = make_run(tmp_path / "edges", "pix2pix", image_size=32, load_size=32)
    with pytest.raises(UsageError, match="--formats=tflite has no op for the dropout .*; saved_model has"):
        main([f"--run_dir={run}", "--formats=saved_model,tflite", f"--output={tmp_path / 'out'}"])
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--formats=onyx"], "--formats=onyx: onyx must be one of saved_model, onnx, tflite, html"),
        (["--formats="], "--formats=: nothing must be one of"),
        (["--onnxruntime_web={0}"], "--onnxruntime_web goes with --formats=html"),
        (["--direction=CtoD"], "--direction=CtoD: the model cyclegan of this run has AtoB, BtoA"),
        ([], "missing --direction: the model cyclegan of this run has AtoB, BtoA, or both"),
        (["--direction=AtoB", "--checkpoint=5"], "has no checkpoint of step 5; there are those of 7"),
        (["--direction=AtoB", "--output={0}/taken"], "holds something else than an earlier export"),
        (["--direction=AtoB", "--output={0}/taken/mine.txt"], "is a file; --output must name a folder"),
        (["--direction=AtoB", "--output={1}/checkpoints"], "belongs to a run"),
    ],
)
def test_mistakes_are_one_line_and_write_nothing(run, tmp_path, arguments, words):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/mine.txt").write_text("mine")
    before = snapshot(tmp_path)
    given = [argument.format(tmp_path, run) for argument in arguments]
    with pytest.raises(UserError) as error:
        main([f"--run_dir={run}", f"--output={tmp_path / 'out'}", *given])
    assert words in str(error.value) and "\n" not in str(error.value)
    assert snapshot(tmp_path) == before


def test_a_parity_json_of_another_program_is_no_export(tmp_path):
    (tmp_path / PARITY).write_text(json.dumps({"program": "other", "files": {}}))
    assert not holds_exports_only(tmp_path)
