"""scripts/evaluate.py: figures of runs and folders, kept where they can be compared, and mistakes in one line."""

import hashlib
import itertools
import json
import shutil

import numpy as np
import pytest

from base.errors import UserError
from base.places import as_path
from run_folder.best import BestCheckpoint, Rule
from run_folder.metrics import Metrics
from scripts.evaluate import main
from tests.helpers.images import photo, save
from tests.helpers.inception import write_inception
from tests.helpers.places import put_folder
from tests.helpers.untrained import make_run


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Folders of eight images of 32 px."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(8):
        for seed, name in enumerate(("trainA", "trainB", "testA", "testB", "other")):
            save(folder / name / f"{number}.png", photo(100 * seed + number, 32, 32))
    return folder


@pytest.fixture(scope="module")
def made(photos, tmp_path_factory):
    """Folder of an untrained CycleGAN of these images."""
    return make_run(tmp_path_factory.mktemp("run") / "photos", data_dir=str(photos))


@pytest.fixture
def run(made, tmp_path):
    """The same, untouched."""
    return shutil.copytree(made, tmp_path / "photos")


def test_folders_are_judged_without_a_run(photos, tmp_path, capsys):
    output = tmp_path / "figures.json"
    assert main([f"--real={photos}/testB", f"--fake={photos}/other", f"--output={output}"]) == 0
    shown = capsys.readouterr().out
    assert f"{photos}/other: 8 {photos}/other" in shown
    assert "swd_32" in shown and "lower is better" in shown
    (record,) = json.loads(output.read_text())["records"]
    assert record["protocol"]["reals"]["images"] == 8
    assert [figure["name"] for figure in record["figures"]] == ["swd", "swd_32", "swd_16", "contrast", "variety"]


def test_folder_beside_itself_has_no_distance(photos, capsys):
    main([f"--real={photos}/other", f"--fake={photos}/other"])
    assert capsys.readouterr().out.splitlines()[1].split()[:2] == ["swd", "0"]


def test_maps_in_folders_are_judged_by_a_palette(tmp_path, capsys):
    for number in range(3):
        truth = np.zeros([16, 20, 3], np.uint8)
        truth[:, :5] = 255
        save(tmp_path / "labels" / f"{number}.png", truth)
        save(tmp_path / "seen" / f"{number}.png", np.where(np.arange(20)[:, None] < 10, 230, truth).astype(np.uint8))
    (tmp_path / "palette.txt").write_text("0 0 0 land\n255 255 255 sea\n")
    folders = [f"--real={tmp_path}/labels", f"--fake={tmp_path}/seen", "--paired", f"--palette={tmp_path}/palette.txt"]
    assert main([*folders, f"--output={tmp_path}/x.json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    figures = {line.split()[0]: line.split()[1] for line in lines}
    assert figures["pixel_accuracy"] == "0.75" and figures["iou_sea"] == "0.5" and "psnr" in figures
    assert "Farthest: result, counterpart" in (tmp_path / "x.html").read_text()


def test_palette_is_refused_where_a_run_has_no_counterparts(run, tmp_path):
    (tmp_path / "palette.txt").write_text("0 0 0 land\n255 255 255 sea\n")
    with pytest.raises(UserError, match=r"the images of .*photos have no counterparts .* --real, --fake and --paired"):
        main([f"--run_dir={run}", f"--palette={tmp_path}/palette.txt"])


@pytest.mark.slow
def test_maps_of_a_run_are_judged_by_a_palette(tmp_path):
    for split, number in itertools.product(("train", "test"), range(3)):
        save(tmp_path / "data" / split / f"{number}.png", photo(number, 32, 32), photo(10 + number, 32, 32))
    run = make_run(tmp_path / "maps", "pix2pix", data_dir=str(tmp_path / "data"))
    (tmp_path / "palette.txt").write_text("0 0 0 land\n255 255 255 sea\n")
    assert main([f"--run_dir={run}", f"--palette={tmp_path}/palette.txt", "--measures=mean_iou"]) == 0
    (record,) = json.loads((run / "evaluation.json").read_text())["records"]
    assert [figure["name"] for figure in record["figures"]][:3] == ["mean_iou", "pixel_accuracy", "class_accuracy"]
    digest = hashlib.sha256((tmp_path / "palette.txt").read_bytes()).hexdigest()
    assert record["figures"][0]["depends_on"] == {"palette_sha256": digest}


@pytest.mark.slow
def test_run_is_judged_in_both_directions_and_keeps_its_figures(run, capsys):
    assert main([f"--run_dir={run}"]) == 0
    shown = capsys.readouterr().out
    assert "photos, step 7, AtoB: 8 translations of images of testA" in shown
    assert "cycle_psnr" in shown and "luminance_correlation" in shown
    records = json.loads((run / "evaluation.json").read_text())["records"]
    assert [record["name"] for record in records] == ["AtoB", "BtoA"]
    assert records[0]["protocol"]["reals"]["origin"] == "images of testB"
    page = (run / "evaluation.html").read_text()
    assert page.count("<h2>") == 2 and page.count('<img alt="" src="data:image/png') >= 2 * 2 * 8
    assert "http" not in page.replace("http://www.w3.org/2000/svg", ""), "nothing is fetched"
    before = (run / "evaluation.json").read_bytes()
    assert main([f"--run_dir={run}"]) == 0
    assert (run / "evaluation.json").read_bytes() == before, "the same command gives the same figures"


@pytest.mark.slow
def test_run_at_a_path_with_a_scheme_keeps_its_figures_there(made, capsys):
    run = put_folder(made, as_path("ram://runs/photos"))
    assert main([f"--run_dir={run}", "--measures=change", "--checkpoint=all"]) == 0
    capsys.readouterr()
    assert main([f"--compare={run},{run}"]) == 0
    assert "photos, step 7 and 1 more" in capsys.readouterr().out
    assert (run / "evaluation.html").is_file()


def test_best_checkpoint_is_judged_as_what_it_is(run, capsys):
    with pytest.raises(UserError, match="has kept no best checkpoint"):
        main([f"--run_dir={run}", "--checkpoint=best"])
    lines = Metrics(run / "metrics.jsonl")
    lines.add(7, 1.0, {"test/swd": 3.0})
    BestCheckpoint(run / "best.json", Rule("swd", False, ["test/swd"], {}), lines, [7])
    assert main([f"--run_dir={run}", "--checkpoint=best", "--measures=change"]) == 0
    assert "photos, step 7, best by swd, AtoB: 8 translations" in capsys.readouterr().out


@pytest.mark.slow
def test_inception_gives_figures_that_name_it(run, tmp_path, capsys):
    write_inception(tmp_path / "graph.pb", "ExpandDims")
    assert main([f"--run_dir={run}", f"--inception={tmp_path}/graph.pb", "--measures=kid,fid"]) == 0
    shown = capsys.readouterr().out
    assert "FID of 8 images depends on their number" in shown
    figures = json.loads((run / "evaluation.json").read_text())["records"][0]["figures"]
    assert [figure["name"] for figure in figures] == ["kid", "fid"]
    assert figures[0]["depends_on"]["features"] == "inception-original"


@pytest.mark.slow
def test_runs_are_compared_by_what_was_kept(run, tmp_path, capsys):
    same, fewer = (shutil.copytree(run, tmp_path / name) for name in ("same", "fewer"))
    for folder, extra in ((run, []), (same, []), (fewer, ["--count=4"])):
        main([f"--run_dir={folder}", "--measures=swd", *extra])
    capsys.readouterr()
    assert main([f"--compare={run},{same},{fewer}"]) == 0
    shown = capsys.readouterr().out
    assert "photos, step 7 and 1 more" in shown and "± 0" in shown
    assert "fewer, step 7 was not judged as photos, step 7: reals: images 8 and 4" in shown


@pytest.mark.slow
@pytest.mark.usefixtures("shallow_darknet")
def test_classifier_is_judged_by_its_verdicts(tmp_path, capsys):
    for number in range(6):
        for split in ("train", "test"):
            save(tmp_path / "data" / split / ("cat", "dog", "cow")[number % 3] / f"{number}.png", photo(number, 20, 20))
    run = make_run(tmp_path / "pets", "darknet", data_dir=str(tmp_path / "data"))
    assert main([f"--run_dir={run}"]) == 0
    shown = capsys.readouterr().out
    assert "pets, step 7: 6 images of test" in shown
    assert "calibration_error" in shown and "accuracy_cow" in shown


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], "give --run_dir=DIR, or --real=DIR and --fake=DIR"),
        (["--run_dir=run", "--real=a", "--fake=b"], "give --run_dir=DIR, or"),
        (["--real=a"], "--real and --fake go together"),
        (["--run_dir=run", "--inception=a.pb", "--features=b"], "leave one out"),
        (["--real=a", "--fake=b", "--checkpoint=3"], "--checkpoint has no effect without --run_dir"),
        (["--run_dir=run", "--size=64"], "--size has no effect without --real"),
        (["--run_dir=run", "--fid_mode=clean"], "--fid_mode has no effect without --inception"),
        (["--run_dir=run", "--paired"], "--paired has no effect without --real"),
        (["--compare=run", "--measures=swd"], "--measures has no effect with --compare"),
        (["--compare=run", "--palette=x"], "--palette has no effect with --compare"),
        (["--run_dir=run", "--palette=x", "--measures=swd"], "--palette has no effect with --measures=swd"),
        (["--real={0}/other", "--fake={0}/other", "--palette=x"], "--palette needs pairs"),
        (["--real={0}/other", "--fake={0}/other", "--paired", "--palette=x"], "x: No such file"),
        (["--run_dir=nowhere", "--palette={0}/other/0.png"], "0.png, line 1:"),
        (["--real={0}/other", "--fake={0}/other", "--measures=mean_iou"], "for lack of: paired, palette"),
        (["--run_dir=nowhere", "--checkpoint=all"], "no such run folder"),
        (["--run_dir=run", "--measures=swd,fdi"], "there is no fdi; there are psnr"),
        (["--compare=,"], "must be names of run folders"),
        (["--compare=nowhere"], "nowhere/evaluation.json: no such file"),
        (["--run_dir=nowhere"], "no such run folder"),
        (["--real={0}/nowhere", "--fake={0}/other"], "nowhere"),
        (["--real={0}/other", "--fake={0}/other", "--measures=psnr"], "--measures=psnr: cannot be taken here"),
        (["--real={0}/other", "--fake={0}/other", "--output={0}/other/0.png"], "must be the name of a .json file"),
        (["--real={0}/other", "--fake={0}/other", "--output={0}/none/x.json"], "x.json"),
    ],
)
def test_mistakes_are_one_line_and_write_nothing(photos, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    before = sorted(photos.rglob("*"))
    with pytest.raises(UserError) as error:
        main([argument.format(photos) for argument in arguments])
    assert words in str(error.value) and "\n" not in str(error.value)
    assert sorted(photos.rglob("*")) == before and not list(tmp_path.iterdir())
