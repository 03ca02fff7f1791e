"""Damaged archives and databases: listed, read, unpacked and converted, or said to be damaged."""

import shutil
import tarfile

import pytest

from base.errors import DataError, UserError
from downloads.unpack import unpack
from inputs.archives import open_archive
from inputs.images import BadImage, read_bytes
from inputs.layouts import open_folder
from inputs.lsun import FILE, open_database
from inputs.splits import domain_splits
from inputs.trees import TreePath
from tests.helpers.archives import image_bytes, make_tar, make_zip, special
from tests.helpers.errors import complaint
from tests.helpers.lmdb import write_database
from tests.helpers.mutations import EXTREMES, mutated
from tests.helpers.programs import assert_kept, snapshot

pytestmark = pytest.mark.fuzz


@pytest.fixture(params=[".zip", ".tar", ".tar.gz", "-pax.tar", "-gnu.tar"])
def archive(request, tmp_path):
    """An archive, whole."""
    path, name = tmp_path / f"x{request.param}", "long/" * 30
    files = {f"set/{place}/{n}.png": image_bytes(tmp_path, n) for n, place in enumerate(("trainA", name + "trainB"))}
    if path.suffix == ".zip":
        return make_zip(path, files)
    if "-" in path.name:
        with tarfile.open(path, "w", format=tarfile.PAX_FORMAT if "pax" in path.name else tarfile.GNU_FORMAT) as tar:
            for name in files:
                tar.add(tmp_path / ".0.png", name)
        return path
    return make_tar(path, files, special("set/empty", tarfile.DIRTYPE))


def damaged(archive, draw):
    """A copy of an archive with damage: in its bytes, or in the numbers and names of a tar's headers."""
    data = bytearray(archive.read_bytes())
    heads = [place for place in range(0, len(data), 512) if data[place + 257 : place + 262] == b"ustar"]
    if heads and draw.randrange(4):
        for head in draw.choices(heads, k=draw.choice((1, 1, 2))):
            field = slice(head + draw.choice((0, 100, 124, 124, 156, 157, 345)), head + 512)
            new = draw.choice((
                *(b"\x80" + (number % 2**88).to_bytes(11, "big") for number in EXTREMES), b"\xff" * 12,
                b"\xff" * 10 + b"\xfa\0",
                *(b"%011o " % abs(number) for number in EXTREMES[:8]), *(b"%d" % kind for kind in range(8)), b"S", b"x",
                b"g", b"L", b"K", b"../../x.png\0", b"/tmp/x.png\0", b"\0", b"-0000000001 ",
            ))  # fmt: skip
            data[field] = (new + data[field][len(new) :])[: 512 - (field.start - head)]
            data[head + 148 : head + 156] = b" " * 8
            data[head + 148 : head + 156] = b"%06o\0 " % sum(data[head : head + 512])
    else:
        data = mutated(bytes(data), draw)
    path = archive.with_name(f"{draw.random()}{archive.name}")
    path.write_bytes(data)
    return path


def test_damaged_archive_is_read_or_said_to_be_damaged(fuzz, archive, tmp_path):
    def attack(draw):
        path = damaged(archive, draw)
        before = snapshot(tmp_path)
        said = complaint(DataError, open_archive, path)
        assert not said or said.startswith(f"{path}: ")
        if not said:
            tree = open_archive(path)
            for name in tree.sizes:
                complaint(BadImage, read_bytes, TreePath(tree, name))
            complaint(DataError, lambda: domain_splits(open_folder(path), 0))
        assert_kept(before, tmp_path)
        path.unlink()

    fuzz(attack, rounds=150)


def test_damaged_archive_is_unpacked_into_its_folder_or_not_at_all(fuzz, archive, tmp_path):
    def attack(draw):
        path, folder = damaged(archive, draw), tmp_path / "out"
        before = snapshot(tmp_path)
        folder.mkdir()
        complaint(UserError, unpack, path, folder)
        assert all(found.is_dir() or found.is_file() for found in folder.rglob("*"))
        assert not any(found.is_symlink() for found in folder.rglob("*"))
        shutil.rmtree(folder)
        assert snapshot(tmp_path) == before
        path.unlink()

    fuzz(attack, rounds=60)


@pytest.mark.parametrize("name", ["values", "lsun"])
def test_damaged_database_is_read_or_said_to_be_damaged(fuzz, name, tmp_path):
    whole = (write_database(tmp_path / "whole", name) / FILE).read_bytes()
    folder = tmp_path / "base"
    folder.mkdir()

    def attack(draw):
        data = bytearray(whole)
        for _ in range(draw.choice((0, 1, 1, 2, 8))):  # in the headers of pages, where all is told
            place = draw.randrange(0, len(data), 4096) + draw.randrange(160)
            data[place] = draw.choice((data[place] ^ 1 << draw.randrange(8), 0, 1, 255, draw.randrange(256)))
        (folder / FILE).write_bytes(data if data != whole else mutated(whole, draw))
        said = complaint(DataError, open_database, folder)
        assert not said or said.startswith(str(folder))
        if not said:
            tree = open_database(folder).tree
            for image in draw.sample(sorted(tree.sizes), min(20, len(tree.sizes))):
                complaint(BadImage, read_bytes, TreePath(tree, image))

    fuzz(attack, rounds=60)
