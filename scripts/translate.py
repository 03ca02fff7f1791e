"""Translates images with a trained run: a file or a folder, of any sizes, with a page that shows input and output side by side."""

import argparse
import errno
import hashlib
import os
import sys
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # works without installation, from anywhere

from config import Config
from inputs.images import BadImage, read_image, resize, save_image, to_uint8, to_unit
from scripts.jobs import find_jobs
from training.archive import write_archive
from training.command_line import OneLineParser, UsageError, path, run
from training.gallery import Pair, write_gallery
from training.run_folder import RunFolder

USAGE = """\
Translates images with a trained run.

  python scripts/translate.py --run_dir=runs/horse2zebra --direction=AtoB --input=photos --output=zebras

JPEG and PNG files keep their names; other formats become PNG. Sub-folders are kept; TFRecord files are read too. index.html in the
output shows input and output side by side. The exit code is 0, 1 where images were skipped, and 2 where nothing could be done.
"""
PAGE = "index.html"
THUMBNAIL_SIDE = 640  # pixels; of the inputs on the page
THREADS = 4  # that decode and encode
AHEAD = 4  # images decoded ahead of the network, and images waiting to be encoded behind it
PLAIN_SECONDS = 10  # between lines of progress where there is no terminal
NO_MORE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)  # writing errors that the next image would meet too


class Translator(NamedTuple):
    """A model with its weights, in one direction."""

    translate: object  # function from float32 [height, width, channels] in [-1, 1] to the same of the other domain
    channels: int  # of its input
    step: int  # of the checkpoint
    out_of_memory: tuple  # what `translate` raises for an image that is too large


def main(arguments):
    args = parse_arguments(arguments)
    folder = RunFolder(str(args.run_dir))
    config = folder.config(batch_size=1, **({"precision": args.precision} if args.precision else {}))
    jobs = find_jobs(args.input)
    thumbnails = thumbnail_folder(jobs)
    check_output(args.output, args.input, jobs, thumbnails, args.overwrite)
    check_archive(args.zip, args.overwrite)
    translator = open_run(folder, config, args.direction)
    make_folder(args.output)

    started = time.perf_counter()
    pairs, skipped = [], []
    outcomes = translate_all(translator, jobs, args.output, thumbnails, args.max_side)
    try:
        for job, outcome in progress(outcomes, len(jobs)):
            if isinstance(outcome, BadImage):
                skipped.append((job.name, str(outcome)))
                tqdm.write(f"skipped {job.name}: {outcome}", file=sys.stderr)
            else:
                pairs.append(outcome)
    finally:  # after Ctrl-C too, the page shows what was finished
        outcomes.close()
        if pairs or skipped:
            title = f"{args.run_dir.resolve().name} · {args.direction} · step {translator.step}"
            facts = f"{len(pairs)} translated, {len(skipped)} skipped · {config.model}"
            write_page(args.output / PAGE, title, facts, args.direction, pairs, skipped)

    seconds = time.perf_counter() - started
    counts = f"{len(pairs)} translated, {len(skipped)} skipped in {seconds:.1f} s ({len(pairs) / seconds:.1f} images/s)"
    print(f"{counts}\nSide by side: {args.output / PAGE}")
    if args.zip and pairs:
        try:
            write_archive(args.zip, args.output, [pair.result for pair in pairs])
        except OSError as error:
            raise UsageError(f"{args.zip}: cannot be written: {error.strerror or error}") from None
        sizes = {(pair.width, pair.height) for pair in pairs}
        size = "{} x {} px".format(*sizes.pop()) if len(sizes) == 1 else "different sizes"
        print(f"Packed: {args.zip}, {len(pairs)} JPEG images of {size}")
    return 1 if skipped else 0


def parse_arguments(arguments):
    """Reads and checks the command line; UsageError where it is wrong."""
    parser = OneLineParser(
        "translate.py",
        description=USAGE,
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, max_help_position=26, width=120),
        usage="python scripts/translate.py --run_dir=DIR --direction=NAME --input=FILE_OR_DIR --output=DIR [options]",
        allow_abbrev=False,
    )
    required, options = parser.add_argument_group("required"), parser.add_argument_group("options")
    required.add_argument("--run_dir", metavar="DIR", type=path, help="run folder of train.py")
    required.add_argument("--direction", metavar="NAME", help="AtoB, BtoA, or what else the run's model translates")
    required.add_argument("--input", metavar="FILE_OR_DIR", type=path, help="image, or folder of images; sub-folders are walked; or TFRecord files")
    required.add_argument("--output", metavar="DIR", type=path, help="folder to write to; outside the input")
    options.add_argument(
        "--max_side",
        metavar="PIXELS",
        type=pixels,
        default=0,
        help="downsize images whose longest side is longer (int >= 0; default 0: as they are); CycleGAN's usual generator takes "
        "up to 0.7 GB of memory per megapixel",
    )
    options.add_argument(
        "--precision",
        choices=Config.__dataclass_fields__["precision"].metadata["choices"],
        help="dtype of the networks (default: the run's)",
    )
    options.add_argument("--zip", metavar="FILE", type=path, help="also pack the results, as JPEG, into this zip file")
    options.add_argument("--overwrite", action="store_true", help="replace files of the same names in the output")
    args = parser.parse_args(arguments)
    missing = [f"--{name}" for name in ("run_dir", "direction", "input", "output") if getattr(args, name) is None]
    if missing:
        raise UsageError(f"missing {', '.join(missing)} (see --help)")
    return args


def pixels(text):
    """Reads a whole number >= 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a whole number of pixels, or 0 for no limit, not {text}")
    return int(text)


def thumbnail_folder(jobs):
    """Names the folder in the output that takes the page's pictures of the inputs: `inputs`, or `inputs-2` where results lie there."""
    taken = {job.target.split("/")[0].lower() for job in jobs}
    return next(name for name in ("inputs", *(f"inputs-{count}" for count in range(2, len(jobs) + 3))) if name not in taken)


def check_output(output, source, jobs, thumbnails, overwrite):
    """Raises UsageError where writing would destroy something, or a second run would translate the results of the first."""
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output} is a file; --output must name a folder")
    place = output.resolve()
    folders = {parent.resolve() for parent in {source if source.is_dir() else source.parent, *(job.source.parent for job in jobs)}}
    if any(folder.is_relative_to(place) for folder in folders) or (source.is_dir() and place.is_relative_to(source.resolve())):
        raise UsageError(f"{output}: the output and the input {source} must not lie in one another")
    if not overwrite:
        files = [PAGE, *(job.target for job in jobs), *(thumbnail(thumbnails, job) for job in jobs)]
        existing = next((output / file for file in files if (output / file).exists()), None)
        if existing:
            raise UsageError(f"{existing} exists; --overwrite replaces files of the same names, or choose another --output")


def check_archive(file, overwrite):
    """Raises UsageError where the zip file would destroy something or has no folder to lie in."""
    if file and file.exists() and (file.is_dir() or not overwrite):
        raise UsageError(f"{file} {'is a folder' if file.is_dir() else 'exists; --overwrite replaces it'}")
    if file and not file.absolute().parent.is_dir():
        raise UsageError(f"{file}: there is no folder {file.absolute().parent}")


def thumbnail(thumbnails, job):
    """Where the page's picture of an input lies, relative to the output; a hash, because no longer name may fit the file system."""
    return f"{thumbnails}/{hashlib.sha256(os.fsencode(job.target)).hexdigest()[:16]}.jpg"


def make_folder(folder):
    """Makes the output folder; UsageError where that is not possible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be made: {error.strerror}") from None


def open_run(folder, config, direction):
    """Builds the run's networks and loads the weights that one direction needs.

    Args:
      folder: RunFolder.
      config: its Config.
      direction: str, one of the model's translations.

    Returns:
      Translator.

    Raises:
      UsageError: the model has no such direction, or the checkpoint does not fit it.
    """
    # TensorFlow is imported only here, so that a mistyped flag shows at once.
    from training.tensorflow_setup import tf  # isort: skip
    from training.restored import open_model

    def choose(model):
        if direction not in model.translations:
            known = ", ".join(model.translations) or "none"
            raise UsageError(f"--direction={direction}: the model {config.model} of this run has {known}")
        return model.translations[direction].result

    model, session = open_model(folder, config, choose)
    return Translator(
        translate=lambda image: model.translate(session, image, direction),
        channels=int(model.translations[direction].source.shape[-1]),
        step=int(session.run(model.global_step)),
        out_of_memory=(tf.errors.ResourceExhaustedError, tf.errors.AbortedError, MemoryError),  # Aborted: of oneDNN
    )


def translate_all(translator, jobs, output, thumbnails, max_side):
    """Translates images one after the other, while threads decode the next ones and encode the last ones.

    Yields:
      (Job, Pair), or (Job, BadImage) where the image was skipped.
    """
    def read(job):
        return job, read_or_reason(job, translator.channels, max_side or None)

    def write(step):
        return step[0], write_or_reason(*step, output, thumbnails)

    pool = ThreadPoolExecutor(THREADS)
    try:
        images = ahead(pool, read, jobs)
        results = ((job, image, translate_or_reason(translator, image)) for job, image in images)
        yield from ahead(pool, write, results)
    finally:
        pool.shutdown(cancel_futures=True)


def ahead(pool, function, items):
    """Maps a function over items in a pool, in order, with at most AHEAD results begun beyond the one that is asked for."""
    pending = deque()
    for item in items:
        pending.append(pool.submit(function, item))
        if len(pending) > AHEAD:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


def read_or_reason(job, channels, max_side):
    """Reads an image; gives uint8 [height, width, channels], or BadImage."""
    try:
        return read_image(job.read(), channels, max_side)
    except BadImage as reason:
        return reason


def translate_or_reason(translator, image):
    """Translates an image; gives uint8 [height, width, channels], or BadImage."""
    if isinstance(image, BadImage):
        return image
    height, width = image.shape[:2]
    try:
        values = translator.translate(to_unit(image.astype(np.float32)))
    except translator.out_of_memory:
        return BadImage(f"{width} x {height} px need more memory than there is; try --max_side={max(height, width) // 2}")
    if not np.isfinite(values).all():
        return BadImage("its translation is not finite; try --precision=float32")
    return to_uint8(values)


def write_or_reason(job, image, result, output, thumbnails):
    """Writes a result and the page's picture of its input; gives a Pair, or BadImage.

    Raises:
      UsageError: the output takes no more files.
    """
    if isinstance(result, BadImage):
        return result
    shown = thumbnail(thumbnails, job)
    try:
        write_whole(result, output / job.target)
        write_whole(shrink(image, THUMBNAIL_SIDE), output / shown)
    except OSError as error:
        if error.errno in NO_MORE:
            raise UsageError(f"{output / job.target}: cannot be written: {error.strerror}") from None
        return BadImage(f"its translation cannot be written: {error.strerror or error}")
    return Pair(job.name, shown, job.target, *result.shape[:2])


def write_page(*contents):
    """Writes the page; takes what `write_gallery` takes. UsageError where it cannot be written."""
    try:
        write_gallery(*contents)
    except OSError as error:
        raise UsageError(f"{contents[0]}: cannot be written: {error.strerror}") from None


def write_whole(image, file):
    """Writes an image under a temporary name in the same folder, then renames it."""
    temporary = file.with_name(f".partial-{os.getpid()}-{hash(file.name):x}{file.suffix}")
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        save_image(image, temporary)
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)


def shrink(image, side):
    """Downsizes an image to a longest side of `side` pixels; a smaller one is returned itself."""
    height, width = image.shape[:2]
    scale = min(1.0, side / max(height, width))
    return resize(image, max(1, round(height * scale)), max(1, round(width * scale)))


def progress(items, total):
    """Passes items through under a progress bar, or with a line now and then where there is no terminal."""
    if sys.stderr.isatty():
        yield from tqdm(items, total=total, unit=" images", smoothing=0.1, dynamic_ncols=True)
        return
    started = shown = time.monotonic()
    for count, item in enumerate(items, 1):
        now = time.monotonic()
        if now - shown >= PLAIN_SECONDS:
            shown = now
            print(f"{count} of {total} images, {count / (now - started):.1f} images/s", file=sys.stderr, flush=True)
        yield item


if __name__ == "__main__":
    run(main)
