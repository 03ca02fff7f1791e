"""Folders of images to measure on, where the user gives none."""

from __future__ import annotations

import itertools
import os
import shutil
from pathlib import Path

from inputs.images import read_image, save_image
from inputs.layouts import PLACE_SPLITS
from inputs.scenes import write_scenes

DRAWN = 150  # images of each domain
COPIES = 20  # of each image, so that the start of what reads them counts for little


def scenes_folder(workdir: str, size: int, count: int = DRAWN) -> str:
    """Draws scenes of `size` pixels, `count` of each domain, in a folder below `workdir`."""
    folder = os.path.join(workdir, f"scenes-{size}-{count}")
    write_scenes(folder, size, train=count, test=1)
    return folder


def jpegs_folder(workdir: str, size: int) -> str:
    """Makes a folder below `workdir` with many JPEG files of scenes of `size` pixels, unless it is there."""
    folder = os.path.join(workdir, f"jpegs-{size}")
    if not os.path.isdir(folder):
        scenes, encoded = scenes_folder(workdir, size), os.path.join(workdir, f"encoded-{size}")
        for split in PLACE_SPLITS:
            os.makedirs(os.path.join(encoded, split))
            for file in Path(scenes, split).iterdir():
                save_image(read_image(file), os.path.join(encoded, split, f"{file.stem}.jpg"))
        several_times(encoded, folder)
    return folder


def several_times(folder: str, copies: str) -> str:
    """Makes the folder `copies` with each training image of another several times."""
    for split in PLACE_SPLITS:
        os.makedirs(os.path.join(copies, split))
        for name, number in itertools.product(os.listdir(os.path.join(folder, split)), range(COPIES)):
            shutil.copy(os.path.join(folder, split, name), os.path.join(copies, split, f"{number}-{name}"))
    return copies


def as_classes(folder: str, labelled: str) -> str:
    """Makes the folder `labelled`, in which the two domains of another are classes, for training and for the test."""
    for place, split in itertools.product(PLACE_SPLITS, ("train", "test")):
        os.makedirs(os.path.join(labelled, split), exist_ok=True)
        name = place[-1]  # trainA would be taken for a domain
        os.symlink(os.path.abspath(os.path.join(folder, place)), os.path.join(labelled, split, name))
    return labelled
