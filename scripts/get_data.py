"""Fetches a public data set, checks it, and unpacks it to a folder that train.py and build_data.py take."""

from __future__ import annotations

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))  # works from anywhere, uninstalled

import base.early_signals  # noqa: F401 (from here on, Ctrl-C ends the program in one line)

import contextlib
import dataclasses
import datetime
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from base.command_line import parse_arguments, run
from base.errors import ConfigError, DataError, DownloadError, UsageError
from base.files import clear_leftovers, folder_written_whole, lock_folder, reading, sha256_of, writing
from base.options import Options, option
from base.signals import stop_told
from downloads.catalogue import DATA_SETS, DataSet, find_data_set
from downloads.fetch import Download
from downloads.kaggle import kaggle_login
from downloads.origin import FILE, Origin, read_origin_name, write_origin
from downloads.unpack import unpack

USAGE = """\
Fetches a public data set, checks it, and unpacks it to a folder that train.py and build_data.py take.

  python scripts/get_data.py --list
  python scripts/get_data.py horse2zebra
  python scripts/get_data.py horse2zebra --output=/data/horses --mirror=https://example.org/mirror
  python scripts/get_data.py celeba --archive=img_align_celeba.zip

A download that was interrupted goes on with the same command. Which licence a data set has, and where it comes from, is
in source.json beside the images.
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class GetOptions(Options):
    """What the command line says."""

    first = "name"

    name: str | None = option(None, "Which data set; the name alone, first, does, too.")
    list: bool = option(False, "List the data sets instead, with the sizes of their archives.")
    output: Path = option(None, "Folder to make.", auto="data/NAME", metavar="DIR")
    archive: Path | None = option(None, "The set's archive, where you have it already; it stays.", metavar="FILE")
    mirror: str | None = option(None, "Another server: where the archive lies under the same file name.", metavar="URL")

    def automatic(self) -> dict[str, Any]:
        return {"output": Path("data") / (self.name or "")}

    def check(self) -> None:
        if bool(self.name) == self.list:
            raise ConfigError("say which data set, or --list")
        if self.mirror is not None and not re.fullmatch(r"https?://[!-~]+", self.mirror):
            raise ConfigError(f"--mirror={self.mirror}: must begin with https:// or http://, and hold no spaces")
        if self.archive and self.mirror:
            raise ConfigError("--mirror has no effect with --archive; leave one of them out")


def main(arguments: list[str]) -> int:
    options = parse_arguments(arguments, GetOptions, USAGE)
    if options.list:
        print_list()
    else:
        get(find_data_set(options.name or ""), options)
    return 0


def print_list() -> None:
    """Lists the data sets, with the size of what is fetched."""
    print(f"{'name':<22} {'archive':>10}  {'SHA-256':<7}  what")
    for data_set in DATA_SETS.values():
        known = "known" if data_set.sha256 else "unknown"
        by_hand = "; by hand" if not data_set.url else ""
        print(f"{data_set.name:<22} {size_text(data_set.size):>10}  {known:<7}  {data_set.about}{by_hand}")


def get(data_set: DataSet, options: GetOptions) -> None:
    """Makes the folder of a data set, or says that it is there.

    Raises:
      UserError: of one of its kinds; what was fetched of an archive stays for the next time, unless it is wrong.
    """
    output = Path(os.path.realpath(options.output))
    with writing(output):
        output.parent.mkdir(parents=True, exist_ok=True)
        clear_leftovers(output)
    if is_there(output, data_set):
        print(f"{output}: is there already; {FILE} in it says when it was made")
        return
    if options.archive:
        make_folder(data_set, options.archive, str(options.archive), output)
        return
    url = f"{options.mirror.rstrip('/')}/{data_set.file}" if options.mirror else data_set.url
    if not url:
        raise UsageError(f"{data_set.name}: {data_set.by_hand}")
    login = kaggle_login(data_set.by_hand) if data_set.is_on_kaggle and not options.mirror else None
    with download_folder(output) as folder:
        download = Download(url, folder / data_set.file, data_set.size, data_set.sha256 is not None, login)
        with stop_told(lambda: f"{download.count:,} bytes are kept, and the same command goes on"):
            came_from = fetch(download, data_set)
            try:
                make_folder(data_set, download.file, came_from, output)
            except DataError as error:
                download.remove()
                raise DataError(f"{error}; what was fetched is removed") from None
        download.remove()


def fetch(download: Download, data_set: DataSet) -> str:
    """Fetches an archive, and says what else can be done where the server does not give it."""
    try:
        return download.fetch()
    except DownloadError as error:
        if error.code is not None and data_set.by_hand:
            raise DownloadError(f"{error}; {data_set.by_hand}", error.code) from None
        raise


def is_there(output: Path, data_set: DataSet) -> bool:
    """Whether a folder was made of a data set.

    Raises:
      DataError: it is something else.
    """
    with reading():
        if not output.exists() or (output.is_dir() and not os.listdir(output)):
            return False
    name = read_origin_name(output)
    if name != data_set.name:
        what = f"holds {name}" if name else f"exists, and {FILE} is not in it"
        raise DataError(f"{output}: {what}; choose another --output")
    return True


@contextlib.contextmanager
def download_folder(output: Path) -> Iterator[Path]:
    """Gives the folder beside an output for what is on its way; it goes when it is empty."""
    folder = output.with_name(f"{output.name}.download")
    with writing(folder):
        folder.mkdir(exist_ok=True)
        try:
            lock = lock_folder(folder)
        except BlockingIOError:
            raise UsageError(f"{folder}: another program fetches to it") from None
    try:
        yield folder
    finally:
        with contextlib.suppress(OSError):
            folder.rmdir()
        os.close(lock)


def make_folder(data_set: DataSet, archive: Path, came_from: str, output: Path) -> None:
    """Checks an archive and unpacks it; the folder appears whole or not at all.

    Raises:
      DataError: it is not the one that is wanted, is damaged, or holds what is not taken.
      OutputError: the folder cannot be written.
    """
    with reading():
        size = archive.stat().st_size
    if data_set.size not in (None, size):
        raise DataError(f"{archive}: has {size:,} bytes, but {data_set.file} has {data_set.size:,}")
    digest = sha256_of(archive)
    if data_set.sha256 not in (None, digest):
        raise DataError(f"{archive}: has the SHA-256 {digest}, but that of {data_set.file} is {data_set.sha256}")
    with writing(output), folder_written_whole(output) as folder, stop_told(lambda: f"{output} was not made"):
        with reading():
            files = unpack(archive, folder)
        write_origin(
            folder,
            Origin(
                name=data_set.name,
                url=came_from,
                date=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
                archive=data_set.file,
                bytes=size,
                sha256=digest,
                checked=data_set.sha256 is not None,
                files=files,
                homepage=data_set.homepage,
                licence=data_set.licence,
            ),
        )
    print(f"{output}: {files} files, {size_text(size)} as {data_set.file}")
    print(f"SHA-256 {digest}: " + ("as it should be" if data_set.sha256 else f"not known before, noted in {FILE}"))
    print(f"Licence: {data_set.licence} {data_set.homepage}")
    here = os.path.relpath(output) if output.is_relative_to(Path.cwd()) else output
    print(f"Train: python train.py {data_set.train} --data_dir={here} --run_dir=runs/{output.name}")


def size_text(size: int | None) -> str:
    """A size for people: "111.5 MB", or "unknown"."""
    return "unknown" if size is None else f"{size / 1e6:,.1f} MB"


if __name__ == "__main__":
    run(main)
