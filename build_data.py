"""Converts folders of images to TFRecord shards.

    python build_data.py --source=photos --output=data/photos
    python build_data.py --domain_a=cats --domain_b=dogs --test_fraction=0.1 --output=data/cat2dog
    python build_data.py --pairs --source=facades --output=data/facades
    python build_data.py --images=bedrooms --output=data/bedrooms
    python build_data.py --images=cifar10 --labelled --output=data/cifar10

The first form takes a folder with the sub-folders trainA, trainB and, if there are any, testA and testB. With --pairs, for pix2pix,
images of equal names in trainA and trainB make a pair, or each image in the sub-folders train and test (or val) shows two side by side.

--images takes one set of images, for wgan: all in a folder, or its sub-folders train and test (or val) where it has these. With --labelled,
for darknet, the sub-folders in there are classes: cifar10/train/cat/1.png.
"""

import argparse
import contextlib
import fcntl
import functools
import glob
import itertools
import json
import os
import shutil
import signal
import sys
import time
from collections import deque
from multiprocessing import get_context
from pathlib import Path
from statistics import median_low

from tqdm import tqdm

from inputs.errors import DataError
from inputs.images import BadImage, EncodedImage, encode_for_record
from inputs.pairs import encode_pair
from inputs.records import image_record, pair_record, write_record
from inputs.splits import class_of, find_classes, find_images, find_pairs, find_splits, readable

FORMAT_VERSION = 1
DESCRIPTION = "dataset.json"  # the file that makes a folder an output of this program
CHUNK_IMAGES = 8  # given to a worker at a time
CHUNKS_AHEAD = 2  # given to each worker before the first is taken back
LISTED = 20  # images left out that are listed on the terminal; dataset.json lists all
PLAIN_SECONDS = 10  # between lines of progress where there is no terminal


def main(arguments=None):
    """Runs the program; gives its exit code: 0, 2 for errors of use or data, 1 for other errors."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        build(parse_arguments(arguments))
    except DataError as error:
        return fail(error, 2)
    except OSError as error:
        return fail(f"{error.filename or 'writing'}: {error.strerror}", 1)
    except KeyboardInterrupt:
        return fail("interrupted; nothing was written", 130)
    return 0


def fail(message, code):
    """Prints an error in one line and gives `code`."""
    print(f"build_data: error: {message}", file=sys.stderr)
    return code


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message):
        self.exit(2, f"build_data: error: {message}\n")


def parse_arguments(arguments):
    """Parses and checks the command line; exits with code 2 where it is wrong."""
    parser = Parser(
        "build_data.py",
        description=__doc__,
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, max_help_position=30, width=110),
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--output", metavar="DIR", type=Path, required=True, help="folder to write; it appears when all is done")
    add("--source", metavar="DIR", type=Path, help="folder with the sub-folders trainA trainB [testA testB]")
    add("--domain_a", metavar="DIR", type=Path, help="folder of images of domain A, instead of --source")
    add("--domain_b", metavar="DIR", type=Path, help="folder of images of domain B, instead of --source")
    add("--images", metavar="DIR", type=Path, help="folder of one set of images, instead of --source; see above")
    add("--labelled", action="store_true", help="the sub-folders of --images, or of its splits, are classes")
    add("--pairs", action="store_true", help="the images belong together in pairs; see above")
    add("--test_fraction", metavar="0..1", type=float, default=0.0,
        help="share of --domain_a and --domain_b, or of --images, that becomes the test splits (default: 0)")
    add("--max_side", metavar="PIXELS", type=positive, help="longest side above which images are downsized (default: any)")
    add("--shards", metavar="N", type=positive, default=8, help="files per split (default: 8)")
    add("--seed", metavar="N", type=int, default=0, help="decides on the order and on the test splits (default: 0)")
    add("--workers", metavar="N", type=positive, default=os.cpu_count(), help="decoding processes (default: one per core)")
    add("--strict", action="store_true", help="fail if any image cannot be used, instead of leaving it out")
    add("--overwrite", action="store_true", help="replace an earlier output")
    args = parser.parse_args(arguments)
    if bool(args.source) + bool(args.domain_a or args.domain_b) + bool(args.images) != 1:
        parser.error("give either --source, or --domain_a and --domain_b, or --images")
    if args.labelled and not args.images:
        parser.error("--labelled goes with --images")
    if args.pairs and args.images:
        parser.error("--pairs goes with --source, or with --domain_a and --domain_b")
    if not (args.source or args.images) and not (args.domain_a and args.domain_b):
        parser.error(f"--domain_{'b' if args.domain_a else 'a'} is missing")
    if not 0 <= args.test_fraction < 1:
        parser.error(f"--test_fraction must be at least 0 and less than 1, not {args.test_fraction:g}")
    if args.source and args.test_fraction:
        parser.error("--test_fraction goes with --domain_a and --domain_b; with --source, its sub-folders are the splits")
    return args


def positive(text):
    """Parses an integer of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, not {text}")
    return int(text)


def build(args):
    """Converts the images that the command line names.

    Raises:
      DataError: the source or the output cannot be used, or too many images cannot.
      OSError: the output cannot be written.
    """
    started = time.monotonic()
    output = args.output.expanduser().resolve()
    clear_leftovers(output)
    check_output(output, [folder for folder in (args.source, args.domain_a, args.domain_b, args.images) if folder], args.overwrite)
    splits = find_pairs(args) if args.pairs else find_images(args) if args.images else find_splits(args)
    classes = find_classes(splits) if args.labelled else []
    description = {"format_version": FORMAT_VERSION, "seed": args.seed, "max_side": args.max_side, "splits": {}}
    description |= {"classes": classes} if classes else {}
    encode = functools.partial(encode_pair if args.pairs else encode_for_record, max_side=args.max_side)
    with written_aside(output) as aside, worker_processes(args.workers, encode) as workers:
        for name, split in splits.items():
            images = progress(zip(split.names, encode_all(workers, split.paths)), name, len(split.names))
            description["splits"][name] = write_split(aside, name, split, images, args.shards, classes)
        check_left_out(description["splits"], args.strict)
        (aside / DESCRIPTION).write_text(json.dumps(description, indent=2) + "\n")
    report(output, description["splits"], "pairs" if args.pairs else "images", time.monotonic() - started)


def check_output(output, sources, overwrite):
    """Raises DataError if the output must not be written: it holds a source, or something that is not ours."""
    for source in (folder.expanduser().resolve() for folder in sources):
        if output.is_relative_to(source) or source.is_relative_to(output):
            raise DataError(f"{output}: the output and the source {source} must not lie in one another")
    if output.exists() and not output.is_dir():
        raise DataError(f"{output}: is a file; --output must be a folder")
    if output.exists() and any(output.iterdir()):
        if not (output / DESCRIPTION).exists():
            raise DataError(f"{output}: exists and is no output of build_data.py; choose another --output")
        if not overwrite:
            raise DataError(f"{output}: exists; --overwrite replaces it")


@contextlib.contextmanager
def written_aside(output):
    """Gives a folder beside `output`, which takes its place if the block succeeds and is removed if it does not."""
    aside = output.with_name(f"{output.name}.partial-{os.getpid()}")
    aside.mkdir(parents=True)
    lock = lock_folder(aside)  # held by this process as long as it lives
    try:
        yield aside
        replace_folder(output, aside)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        os.close(lock)


def replace_folder(output, aside):
    """Renames `aside` to `output`; what was there is removed after that."""
    old = output.with_name(f"{output.name}.replaced")
    if output.exists():
        output.rename(old)
    try:
        aside.rename(output)
    finally:
        if old.exists() and not output.exists():
            old.rename(output)
    shutil.rmtree(old, ignore_errors=True)


def clear_leftovers(output):
    """Tidies up after runs that were killed: brings back an output caught between two renames, removes partial ones."""
    old = output.with_name(f"{output.name}.replaced")
    if old.exists() and not output.exists():
        old.rename(output)
    for folder in output.parent.glob(f"{glob.escape(output.name)}.partial-*"):
        with contextlib.suppress(BlockingIOError):  # another run is at work there
            os.close(lock_folder(folder))
            shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def lock_folder(folder):
    """Locks a folder until the descriptor that is returned, or the process, ends; BlockingIOError if it is locked."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


@contextlib.contextmanager
def worker_processes(count, encode):
    """Starts processes that call `encode` on paths, and ends them with the block; gives a connection to each."""
    context = get_context("fork" if sys.platform == "linux" else "spawn")  # no threads yet, so forking is safe
    connections, processes = [], []
    try:
        for _ in range(count):
            ours, theirs = context.Pipe()
            connections.append(ours)
            processes.append(context.Process(target=work, args=(ours, theirs, encode), daemon=True))
            processes[-1].start()
            theirs.close()  # so that the death of the worker ends the connection
        yield connections
    finally:
        for process in processes:
            process.terminate()


def work(parents_end, connection, encode):
    """Encodes each list of paths that comes in, until the parent process is gone."""
    parents_end.close()  # this process's copy of it, which would keep the connection open
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    with contextlib.suppress(EOFError, OSError):
        while True:
            connection.send([encode_or_reason(encode, path) for path in connection.recv()])


def encode_all(connections, paths):
    """Encodes images in parallel, in order, with a bounded number of them in memory.

    Args:
      connections: from `worker_processes`; they take turns.
      paths: list of paths, or of tuples of them.

    Yields:
      What the workers make of each: EncodedImage or a pair of them, or BadImage.

    Raises:
      DataError: a worker died.
    """
    chunks = [paths[start : start + CHUNK_IMAGES] for start in range(0, len(paths), CHUNK_IMAGES)]
    pending = deque()
    for connection, chunk in zip(itertools.cycle(connections), chunks):
        if len(pending) == CHUNKS_AHEAD * len(connections):
            yield from receive(*pending.popleft())
        with contextlib.suppress(ConnectionError):  # of a dead worker; `receive` will say so
            connection.send(chunk)
        pending.append((connection, chunk))
    for connection, chunk in pending:
        yield from receive(connection, chunk)


def receive(connection, chunk):
    """Receives what a worker made of a list of paths."""
    try:
        return connection.recv()
    except (EOFError, ConnectionError) as error:
        problem = f"a worker process died (out of memory?) at one of the {len(chunk)} images from here on"
        first = chunk[0] if isinstance(chunk[0], str) else chunk[0][0]
        raise DataError(f"{first}: {problem}; try fewer --workers, or take the image out") from error


def encode_or_reason(encode, path):
    """Calls `encode`; gives what it returns, or BadImage."""
    try:
        return encode(path)
    except BadImage as reason:
        return reason


def progress(items, split, total):
    """Passes items through under a progress bar with images/s, or with a line now and then where there is no terminal."""
    if sys.stderr.isatty():
        columns, rows = shutil.get_terminal_size()  # tqdm shows nothing where the terminal does not know its size
        yield from tqdm(items, split, total, ncols=columns, nrows=rows, unit=" images")
        return
    started = shown = time.monotonic()
    for count, item in enumerate(items):
        now = time.monotonic()
        if now - shown >= PLAIN_SECONDS:
            shown = now
            print(f"{split}: {count} of {total} images, {count / (now - started):.0f} images/s", flush=True)
        yield item


def write_split(aside, split, found, images, shards, classes):
    """Writes the shards of a split, dealing its images out in turn.

    Args:
      aside: folder to write to.
      split: name of the split.
      found: its Split.
      images: iterable of (name, EncodedImage or BadImage); of pairs, (names, two EncodedImage or BadImage).
      shards: number of shards; fewer are written if there are fewer images.
      classes: names of the classes, the first part of the images' names; empty if they have none.

    Returns:
      What dataset.json says about the split.
    """
    sizes, left_out = [], list(found.left_out)
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(open(aside / f"{split}.{i}", "wb")) for i in range(shards)]
        for name, image in images:
            if isinstance(image, BadImage):
                left_out.append({"file": readable(name if isinstance(name, str) else name[0]), "reason": str(image)})
                continue
            write_record(files[len(sizes) % shards], make_record(name, image, classes))
            first = image if isinstance(image, EncodedImage) else image[0]
            sizes.append((first.height, first.width))
    used = min(shards, len(sizes))
    for i in range(shards):
        part = aside / f"{split}.{i}"
        part.rename(aside / f"{split}-{i:05d}-of-{used:05d}.tfrecord") if i < used else part.unlink()
    return {
        "source": readable("/".join(found.folder.resolve().parts[-2:])),
        "images": len(sizes),
        "shards": used,
        "height": summary([height for height, _ in sizes]),
        "width": summary([width for _, width in sizes]),
        "left_out": left_out,
    }


def make_record(name, image, classes):
    """Serialises an EncodedImage, with its class if there are classes, or a pair of them with its one or two names."""
    if isinstance(image, EncodedImage):
        class_name = class_of(name) if classes else None
        label = classes.index(class_name) if classes else None
        return image_record(image.data, image.format, os.fsencode(name), image.height, image.width, label, class_name)
    return pair_record(image, [os.fsencode(name[0]), os.fsencode(name[-1])])


def summary(sides):
    """Summarises a list of pixels."""
    return {"min": min(sides), "median": median_low(sides), "max": max(sides)} if sides else None


def check_left_out(splits, strict):
    """Raises DataError if a split is empty, or, if `strict`, any image was left out."""
    count = sum(len(facts["left_out"]) for facts in splits.values())
    empty = [split for split, facts in splits.items() if not facts["images"]]
    if empty or (strict and count):
        print_left_out(splits)
        problem = f"{empty[0]}: none of its images can be used" if empty else f"--strict, and {count} images cannot be used"
        raise DataError(f"{problem}; nothing was written")


def print_left_out(splits):
    """Lists the images that were left out, with the reasons."""
    lines = [f"{split}/{item['file']}: {item['reason']}" for split in splits for item in splits[split]["left_out"]]
    for line in lines[:LISTED]:
        print(f"left out: {line}")
    if len(lines) > LISTED:
        print(f"left out: ... and {len(lines) - LISTED} more")


def report(output, splits, unit, seconds):
    """Says what was written."""
    print_left_out(splits)
    for split, facts in splits.items():
        print(f"{split}: {facts['images']} {unit} in {facts['shards']} shards, {len(facts['left_out'])} left out")
    images = sum(facts["images"] for facts in splits.values())
    left_out = sum(len(facts["left_out"]) for facts in splits.values())
    print(f"{output}: {images} {unit}, {left_out} left out, in {seconds:.1f} s ({images / seconds:.0f} {unit}/s)")


if __name__ == "__main__":
    sys.exit(main())
