"""Built-in data: landscapes drawn from a seed, the same scene in a summer and in a winter palette.

A scene is a stack of layers (sky, sun, clouds, ridges, meadow, lake, trees), each of one material. Geometry, light and
texture come from the seed alone; the palette only says which two colours a material runs between. Summer to winter is
therefore a change of colour that an image translation model can learn, and whose true result is known.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageColor

from base.errors import DataError
from base.files import clear_leftovers, folder_written_whole, read_regular, writing
from base.terminal import track

NAME = "scenes"  # what --data_dir calls the built-in data
VERSION = 1  # of the drawing: scenes written by another version are not taken for these
SUPERSAMPLING = 2  # canvas pixels per image pixel and axis

MATERIALS = {  # in shadow and in light
    #            summer                winter
    "sky":     (("#3f86d2", "#dbe9ea"), ("#93abdd", "#f7e4da")),  # zenith, horizon
    "sun":     (("#ffe9a8", "#fff9d8"), ("#ffeedd", "#fffaf2")),  # glow, disc
    "cloud":   (("#b9c6d6", "#ffffff"), ("#c6c0d6", "#fff6f2")),
    "rock":    (("#4b5878", "#a39d98"), ("#64789f", "#cdd3de")),
    "peak":    (("#a9b8d0", "#f7f6ee"), ("#aebfdd", "#fbfbfd")),
    "slope":   (("#3a6257", "#7d9a66"), ("#6f86a3", "#b9c8da")),
    "forest":  (("#1d4238", "#3f6f45"), ("#3b5068", "#74899c")),
    "meadow":  (("#57812f", "#b3c363"), ("#a3bfd8", "#f1f8f8")),
    "flower":  (("#d9a92c", "#fbe06a"), ("#c9b79c", "#f3e6cf")),
    "shore":   (("#a8905c", "#e0cd98"), ("#a9a3a8", "#d9d3d3")),
    "lake":    (("#1f5f93", "#5fa3c4"), ("#7daab4", "#b8d8da")),
    "conifer": (("#0e2f2a", "#3c7450"), ("#22394a", "#a4bac8")),
    "crown":   (("#3b5717", "#97a83c"), ("#665f74", "#cdc4d2")),
    "trunk":   (("#38261a", "#7d5a3c"), ("#33272b", "#77635f")),
}  # fmt: skip
PALETTES = ("summer", "winter")

Box = tuple[slice, slice]  # index of a rectangle of pixels


def draw_scene(seed: int | tuple[int, ...], palette: str, size: int) -> np.ndarray:
    """Draws one landscape.

    Args:
      seed: int in [0, 2**32), or a tuple of such; it alone decides what the scene shows, at any size, in any palette.
      palette: "summer" or "winter".
      size: height and width of the image in pixels.

    Returns:
      uint8 array [size, size, 3], RGB.

    Raises:
      ValueError: `palette` is not one of `PALETTES`.
    """
    if palette not in PALETTES:
        raise ValueError(f"palette is {palette!r}; it must be one of {', '.join(PALETTES)}")
    rng = np.random.RandomState(seed)
    canvas = Canvas(rng, palette, size * SUPERSAMPLING)
    horizon = rng.uniform(0.44, 0.62)
    draw_sky(canvas, horizon)
    draw_sun(canvas, rng, horizon)
    draw_clouds(canvas, rng, horizon)
    draw_mountains(canvas, rng, horizon)
    draw_hills(canvas, rng, horizon)
    draw_meadow(canvas, rng, horizon)
    lake = draw_lake(canvas, rng, horizon)
    draw_trees(canvas, rng, horizon, lake)
    image = canvas.image.reshape(3, size, SUPERSAMPLING, size, SUPERSAMPLING).mean(axis=(2, 4))
    return np.uint8(np.rint(image.transpose(1, 2, 0)))


class Canvas:
    """An image under work; positions are fractions of its side, x to the right, y down.

    Attributes:
      image: float32 [3, side, side], 0 to 255.
      x, y: pixel centres, [1, side] and [side, 1].
      grain: fine texture in [-1, 1], [side, side].
      light: horizontal position of the sun.
    """

    def __init__(self, rng: np.random.RandomState, palette: str, side: int):
        self.side = side
        self.x = ((np.arange(side, dtype=np.float32) + 0.5) / side)[None, :]
        self.y = self.x.T
        self.image = np.zeros([3, side, side], np.float32)
        self.grain = noise(rng, self.x, self.y, 40, 40, octaves=2)
        self.light = 0.5
        column = PALETTES.index(palette)
        self.colours = {
            material: [np.array(ImageColor.getrgb(colour), np.float32)[:, None, None] for colour in palettes[column]]
            for material, palettes in MATERIALS.items()
        }

    def lay(self, material: str, mask: np.ndarray | float, shade: np.ndarray | float, box: Box = np.s_[:, :]) -> None:
        """Lays a material over `box`: `mask` is its opacity, `shade` its light; both in [0, 1] after clipping."""
        dark, light = self.colours[material]
        part = self.image[:, box[0], box[1]]
        part += np.clip(mask, 0, 1) * (dark + np.clip(shade, 0, 1) * (light - dark) - part)

    def edge(self, distance: np.ndarray) -> np.ndarray:
        """Opacity of a shape from the signed distance to its outline, positive inside: one pixel wide."""
        return np.clip(distance * self.side + 0.5, 0, 1)

    def sunward(self, x: float) -> float:
        """Where the sun stands seen from `x`: 1.0 to the right, -1.0 to the left."""
        return math.copysign(1, self.light - x)

    def box(self, left: float, right: float, top: float, bottom: float) -> Box:
        """Index of the pixels within the given rectangle, cut to the canvas."""
        left, right, top, bottom = (min(max(round(t * self.side), 0), self.side) for t in (left, right, top, bottom))
        return np.s_[top:bottom, left:right]


def noise(
    rng: np.random.RandomState, x: np.ndarray, y: np.ndarray, columns: int, rows: int, octaves: int = 4
) -> np.ndarray:
    """Fractal value noise.

    Args:
      rng: np.random.RandomState; the number of draws depends on columns, rows and octaves only, not on the size.
      x, y: where to sample, [1, width] and [height, 1], within [0, 1].
      columns, rows: cells of the coarsest octave.
      octaves: how often the cells are halved, with half the weight each time.

    Returns:
      float32 [height, width] in [-1, 1], mostly in its middle half.
    """
    total = 0
    for octave in range(octaves):
        lattice = np.float32(rng.uniform(-1, 1, [(rows << octave) + 1, (columns << octave) + 1]))
        total += 0.5**octave * between(between(lattice, y[:, 0]).T, x[0]).T
    return total / (2 - 2 ** (1 - octaves))


def between(points: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Values at `t` in [0, 1] of smooth steps along the first axis of `points` [cells + 1, ...]."""
    t = t * (len(points) - 1)
    cell = np.minimum(np.int32(t), len(points) - 2)
    step = np.float32(t - cell)[:, None]
    step = step * step * (3 - 2 * step)
    return points[cell] * (1 - step) + points[cell + 1] * step


def outline(rng: np.random.RandomState, x: np.ndarray, cells: int, octaves: int, roughness: float) -> np.ndarray:
    """Fractal line over x, [width] in [-1, 1]; `roughness` is the weight of each octave relative to the one before."""
    total = 0
    for octave in range(octaves):
        points = rng.uniform(-1, 1, (cells << octave) + 1)
        total += roughness**octave * np.interp(x[0] * (cells << octave), np.arange(len(points)), points)
    return np.float32(total * (1 - roughness) / (1 - roughness**octaves))


def draw_sky(canvas: Canvas, horizon: float) -> None:
    """A gradient from the zenith down to the haze at the horizon."""
    canvas.lay("sky", 1, (canvas.y / horizon) ** 1.3)


def draw_sun(canvas: Canvas, rng: np.random.RandomState, horizon: float) -> None:
    """A disc in its glow; from here on the canvas is lit from its side."""
    canvas.light = rng.uniform(0.1, 0.9)
    height, radius = rng.uniform(0.1, horizon - 0.24), rng.uniform(0.03, 0.05)
    distance = np.hypot(canvas.x - canvas.light, canvas.y - height)
    canvas.lay("sun", 0.85 * np.exp(-distance / (2.5 * radius)), shade=0)
    canvas.lay("sun", canvas.edge(radius - distance), shade=1)


def draw_clouds(canvas: Canvas, rng: np.random.RandomState, horizon: float) -> None:
    """Soft clouds, thinner towards the horizon, dark where there is more cloud above."""
    cover = rng.uniform(-0.15, 0.2)
    puffs = noise(rng, canvas.x, canvas.y, 3, 9, octaves=4)
    below = np.roll(puffs, -max(canvas.side // 40, 1), axis=0)
    density = np.clip(3.5 * (puffs + cover), 0, 1) * np.clip(3 * (1 - (canvas.y + 0.1) / horizon), 0, 1)
    canvas.lay("cloud", 0.9 * density, 0.8 + 1.5 * (below - puffs))


def draw_mountains(canvas: Canvas, rng: np.random.RandomState, horizon: float) -> None:
    """Two ranges, rock with snow on its peaks and green slopes before it; their flanks are lit by where they face."""
    grandeur = rng.uniform(0.35, 1)
    for material, height, haze in (("rock", 0.2, 0.3), ("slope", 0.1, 0.1)):
        height *= grandeur
        massif = height * (1 + 1.1 * outline(rng, canvas.x, 4, 3, 0.45))
        depth = canvas.y - (horizon - 0.04 - massif - 0.1 * height * outline(rng, canvas.x, 32, 3, 0.5))[None, :]
        folds = noise(rng, canvas.x, canvas.y, 6, 6, octaves=4)
        facing = np.gradient(massif) / np.gradient(canvas.x[0]) * np.sign(canvas.light - canvas.x[0])
        facing = np.float32(np.interp(canvas.x + 1.5 * depth * folds, canvas.x[0], -facing))
        shade = 0.5 + 0.4 * np.tanh(1.5 * facing) + 0.4 * folds + 0.2 * canvas.grain
        mask = canvas.edge(depth)
        canvas.lay(material, mask, shade)
        if material == "rock":
            canvas.lay("peak", mask * np.clip(20 * (horizon - 0.2 - canvas.y + 0.15 * folds), 0, 1), shade + 0.25)
        canvas.lay("sky", mask * np.clip(haze + 1.2 * depth, 0, 0.6), shade=1)


def draw_hills(canvas: Canvas, rng: np.random.RandomState, horizon: float) -> None:
    """Wooded hills: a smooth crest with the tips of conifers on it."""
    for height, tips in ((0.05, 0.012), (0.015, 0.02)):
        crest = horizon - height - 0.07 * outline(rng, canvas.x, 2, 3, 0.4)
        crest -= tips * np.abs(outline(rng, canvas.x, 60, 1, 0.5))
        depth = canvas.y - crest[None, :]
        canvas.lay("forest", canvas.edge(depth), 0.7 - 9 * depth + 0.6 * canvas.grain)


def draw_meadow(canvas: Canvas, rng: np.random.RandomState, horizon: float) -> None:
    """Ground from the horizon down; its texture grows finer with distance."""
    crest = horizon + 0.02 * outline(rng, canvas.x, 2, 2, 0.5)[None, :]
    distance = np.clip((canvas.y - horizon) / (1 - horizon), 0, 1) ** 0.5
    patches = noise(rng, canvas.x, distance, 3, 10, octaves=4)
    blades = noise(rng, canvas.x, distance, 64, 48, octaves=2)
    mask = canvas.edge(canvas.y - crest)
    canvas.lay("meadow", mask, 0.5 + 0.8 * patches + 0.3 * blades)
    canvas.lay("flower", mask * np.clip(7 * (blades + 0.5 * patches - 0.7), 0, 1), 0.5 + canvas.grain)


def draw_lake(canvas: Canvas, rng: np.random.RandomState, horizon: float) -> Callable[[float, float], float]:
    """In two scenes of three a lake that mirrors what stands behind it.

    Returns:
      Function of a point (x, y): about the distance to the outer edge of the shore, positive inside.
    """
    present = rng.uniform() < 2 / 3
    x, width = rng.uniform(0.2, 0.8), rng.uniform(0.3, 0.6)
    top, height = horizon + rng.uniform(0.03, 0.06), rng.uniform(0.16, 0.26)
    bays, phase = rng.uniform(0.04, 0.08), rng.uniform(0, 6.28)
    shore = 0.012
    ripples = noise(rng, canvas.x, canvas.y, 4, 48, octaves=2)

    def inside(x_, y_):
        down = 2 * (y_ - top) / height - 1
        across = (x_ - x) / width + bays * (2 * np.sin(4.5 * down + phase) + np.sin(14 * x_ + phase))
        return height / 2 * (1 - np.hypot(across, down)) + shore

    if not present:
        return lambda x_, y_: -1.0
    mirrored = np.int32(np.clip((2 * top - canvas.y[:, 0]) * canvas.side, 0, canvas.side - 1))
    reflection = canvas.image[:, mirrored]
    depth = inside(canvas.x, canvas.y)
    water = canvas.edge(depth - shore)
    canvas.lay("shore", canvas.edge(depth), 0.5 + 0.5 * canvas.grain)
    canvas.lay("lake", water, 0.5 + 0.6 * ripples)
    canvas.image += 0.5 * water * (reflection - canvas.image)
    return inside


def draw_trees(
    canvas: Canvas, rng: np.random.RandomState, horizon: float, lake: Callable[[float, float], float]
) -> None:
    """Groups of conifers and round trees, the farther ones first, none in the lake."""
    trees = []
    for _ in range(rng.randint(3, 7)):
        x, y, conifers = rng.uniform(0, 1), rng.uniform(horizon + 0.04, 1), rng.uniform()
        for _ in range(rng.randint(2, 7)):
            near = (y - horizon) / (1 - horizon)
            place = y + 0.1 * near * rng.uniform(-1, 1), x + (0.06 + 0.16 * near) * rng.uniform(-1, 1)
            draw = draw_conifer if rng.uniform() < conifers else draw_round_tree
            trees.append((*place, rng.uniform(0.75, 1.25), draw, rng.randint(2**31)))
    for y, x, size, draw, seed in sorted(trees, key=lambda tree: tree[0]):
        if lake(x, y) < 0:
            draw(canvas, np.random.RandomState(seed), x, y, size * (0.05 + 0.33 * (y - horizon) / (1 - horizon)))


def draw_trunk(canvas: Canvas, x: float, y: float, width: float, height: float) -> None:
    """A trunk that stands at (x, y) on its shadow."""
    shadow_x, reach = x - 2 * width * canvas.sunward(x), 5 * width
    box = canvas.box(shadow_x - reach, shadow_x + reach, y - reach / 4, y + reach / 4)
    distance = np.hypot(canvas.x[:, box[1]] - shadow_x, 4 * (canvas.y[box[0]] - y)) / reach
    canvas.lay("meadow", 0.6 * np.clip(2 - 2 * distance, 0, 1), 0, box)
    box = canvas.box(x - width, x + width, y - height, y)
    across = (canvas.x[:, box[1]] - x) / width
    canvas.lay("trunk", canvas.edge((0.5 - np.abs(across)) * width), 0.5 + across * canvas.sunward(x), box)


def draw_conifer(canvas: Canvas, rng: np.random.RandomState, x: float, y: float, height: float) -> None:
    """Tiers of branches that widen downwards, lit from the sun's side."""
    width, tiers = height * rng.uniform(0.17, 0.24), rng.randint(4, 7)
    draw_trunk(canvas, x, y, 0.25 * width, 0.15 * height)
    box = canvas.box(x - width, x + width, y - height, y - 0.08 * height)
    down = (canvas.y[box[0]] - y + height) / (0.92 * height)
    across = (canvas.x[:, box[1]] - x) / width
    tier = down * tiers % 1
    reach = down * (0.55 + 0.45 * tier) + 0.05
    mask = canvas.edge((reach - np.abs(across)) * width * 0.8)
    lit = across / reach * canvas.sunward(x)
    shade = 0.45 + 0.45 * lit + 0.35 * (tier - 0.5) + 0.4 * canvas.grain[box]
    canvas.lay("conifer", mask, shade, box)


def draw_round_tree(canvas: Canvas, rng: np.random.RandomState, x: float, y: float, height: float) -> None:
    """A trunk under a crown of overlapping balls of leaves, lit from above on the sun's side."""
    height = 0.8 * height
    radius = height * rng.uniform(0.27, 0.33)
    draw_trunk(canvas, x, y, 0.3 * radius, 0.5 * height)
    middle = y - height + 1.2 * radius
    for angle in 0.9 * rng.permutation(7):
        size = radius * rng.uniform(0.5, 0.75)
        ball_x, ball_y = x + 0.6 * radius * math.cos(angle), middle - 0.6 * radius * math.sin(angle)
        box = canvas.box(ball_x - size, ball_x + size, ball_y - size, ball_y + size)
        across, down = (canvas.x[:, box[1]] - ball_x) / size, (canvas.y[box[0]] - ball_y) / size
        low = (canvas.y[box[0]] - middle) / radius
        shade = 0.5 + 0.25 * across * canvas.sunward(x) - 0.25 * down - 0.2 * low + 0.4 * canvas.grain[box]
        canvas.lay("crown", canvas.edge((1 - np.hypot(across, down)) * size), shade, box)


def draw(size: int) -> str:
    """Draws the scenes of one size into `data/scenes-<size>`, if they are not there, and returns that folder."""
    folder = f"data/scenes-{size}"
    write_scenes(folder, size)
    return folder


def write_scenes(folder: str | os.PathLike, size: int, train: int = 300, test: int = 20, seed: int = 0) -> None:
    """Writes trainA, testA (summer) and trainB, testB (winter) as PNG files, named after the number of the scene.

    The training scenes of the two domains are different ones; each test scene is in both, under the same name.
    The folder appears whole or not at all. One that holds these very scenes is left as it is.

    Args:
      folder: path to write; its parent is made if need be.
      size: height and width of the images.
      train, test: scenes per domain.
      seed: int in [0, 2**32); another seed shows other scenes.

    Raises:
      DataError: `folder` exists and does not hold these scenes.
      OutputError: it cannot be written.
    """
    folder = Path(folder)
    parameters = {"drawing": VERSION, "size": size, "train": train, "test": test, "seed": seed}
    first_b, first_test = train, 2 * train
    splits = {
        "trainA": ("summer", range(first_b)),
        "trainB": ("winter", range(first_b, first_test)),
        "testA": ("summer", range(first_test, first_test + test)),
        "testB": ("winter", range(first_test, first_test + test)),
    }
    with writing(folder):
        clear_leftovers(folder)
        if folder.exists():
            check_scenes(folder, parameters, splits)
            return
        with folder_written_whole(folder) as whole:
            for split in splits:
                (whole / split).mkdir()
            work = [(split, palette, number) for split, (palette, numbers) in splits.items() for number in numbers]
            for split, palette, number in track(work, len(work), "scenes", f"Drawing {folder}"):
                Image.fromarray(draw_scene((seed, number), palette, size)).save(whole / split / f"{number:05d}.png")
            (whole / "scenes.json").write_text(json.dumps(parameters, indent=2) + "\n")


def check_scenes(folder: Path, parameters: dict[str, int], splits: dict[str, tuple[str, range]]) -> None:
    """Raises DataError unless `folder` holds all the scenes of these parameters."""
    advice = "remove it or name another folder"
    try:
        found = json.loads(read_regular(folder / "scenes.json", most=10_000))
    except (OSError, ValueError):
        raise DataError(f"{folder} exists and holds no built-in scenes: {advice}") from None
    if found != parameters:
        raise DataError(f"{folder} holds other scenes: {found}, wanted {parameters}: {advice}")
    for split, (_, numbers) in splits.items():
        count = len(list((folder / split).glob("*.png")))
        if count != len(numbers):
            raise DataError(f"{folder}/{split} holds {count} of its {len(numbers)} scenes: {advice}")
