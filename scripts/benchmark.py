"""Measures this project beside PyTorch: every contender in a process of its own, in turn (A B A B), ratios within one round."""

import argparse
import importlib.util
import itertools
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from statistics import median

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # works without installation, from anywhere

from inputs.scenes import write_scenes
from training.command_line import OneLineParser, UsageError, run

SIZES = {  # name: config values
    "small": {"image_size": 64, "generator_blocks": 6, "ngf": 32, "ndf": 32},
    "small4": {"image_size": 64, "generator_blocks": 6, "ngf": 32, "ndf": 32, "batch_size": 4},
    "large": {"image_size": 256, "generator_blocks": 9, "ngf": 64, "ndf": 64},
}
TORCH = {  # name: fields of the PyTorch contender
    "PyTorch float32, as shipped": {},
    "PyTorch bfloat16 autocast": {"autocast": True},
    "PyTorch bfloat16 autocast, channels_last": {"autocast": True, "channels_last": True},
}
TIMED_SECONDS = 15  # of steps, for each contender in each round
DRAWN = 150  # images of each domain, for pipeline and build_data, where --data_dir is not given
COPIES = 20  # of each image that build_data is given, so that its start-up counts for little
USAGE = """\
Measures speed and memory, prints a table and writes JSON.

  python scripts/benchmark.py                        training steps beside PyTorch's, where torch is installed
  python scripts/benchmark.py --what=loop            the whole of train.py beside the bare step
  python scripts/benchmark.py --what=inference       translating 256 px images, files to files
  python scripts/benchmark.py --what=pipeline        images/s the input pipeline delivers, beside decoding alone
  python scripts/benchmark.py --what=build_data      images/s converted, beside decoding alone
  python scripts/benchmark.py --what=startup         from the start of the process to the end of the first step

The ratio is the median over the rounds of a contender's time to that of the row marked as its base.
"""


def main(arguments):
    args = parse_arguments(arguments)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as workdir:
        tables = WHATS[args.what](args, workdir)
    report = {"machine": machine(), "date": time.strftime("%Y-%m-%d"), "command": ["benchmark.py", *arguments], "tables": tables}
    print(f"\n{report['machine']}; {report['date']}; {time.perf_counter() - started:.0f} s in all")
    if args.json:
        with open(args.json, "w") as file:
            json.dump(report, file, indent=2)
    return 0


def parse_arguments(arguments):
    """Reads the command line; UsageError where it is wrong."""
    parser = OneLineParser("benchmark.py", description=USAGE, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("--what", choices=list(WHATS), default="training", help="what to measure (default: training)")
    parser.add_argument("--sizes", default="small,large", help=f"comma-separated, of {', '.join(SIZES)} (default: small,large)")
    parser.add_argument("--precisions", default="float32,bfloat16", help="of this project (default: float32,bfloat16)")
    parser.add_argument("--xla", action="store_true", help="measure the compiled training step too")
    parser.add_argument("--rounds", type=int, default=2, help="how often the contenders take turns (default: 2)")
    parser.add_argument("--data_dir", help="folder with trainA and trainB of your own images (default: drawn scenes)")
    parser.add_argument("--json", metavar="FILE", help="write all figures here too")
    args = parser.parse_args(arguments)
    args.sizes, args.precisions = args.sizes.split(","), args.precisions.split(",")
    unknown = [size for size in args.sizes if size not in SIZES]
    if unknown:
        raise UsageError(f"--sizes: {unknown[0]} is none of {', '.join(SIZES)}")
    return args


def training(args, workdir):
    """Bare training steps: time, memory, FLOP/s and their share of the matmul rate measured in the same round."""
    tables = {}
    for size in args.sizes:
        values = SIZES[size]
        contenders = {
            f"this project {precision}": {"what": "training", "framework": "tensorflow", "values": {**values, "precision": precision}}
            for precision in args.precisions
        }
        if args.xla:
            contenders |= {f"{name}, XLA": {**fields, "values": {**fields["values"], "xla": True}} for name, fields in contenders.items()}
        if importlib.util.find_spec("torch"):
            contenders |= {name: {"what": "training", "framework": "torch", "values": values, **fields} for name, fields in TORCH.items()}
        for contender in contenders.values():
            contender["seconds"] = TIMED_SECONDS
        rates = {f"matmul {precision}": {"what": "matmul", "precision": precision} for precision in args.precisions}
        rounds = take_turns({**rates, **contenders}, args.rounds)
        tables[size] = [training_row(name, rounds, values, args.precisions) for name in contenders]
        show(f"{size}: {values}", tables[size])
    return tables


def training_row(name, rounds, values, precisions):
    """One row of the training table, from all rounds."""
    results = [figures[name] for figures in rounds]
    steps = [median(result["times"]) for result in results]
    base = f"this project {precisions[-1]}"
    row = {
        "contender": name,
        "step ms": f"{1e3 * median(steps):.0f}",
        "min-max": f"{1e3 * min(min(r['times']) for r in results):.0f}-{1e3 * max(max(r['times']) for r in results):.0f}",
        "images/s": f"{2 * values.get('batch_size', 1) / median(steps):.2f}",
        "first step s": f"{median(result['first'] for result in results):.1f}",
        "peak MB": f"{median(r['peak_mb'] for r in results):.0f}",
        f"{base} / it": f"{median(median(f[base]['times']) / step for f, step in zip(rounds, steps)):.2f}",
        "its memory": f"{median(f[base]['peak_mb'] / f[name]['peak_mb'] for f in rounds):.2f}",
    }
    flop = results[0].get("flop_per_step")
    if flop and not name.endswith("XLA"):
        precision = name.split()[-1]
        rate = median(flop / step for step in steps)
        share = median(flop / step / f[f"matmul {precision}"]["flops"] for f, step in zip(rounds, steps))
        row |= {"TFLOP": f"{flop / 1e12:.3f}", "GFLOP/s": f"{rate / 1e9:.0f}", "of matmul": f"{share:.2f}"}
    return row


def loop(args, workdir):
    """The whole of train.py, at its default intervals, beside the bare step."""
    tables = {}
    for size in args.sizes:
        values = {**SIZES[size], "precision": args.precisions[-1]}
        contenders = {
            "whole loop": {"what": "loop", "values": {**values, "data_dir": "scenes", "run_dir": os.path.join(workdir, "run")}, "steps": 1000},
            "bare step": {"what": "training", "framework": "tensorflow", "values": values, "seconds": 60},
        }
        rounds = take_turns(contenders, args.rounds, workdir)
        whole = [f["whole loop"]["seconds_per_step"] for f in rounds]
        bare = [sum(f["bare step"]["times"]) / len(f["bare step"]["times"]) for f in rounds]
        ratio = median(w / b for w, b in zip(whole, bare))
        tables[size] = [{"contender": "whole loop", "step ms": f"{1e3 * median(whole):.1f}", "bare step ms": f"{1e3 * median(bare):.1f}", "ratio": f"{ratio:.3f}"}]
        show(f"{size}: {values}", tables[size])
    return tables


def inference(args, workdir):
    """Translating 256 px images, files to files, without start-up."""
    values, run_dir = SIZES["large"], os.path.join(workdir, "run")
    source = os.path.join(images_folder(args, workdir, 256, 20), "trainA")
    for precision in args.precisions:
        measure({"what": "make_run", "run_dir": f"{run_dir}-{precision}", "values": {**values, "precision": precision}})
    common = {"what": "translating", "source": source}
    contenders = {
        f"this project {precision}": {
            **common, "framework": "tensorflow", "values": {**values, "precision": precision}, "run_dir": f"{run_dir}-{precision}",
            "output": os.path.join(workdir, precision),
        }
        for precision in args.precisions
    }  # fmt: skip
    if importlib.util.find_spec("torch"):
        for name, autocast in (("PyTorch float32, as shipped", False), ("PyTorch bfloat16 autocast", True)):
            output = os.path.join(workdir, f"torch-{autocast}")
            contenders[name] = {**common, "framework": "torch", "values": values, "run_dir": None, "output": output, "autocast": autocast}
    return rate_table("inference", contenders, args.rounds, f"this project {args.precisions[-1]}")


def pipeline(args, workdir):
    """Images/s that the pipeline delivers, beside decoding alone."""
    tables = {}
    for size in args.sizes:
        values = SIZES[size]
        folder = images_folder(args, workdir, values["image_size"])
        contenders = {
            "pipeline": {"what": "pipeline", "data_dir": folder, "values": values, "seconds": 5},
            "decode alone": {"what": "decode", "data_dir": folder},
        }
        tables |= rate_table(f"pipeline, {size}", contenders, args.rounds, "pipeline")
    return tables


def build_data(args, workdir):
    """Images/s that build_data.py converts, beside decoding the same files with Pillow on all cores."""
    folder = images_folder(args, workdir, 256, copies=COPIES)
    contenders = {
        "build_data.py": {"what": "build_data", "data_dir": folder, "output": os.path.join(workdir, "shards")},
        "decode alone": {"what": "decode", "data_dir": folder},
    }
    return rate_table("build_data", contenders, args.rounds, "build_data.py")


def startup(args, workdir):
    """From the start of the process to the end of the first step, beside `import tensorflow` and the construction of the graph."""
    contenders = {
        "run": {"what": "startup", "values": {"preset": "demo"}, "workdir": workdir},
        "parts": {"what": "graph", "values": {"preset": "demo", "precision": "float32"}},
    }
    rounds = take_turns(contenders, args.rounds + 1, workdir)[1:]  # the first draws the scenes
    first, imported, graph = (
        median(f[name][key] for f in rounds) for name, key in (("run", "first_step"), ("parts", "import"), ("parts", "graph"))
    )
    row = {
        "to the end of the first step s": f"{first:.1f}", "import tensorflow s": f"{imported:.1f}", "graph s": f"{graph:.1f}",
        "ratio to these two": f"{first / (imported + graph):.2f}",
    }  # fmt: skip
    show("startup", [row])
    return {"startup": [row]}


def rate_table(title, contenders, rounds, base):
    """Measures and shows contenders that give images/s."""
    rounds = take_turns(contenders, rounds)
    rows = [
        {
            "contender": name,
            "images/s": f"{median(f[name]['images_per_s'] for f in rounds):.2f}",
            f"rate of {base} to it": f"{median(f[base]['images_per_s'] / f[name]['images_per_s'] for f in rounds):.2f}",
        }
        for name in contenders
    ]
    show(title, rows)
    return {title: rows}


def images_folder(args, workdir, size, count=DRAWN, copies=1):
    """The user's folder, or one with drawn scenes; or one with each of their images several times."""
    folder = args.data_dir
    if not folder:
        folder = os.path.join(workdir, f"scenes-{size}-{count}")
        write_scenes(folder, size, train=count, test=1)
    if copies == 1:
        return folder
    copied = os.path.join(workdir, "copies")
    for split in ("trainA", "trainB"):
        os.makedirs(os.path.join(copied, split))
        for name, copy in itertools.product(os.listdir(os.path.join(folder, split)), range(copies)):
            shutil.copy(os.path.join(folder, split, name), os.path.join(copied, split, f"{copy}-{name}"))
    return copied


def take_turns(contenders, rounds, workdir=None):
    """Measures contenders in turn. Returns a list, one dict of figures by name for each round."""
    return [{name: measure(contender, workdir) for name, contender in contenders.items()} for _ in range(rounds)]


def measure(specification, workdir=None):
    """Runs one measurement in a process of its own; see scripts/contenders.py."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "contenders.py")
    process = subprocess.run([sys.executable, script, json.dumps(specification)], capture_output=True, text=True, cwd=workdir)
    if process.returncode:
        raise UsageError(f"{specification['what']} failed: {process.stderr.strip().splitlines()[-1]}")
    return json.loads(process.stdout.splitlines()[-1])


def show(title, rows):
    """Prints a table in Markdown."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    print(f"\n{title}\n\n| {' | '.join(names)} |\n|{' --- |' * len(names)}")
    for row in rows:
        print(f"| {' | '.join(row.get(name, '') for name in names)} |", flush=True)


def machine():
    """One line about this machine."""
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.processor())
    return f"{os.cpu_count()} cores of {model}, {platform.system()}, Python {platform.python_version()}"


WHATS = {f.__name__: f for f in (training, loop, inference, pipeline, build_data, startup)}

if __name__ == "__main__":
    run(main)
