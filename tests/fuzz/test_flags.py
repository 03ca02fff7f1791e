"""Odd command lines: every entry point, up to the work itself, which is left out or made small."""

import contextlib
import itertools
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import build_data
import train
from base.errors import UsageError
from base.options import options
from downloads.catalogue import DATA_SETS
from models.registry import MODELS, find_model
from scripts import benchmark, check_data, evaluate, export, get_data, import_weights, sample, serve, translate
from serving import app
from serving.server import listen
from tests.conftest import ROOT
from tests.helpers import build
from tests.helpers.images import photo, save
from tests.helpers.mutations import command_line
from tests.helpers.programs import Ended, assert_kept, assert_well_ended, run_here, snapshot
from tests.helpers.untrained import STEP, FakeRun, make_run
from training import graph

FILE = "photos/trainA/1.png"
FOLDERS = ("photos", "photos/trainA", "run", "built", "taken", "new", "new/sub", "link", "pipe", ".", f"{FILE}/x")
PLACES = (FILE, *FOLDERS)
OWN = r"(taken|built)/(.*\.(png|html|zip|json|tfrecord|jpg)|inputs)|built"  # what --overwrite may be about
CONFIG = {name: option for model in MODELS for name, option in options(find_model(model).config_class).items()}
SWITCH = (None, "true")
ENTRIES = {  # by name: main, its options, and texts that these may well have, the most usual first; None leaves one out
    "train": (
        train.main,
        CONFIG,
        {
            "data_dir": ("photos", "built", "scenes", "photos/trainA,photos/trainB", None, *PLACES),
            "run_dir": ("new", "run", None, *PLACES),
            "model": (None, *MODELS),
            "preset": (None, "demo", "facades", "wgan32", "taken/dataset.json"),
            "image_size": ("32", "64", "16", None),
            "overwrite": SWITCH,
        },
    ),
    "build_data": (
        build_data.main,
        options(build_data.BuildOptions),
        {
            "output": ("new", "built", "taken", *PLACES),
            "source": ("photos", None, *PLACES),
            "images": (None, "photos", *PLACES),
            "exclude": (None, None, "taken/notes.txt", *PLACES),
            "pairs": SWITCH,
            "overwrite": SWITCH,
        },
    ),
    "translate": (
        translate.main,
        options(translate.TranslateOptions),
        {
            "run_dir": ("run", *PLACES),
            "direction": ("AtoB", "BtoA"),
            "input": ("photos", "built", *PLACES),
            "output": ("new", "taken", *PLACES),
            "zip": (None, "new.zip", "taken/out.zip", "new/out.zip", *FOLDERS),
            "overwrite": SWITCH,
        },
    ),
    "sample": (
        sample.main,
        options(sample.SampleOptions),
        {
            "run_dir": ("run", *PLACES),
            "output": ("new", "taken", None, *PLACES),
            "grid": (None, "new.png", "taken/grid.png", "new/00000.png", *FOLDERS),
            "count": ("3", "0", "4", None),
            "overwrite": SWITCH,
        },
    ),
    "import_weights": (
        import_weights.main,
        {**options(import_weights.ImportOptions), **options(find_model("cyclegan").config_class)},
        {"source": ("weights", *PLACES), "run_dir": ("new", "run", *PLACES), "overwrite": SWITCH},
    ),
    "export": (
        export.main,
        options(export.ExportOptions),
        {
            "run_dir": ("run", *PLACES),
            "output": ("new", "taken", *PLACES),
            "direction": ("AtoB", "both", None),
            "formats": (None, "saved_model", "saved_model,onnx", "html"),
            "onnxruntime_web": (None, *PLACES),
            "overwrite": SWITCH,
        },
    ),
    "serve": (
        serve.main,
        options(serve.ServeOptions),
        {
            "run_dir": ("run", None, *PLACES),
            "model": (None, None, *PLACES),
            "port": ("0", None, "8000"),
        },
    ),
    "get_data": (
        get_data.main,
        options(get_data.GetOptions),
        {
            "name": (*DATA_SETS, None),
            "output": (None, "new", *PLACES),
            "archive": (None, "taken/out.zip", *PLACES),
            "mirror": (None, "https://example.org/mirror"),
            "list": (None, None, "true"),
        },
    ),
    "check_data": (
        check_data.main,
        options(check_data.CheckOptions),
        {
            "data_dir": ("photos", "built", "photos/trainA,photos/trainB", *PLACES),
            "pairs": SWITCH,
            "page": (None, "new.html", "taken/index.html", *PLACES),
            "exclude": (None, "new.txt", "taken/notes.txt", *PLACES),
            "overwrite": SWITCH,
        },
    ),
    "evaluate": (
        evaluate.main,
        options(evaluate.EvaluateOptions),
        {
            "run_dir": ("run", None, None, *PLACES),
            "real": (None, "photos/trainA", *PLACES),
            "fake": (None, "photos/trainB", *PLACES),
            "compare": (None, None, "run", "run,photos"),
            "paired": SWITCH,
            "inception": (None, None, "taken/notes.txt", *PLACES),
            "palette": (None, None, "taken/notes.txt", *PLACES),
            "features": (None, None, "run", *PLACES),
            "data_dir": (None, "photos", *PLACES),
            "output": (None, "new.json", *PLACES),
        },
    ),
    "benchmark": (
        benchmark.main,
        options(benchmark.BenchmarkOptions),
        {
            "what": (None, "pipeline", "training"),
            "data_dir": (None, "photos"),
            "json": ("new.json", "taken/dataset.json", None, *FOLDERS),
            "overwrite": SWITCH,
        },
    ),
}
ODD_BYTES = (b"\xff", b"\xc3", b"\x1b[2J", b"\n")
MOST_SECONDS = 60  # of a process

pytestmark = pytest.mark.fuzz


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    """A folder with everything that command lines may name; the current one would be its folder `here`."""
    here = tmp_path_factory.mktemp("material") / "here"
    for split, number in itertools.product(("trainA", "trainB", "testA", "testB"), (1, 2)):
        save(here / "photos" / split / f"{number}.png", photo(number, 40, 40))
    for name in ("1.png", "00000.png", "grid.png", "index.html", "out.zip", "notes.txt", "dataset.json"):
        (here / "taken" / name).parent.mkdir(exist_ok=True)
        (here / "taken" / name).write_text(f"my own {name}")
    build.build_well(source=here / "photos", output=here / "built")
    make_run(here / "run")
    (here / "weights").mkdir()
    (here / "weights" / "latest_net_G_A.pth").write_bytes(b"none")
    with contextlib.suppress(ImportError):
        import torch

        from benchmarks.torch_networks import ResNetGenerator

        torch.save(ResNetGenerator(3, 3, 4, 1).state_dict(), here / "weights" / "latest_net_G_A.pth")
    os.mkfifo(here / "pipe")
    (here / "link").symlink_to("photos")
    return here.parent


@pytest.fixture
def without_work(monkeypatch):
    """Stops the programs where their work would begin, or puts something small in the place of it."""

    def begin(*arguments, **options):
        raise UsageError("the work would begin")

    def generate(count, seed):
        yield from [np.zeros([8, 8, 3], np.uint8)] * min(count, 3)
        if count > 3:
            begin()

    monkeypatch.setattr(graph, "available_memory", lambda: 1 << 30)
    monkeypatch.setattr(train.scenes, "draw", lambda size: "photos")
    monkeypatch.setattr(train, "build_training_graph", begin)
    monkeypatch.setattr(build_data, "worker_processes", begin)
    monkeypatch.setattr(translate, "IsolatedRun", lambda *arguments: FakeRun())
    fake = SimpleNamespace(generated_shape=(8, 8, 3), generate=generate, step=STEP)
    monkeypatch.setattr(sample, "load_run", lambda run_dir, precision, checkpoint: fake)
    monkeypatch.setattr(import_weights, "write_run", begin)
    monkeypatch.setattr(export, "load_run", begin)
    monkeypatch.setattr(check_data, "survey", begin)
    monkeypatch.setattr(evaluate, "load_run", begin)
    monkeypatch.setattr(serve, "listen", lambda host, port: listen("127.0.0.1", 0))
    monkeypatch.setattr(app, "Isolated", begin)
    monkeypatch.setattr(get_data, "Download", begin)
    monkeypatch.setattr(benchmark, "COMPARISONS", dict.fromkeys(benchmark.COMPARISONS, lambda setting: []))


def place_for(draw, material, parent):
    """Copies what command lines name, and gives the folder to run them in."""
    return shutil.copytree(material, parent / f"{draw.random()}", symlinks=True, copy_function=copied) / "here"


def copied(source, target):
    """Copies a file, or a pipe of that name."""
    if os.path.basename(source) == "pipe":
        os.mkfifo(target)
    else:
        shutil.copy2(source, target)


def arguments_for(name, draw):
    """Draws a command line of a program."""
    _, known, usual = ENTRIES[name]
    return command_line(known, usual, draw)


@pytest.mark.slow
@pytest.mark.usefixtures("without_work")
@pytest.mark.parametrize("name", ENTRIES)
def test_odd_command_line_is_followed_or_refused(fuzz, name, material, tmp_path, monkeypatch, capfd):
    def attack(draw):
        here = place_for(draw, material, tmp_path)
        monkeypatch.chdir(here)
        monkeypatch.setenv("HOME", str(here.parent / "home"))
        arguments = arguments_for(name, draw)
        before = snapshot(here.parent)
        ended = run_here(ENTRIES[name][0], arguments, capfd)
        assert_well_ended(ended)
        replaces = any("overwrite" in argument for argument in arguments)
        assert_kept(before, here.parent, owned=f"here/({OWN})" if replaces else "")
        shutil.rmtree(here.parent)

    fuzz(attack, rounds=40)


def as_bytes(text):
    """An argument as a system may pass it on: without NUL, and not too long."""
    return text.encode(errors="surrogatepass").replace(b"\0", b"")[:10_000]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["build_data", "scripts/sample", "scripts/translate"])
def test_odd_bytes_on_a_real_command_line_are_refused(fuzz, name, material, tmp_path):
    def attack(draw):
        here = place_for(draw, material, tmp_path)
        arguments = [as_bytes(text) + draw.choice(ODD_BYTES) for text in arguments_for(name.split("/")[-1], draw)]
        before = snapshot(here.parent)
        command = [sys.executable, ROOT / f"{name}.py", *arguments]
        ran = subprocess.run(command, cwd=here, capture_output=True, timeout=MOST_SECONDS)
        assert_well_ended(Ended(ran.returncode, ran.stdout.decode(), ran.stderr.decode()))
        assert_kept(before, here.parent)

    fuzz(attack, rounds=2)
