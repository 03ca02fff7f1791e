"""Which contenders are compared, and their tables: they take turns (A B A B), and ratios are taken within one round."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from base.errors import UserError
from base.machine import available_cores
from benchmarks.folders import as_classes, jpegs_folder, scenes_folder, several_times
from models.configs import make_config

ROOT = Path(__file__).resolve().parents[1]
SIZES: dict[str, dict[str, Any]] = {  # name: config values
    "small": {"image_size": 64, "generator_blocks": 6, "ngf": 32, "ndf": 32},
    "small4": {"image_size": 64, "generator_blocks": 6, "ngf": 32, "ndf": 32, "batch_size": 4},
    "large": {"image_size": 256, "generator_blocks": 9, "ngf": 64, "ndf": 64},
}
TORCH: dict[str, dict[str, Any]] = {  # name: precision, and other fields of the PyTorch contender
    "PyTorch float32, as shipped": {"precision": "float32"},
    "PyTorch float32, torch.compile": {"precision": "float32", "compiled": True},
    "PyTorch bfloat16 autocast": {"precision": "bfloat16"},
    "PyTorch bfloat16 autocast, channels_last": {"precision": "bfloat16", "channels_last": True},
    "PyTorch bfloat16 autocast, torch.compile": {"precision": "bfloat16", "compiled": True},
}
TIMED_SECONDS = 15  # of steps, for each contender in each round
LOOP_STEPS = 1000
TRANSLATED = 20  # images, where none are given
CLASSIFIER: dict[str, Any] = {"model": "darknet", "image_size": 32}  # whose pipeline is measured, too

SERVED = {"small": 256, "large": 256}  # sides of the images that one client sends, in pixels, by size of the network
TINY: dict[str, Any] = {"image_size": 32, "generator_blocks": 1, "ngf": 4, "ndf": 4}  # under load
LOAD = {"requests": 10_000, "at_once": 32}

Figures = dict[str, Any]  # what one measurement gives, see `benchmarks.contenders`
Round = Mapping[str, Figures]  # by contender
Tables = dict[str, list[dict[str, str]]]  # rows, which are texts by column, by title


@dataclasses.dataclass(frozen=True)
class Setting:
    """How to compare.

    Attributes:
      workdir: an empty folder.
      sizes: keys of SIZES.
      precisions: of this project; the last is what the ratios call ours.
      rounds: how often the contenders take turns.
      xla: whether the compiled training step is measured, too.
      data_dir: folder with trainA and trainB; None: scenes are drawn.
    """

    workdir: str
    sizes: Sequence[str]
    precisions: Sequence[str]
    rounds: int
    xla: bool
    data_dir: str | None

    @property
    def ours(self) -> str:
        """The contender that the others are compared with."""
        return _ours(self.precisions[-1])


def training(setting: Setting) -> Tables:
    """Bare training steps: time, memory, FLOP/s and their share of the matmul rate measured in the same round."""
    tables = {}
    for size in setting.sizes:
        values = SIZES[size]
        contenders: dict[str, Figures] = {
            _ours(precision): {"framework": "tensorflow", "values": {**values, "precision": precision}}
            for precision in setting.precisions
        }
        if setting.xla:
            contenders |= {
                f"{name}, XLA": {**fields, "values": {**fields["values"], "xla": True}}
                for name, fields in contenders.items()
            }
        if _torch_is_there():
            for name, fields in TORCH.items():
                own = {key: value for key, value in fields.items() if key != "precision"}
                with_precision = {**values, "precision": fields["precision"]}
                contenders[name] = {"framework": "torch", "values": with_precision, **own}
        timed = {name: {"what": "training", "seconds": TIMED_SECONDS, **fields} for name, fields in contenders.items()}
        rates = {f"matmul {precision}": {"what": "matmul", "precision": precision} for precision in setting.precisions}
        rounds = take_turns({**rates, **timed}, setting.rounds, needed=[*rates, setting.ours])
        title = f"{size}: {values}; ours: {setting.ours}"
        tables[title] = [training_row(name, rounds, values.get("batch_size", 1), setting.ours) for name in contenders]
        show(title, tables[title])
    return tables


def training_row(name: str, rounds: Sequence[Round], batch_size: int, ours: str) -> dict[str, str]:
    """One row of the table of training steps.

    Args:
      name: of the contender; of this project, its precision is the last word.
      rounds: of all contenders and of the matmul rates.
      batch_size: images of each domain in a step.
      ours: the contender that it is compared with.
    """
    failed = _failure(name, rounds)
    if failed:
        return {"contender": name, "step ms": failed}
    results = [figures[name] for figures in rounds]
    steps = [median(result["times"]) for result in results]
    fastest, slowest = min(min(r["times"]) for r in results), max(max(r["times"]) for r in results)
    time_ratio = median(median(figures[ours]["times"]) / step for figures, step in zip(rounds, steps, strict=True))
    row = {
        "contender": name,
        "step ms": f"{1e3 * median(steps):.0f}",
        "min-max": f"{1e3 * fastest:.0f}-{1e3 * slowest:.0f}",
        "images/s": f"{2 * batch_size / median(steps):.2f}",
        "first step s": f"{median(result['first'] for result in results):.1f}",
        "peak MB": f"{median(result['peak_mb'] for result in results):.0f}",
        "ours / theirs: time": f"{time_ratio:.2f}",
        "ours / theirs: memory": f"{median(f[ours]['peak_mb'] / f[name]['peak_mb'] for f in rounds):.2f}",
    }
    flop = results[0].get("flop_per_step")
    if flop and not name.endswith("XLA"):
        precision = name.split()[-1]
        rates = [flop / step for step in steps]
        share = median(r / f[f"matmul {precision}"]["flops"] for r, f in zip(rates, rounds, strict=True))
        row |= {"TFLOP": f"{flop / 1e12:.3f}", "GFLOP/s": f"{median(rates) / 1e9:.0f}", "of matmul": f"{share:.2f}"}
    return row


def loop(setting: Setting) -> Tables:
    """The whole of train.py, at its default intervals, beside the bare step."""
    tables = {}
    for size in setting.sizes:
        values = {**SIZES[size], "precision": setting.precisions[-1]}
        run_values = {**values, "data_dir": "scenes", "max_steps": LOOP_STEPS}
        contenders: dict[str, Figures] = {
            "whole loop": {"what": "loop", "values": run_values, "workdir": setting.workdir},
            "bare step": {"what": "training", "framework": "tensorflow", "values": values, "seconds": 60},
        }
        rounds = take_turns(contenders, setting.rounds, needed=contenders)
        whole = [figures["whole loop"]["seconds_per_step"] for figures in rounds]
        bare = [sum(f["bare step"]["times"]) / len(f["bare step"]["times"]) for f in rounds]
        row = {
            "contender": "whole loop",
            "step ms": f"{1e3 * median(whole):.1f}",
            "bare step ms": f"{1e3 * median(bare):.1f}",
            "loop / bare step: time": f"{median(w / b for w, b in zip(whole, bare, strict=True)):.3f}",
        }
        title = f"{size}: {values}"
        tables[title] = [row]
        show(title, tables[title])
    return tables


def inference(setting: Setting) -> Tables:
    """Translating 256 px images, files to files, without start-up."""
    source = os.path.join(setting.data_dir or scenes_folder(setting.workdir, 256, TRANSLATED), "trainA")
    contenders: dict[str, Figures] = {}
    for precision in setting.precisions:
        values = {**SIZES["large"], "precision": precision}
        run_dir = os.path.join(setting.workdir, f"run-{precision}")
        made = measure({"what": "make_run", "run_dir": run_dir, "values": values})
        _check("make_run", made)
        contenders[_ours(precision)] = {"framework": "tensorflow", "values": values, "run_dir": run_dir}
    if _torch_is_there():
        for name in ("PyTorch float32, as shipped", "PyTorch bfloat16 autocast"):
            values = {**SIZES["large"], "precision": TORCH[name]["precision"]}
            contenders[name] = {"framework": "torch", "values": values}
    for number, fields in enumerate(contenders.values()):
        output = os.path.join(setting.workdir, f"translated-{number}")
        fields |= {"what": "translating", "source": source, "output": output}
    return _rate_table("inference", contenders, setting.rounds, setting.ours)


def pipeline(setting: Setting) -> Tables:
    """Images/s that the pipeline delivers, beside doing the same to images with Pillow alone on all cores."""
    tables: Tables = {}
    for name, values in {**{size: SIZES[size] for size in setting.sizes}, "classifier": CLASSIFIER}.items():
        config = make_config(values)
        folder = setting.data_dir or jpegs_folder(setting.workdir, config.image_size)
        if values is CLASSIFIER:
            folder = as_classes(folder, os.path.join(setting.workdir, "classes"))
        side = config.load_size if config.preprocess == "resize_and_crop" else config.image_size
        contenders: dict[str, Figures] = {
            "pipeline, first epoch": {"what": "pipeline", "data_dir": folder, "values": values, "epoch": 0},
            "the same, in processes": {
                "what": "pipeline",
                "data_dir": folder,
                "values": {**values, "read_processes": available_cores()},
                "epoch": 0,
            },
            "pipeline, second epoch": {"what": "pipeline", "data_dir": folder, "values": values, "epoch": 1},
            "decode, resize and crop alone": {
                "what": "decode",
                "data_dir": folder,
                "side": side,
                "crop": config.image_size,
            },
        }
        tables |= _rate_table(f"pipeline, {name}: {values}", contenders, setting.rounds, "pipeline, first epoch")
    return tables


def build_data(setting: Setting) -> Tables:
    """Images/s that build_data.py converts, beside decoding the same files with Pillow on all cores."""
    images = setting.data_dir or scenes_folder(setting.workdir, 256)
    folder = several_times(images, os.path.join(setting.workdir, "copies"))
    contenders: dict[str, Figures] = {
        "build_data.py": {
            "what": "build_data",
            "data_dir": folder,
            "output": os.path.join(setting.workdir, "shards"),
        },
        "decode alone": {"what": "decode", "data_dir": folder},
    }
    return _rate_table("build_data", contenders, setting.rounds, "build_data.py")


def startup(setting: Setting) -> Tables:
    """From the start of the process to the end of the first step, beside importing TensorFlow and building a graph."""
    contenders: dict[str, Figures] = {
        "run": {"what": "startup", "values": {"preset": "demo"}, "workdir": setting.workdir},
        "parts": {"what": "graph", "values": {"preset": "demo", "precision": "float32"}},
    }
    rounds = take_turns(contenders, setting.rounds + 1, needed=contenders)[1:]  # the first draws the scenes
    first = median(figures["run"]["first_step"] for figures in rounds)
    imported = median(figures["parts"]["import"] for figures in rounds)
    graph = median(figures["parts"]["graph"] for figures in rounds)
    row = {
        "to the end of the first step s": f"{first:.1f}",
        "import tensorflow s": f"{imported:.1f}",
        "graph s": f"{graph:.1f}",
        "first step / these two: time": f"{first / (imported + graph):.2f}",
    }
    show("startup", [row])
    return {"startup": [row]}


def serve(setting: Setting) -> Tables:
    """One client of scripts/serve.py beside the bare forward pass; and many at once, some of whom send damage."""
    contenders: dict[str, Figures] = {}
    for name, side in SERVED.items():
        run_dir = os.path.join(setting.workdir, f"run-{name}")
        made = measure({"what": "make_run", "run_dir": run_dir, "values": {**SIZES[name], "precision": "float32"}})
        _check("make_run", made)
        fields = {"run_dir": run_dir, "side": side, "seconds": TIMED_SECONDS}
        contenders |= {
            f"{name}, forward": {"what": "forward", **fields},
            f"{name}, served": {"what": "one_client", **fields},
        }
    rounds = take_turns(contenders, setting.rounds, needed=contenders)
    rows = []
    for name, side in SERVED.items():
        times = [[median(figures[f"{name}, {way}"]["times"]) for way in ("forward", "served")] for figures in rounds]
        row = {"network": f"{name}: {SIZES[name]}", "image": f"{side} px"}
        for way, milliseconds in zip(("forward ms", "served ms"), zip(*times)):
            row[way] = f"{1e3 * median(milliseconds):.1f}"
        rows.append({**row, "served / forward: time": f"{median(after / before for before, after in times):.2f}"})
    title = "one client, float32, from PNG to PNG; forward: from floats to floats"
    show(title, rows)
    return {title: rows, **_load_table(setting)}


def _load_table(setting):
    run_dir = os.path.join(setting.workdir, "run-tiny")
    _check("make_run", measure({"what": "make_run", "run_dir": run_dir, "values": {**TINY, "precision": "float32"}}))
    load = {"what": "many_clients", "run_dir": run_dir, "side": TINY["image_size"], **LOAD}
    figures = measure(load)
    _check("many_clients", figures)
    row = {
        "requests": str(sum(figures["requests"].values())),
        "wrong answers": str(sum(figures["wrong"].values())),
        "requests/s": f"{sum(figures['requests'].values()) / figures['seconds']:.0f}",
    }
    for percent in (50, 99):
        row[f"p{percent} ms"] = f"{1e3 * quantiles(figures['times'], n=100)[percent - 1]:.0f}"
    for place, who in enumerate(("server", "network")):
        row[f"{who} MB, warm - end"] = f"{figures['warm_mb'][place]:.0f} - {figures['end_mb'][place]:.0f}"
    title = f"{LOAD['at_once']} clients, {TINY}: {figures['requests']}; wrong: {figures['wrong'] or 'none'}"
    show(title, [row])
    return {title: [row]}


COMPARISONS: dict[str, Callable[[Setting], Tables]] = {
    function.__name__: function for function in (training, loop, inference, pipeline, build_data, startup, serve)
}


def take_turns(contenders: Mapping[str, Figures], rounds: int, needed: Sequence[str] | Mapping) -> list[Round]:
    """Measures contenders in turn.

    Args:
      contenders: specifications by name.
      rounds: how often.
      needed: names of those without which there is nothing to compare.

    Raises:
      UserError: a needed one failed.
    """
    results: list[Round] = []
    for _ in range(rounds):
        figures = {}
        for name, specification in contenders.items():
            figures[name] = measure(specification)
            if name in needed:
                _check(name, figures[name])
        results.append(figures)
    return results


def measure(specification: Figures) -> Figures:
    """Takes one measurement in a process of its own; where it fails, the figures are {"failed": "the reason"}."""
    command = [sys.executable, "-m", "benchmarks.contenders", json.dumps(specification)]
    process = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if process.returncode:
        return {"failed": f"the process ended with {process.returncode}"}
    return json.loads(process.stdout)


def show(title: str, rows: Sequence[Mapping[str, str]]) -> None:
    """Prints a table in Markdown."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    print(f"\n{title}\n\n| {' | '.join(names)} |\n|{' --- |' * len(names)}")
    for row in rows:
        print(f"| {' | '.join(row.get(name, '') for name in names)} |", flush=True)


def _rate_table(title: str, contenders: Mapping[str, Figures], count: int, ours: str) -> Tables:
    """Measures and shows contenders that give images/s."""
    rounds = take_turns(contenders, count, needed=[ours])
    rows = []
    for name in contenders:
        row = {"contender": name, "images/s": _failure(name, rounds)}
        if not row["images/s"]:
            row["images/s"] = f"{median(figures[name]['images_per_s'] for figures in rounds):.2f}"
            if "cpu_s" in rounds[0][name]:
                row["CPU ms an image"] = f"{1e3 * median(figures[name]['cpu_s'] for figures in rounds):.2f}"
            ratio = median(f[ours]["images_per_s"] / f[name]["images_per_s"] for f in rounds)
            row["ours / theirs: rate"] = f"{ratio:.2f}"
        rows.append(row)
    title = f"{title}; ours: {ours}"
    show(title, rows)
    return {title: rows}


def _failure(name: str, rounds: Sequence[Round]) -> str:
    """Why a contender failed, for its row; empty where it did not."""
    return next((f"failed: {figures[name]['failed']}" for figures in rounds if "failed" in figures[name]), "")


def _check(name: str, figures: Figures) -> None:
    if "failed" in figures:
        raise UserError(f"{name} failed: {figures['failed']}")


def _ours(precision: str) -> str:
    return f"this project {precision}"


def _torch_is_there() -> bool:
    return importlib.util.find_spec("torch") is not None
