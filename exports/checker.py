"""Runs the program of an export on arrays, in a fresh process: `python -I checker.py PROGRAM INPUTS OUTPUTS ROOMS`.

The process knows nothing of the project but this file: it ends with an error if the program imported one of ROOMS, a
comma-separated list of the project's own packages.
"""

from __future__ import annotations

import runpy
import sys

import numpy as np


def main(program: str, inputs: str, outputs: str, rooms: str) -> None:
    """Calls the program's `run` with each of the arrays; and where it has them, its `run_files` with all files at once,
    and its `run_tiles` with the largest of the arrays, in tiles of half its side.

    Args:
      program: path of a Python file.
      inputs: path of an .npz file with the arrays "values-0", "values-1", ... and "file-0", ... of bytes.
      outputs: path of the .npz file to write, of the same names, and "tiles-0" or another number.
      rooms: see above.
    """
    names = runpy.run_path(program)
    with np.load(inputs) as file:
        given = dict(file)
    results = {key: names["run"](array) for key, array in given.items() if key.startswith("values-")}
    if "run_files" in names:
        keys = [key for key in given if key.startswith("file-")]
        files = names["run_files"]([given[key].tobytes() for key in keys])
        results |= {key: np.frombuffer(data, np.uint8) for key, data in zip(keys, files, strict=True)}
    if "run_tiles" in names:
        key = max(results, key=lambda key: given[key].size if key.startswith("values-") else 0)
        results[key.replace("values", "tiles")] = names["run_tiles"](given[key], max(given[key].shape[1:3]) // 2)
    loaded = {name.partition(".")[0] for name in sys.modules} & set(rooms.split(","))
    if loaded:
        sys.exit(f"needs this project: {', '.join(sorted(loaded))}")
    np.savez(outputs, **results)


if __name__ == "__main__":
    main(*sys.argv[1:])
