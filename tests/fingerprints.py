"""Fingerprints of what every model computes: the SHA-256 of all variables after a tiny run of 20 steps in float32.

    python -m tests.fingerprints [NAME ...] > before.txt      then, after a change on the same machine:
    python -m tests.fingerprints [NAME ...] | diff before.txt -

A change that is meant to leave the numbers alone leaves these lines alone. They differ between machines, TensorFlow
versions and numbers of cores, so no figure is kept in the repository; `tests/test_fingerprints.py` checks that two runs
on one machine agree.
"""

import hashlib
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

from base.graph_mode import tf

ROOT = pathlib.Path(__file__).resolve().parents[1]
COMMON = {
    "max_steps": 20,
    "precision": "float32",
    "checkpoint_every": 1000,
    "sample_every": 1000,
    "summary_every": 1000,
}
TRANSLATOR = {"image_size": 32, "load_size": 36, "ngf": 4, "ndf": 4, "discriminator_layers": 1}
CYCLEGAN = {**TRANSLATOR, "generator_blocks": 1, "dropout": True, "pool_size": 3}
GENERATOR = {"image_size": 16, "load_size": 16, "batch_size": 3, "ngf": 4, "ndf": 4, "critic_steps": 2}
RUNS = {  # name: (sub-folder of the images, values)
    "cyclegan": ("", CYCLEGAN),
    "cyclegan_float16": ("", {**CYCLEGAN, "precision": "float16", "gan_loss": "wgangp", "batch_size": 2}),
    "pix2pix": ("", {**TRANSLATOR, "model": "pix2pix", "batch_size": 2}),
    "colorize": ("photos", {**TRANSLATOR, "model": "pix2pix", "colorize": True}),
    "wgan": ("photos", {**GENERATOR, "model": "wgan", "critic_lead": 3}),
    "wgangp": ("photos", {**GENERATOR, "model": "wgan", "gan_loss": "wgangp"}),
    "darknet": ("classes", {"image_size": 16, "batch_size": 3, "model": "darknet", "width": 2, "learning_rate": 0.05}),
    "monet": ("", {**TRANSLATOR, "preset": "monet"}),
}


def write_images(folder):
    """Writes seven images of noise over a gradient for each split and class that the runs read."""
    random = np.random.RandomState(0)
    splits = (
        "trainA",
        "trainB",
        "photos",
        *(f"classes/{split}/{name}" for split in ("train", "test") for name in ("dark", "light")),
    )
    for split in splits:
        (folder / split).mkdir(parents=True)
        for index in range(7):
            pixels = random.randint(0, 120, [40, 44, 3]) + 120 * (index % 2) + np.arange(44)[None, :, None] // 4
            Image.fromarray(pixels.astype(np.uint8)).save(folder / split / f"{index}.png")


def fingerprint(name, workdir):
    """Trains one of RUNS.

    Args:
      name: str, key of RUNS.
      workdir: pathlib.Path of a folder; images are written into it once, the run into `workdir / name`.

    Returns:
      str, the SHA-256 over the names, shapes and bytes of all variables of the run's last checkpoint, sorted by name.
    """
    images = workdir / "images"
    if not images.exists():
        write_images(images)
    folder, values = RUNS[name]
    flags = [f"--{option}={value}" for option, value in {**COMMON, **values}.items()]
    command = [
        sys.executable,
        ROOT / "train.py",
        f"--run_dir={workdir / name}",
        f"--data_dir={images / folder}",
        *flags,
        "--overwrite",
    ]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"{name}: {result.stderr}")
    return hash_variables(workdir / name / "checkpoints")


def hash_variables(checkpoints):
    """SHA-256 of all variables of the newest checkpoint in a folder, as hexadecimal str."""
    reader = tf.train.load_checkpoint(str(checkpoints))
    digest = hashlib.sha256()
    for variable in sorted(reader.get_variable_to_shape_map()):
        value = reader.get_tensor(variable)
        digest.update(f"{variable} {value.dtype} {value.shape}\n".encode() + value.tobytes())
    return digest.hexdigest()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for chosen in sys.argv[1:] or RUNS:
            print(f"{chosen} {fingerprint(chosen, pathlib.Path(folder))}", flush=True)
