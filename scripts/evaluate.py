"""Judges a trained run, or folders of images, by measures that say what they depend on."""

from __future__ import annotations

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))  # works from anywhere, uninstalled

import base.early_signals  # noqa: F401 (from here on, Ctrl-C ends the program in one line)

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

from base.command_line import parse_arguments, run
from base.errors import UsageError
from base.files import reading
from base.options import Options, option
from base.places import AnyPath, as_path, is_there
from base.terminal import track
from config import Config
from evaluation.doctor import Alarm, Doctor, describe, signs
from evaluation.features import MODES, Features, classifier_features, inception_features
from evaluation.judgement import MEASURES, Material, cautions, fitting, judge
from evaluation.made import has_counterparts, judged_of_model
from evaluation.page import Result, write_page
from evaluation.palette import Palette, read_palette
from evaluation.records import Record, add_records, comparison, describe_protocol, read_records, table
from evaluation.run_data import RunData
from evaluation.sets import judged_of_folders
from inference.load import LoadedRun, load_run
from inference.outputs import check_output_file
from run_folder.best import read_best
from run_folder.checkpoints import find_steps
from run_folder.folder import BEST, LAST, RunFolder
from run_folder.metrics import Metrics

USAGE = """\
Judges the test images of a trained run, or a folder of images beside another. Figures are printed, and kept with all
that they depend on in the run folder's evaluation.json; evaluation.html beside it shows them, and the images.

  python scripts/evaluate.py --run_dir=runs/photos
  python scripts/evaluate.py --run_dir=runs/photos --checkpoint=all --inception=classify_image_graph_def.pb
  python scripts/evaluate.py --real=photos/testB --fake=translated
  python scripts/evaluate.py --real=maps/testB --fake=translated --paired --palette=palette.txt
  python scripts/evaluate.py --compare=runs/photos,runs/other
"""
FILE = "evaluation.json"
ALL = "all"
NOT_COMMON = ("seed", "run_dir")  # options in which runs of one group may differ
NEEDS = {  # to have an effect
    "checkpoint": "run_dir", "data_dir": "run_dir", "paired": "real", "size": "real", "fid_mode": "inception",
}  # fmt: skip
NOT_COMPARED = ("measures", "inception", "features", "palette", "output")  # what --compare does not look at


@dataclasses.dataclass(frozen=True, kw_only=True)
class EvaluateOptions(Options):
    """The command line."""

    run_dir: AnyPath | None = option(None, "Run folder of train.py.", "what", metavar="DIR")
    checkpoint: str | None = option(
        None, f"{LAST}; {BEST}, of train.py --keep_best; a step; or {ALL}.", "what", auto=LAST, metavar="NAME_OR_STEP"
    )
    data_dir: str | None = option(None, "Other data than the run's.", "what", auto="the run's", metavar="DIR")
    real: Path | None = option(None, "Folder of images as they should look, with --fake.", "what", metavar="DIR")
    fake: Path | None = option(None, "Folder of images to judge, with --real.", "what", metavar="DIR")
    paired: bool = option(
        False, "Whether images of one name in both folders belong together: results and what they should be.", "what"
    )
    compare: str | None = option(
        None, "Run folders, joined by commas, whose evaluations are shown beside each other.", "what", metavar="DIRS"
    )

    measures: str | None = option(
        None, f"Of {', '.join(MEASURES)}; joined by commas.", auto="all that fit", metavar="NAMES"
    )
    count: int = option(2048, "Images of each set, at most.", low=2)
    size: int | None = option(
        None, "Side in pixels to which images of folders are resized.", low=16, auto="as they are", metavar="PIXELS"
    )
    seed: int = option(0, "What the noise is drawn from, for runs that make images of noise.", low=0, high=2**32 - 1)
    inception: Path | None = option(
        None, "Frozen Inception network that gives features, for FID, KID and more.", metavar="FILE"
    )
    fid_mode: str | None = option(None, "How images are resized for it.", choices=MODES, auto=MODES[0])
    features: AnyPath | None = option(
        None, "Run folder of a classifier of this project that gives features, in its place.", metavar="DIR"
    )
    palette: Path | None = option(
        None, "Text file of the colours of maps of labels, a line each: red green blue class.", metavar="FILE"
    )
    output: Path | None = option(
        None, "File for the figures; the page goes beside it.", auto=f"{FILE} in the run folder", metavar="FILE.json"
    )

    def check(self) -> None:
        folders = self.real is not None or self.fake is not None
        if self.compare is not None and not all(self.compare.split(",")):
            raise UsageError(f"--compare={self.compare}: must be names of run folders, joined by commas")
        if sum([self.run_dir is not None, folders, self.compare is not None]) != 1:
            raise UsageError("give --run_dir=DIR, or --real=DIR and --fake=DIR, or --compare=DIR,DIR (see --help)")
        if folders and (self.real is None or self.fake is None):
            raise UsageError("--real and --fake go together")
        for name, other in NEEDS.items():
            if getattr(self, name) not in (None, False) and getattr(self, other) is None:
                raise UsageError(f"--{name} has no effect without --{other}; leave it out")
        if self.compare is not None:
            given = next((name for name in NOT_COMPARED if getattr(self, name) is not None), None)
            if given:
                raise UsageError(f"--{given} has no effect with --compare, which shows what was judged; leave it out")
        if self.inception and self.features:
            raise UsageError("--inception and --features both give features; leave one out")
        if self.palette and folders and not self.paired:
            raise UsageError("--palette needs pairs; of folders whose images go together by name, --paired makes them")
        if self.output and self.output.suffix != ".json":
            raise UsageError(f"--output={self.output}: must be the name of a .json file")
        unknown = [name for name in self.measure_names if name not in MEASURES]
        if unknown:
            raise UsageError(f"--measures={self.measures}: there is no {unknown[0]}; there are {', '.join(MEASURES)}")
        if self.palette and self.measures and not any("palette" in MEASURES[name].needs for name in self.measure_names):
            raise UsageError(f"--palette has no effect with --measures={self.measures}; leave one out")

    @property
    def measure_names(self) -> list[str]:
        """Those that are asked for; none where all that fit are."""
        return self.measures.split(",") if self.measures else []


def main(arguments: list[str]) -> int:
    options = parse_arguments(arguments, EvaluateOptions, USAGE)
    if options.compare:
        records = [record for folder in options.compare.split(",") for record in read_records(as_path(folder) / FILE)]
        print("\n".join(comparison(records)))
        return 0
    output = options.output or (options.run_dir / FILE if options.run_dir else None)
    if output:
        check_output(output)
    palette = read_palette(options.palette) if options.palette else None
    features = find_features(options)
    if options.run_dir:
        folder = RunFolder(options.run_dir)
        data = RunData.find(folder.config(), options.data_dir, options.count)
        for checkpoint in checkpoints(options, folder):
            trained = load_run(options.run_dir, precision="float32", checkpoint=checkpoint)
            keep(judge_run(options, trained, data, features, palette), output)
    else:
        assert options.real and options.fake, "one of the three was given"
        judged = judged_of_folders(options.real, options.fake, options.count, options.size, options.paired)
        subject = Record(str(options.fake), None, "", "", {}, describe_protocol(None), [])
        keep([judge_images(options, Material(judged, features, palette), subject, None)], output)
    return 0


@reading()
def check_output(output: AnyPath) -> None:
    """Raises a UserError where writing would destroy something; before the work."""
    page = output.with_suffix(".html")
    if output.exists():
        read_records(output)
    elif is_there(page):
        raise UsageError(f"{page} exists, and is not of {output}; choose another --output")
    for file in (output, page):
        check_output_file("output", file, overwrite=True)


def find_features(options: EvaluateOptions) -> Features | None:
    """What gives features, where something does."""
    if options.inception:
        return inception_features(options.inception, options.fid_mode or MODES[0])
    return classifier_features(load_run(options.features)) if options.features else None


def checkpoints(options: EvaluateOptions, folder: RunFolder) -> Sequence[str | int]:
    """Those to judge, by name or by step, oldest first."""
    if options.checkpoint == ALL:
        return find_steps(folder.checkpoints)[::-1] or [LAST]
    return [options.checkpoint or LAST]


def judge_run(
    options: EvaluateOptions, trained: LoadedRun, data: RunData, features: Features | None, palette: Palette | None
) -> list[Result]:
    """Judges what a run makes."""
    config = trained.config
    if palette and not has_counterparts(trained.model, data):
        raise UsageError(
            f"--palette={options.palette}: the images of {config.run_dir} have no counterparts to be compared with; "
            "where those of its translations are known, pass folders of both: --real, --fake and --paired"
        )
    best = read_best(RunFolder(config.run_dir).best) if options.checkpoint == BEST else None
    chosen = f", best by {best.rule.measure}" if best else ""
    subject = Record(
        subject=f"{Path(config.run_dir).resolve().name}, step {trained.step}{chosen}",
        step=trained.step,
        name="",
        group=json.dumps({name: value for name, value in config.values().items() if name not in NOT_COMMON}),
        fakes={},
        protocol=describe_protocol(config),
        figures=[],
    )
    told = [describe(alarm, config) for alarm in alarms_of_run(RunFolder(config.run_dir), trained.step)]
    found = judged_of_model(trained.session, trained.model, data, options.seed, track, training=features is not None)
    results = [judge_images(options, Material(judged, features, palette), subject, config) for judged in found]
    return [result._replace(cautions=[*result.cautions, *told]) for result in results]


def alarms_of_run(folder: RunFolder, step: int) -> list[Alarm]:
    """What went wrong in a run up to a step, by its curves; what its images say is seen in these."""
    doctor = Doctor()
    lines = (entry for entry in Metrics(folder.metrics).entries() if entry["step"] <= step)
    alarms = [alarm for entry in lines for alarm in doctor.examine(entry["step"], entry)]
    return [alarm for alarm in alarms if not alarm.rule.signal.startswith("test/")]


def judge_images(options: EvaluateOptions, material: Material, subject: Record, config: Config | None) -> Result:
    """Judges images by every measure that is asked for; `subject` is the record but for what is found here, `config`
    that of the run that made them."""
    judged = material.judged
    able = fitting(material)
    for name in options.measure_names:
        if name not in able:
            lacking = ", ".join(need for need in MEASURES[name].needs if need not in material.traits)
            raise UsageError(f"--measures={name}: cannot be taken here, for lack of: {lacking}")
    names = options.measure_names or able
    figures = [figure for name in track(names, len(names), "measures") for figure in judge(material, name)]
    others = {role: images.record for role in ("reals", "sources", "train") if (images := getattr(judged, role, None))}
    record = subject._replace(
        name=judged.name, fakes=judged.record, protocol={**others, **subject.protocol}, figures=figures
    )
    warnings = [describe(alarm, config) for alarm in signs(figures)]
    return Result(record, [*cautions(figures, material), *warnings], material)


def keep(results: Sequence[Result], output: AnyPath | None) -> None:
    """Prints the figures, and keeps them with their page."""
    for result in results:
        record = result.record
        title = ", ".join(filter(None, [record.subject, record.name]))
        print("{title}: {images} {origin}".format(title=title, **record.fakes))
        for line in [*table(record.figures), *result.cautions]:
            print(f"  {line}")
    if output:
        known = add_records(output, [result.record for result in results])
        page = output.with_suffix(".html")
        write_page(page, results, known)
        print(f"Kept with what they depend on: {output}; to be looked at: {page}")


if __name__ == "__main__":
    run(main)
