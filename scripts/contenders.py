"""What the benchmark times, one measurement to a process: `python scripts/contenders.py '{"what": "training", ...}'` prints one line of JSON.

Every function takes the fields of its specification and returns a dict of figures.
"""

import json
import multiprocessing
import os
import resource
import subprocess
import sys
import time

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # works without installation, from anywhere

from config import make_config


def training(framework, values, seconds, channels_last=False, autocast=False):
    """Times bare training steps on constant images.

    Args:
      framework: "tensorflow" (this project) or "torch".
      values: dict of config values.
      seconds: float, how long to time after the warm-up; at least three steps.
      channels_last, autocast: bool, of the PyTorch contender: its memory layout, and bfloat16.
    """
    config = make_config(values)
    shape = [config.batch_size, config.image_size, config.image_size, 3]
    images = np.random.RandomState(0).uniform(-1, 1, [2, *shape]).astype(np.float32)
    started = time.perf_counter()
    if framework == "torch":
        run_step, extra = _torch_step(config, images, channels_last, autocast), lambda: {}
    else:
        run_step, extra = _tensorflow_step(config, images)
    first, *_ = _time(run_step, count=1)
    startup = time.perf_counter() - started
    _time(run_step, count=2)
    times = _time(run_step, seconds=seconds)
    return {"times": times, "startup": startup, "first": first, "peak_mb": _peak_mb(), **extra()}


def matmul(precision):
    """Measures the rate of 2048 x 2048 matrix products in FLOP/s: the best of 20, what this machine can do at that moment."""
    from training.tensorflow_setup import session_config, tf

    size, count = 2048, 4
    x = tf.cast(tf.get_variable("x", [size, size], initializer=tf.zeros_initializer()), tf.as_dtype(precision))
    y = x
    for _ in range(count):
        y = tf.matmul(y, x)
    with tf.Session(config=session_config()) as session:
        session.run(tf.global_variables_initializer())
        run = session.make_callable(y.op)
        _time(run, count=3)
        return {"flops": count * 2 * size**3 / min(_time(run, count=20))}


def loop(values, steps):
    """Times the whole of `train.py` from its first to its last step: data, summaries, sample grids, checkpoints."""
    flags = [f"--{name}={value}" for name, value in {**values, "max_steps": steps}.items()]
    text = subprocess.run([sys.executable, _path("train.py"), *flags, "--overwrite"], check=True, capture_output=True, text=True).stdout
    seconds = float(text.split("steps in ")[1].split()[0])
    return {"seconds_per_step": seconds / steps, "peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024}


def pipeline(data_dir, values, seconds):
    """Measures the images/s that the pipeline delivers to a step that does nothing."""
    from training.tensorflow_setup import session_config, tf
    from inputs.pipeline import build_pipeline
    from inputs.sources import find_source
    from models.cyclegan import CycleGAN

    config = make_config(values)
    streams = CycleGAN.streams(config)
    batches = build_pipeline(streams, {s.split: find_source(data_dir, s.split) for s in streams.values()}, config)
    with tf.Session(config=session_config()) as session:
        session.run(batches.initializer)
        run = session.make_callable(list(batches.batch.values()))
        _time(run, count=8)
        cpu = time.process_time()
        times = _time(run, seconds=seconds)
        return {"images_per_s": 2 * config.batch_size * len(times) / sum(times), "cpu_share": (time.process_time() - cpu) / sum(times)}


def decode(data_dir):
    """Measures the images/s of decoding with Pillow alone, in one process per core."""
    files = [os.path.join(folder, name) for folder, _, names in os.walk(data_dir) for name in names if name.endswith((".jpg", ".png"))]
    with multiprocessing.Pool() as pool:
        pool.map(_decode, files[:64], chunksize=8)
        started = time.perf_counter()
        pool.map(_decode, files, chunksize=8)
        return {"images": len(files), "images_per_s": len(files) / (time.perf_counter() - started)}


def build_data(data_dir, output):
    """Measures the images/s of `build_data.py`, start-up included."""
    started = time.perf_counter()
    command = [sys.executable, _path("build_data.py"), f"--source={data_dir}", f"--output={output}", "--overwrite"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - started
    with open(os.path.join(output, "dataset.json")) as file:
        count = sum(split["images"] for split in json.load(file)["splits"].values())
    return {"images": count, "images_per_s": count / seconds}


def make_run(run_dir, values):
    """Writes a run folder with fresh weights, for `translating`."""
    from training.tensorflow_setup import session_config, tf
    from models.cyclegan import CycleGAN
    from training.checkpoints import Checkpoints
    from training.run_folder import RunFolder

    folder = RunFolder(run_dir)
    config = folder.config_for({**values, "overwrite": True})
    CycleGAN(config)
    checkpoints = Checkpoints(folder.checkpoints, tf.global_variables())
    folder.claim(config)
    with tf.Session(config=session_config()) as session:
        session.run(tf.global_variables_initializer())
        checkpoints.save(session, 0)
    return {}


def translating(framework, values, run_dir, source, output, autocast=False):
    """Times translating a folder, files to files, without start-up."""
    if framework == "tensorflow":
        command = [sys.executable, _path("scripts/translate.py"), f"--run_dir={run_dir}", "--direction=AtoB", f"--input={source}"]
        command += [f"--output={output}", "--overwrite", f"--precision={values['precision']}"]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        count, seconds = int(text.split()[0]), float(text.split(" in ")[1].split()[0])
        return {"images_per_s": count / seconds}
    return {"images_per_s": _torch_translate(make_config(values), source, output, autocast)}


def startup(values, workdir):
    """Times from the start of `train.py`'s process to the end of its first step, by the time that TensorBoard's first point carries."""
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    run_dir = os.path.join(workdir, "run")
    flags = [f"--{name}={value}" for name, value in {**values, "max_steps": 1, "run_dir": run_dir}.items()]
    started = time.time()
    subprocess.run([sys.executable, _path("train.py"), *flags, "--overwrite"], cwd=workdir, check=True, capture_output=True)
    (file,) = (os.path.join(run_dir, name) for name in os.listdir(run_dir) if name.startswith("events"))
    ended = next(event.wall_time for event in EventFileLoader(file).Load() if event.step == 1)
    return {"first_step": ended - started}


def graph(values):
    """Times `import tensorflow` and the construction of the training graph, in this new process."""
    started = time.perf_counter()
    from training.tensorflow_setup import tf
    from models.cyclegan import CycleGAN

    imported = time.perf_counter()
    config = make_config(values)
    size = [config.batch_size, config.image_size, config.image_size, 3]
    CycleGAN(config, {name: tf.zeros(size) for name in CycleGAN.streams(config)}).build_training()
    return {"import": imported - started, "graph": time.perf_counter() - imported}


def _tensorflow_step(config, images):
    from training.tensorflow_setup import session_config, share_cores, tf
    from models.cyclegan import CycleGAN

    share_cores(1 if config.xla else CycleGAN.chains)
    batch = dict(zip(CycleGAN.streams(config), map(tf.constant, images)))
    model = CycleGAN(config, batch)
    model.build_training()
    session = tf.Session(config=session_config())
    session.run(tf.global_variables_initializer())
    fetches = [model.turns["train"].terms, model.turns["train"].moves]

    return session.make_callable(fetches), lambda: {"flop_per_step": _convolution_flop(session)}


def _convolution_flop(session):
    """Counts the floating-point operations of all convolutions in a session's graph, and of their gradients: two for each product.

    All three kinds of ops meet every element of the smaller of the two images once with every weight that leads there.
    """
    from training.tensorflow_setup import tf

    kinds = {  # op type: (the image on the small side of the stride, the kernel [height, width, channels of the large, of the small side])
        "Conv2D": lambda op: (op.outputs[0], op.inputs[1]),
        "Conv2DBackpropInput": lambda op: (op.inputs[2], op.inputs[1]),
        "Conv2DBackpropFilter": lambda op: (op.inputs[2], op.outputs[0]),
    }
    pairs = [kinds[op.type](op) for op in session.graph.get_operations() if op.type in kinds]
    with session.graph.as_default():
        counts = session.run([(tf.size(small, out_type=tf.int64), tf.size(kernel[..., 0], out_type=tf.int64)) for small, kernel in pairs])
    return 2 * sum(int(elements) * int(weights) for elements, weights in counts)


def _torch_step(config, images, channels_last, autocast):
    import torch

    from scripts.torch_reference import CycleGAN

    model = CycleGAN(config, bfloat16=autocast, channels_last=channels_last)
    tensors = [torch.from_numpy(np.ascontiguousarray(batch.transpose(0, 3, 1, 2))) for batch in images]
    return lambda: {name: value.item() for name, value in model.step(*tensors).items()}


def _torch_translate(config, source, output, autocast):
    import torch
    from PIL import Image

    from scripts.torch_reference import CycleGAN

    model = CycleGAN(config, bfloat16=autocast)
    os.makedirs(output, exist_ok=True)
    names = sorted(os.listdir(source))

    def translate(name):
        pixels = np.asarray(Image.open(os.path.join(source, name)).convert("RGB"), np.float32)
        tensor = torch.from_numpy(pixels.transpose(2, 0, 1)[None] / 127.5 - 1)
        with torch.inference_mode():
            result = model.run("generator_ab", tensor)[0].numpy().transpose(1, 2, 0)
        Image.fromarray(np.uint8((result + 1) * 127.5)).save(os.path.join(output, name))

    translate(names[0])
    started = time.perf_counter()
    for name in names:
        translate(name)
    return len(names) / (time.perf_counter() - started)


def _time(run, count=None, seconds=0.0):
    """Times single calls: `count` of them, or at least three and for `seconds`."""
    times = []
    while len(times) < count if count else len(times) < 3 or sum(times) < seconds:
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return times


def _decode(file):
    from PIL import Image

    with Image.open(file) as image:
        image.convert("RGB")


def _peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _path(name):
    return os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), name)


WHATS = {f.__name__: f for f in (training, matmul, loop, pipeline, decode, build_data, make_run, translating, startup, graph)}

if __name__ == "__main__":
    specification = json.loads(sys.argv[1])
    print(json.dumps(WHATS[specification.pop("what")](**specification)))
