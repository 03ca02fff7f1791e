"""Python that loads an export: what its card shows is what it was tried with."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from exports.frozen import CLASSIFY, GENERATE, TRANSLATE, Frozen
from exports.probes import Probe

CHECKER = Path(__file__).with_name("checker.py")
ROOMS = ",".join(sorted(path.parent.name for path in CHECKER.parents[1].glob("*/__init__.py")))
PLAIN_ARITHMETIC = {
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "CUDA_VISIBLE_DEVICES": "-1",
}  # in which results agree to the last bit
TOLD = 300  # letters of what a process said that are passed on
RESULT = "result.png"  # what a program writes to the current folder
USES = {
    TRANSLATE: """\
image = np.asarray(Image.open("{example}").convert("{mode}"))
values = run(image.reshape(1, *image.shape[:2], {channels}).astype(np.float32) / 127.5 - 1)
Image.fromarray(np.rint((values[0]{plane} + 1) * 127.5).astype(np.uint8)).save("{result}")
""",
    GENERATE: """\
values = run(np.random.default_rng(0).standard_normal({shape}).astype(np.float32))
Image.fromarray(np.rint((values[0]{plane} + 1) * 127.5).astype(np.uint8)).save("{result}")
""",
    CLASSIFY: """\
classes = {classes}
image = np.asarray(Image.open("{example}").convert("{mode}").resize({size}, Image.Resampling.BICUBIC))
shares = run(image.reshape({shape}).astype(np.float32) / 127.5 - 1)[0]
print({{name: round(float(share), 3) for name, share in zip(classes, shares)}})
""",
}


class ProgramError(Exception):
    """A program failed; the message is why, in one line."""


def whole_program(loading: str, frozen: Frozen, example: str) -> str:
    """The whole of a program.

    Args:
      loading: Python that defines `run`; its first line imports what it needs.
      frozen: the network.
      example: path of an image in the export.
    """
    first, _, rest = loading.partition("\n")
    one_channel = frozen.result_shape[-1] == 1
    use = USES[frozen.task].format(
        example=example,
        mode="RGB" if frozen.shape[-1] == 3 else "L",
        channels=frozen.shape[-1],
        plane="[:, :, 0]" if one_channel else "",
        shape=list(frozen.shape),
        size=tuple(frozen.shape[1:3][::-1]),
        classes=list(frozen.class_names),
        result=RESULT,
    )
    return f"import numpy as np\n{first}\nfrom PIL import Image\n{rest}\n\n{use}"


def run_program(program: Path, folder: Path, probes: Sequence[Probe]) -> dict[str, np.ndarray]:
    """Runs a program on probes, in a fresh process that does not know this project.

    Args:
      program: Python file that defines `run`, and may define `run_files`.
      folder: of the export, in which it runs.
      probes: what to run it on.

    Returns:
      Its results by the names of `exports.checker`.

    Raises:
      ProgramError: it fails.
    """
    with tempfile.TemporaryDirectory() as place:
        inputs, outputs = Path(place, "inputs.npz"), Path(place, "outputs.npz")
        arrays = {f"values-{index}": probe.values for index, probe in enumerate(probes)}
        files = {f"file-{index}": np.frombuffer(probe.file, np.uint8) for index, probe in enumerate(probes)}
        np.savez(inputs, **arrays, **files)
        command = [sys.executable, "-I", *map(str, (CHECKER, program, inputs, outputs)), ROOMS]
        environment = {**os.environ, **PLAIN_ARITHMETIC}
        ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace")
        if ended.returncode:
            said = (ended.stderr.strip() or f"exit code {ended.returncode}").splitlines()[-1]
            raise ProgramError(f"fails in a fresh process: {said[:TOLD]}")
        (folder / RESULT).unlink(missing_ok=True)
        with np.load(outputs) as file:
            return dict(file)
