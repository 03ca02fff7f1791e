"""Files at places of both kinds: on this machine, and at a path with a scheme."""

from pathlib import Path

from base.files import written_whole
from base.places import AnyPath


def put(path: AnyPath, content: bytes) -> AnyPath:
    """Writes a file, making its folder, and gives the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as file:
        file.write_bytes(content)
    return path


def put_folder(source: Path, target: AnyPath) -> AnyPath:
    """Copies the files of a folder of this machine and its sub-folders, and gives the path of the copy."""
    for file in source.rglob("*"):
        if file.is_file():
            put(target / file.relative_to(source).as_posix(), file.read_bytes())
    return target


def names(folder: AnyPath) -> list[str]:
    """Names of what lies in a folder, sorted."""
    return sorted(path.name for path in folder.iterdir())
