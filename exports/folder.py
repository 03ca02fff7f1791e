"""The folder of an export: everything about one network, tried before anyone gets it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from base.errors import UsageError, UserError
from base.files import MARKER, read_regular, sha256_of
from base.graph_mode import uses_onednn
from base.machine import available_cores, cpu_features, cpu_name
from exports import browser, card
from exports.forms import Form, check_forms
from exports.frozen import GENERATE, TRANSLATE, freeze
from exports.parity import CLOSE, HALF, ParityError, check, compare
from exports.probes import make_probes
from exports.programs import TOLD, ProgramError, run_program, whole_program
from inference.jobs import JPEG_START
from inference.load import LoadedRun
from inputs.images import save_image, to_uint8
from run_folder.checkpoints import checkpoint_hashes
from run_folder.folder import RunFolder
from run_folder.provenance import Provenance

PARITY = "parity.json"
WRITER, VERSION = "cyclegan-graph export", 1  # as PARITY says, so that no other program's file is taken for one
MOST_BYTES = 16 << 20  # of PARITY
EXAMPLES = "examples"
SHOWN = 3  # examples
BROWSER = Path(browser.__file__)
LICENSE = Path(__file__).resolve().parents[1] / "LICENSE"
PACKAGES = ("numpy", "onnx", "onnxruntime", "pillow", "tensorflow", "tf2onnx")  # whose versions are told


def write_export(
    folder: Path, run: LoadedRun, direction: str | None, forms: Mapping[str, Form], half: bool
) -> dict[str, Any]:
    """Writes a network in some forms, each compared with the run, and what there is to say about it.

    Args:
      folder: empty.
      run: loaded in float32.
      direction: of a translator; None of other models.
      forms: by name.
      half: whether to store the weights as float16.

    Returns:
      What `parity.json` holds.

    Raises:
      ParityError: a form does not give what the run gives.
      UserError: a form cannot hold the network.
      OSError: the folder cannot be written.
    """
    frozen = freeze(run, direction, half)
    check_forms(forms, frozen)
    probes, origin = make_probes(run, frozen)
    examples = _write_examples(folder / EXAMPLES, frozen, probes)
    found, programs = {}, {}
    for name, form in forms.items():
        _write_form(name, form, frozen, folder)
        program = BROWSER
        if form.program:
            programs[name] = whole_program(form.program(frozen), frozen, examples[0][0])
            program = folder / EXAMPLES / f"{name}.py"
            program.write_text(programs[name])
        found[name] = _try_form(name, form, folder, program, frozen, probes)
    parity = {
        "program": WRITER,
        "format_version": VERSION,
        "run": _describe_run(run),
        "direction": frozen.name,
        "float16": frozen.half,
        "images_from": origin,
        "images": [_describe_probe(probe) for probe in probes],
        "forms": found,
        "machine": _describe_machine(),
    }
    _write_json(folder / "config.json", card.describe_for_programs(run, frozen))
    if frozen.task != GENERATE:
        _write_json(folder / "preprocessor_config.json", card.describe_preprocessing(frozen))
    (folder / "LICENSE").write_text(LICENSE.read_text())
    (folder / "README.md").write_text(card.write_card(run, frozen, forms, programs, examples, parity))
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MARKER)
    parity["files"] = {path.relative_to(folder).as_posix(): sha256_of(path) for path in files}
    _write_json(folder / PARITY, parity)
    return parity


def holds_exports_only(folder: Path) -> bool:
    """Whether every file in a folder is one that an export wrote there, under the name that its `parity.json` has."""
    known: set[Path] = set()
    for path in [folder / PARITY, *folder.glob(f"*/{PARITY}")]:
        known |= {path.parent / name for name in _recorded_files(path)}
    return bool(known) and all(path in known for path in folder.rglob("*") if not path.is_dir())


def _recorded_files(path):
    """Names in a `parity.json`, its own among them; none where it is not there, or none of ours."""
    try:
        content = json.loads(read_regular(path, MOST_BYTES))
        return [path.name, *content["files"]] if content["program"] == WRITER else []
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return []


def _write_form(name, form, frozen, folder):
    try:
        form.write(frozen, folder)
    except (UserError, OSError):
        raise
    except Exception as error:  # of converters: a model of the user's own may have any ops
        reason = " ".join(f"{type(error).__name__} {error}".split())[:TOLD]
        raise UsageError(f"{name}: the network cannot be converted: {reason}") from error


def _try_form(name, form, folder, program, frozen, probes):
    """Runs a form by its program, and compares; gives what `parity.json` says about it."""
    near = HALF if frozen.half else CLOSE
    allowed = near if frozen.half or uses_onednn() else form.allowed
    try:
        results = run_program(program, folder, probes)
    except ProgramError as reason:
        raise ParityError(f"{name}: {reason}; nothing was written") from None
    found = _compared(name, frozen, probes, results, allowed)
    for index, probe in enumerate(probes):
        if f"tiles-{index}" in results:
            of_tiles = {"values-0": results[f"tiles-{index}"]}
            found["in_tiles"] = _compared(f"{name} in tiles", frozen, [probe], of_tiles, near)
    return found


def _compared(name, frozen, probes, results, allowed):
    difference = compare(frozen, probes, results)
    check(name, difference, allowed)
    return {**difference._asdict(), "allowed": allowed._asdict()}


def _write_examples(folder, frozen, probes):
    """Writes some inputs and what the run makes of them; gives their paths in the export, results last."""
    folder.mkdir()
    written = []
    if frozen.task == GENERATE:
        images = [(b"", image) for image in probes[0].expected[:SHOWN]]
    else:
        images = [(probe.file, probe.expected[0]) for probe in probes[:SHOWN]]
    for number, (data, values) in enumerate(images, 1):
        names = []
        if data:
            names.append(f"{number}{'.jpg' if data.startswith(JPEG_START) else '.png'}")
            (folder / names[0]).write_bytes(data)
        if frozen.task in (TRANSLATE, GENERATE):
            names.append(f"{number}-{frozen.result_name}.png")
            save_image(to_uint8(values), folder / names[-1])
        written.append([f"{EXAMPLES}/{name}" for name in names])
    return written


def _describe_run(run):
    path = RunFolder(run.config.run_dir)
    return {
        "name": Path(path.path).resolve().name,
        "step": run.step,
        "data": _describe_data(run, path),
        "checkpoint": checkpoint_hashes(path.checkpoints, run.step),
    }


def _describe_data(run, folder):
    """Says what the run was trained on: the name of the data, and as far as that is recorded how many images."""
    name = card.public_values(run.config).get("data_dir", "data that is not recorded")
    entries = Provenance(folder.provenance, continued=True).entries
    splits = entries[-1].data.items() if entries else ()
    counts = ", ".join(f"{facts['images']:,} images in {split}" for split, facts in splits)
    return f"{name} ({counts})" if counts else name


def _describe_probe(probe):
    """What `parity.json` says about an input."""
    data = probe.file or probe.values.tobytes()
    return {"name": probe.name, "shape": probe.values.shape, "sha256": hashlib.sha256(data).hexdigest()}


def _describe_machine():
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "cpu": cpu_name(),
        "features": cpu_features(),
        "cores": available_cores(),
        "onednn": uses_onednn(),
        "versions": versions,
    }


def _write_json(path, content):
    path.write_text(json.dumps(content, indent=2) + "\n")
