"""What an export says of itself: a model card for people, and two files for programs."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from base.options import options
from exports.forms import Form
from exports.frozen import CLASSIFY, GENERATE, TRANSLATE, Frozen
from inference.load import LoadedRun

WIDTH = 120  # columns of a paragraph
PIPELINES = {  # what Hugging Face sorts models by
    TRANSLATE: "image-to-image",
    GENERATE: "unconditional-image-generation",
    CLASSIFY: "image-classification",
}
SUMMARIES = {
    TRANSLATE: "Translates images of any size ({name}), by a network of the model {model}.",
    GENERATE: "Makes images of noise, by a network of the model {model}.",
    CLASSIFY: "Tells {classes} kinds of images apart, by a network of the model {model}: {names}.",
}
CARD = """\
---
license: apache-2.0
library_name: tensorflow
pipeline_tag: {pipeline}
tags:
{tags}
---

# {title}

{summary}

{examples}

## Use

{uses}

## Limits

{limits}

## How near it comes to the run

{compared}

| form | largest difference of a value | grey levels of 256 |
| --- | --- | --- |
{differences}

## Training

{training} `config.json` has all options; these are not at their defaults:

| option | value |
| --- | --- |
{values}

## Licence

The definition of the network comes under Apache 2.0 (`LICENSE`). What may be done with its weights depends on the
images that they were learned from, too, of which this file knows nothing.
"""
COMPARED = (
    "Before this folder was written, each form was loaded in a fresh process without the code that it was trained "
    "with, and compared with the run on"
)
USE = """\
### {title}

{use}
"""
PROGRAM = """
`pip install {install}`, and in this folder:

```python
{program}```
"""
TILES = """
`run_tiles` translates images that are too large for the memory. Tiles overlap by the {halo} px that decide on them, so
that there are no seams; `statistics`, the means and variances that norms take from the whole image, are those of the
image downsized to `most` pixels, so that colours and contrast of larger images differ a little from `run`'s.
"""
SERVING = """
As TensorFlow Serving has it, the signature `serving_default` takes image files as they are: {files}. The signature
`{task}` takes floats.
"""


def write_card(
    run: LoadedRun,
    frozen: Frozen,
    forms: Mapping[str, Form],
    programs: Mapping[str, str],
    examples: Sequence[Sequence[str]],
    parity: Mapping[str, Any],
) -> str:
    """Writes a model card, with the front matter of Hugging Face.

    Args:
      run, frozen: what is exported.
      forms: in which, by name.
      programs: Python by form, as it was run.
      examples: paths in the export, an input and what becomes of it, or the latter alone.
      parity: what `parity.json` holds.
    """
    config = run.config
    tags = [PurePath(config.model).stem, *forms, *(["float16"] if frozen.half else [])]
    uses = [
        USE.format(title=form.title, use=_filled(form.use))
        + (PROGRAM.format(install=form.install, program=programs[name]) if name in programs else "")
        + (_about_signatures(frozen) if name == "saved_model" else "")
        for name, form in forms.items()
    ]
    names = ", ".join(frozen.class_names)
    summary = SUMMARIES[frozen.task].format(
        name=frozen.name, model=tags[0], classes=len(frozen.class_names), names=names
    )
    return CARD.format(
        pipeline=PIPELINES[frozen.task],
        tags="\n".join(f"- {tag}" for tag in tags),
        title=frozen.title,
        summary=_filled(summary),
        examples="\n".join(" ".join(f"![{file}]({file})" for file in files) for files in examples),
        uses="\n".join(uses).strip(),
        limits="\n".join(_filled(line, "- ") for line in limits(run, frozen)),
        compared=_filled(
            f"{COMPARED} {len(parity['images'])} inputs, of {parity['images_from']} and of noise. `parity.json` names "
            "them, with the hashes of all files here, the versions and the processor."
        ),
        differences="\n".join(
            f"| {title} | {_shown(found['values'])} | {_shown(found['levels'])} |"
            for name, tried in parity["forms"].items()
            for title, found in _ways(forms[name].title, tried)
        ),
        training=_filled(f"{run.step:,} steps on {parity['run']['data']}. {_trained_on(frozen)}"),
        values="\n".join(f"| {name} | {_cell(value)} |" for name, value in _chosen(config).items()),
    )


def limits(run: LoadedRun, frozen: Frozen) -> list[str]:
    """Lines about what a network does not do, or not as one may think."""
    if frozen.task == GENERATE:
        batch, length = frozen.shape
        return [
            f"It takes whole batches of {batch} draws of {length} numbers of a normal distribution, since its norms "
            "take the statistics of the batch: an image depends a little on the others that are made with it."
        ]
    files = (
        "Image files may be JPEGs or PNGs of 8 bits; alpha comes over white. A rotation that EXIF asks for is not "
        "done, since there is no op for it, and CMYK JPEGs and PNGs of 16 bits are read a little differently than by "
        "the run."
    )
    if frozen.task == CLASSIFY:
        height, width = frozen.shape[1:3]
        size = (
            f"Images must have the {width} x {height} px of training; the run resizes with Pillow's bicubic filter "
            f"(preprocess={run.config.preprocess})."
        )
        return [
            size,
            files,
            "The shares say how the network divides its trust among these classes; it knows no others.",
        ]
    lines = [
        f"It knows images at the scale of its training: {frozen.trained_on}. Much larger ones change in "
        "colour rather than in shape; resize them first.",
        f"Memory and time grow with the number of pixels{', but by `run_tiles` memory does not' * bool(frozen.tiles)}.",
        files,
    ]
    if frozen.draws:
        drawn = f"It draws dropout, as in training; the draws are those of step {run.step}: same image, same result."
        lines.append(drawn)
    return lines


def public_values(config: Any) -> dict[str, Any]:
    """The values of a run's config, with paths on the machine that it was trained on cut to their last parts."""
    values = {name: value for name, value in config.values().items() if value is not None}
    for name in ("data_dir", "model", "preset"):
        if name in values:
            values[name] = ",".join(PurePath(part).name for part in values[name].split(","))
    return values


def describe_for_programs(run: LoadedRun, frozen: Frozen) -> dict[str, Any]:
    """What `config.json` holds: the network's inputs and results, and the run's config."""
    return {
        "architectures": [type(run.model).__name__],
        "model_type": PurePath(run.config.model).stem,
        "task": PIPELINES[frozen.task],
        "direction": frozen.name if frozen.task == TRANSLATE else None,
        "step": run.step,
        "input": {"name": frozen.source_name, "dtype": "float32", "shape": frozen.shape},
        "output": {"name": frozen.result_name, "dtype": "float32", "shape": frozen.result_shape},
        "id2label": dict(enumerate(frozen.class_names)) or None,
        "training": public_values(run.config),
    }


def describe_preprocessing(frozen: Frozen) -> dict[str, Any]:
    """What `preprocessor_config.json` holds, in the words of Hugging Face: from levels of 0 to 255 to [-1, 1]."""
    channels = frozen.shape[-1] or 0
    size = {"height": frozen.shape[1], "width": frozen.shape[2]} if frozen.task == CLASSIFY else None
    return {
        "do_convert_rgb": channels == 3,
        "do_resize": size is not None,
        "size": size,
        "resample": 3,  # Pillow's bicubic filter
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.5] * channels,
        "image_std": [0.5] * channels,
        "input_data_format": "channels_last",
        "tiles": {name: getattr(frozen.tiles, name) for name in ("halo", "multiple")} if frozen.tiles else None,
    }


def _ways(title, tried):
    """What was tried of a form, by what it is called."""
    return [(title, tried), *([(f"{title}, in tiles", tried["in_tiles"])] if "in_tiles" in tried else [])]


def _about_signatures(frozen):
    files = {
        TRANSLATE: "`image_bytes`, any number of JPEGs and PNGs of any sizes, become `translated_bytes`, PNGs",
        GENERATE: "`noise` becomes `generated_bytes`, PNGs",
        CLASSIFY: "`image_bytes`, any number of JPEGs and PNGs, become `classes` and their `scores`",
    }
    texts = [SERVING.format(files=files[frozen.task], task=frozen.task)]
    texts += [TILES.format(halo=frozen.tiles.halo)] if frozen.tiles else []
    return "".join(f"\n{_filled(' '.join(text.split()))}\n" for text in texts)


def _trained_on(frozen):
    return f"The network saw {frozen.trained_on}." if frozen.trained_on else ""


def _filled(text, bullet=""):
    """A paragraph, or an item of a list, in lines of WIDTH columns."""
    return textwrap.fill(
        text, WIDTH, initial_indent=bullet, subsequent_indent=" " * len(bullet), break_on_hyphens=False
    )


def _shown(number):
    return "" if number is None else "none" if number == 0 else f"{number:.2g}"


def _chosen(config):
    """The values of a config that are neither its class's defaults nor chosen by the program."""
    defaults = options(type(config))
    return {name: value for name, value in public_values(config).items() if value not in (defaults[name].default, None)}


def _cell(value):
    return str(value).replace("|", r"\|")
