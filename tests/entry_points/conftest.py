"""What all entry points work on, made once; and places for what they write."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from inputs.scenes import write_scenes
from tests.helpers import pytorch
from tests.helpers.archives import image_bytes, make_tar
from tests.helpers.entry_points import ENTRY_POINTS, PHOTOS, EntryPoint
from tests.helpers.untrained import make_run, noise


@pytest.fixture(scope="session")
def material(tmp_path_factory):
    """A folder with scenes, photos, an archive, a CycleGAN run `summer`, a WGAN run `rooms`, and a saved generator."""
    folder = tmp_path_factory.mktemp("material")
    write_scenes(folder / "scenes", 24, train=5, test=2)
    make_run(folder / "summer")
    make_run(folder / "rooms", "wgan")
    for number in range(PHOTOS):
        (folder / "photos").mkdir(exist_ok=True)
        noise(24, 32, number).save(folder / "photos" / f"{number}.png")
    pictures = {f"facades/{split}/{i}.png": image_bytes(folder, i) for split in ("train", "val") for i in range(4)}
    make_tar(folder / "facades.tar.gz", pictures)
    if importlib.util.find_spec("torch"):
        from benchmarks.torch_networks import ResNetGenerator

        (folder / pytorch.SOURCE).mkdir()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            pytorch.save("G_A", ResNetGenerator(3, 3, 4, 1))
    return folder


@pytest.fixture(params=ENTRY_POINTS)
def entry(request) -> EntryPoint:
    """Each entry point in turn."""
    if request.param == "import_weights":
        pytest.importorskip("torch")
    return ENTRY_POINTS[request.param]


@pytest.fixture
def place(tmp_path) -> Path:
    """The folder that an entry point is started in, with a file of someone else's."""
    folder = tmp_path / "place"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    return folder


class SmallDisk:
    """A folder on a disk that is nearly full, or where none can be made, a limit on the size of files.

    Attributes:
      path: of the folder.
      before: a command that runs the one behind it under the limit.
    """

    def __init__(self, path: Path, mounted: bool):
        self.path, self.before, self._mounted = path, [], mounted

    def leave(self, free: int) -> None:
        """Fills it up, but for some KiB."""
        if self._mounted:
            with open(self.path / "filler", "wb") as file:
                file.write(bytes(shutil.disk_usage(self.path).free - free * 1024))
        else:
            self.before = ["bash", "-c", f'ulimit -f {free}; exec "$@"', "-"]

    def empty(self) -> None:
        """Gives the space back."""
        (self.path / "filler").unlink(missing_ok=True)
        self.before = []


@pytest.fixture
def small_disk(place):
    """A SmallDisk in the place of `place`; a tmpfs where this user may mount one."""
    disk = place / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "none", str(disk)]
    mounted = bool(shutil.which("mount")) and subprocess.run(mount, capture_output=True).returncode == 0
    (disk / "mine.txt").write_text("mine")
    yield SmallDisk(disk, mounted)
    if mounted:
        subprocess.run(["umount", "--lazy", disk], check=True)


@pytest.fixture
def unwritable(place):
    """`place` without permission to write, and the command to run others with that keeps root from writing, too."""
    before = []
    if os.geteuid() == 0:
        before = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]
        if not shutil.which("setpriv"):
            pytest.skip("root writes everywhere, and there is no setpriv to take that from it")
    place.chmod(0o555)
    yield before
    place.chmod(0o755)
