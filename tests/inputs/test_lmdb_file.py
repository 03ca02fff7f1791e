"""LMDB's files, as LMDB itself wrote them; and damaged ones."""

import pytest

from inputs.lmdb_file import LmdbFile
from tests.helpers.lmdb import DATABASES, values, write_database


@pytest.mark.parametrize("name", ["values", "empty"])
def test_every_value_is_found_in_the_order_of_the_keys(tmp_path, name):
    with open(write_database(tmp_path / "base", name) / "data.mdb", "rb") as file:
        opened = LmdbFile(file)
        found = [(value.key, opened.read(value.offset, value.size)) for value in opened.values()]
    assert found == sorted(DATABASES[name]().items())


def test_tree_that_is_tried_has_branches_and_overflow_pages(tmp_path):
    with open(write_database(tmp_path / "base", "values") / "data.mdb", "rb") as file:
        opened = LmdbFile(file)
        assert opened._depth > 1
        assert any(value.offset % opened.page_size == 16 for value in opened.values())


def test_the_newer_of_the_meta_pages_counts(tmp_path):
    """The older one is of a state that held another key."""
    file = write_database(tmp_path / "base", "values") / "data.mdb"
    data = bytearray(file.read_bytes())
    newer = max((0, 4096), key=lambda start: int.from_bytes(data[start + 144 : start + 152], "little"))
    data[newer + 144 : newer + 152] = bytes(8)  # its number of transaction
    file.write_bytes(data)
    with open(file, "rb") as opened:
        assert b"gone" in {value.key for value in LmdbFile(opened).values()}


def test_every_cut_is_told(tmp_path):
    file = write_database(tmp_path / "base", "values") / "data.mdb"
    data = file.read_bytes()
    for kept in (0, 10, 150, 4096, 4200, 8192, len(data) // 2, len(data) - 4096, len(data) - 1):
        file.write_bytes(data[:kept])
        with open(file, "rb") as opened, pytest.raises(ValueError, match="cut short|is damaged"):
            list(LmdbFile(opened).values())


def test_damage_of_a_value_on_pages_of_its_own_is_told_when_it_is_read(tmp_path):
    file = write_database(tmp_path / "base", "values") / "data.mdb"
    with open(file, "rb") as opened:
        whole = LmdbFile(opened)
        large = next(value for value in whole.values() if value.offset % whole.page_size == 16)
    data = bytearray(file.read_bytes())
    data[large.offset - 16] ^= 1  # the number of its first page
    file.write_bytes(data)
    with open(file, "rb") as opened, pytest.raises(ValueError, match="is damaged in page"):
        LmdbFile(opened).read(large.offset, large.size)


@pytest.mark.parametrize("content", [b"no database at all" * 1000, bytes(20_000)])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "data.mdb").write_bytes(content)
    with open(tmp_path / "data.mdb", "rb") as opened, pytest.raises(ValueError, match="is no LMDB file"):
        LmdbFile(opened)


def test_library_gives_the_same(tmp_path):
    lmdb = pytest.importorskip("lmdb")
    folder = write_database(tmp_path / "base", "values")
    with lmdb.open(str(folder), readonly=True, lock=False) as environment, environment.begin() as transaction:
        assert dict(transaction.cursor()) == values()
