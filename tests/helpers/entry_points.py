"""The entry points in processes of their own, each with a small piece of work; and what is whole of what they write."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from inputs.records import index_records
from tests.conftest import ROOT
from tests.helpers.runs import flags

STEPS = 40  # of the run that train.py makes
PHOTOS = 6
TINY = {  # a WGAN: of the models the fastest to build
    "model": "wgan", "image_size": 16, "load_size": 16, "ngf": 4, "ndf": 4, "z_size": 4, "batch_size": 2,
    "critic_steps": 2, "critic_lead": 2, "precision": "float32", "checkpoint_every": 4, "sample_every": 1000,
}  # fmt: skip

SMALL = {"image_size": 24, "ndf": 4, "discriminator_layers": 1, "lambda_identity": 0, "pool_size": 2}  # of a CycleGAN


class EntryPoint(NamedTuple):
    """A command.

    Attributes:
      script: path in the repository.
      arguments: with "{material}" for the folder of the fixture `material`; it writes to the current folder.
      made: patterns of the files that must be there in the end.
    """

    script: str
    arguments: Sequence[str]
    made: Sequence[str]

    @property
    def name(self) -> str:
        """What it calls itself."""
        return Path(self.script).name


ENTRY_POINTS = {
    "train": EntryPoint(
        "train.py",
        flags({"data_dir": "{material}/scenes", "run_dir": "run", "max_steps": STEPS, **TINY}),
        ["run/config.json", f"run/checkpoints/model-{STEPS}.index", f"run/samples/step-{STEPS:08d}.png"],
    ),
    "build_data": EntryPoint(
        "build_data.py",
        ["--source={material}/scenes", "--output=out", "--overwrite"],
        [
            "out/dataset.json",
            *(f"out/{split}-00000-of-00001.*" for split in ("trainA", "trainB", "testA", "testB")),
        ],
    ),
    "get_data": EntryPoint(
        "scripts/get_data.py",
        ["pix2pix_facades", "--archive={material}/facades.tar.gz", "--output=out"],
        ["out/source.json", "out/train/2.png"],
    ),
    "check_data": EntryPoint(
        "scripts/check_data.py",
        ["{material}/scenes", "--page=found.html", "--exclude=exclude.txt", "--overwrite"],
        ["found.html", "exclude.txt"],
    ),
    "translate": EntryPoint(
        "scripts/translate.py",
        ["--run_dir={material}/summer", "--direction=AtoB", "--input={material}/photos", "--output=out", "--overwrite"],
        ["out/index.html", *(f"out/{number}.png" for number in range(PHOTOS))],
    ),
    "sample": EntryPoint(
        "scripts/sample.py",
        ["--run_dir={material}/rooms", "--count=5", "--output=out", "--grid=grid.png", "--overwrite"],
        ["grid.png", *(f"out/{number:05d}.png" for number in range(5))],
    ),
    "export": EntryPoint(
        "scripts/export.py",
        ["--run_dir={material}/summer", "--direction=AtoB", "--output=out", "--overwrite"],
        ["out/README.md", "out/parity.json", "out/saved_model/1/saved_model.pb"],
    ),
    "import_weights": EntryPoint(
        "scripts/import_weights.py",
        flags({"source": "{material}/saved", "run_dir": "run", "overwrite": True, **SMALL}),
        ["run/config.json", "run/checkpoints/model-0.index", "run/checkpoints/model-0.data-*"],
    ),
    "evaluate": EntryPoint(
        "scripts/evaluate.py",
        ["--real={material}/scenes/trainA", "--fake={material}/scenes/trainB", "--output=figures.json"],
        ["figures.json"],
    ),
    "benchmark": EntryPoint(
        "scripts/benchmark.py",
        ["--what=build_data", "--rounds=1", "--data_dir={material}/scenes", "--json=figures.json", "--overwrite"],
        ["figures.json"],
    ),
}


def command(entry: EntryPoint, material: Path) -> list[str]:
    """The command line of its work."""
    return [sys.executable, str(ROOT / entry.script), *(text.format(material=material) for text in entry.arguments)]


def start(entry: EntryPoint, material: Path, place: Path, before: Sequence[str] = (), **options) -> subprocess.Popen:
    """Starts it in the folder `place`, in a process group of its own.

    Args:
      entry, material, place: what, with what, and where.
      before: a command that runs the one that follows it.
      **options: for Popen.
    """
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    return subprocess.Popen([*before, *command(entry, material)], cwd=place, **{**streams, **options})


def run(entry: EntryPoint, material: Path, place: Path, before: Sequence[str] = (), **options) -> tuple[int, str, str]:
    """Runs it to its end; gives its exit code, and what it wrote to standard output and to standard error."""
    process = start(entry, material, place, before, **options)
    out, err = process.communicate(timeout=240)
    return process.returncode, out, err


def missing(entry: EntryPoint, place: Path) -> list[str]:
    """The patterns of what it makes that no file in `place` fits."""
    return [pattern for pattern in entry.made if not any(place.glob(pattern))]


def check_whole(place: Path) -> None:
    """Reads all files below `place` but hidden and temporary ones; what is half a file raises."""
    for path in sorted(place.rglob("*")):
        inside = path.relative_to(place).as_posix()
        if path.is_dir() or "/." in f"/{inside}" or ".partial-" in inside or ".replaced-" in inside:
            continue
        match path.suffix:
            case ".png" | ".jpg":
                with Image.open(path) as image:
                    image.load()
            case ".json":
                json.loads(path.read_text())
            case ".html":
                assert path.read_text(encoding="utf-8").rstrip().endswith("</html>"), path
            case ".tfrecord":
                index_records(path)
            case ".index":
                assert path.stat().st_size and path.with_suffix(".data-00000-of-00001").stat().st_size, path
