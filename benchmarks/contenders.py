"""What the benchmark times, one measurement to a process: `python -m benchmarks.contenders '{"what": "matmul", ...}'`.

Every measurement takes the fields of its specification and returns a dict of figures, which is printed as one line of
JSON; one that fails prints `{"failed": "the reason"}`.
"""

from __future__ import annotations

import contextlib
import functools
import glob
import json
import multiprocessing
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from base.errors import UserError
from base.graph_mode import session_config, tf
from benchmarks import clients
from inference.isolated import IsolatedRun
from inference.jobs import find_jobs
from inference.load import load_run
from inference.translation import THREADS, ahead, translate_files
from inputs.data_dir import open_splits
from inputs.dataset import read_description
from inputs.images import open_image
from inputs.pipeline import build_pipeline
from inputs.preparation import preparation
from models.configs import make_config
from models.cyclegan import CycleGAN, CycleGANConfig
from models.registry import find_model
from run_folder.checkpoints import Checkpoints
from run_folder.folder import RunFolder
from training.graph import prepare_machine
from training.group import Group

ROOT = Path(__file__).resolve().parents[1]
FRAMEWORKS = ("tensorflow", "torch")
SHOWN = 120  # characters of a reason at most

Translator = tuple[Sequence, Callable[[Sequence], Iterable]]  # what to translate, and what translates some of it


def training(
    framework: str, values: Mapping[str, Any], seconds: float, channels_last: bool = False, compiled: bool = False
) -> dict[str, Any]:
    """Times bare training steps on constant images.

    Args:
      framework: "tensorflow" (this project) or "torch".
      values: config values.
      seconds: how long to time after the warm-up; at least three steps.
      channels_last, compiled: of the PyTorch contender: its memory layout, and whether `torch.compile` compiles it.

    Returns:
      The seconds of each step (`times`), of the first (`first`), and from nothing to its end (`startup`); the peak
      memory (`peak_mb`); and of this project the floating-point operations of all convolutions (`flop_per_step`).
    """
    config = CycleGANConfig.parse(values)
    shape = [config.batch_size, config.image_size, config.image_size, 3]
    images = np.random.RandomState(0).uniform(-1, 1, [2, *shape]).astype(np.float32)
    started = time.perf_counter()
    if framework == "tensorflow":
        run_step, extra = _tensorflow_step(config, images)
    elif framework == "torch":
        run_step, extra = _torch_step(config, images, channels_last, compiled), dict
    else:
        raise _unknown_framework(framework)
    first, *_ = _time(run_step, count=1)
    startup = time.perf_counter() - started
    _time(run_step, count=2)
    times = _time(run_step, seconds=seconds)
    return {"times": times, "startup": startup, "first": first, "peak_mb": _peak_mb(resource.RUSAGE_SELF), **extra()}


def matmul(precision: str) -> dict[str, float]:
    """Measures the rate of 2048 x 2048 matrix products in FLOP/s: the best of 20, what this machine can do just now."""
    size, count = 2048, 4
    x = tf.cast(tf.get_variable("x", [size, size], initializer=tf.zeros_initializer()), precision)
    y = x
    for _ in range(count):
        y = tf.matmul(y, x)
    with tf.Session(config=session_config()) as session:
        session.run(tf.global_variables_initializer())
        run = session.make_callable(y.op)
        _time(run, count=3)
        return {"flops": count * 2 * size**3 / min(_time(run, count=20))}


def loop(values: Mapping[str, Any], workdir: str) -> dict[str, float]:
    """Times the whole of `train.py` from its first to its last step: data, summaries, sample grids, checkpoints.

    The clock runs from TensorBoard's first event, which is written before the first step, to the last checkpoint.

    Args:
      values: config values; max_steps among them.
      workdir: folder to run in.
    """
    run_dir = os.path.join(workdir, "run")
    _run_entry("train.py", {**values, "run_dir": run_dir, "overwrite": True}, workdir)
    started = min(event.wall_time for event in _events(run_dir))
    ended = os.path.getmtime(os.path.join(RunFolder(run_dir).checkpoints, "checkpoint"))
    return {"seconds_per_step": (ended - started) / values["max_steps"], "peak_mb": _peak_mb(resource.RUSAGE_CHILDREN)}


def pipeline(data_dir: str, values: Mapping[str, Any], epoch: int) -> dict[str, float]:
    """Measures the images/s that the pipeline gives a step that does nothing, in the epoch of a number from 0."""
    config = make_config(values)
    streams = find_model(config.model).streams(config)
    train = open_splits(data_dir, streams).train
    config = config.with_data(train)
    steps = max(1, min(map(len, train.values())) // config.batch_size)
    images = steps * config.batch_size * sum(stream.images for stream in streams.values())
    with contextlib.ExitStack() as stack:
        batches = build_pipeline(
            streams, train, config, prepare=stack.enter_context(preparation(streams, train, config))
        )
        session = stack.enter_context(tf.Session(config=session_config()))
        stack.callback(batches.stop)
        run = session.make_callable([tensor.op for tensor in batches.batch.values()])
        session.run(batches.initializer)
        if epoch:
            _time(run, count=epoch * steps)
        cpu_started = time.process_time()
        seconds = sum(_time(run, count=steps))
        cpu_seconds = time.process_time() - cpu_started
    processes = resource.getrusage(resource.RUSAGE_CHILDREN)  # that prepare images: of all epochs
    cpu_seconds += (processes.ru_utime + processes.ru_stime) / (epoch + 1)
    return {"images": images, "images_per_s": images / seconds, "cpu_s": cpu_seconds / images}


def decode(data_dir: str, side: int | None = None, crop: int = 0) -> dict[str, float]:
    """Measures the images/s of decoding with Pillow alone, in one process per core.

    Args:
      data_dir: folder of the images, in any depth.
      side: to which they are resized as well, in pixels; None: they are not.
      crop: side of what is then cut out.
    """
    names = glob.iglob(os.path.join(data_dir, "**"), recursive=True)  # along links, too
    files = [Path(name) for name in names if name.endswith((".jpg", ".png"))]
    work = functools.partial(_decode, side=side, crop=crop)
    with multiprocessing.Pool() as pool:
        pool.map(work, files[:64], chunksize=8)
        started = time.perf_counter()
        cpu_seconds = sum(pool.map(work, files, chunksize=8))
        seconds = time.perf_counter() - started
    return {"images": len(files), "images_per_s": len(files) / seconds, "cpu_s": cpu_seconds / len(files)}


def build_data(data_dir: str, output: str) -> dict[str, float]:
    """Measures the images/s of `build_data.py`, start-up included."""
    started = time.perf_counter()
    _run_entry("build_data.py", {"source": data_dir, "output": output, "overwrite": True}, None)
    seconds = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    description = read_description(Path(output))
    if description is None:
        raise UserError(f"{output}: has no description")
    count = sum(split.images for split in description.splits.values())
    return {"images": count, "images_per_s": count / seconds, "cpu_s": (used.ru_utime + used.ru_stime) / count}


def make_run(run_dir: str, values: Mapping[str, Any]) -> dict[str, float]:
    """Writes a run folder with fresh weights, for `translating`."""
    folder = RunFolder(run_dir)
    config = folder.config_for({**values, "overwrite": True})
    CycleGAN(config)
    checkpoints = Checkpoints(folder.checkpoints, tf.global_variables())
    folder.claim(config)
    with tf.Session(config=session_config()) as session:
        session.run(tf.global_variables_initializer())
        checkpoints.save(session, 0)
    folder.release()
    return {}


def translating(
    framework: str, values: Mapping[str, Any], source: str, output: str, run_dir: str = ""
) -> dict[str, float]:
    """Times translating a folder, files to files, once one image is done; threads decode ahead and encode behind.

    Args:
      framework: as for `training`.
      values: config values.
      source, output: folders of images.
      run_dir: of this project: from `make_run`, with the same values.
    """
    if framework == "tensorflow":
        jobs, translate = _tensorflow_translator(run_dir, Path(source), Path(output))
    elif framework == "torch":
        jobs, translate = _torch_translator(CycleGANConfig.parse(values), Path(source), Path(output))
    else:
        raise _unknown_framework(framework)
    _use_up(translate(jobs[:1]))
    started = time.perf_counter()
    _use_up(translate(jobs))
    return {"images_per_s": len(jobs) / (time.perf_counter() - started)}


def forward(run_dir: str, side: int, seconds: float) -> dict[str, Any]:
    """Times the bare forward pass of a square image, from floats to floats."""
    run = load_run(run_dir, "AtoB")
    signature = run.model.outputs.translations["AtoB"]
    image = np.random.RandomState(0).uniform(-1, 1, [1, side, side, 3]).astype(np.float32)
    step = run.session.make_callable(signature.result, [signature.source])
    _time(lambda: step(image), count=3)
    return {"times": _time(lambda: step(image), seconds=seconds)}


def one_client(run_dir: str, side: int, seconds: float) -> dict[str, Any]:
    """Times the answers that one client of scripts/serve.py gets, from a square PNG file to a PNG file."""
    kind = clients.Kind(100, clients.request(clients.noisy_image(side)), [200])

    def ask():
        if clients.ask(port, kind) not in kind.codes:
            raise UserError("a request was not answered")

    with clients.server_of(run_dir) as (port, _):
        _time(ask, count=3)
        return {"times": _time(ask, seconds=seconds)}


def many_clients(run_dir: str, side: int, requests: int, at_once: int) -> dict[str, Any]:
    """Puts scripts/serve.py under load; the figures are those of `clients.load`."""
    with clients.server_of(run_dir, f"--queue={2 * at_once}") as (port, process):
        return clients.load(port, process, clients.noisy_image(side), requests, at_once)


def startup(values: Mapping[str, Any], workdir: str) -> dict[str, float]:
    """Times from the start of `train.py` to the end of its first step, which TensorBoard's first point carries."""
    run_dir = os.path.join(workdir, "run")
    started = time.time()
    _run_entry("train.py", {**values, "max_steps": 1, "run_dir": run_dir, "overwrite": True}, workdir)
    return {"first_step": min(event.wall_time for event in _events(run_dir) if event.step == 1) - started}


def graph(values: Mapping[str, Any]) -> dict[str, float]:
    """Times importing TensorFlow and the construction of the training graph, in this new process."""
    started = time.perf_counter()
    tf.reset_default_graph()  # the first use imports it
    imported = time.perf_counter()
    config = make_config(values)
    size = [config.batch_size, config.image_size, config.image_size, 3]
    CycleGAN(config, {name: tf.zeros(size) for name in CycleGAN.streams(config)}).build_training()
    return {"import": imported - started, "graph": time.perf_counter() - imported}


def _tensorflow_step(config: CycleGANConfig, images: np.ndarray) -> tuple[Callable, Callable[[], dict]]:
    streams = CycleGAN.streams(config)
    prepare_machine(config, streams)
    model = CycleGAN(config, dict(zip(streams, map(tf.constant, images), strict=True)))
    model.build_training()
    session = Group([], 0).session()
    session.run(tf.global_variables_initializer())
    train_op = model.train_ops["train"]
    run_step = session.make_callable([train_op.scalars, train_op.op])
    return run_step, lambda: {"flop_per_step": convolution_flop(session)}


def convolution_flop(session: tf.Session) -> int:
    """Counts the floating-point operations, two for each product, of a graph's convolutions and of their gradients.

    Each of the two gradients, however it is computed, takes as many as the convolution. They all meet every element of
    the smaller of the two images once with every weight that leads there.
    """
    kinds = {  # op type: (image on the small side, kernel [height, width, channels of the large, of the small side])
        "Conv2D": lambda op: (op.outputs[0], op.inputs[1]),
        "Conv2DBackpropInput": lambda op: (op.inputs[2], op.inputs[1]),  # a transposed convolution
    }
    ops = [op for op in session.graph.get_operations() if op.type in kinds]
    pairs = [kinds[op.type](op) for op in ops if not re.search(r"(^|[/_])gradients(_\d+)?/", op.name)]
    with session.graph.as_default():
        elements = [tf.size(small, out_type=tf.int64) for small, _ in pairs]
        weights = [tf.size(kernel[..., 0], out_type=tf.int64) for _, kernel in pairs]
        return 3 * 2 * int(np.dot(*session.run([elements, weights])))


def _torch_step(config: CycleGANConfig, images: np.ndarray, channels_last: bool, compiled: bool) -> Callable:
    import torch

    from benchmarks import torch_twin

    model = torch_twin.CycleGAN(config, channels_last=channels_last, compiled=compiled, device=_torch_device())
    real_a, real_b = (torch.from_numpy(np.ascontiguousarray(batch.transpose(0, 3, 1, 2))) for batch in images)
    return lambda: {name: value.item() for name, value in model.step(real_a, real_b).items()}


def _tensorflow_translator(run_dir: str, source: Path, output: Path) -> Translator:
    run = IsolatedRun(run_dir, "AtoB")

    def translate_all(jobs):
        return translate_files(run, jobs, output, fit=lambda height, width: (height, width))

    return find_jobs(source), translate_all


def _torch_translator(config: CycleGANConfig, source: Path, output: Path) -> Translator:
    import torch

    from benchmarks import torch_twin

    device = _torch_device()
    model = torch_twin.CycleGAN(config, device=device)
    output.mkdir(parents=True, exist_ok=True)

    def read(file):
        with open_image(file) as image:
            return np.asarray(image.convert("RGB"), np.float32).transpose(2, 0, 1)[None] / 127.5 - 1

    def translate(values):
        with torch.inference_mode():
            return model.run("generator_ab", torch.from_numpy(values).to(device))[0].cpu().numpy()

    def write(values, file):
        Image.fromarray(np.uint8((values.transpose(1, 2, 0) + 1) * 127.5)).save(output / file.name)

    def translate_all(files):
        with ThreadPoolExecutor(THREADS) as pool:
            readings = ahead((file, pool.submit(read, file)) for file in files)
            for writing in ahead(pool.submit(write, translate(reading.result()), file) for file, reading in readings):
                yield writing.result()

    return sorted(source.iterdir()), translate_all


def _torch_device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _use_up(outcomes: Iterable) -> None:
    """Waits for all translations; UserError where one failed."""
    for outcome in outcomes:
        if outcome is not None and outcome.skipped:
            raise UserError(f"{outcome.job.name}: {outcome.skipped}")


def _time(run: Callable, count: int | None = None, seconds: float = 0.0) -> list[float]:
    """Times single calls: `count` of them, or at least three and for `seconds`."""
    times: list[float] = []
    while len(times) < count if count else len(times) < 3 or sum(times) < seconds:
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return times


def _decode(file: Path, side: int | None, crop: int) -> float:
    """Decodes an image and, where it has a `side`, resizes and crops it. Gives the CPU seconds."""
    started = time.process_time()
    with open_image(file) as image:
        pixels = image.convert("RGB")
    if side is not None:
        np.asarray(pixels.resize((side, side), Image.Resampling.BICUBIC).crop((0, 0, crop, crop)))
    return time.process_time() - started


def _run_entry(name: str, flags: Mapping[str, Any], folder: str | None) -> None:
    """Runs an entry point in a process of its own; UserError with the last line that it said where it fails."""
    command = [sys.executable, str(ROOT / name), *(f"--{flag}={value}" for flag, value in flags.items())]
    process = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if process.returncode:
        raise UserError([f"{name} failed", *process.stderr.splitlines()][-1])


def _events(run_dir: str) -> Iterable:
    """TensorBoard's events of a run, in order; each has a `step` and a `wall_time`."""
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    (file,) = Path(run_dir).glob("events.out.tfevents.*")
    return EventFileLoader(str(file)).Load()


def _peak_mb(whose: int) -> float:
    return resource.getrusage(whose).ru_maxrss / 1024


def _unknown_framework(name: str) -> ValueError:
    return ValueError(f"framework is {name!r}; it must be one of {', '.join(FRAMEWORKS)}")


WHATS: dict[str, Callable[..., dict]] = {
    function.__name__: function
    for function in (training, matmul, loop, pipeline, decode, build_data, make_run, translating, startup, graph)
} | {function.__name__: function for function in (forward, one_client, many_clients)}


def main(arguments: Sequence[str]) -> None:
    """Takes one measurement and prints its figures; whatever else is printed meanwhile goes to standard error."""
    specification = json.loads(arguments[0])
    measurement = WHATS[specification.pop("what")]
    with contextlib.redirect_stdout(sys.stderr):
        try:
            figures = measurement(**specification)
        except Exception as error:  # whatever two frameworks and a compiler may raise: the table says so
            reason = (str(error).splitlines() or [""])[0]
            figures = {"failed": f"{type(error).__name__}: {reason}"[:SHOWN]}
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1:])
