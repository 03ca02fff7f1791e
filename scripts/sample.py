"""Makes images of noise with a trained run: as single files, as one grid, or both."""

import argparse
import os
import sys
from collections import deque

from PIL import Image

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # works without installation, from anywhere

from config import Config
from inputs.images import save_image, to_uint8
from training.command_line import OneLineParser, UsageError, path, run
from training.run_folder import RunFolder
from training.samples import draw_grid

USAGE = """\
Makes images of noise with a trained run of a model that does so, such as wgan.

  python scripts/sample.py --run_dir=runs/bedrooms --count=1000 --output=bedrooms
  python scripts/sample.py --run_dir=runs/bedrooms --count=64 --seed=3 --grid=bedrooms.png

Image i of a seed is the same however many are made. The generator's batch norms take the statistics of whole batches of the run's size.
"""


def main(arguments):
    args = parse_arguments(arguments)
    folder = RunFolder(args.run_dir)
    config = folder.config(**({"precision": args.precision} if args.precision else {}))
    check_free(args)

    # TensorFlow is imported only here, so that a mistyped flag shows at once.
    from training.tensorflow_setup import tf  # noqa: F401, isort: skip
    from training.restored import open_model

    def choose(model):
        if model.generation is None:
            raise UsageError(f"{args.run_dir}: the model {config.model} of this run makes no images of noise")
        return model.generation.result

    model, session = open_model(folder, config, choose)
    images = model.generate(session, args.seed, args.count)
    try:
        if args.output:
            args.output.mkdir(parents=True, exist_ok=True)
            images = write_images(args.output, images)
        if args.grid:
            args.grid.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(draw_grid({"": list(images)})).save(args.grid, "PNG")
        deque(images, maxlen=0)  # makes those that no grid has asked for
    except OSError as error:
        raise UsageError(f"{error.filename or args.grid or args.output}: cannot be written: {error.strerror or error}") from None
    print(f"{args.count} images of step {session.run(model.global_step)}: {' and '.join(str(path) for path in (args.output, args.grid) if path)}")
    return 0


def parse_arguments(arguments):
    """Reads and checks the command line; UsageError where it is wrong."""
    parser = OneLineParser(
        "sample.py",
        description=USAGE,
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, max_help_position=26, width=120),
        usage="python scripts/sample.py --run_dir=DIR [--output=DIR] [--grid=FILE] [options]",
        allow_abbrev=False,
    )
    parser.add_argument("--run_dir", metavar="DIR", required=True, help="run folder of train.py")
    parser.add_argument("--output", metavar="DIR", type=path, help="folder for single images, 00000.png, ...")
    parser.add_argument("--grid", metavar="FILE", type=path, help="PNG file for one picture of all images, eight in a line")
    parser.add_argument("--count", metavar="N", type=int, default=64, help="number of images (default: 64)")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="what the noise is drawn from (default: 0)")
    parser.add_argument(
        "--precision",
        choices=Config.__dataclass_fields__["precision"].metadata["choices"],
        help="dtype of the networks (default: the run's)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files of the same names")
    args = parser.parse_args(arguments)
    if not (args.output or args.grid):
        raise UsageError("give --output=DIR for single images, --grid=FILE for one picture, or both")
    if args.grid and args.grid.suffix.lower() != ".png":
        raise UsageError(f"--grid={args.grid}: must be the name of a .png file")
    if args.count < 1:
        raise UsageError(f"--count={args.count}: must be at least 1")
    if not 0 <= args.seed < 2**32:
        raise UsageError(f"--seed={args.seed}: must be at least 0 and less than {2**32}")
    return args


def check_free(args):
    """Raises UsageError where writing would replace a file without leave."""
    if args.output and args.output.exists() and not args.output.is_dir():
        raise UsageError(f"{args.output} is a file; --output must name a folder")
    if args.grid and args.grid.is_dir():
        raise UsageError(f"{args.grid} is a folder; --grid must name a file")
    files = [image_file(args.output, number) for number in range(args.count)] if args.output else []
    existing = next((file for file in [*files, args.grid] if file and file.exists()), None)
    if existing and not args.overwrite:
        raise UsageError(f"{existing} exists; --overwrite replaces files of the same names")


def image_file(folder, number):
    """Names the file of an image."""
    return folder / f"{number:05d}.png"


def write_images(folder, images):
    """Passes images through, writing each to its file."""
    for number, image in enumerate(images):
        save_image(to_uint8(image), image_file(folder, number))
        yield image


if __name__ == "__main__":
    run(main)
