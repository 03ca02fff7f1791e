"""The page of an evaluation: figures, their course over checkpoints, and the images behind them, in one file."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from base.files import writing
from base.places import AnyPath
from base.web_page import FIGURES_STYLE, embedded, figure, rows, write_web_page
from evaluation.distributions import copying
from evaluation.features import Features
from evaluation.images import psnr
from evaluation.judgement import Figure, Material
from evaluation.records import Record, value_in_words
from evaluation.sets import Judged

SHOWN = 8  # images of a kind
NOISE_SHOWN = 48  # images that were made of noise
PLOT = (160, 40)  # pixels of a curve, width and height
STYLE = """\
:root { --mark: #2563a8; }
@media (prefers-color-scheme: dark) { :root { --mark: #7fb2e8; } }
body { max-width: 76rem; }
.caution { border-left: 3px solid var(--mark); padding-left: 0.7rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin-top: 1rem; background: var(--card); }
td { padding: 0.45rem 0.8rem; border: 1px solid var(--line); vertical-align: middle; }
td:nth-child(2) { white-space: nowrap; text-align: right; font-variant-numeric: tabular-nums; }
td:nth-child(3) { color: var(--soft); min-width: 13rem; }
svg { display: block; stroke: var(--mark); fill: none; stroke-width: 1.5; overflow: visible; }
.mosaic { display: grid; gap: 2px; grid-template-columns: repeat(auto-fill, minmax(5rem, 1fr)); }
"""


class Result(NamedTuple):
    """What a page shows of one evaluation: its record, what should be known about it, and what was judged."""

    record: Record
    cautions: Sequence[str]
    material: Material


def write_page(path: AnyPath, results: Sequence[Result], known: Sequence[Record]) -> None:
    """Writes the page, whole or not at all.

    Args:
      path: path of the HTML file.
      results: of one subject.
      known: records of the same run, for the course of figures over its checkpoints.

    Raises:
      OutputError: it cannot be written.
    """
    with writing(path):
        body = "\n".join(_section(result, known) for result in results)
        write_web_page(path, results[0].record.subject, FIGURES_STYLE + STYLE, body)


def _section(result: Result, known: Sequence[Record]) -> str:
    record, material = result.record, result.material
    count = f"{record.fakes['images']} images"
    judged = material.judged
    facts = f"{count} beside {len(judged.reals)} {judged.reals.origin}" if isinstance(judged, Judged) else count
    course = [each for each in known if (each.name, each.protocol) == (record.name, record.protocol)]
    table = "\n".join(_row(each, course) for each in record.figures)
    parts = [
        f"<h2>{html.escape(record.name or 'Figures')}</h2>",
        f"<p>{html.escape(facts)}</p>",
        *(f'<p class="caution">{html.escape(line)}</p>' for line in result.cautions),
        f'<div class="wide"><table>{table}</table></div>',
        *(_pictures(judged, material.features) if isinstance(judged, Judged) else []),
    ]
    return "\n".join(parts)


def _row(figure: Figure, course: Sequence[Record]) -> str:
    words = "; ".join(filter(None, [figure.title, figure.better]))
    points = sorted(
        (each.step, other.value)
        for each in course
        for other in each.figures
        if each.step is not None and (other.name, other.depends_on) == (figure.name, figure.depends_on)
    )
    cells = [f"<b>{html.escape(figure.name)}</b>", f"{value_in_words(figure)} {figure.unit}", html.escape(words)]
    if len(points) > 1:
        cells.append(_curve(points))
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _curve(points: Sequence[tuple[int, float]]) -> str:
    """A line through values over steps."""
    steps, values = np.array(points, np.float64).T
    x = (steps - steps[0]) / max(steps[-1] - steps[0], 1) * PLOT[0]
    y = (1 - (values - values.min()) / max(np.ptp(values), 1e-12)) * PLOT[1]
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y))
    label = f"from {values[0]:.4g} at step {steps[0]:.0f} to {values[-1]:.4g} at step {steps[-1]:.0f}"
    title = f"<title>{label}</title>"
    return f'<svg width="{PLOT[0]}" height="{PLOT[1]}" role="img"><polyline points="{line}"/>{title}</svg>'


def _pictures(judged: Judged, features: Features | None) -> list[str]:
    parts = []
    if judged.paired:
        sets = [images for images in (judged.sources, judged.fakes, judged.reals) if images]
        names = "source, result, counterpart" if judged.sources else "result, counterpart"
        scores = np.array([psnr([fake], [real]) for fake, real in zip(judged.fakes.values, judged.reals.values)])
        order = np.argsort(-scores, kind="stable")
        for title, indices in (("Nearest to the counterpart", order[:SHOWN]), ("Farthest", order[::-1][:SHOWN])):
            figures = [figure([images.images[i] for images in sets], f"{scores[i]:.1f} dB") for i in indices]
            parts += [f"<h3>{title}: {names}</h3>", rows(figures)]
    elif judged.sources:
        pairs = list(zip(judged.sources.images, judged.fakes.images))[:SHOWN]
        parts += ["<h3>Source and result</h3>", rows([figure(pair) for pair in pairs])]
    else:
        images = "".join(map(embedded, judged.fakes.images[:NOISE_SHOWN]))
        parts += ["<h3>Results</h3>", f'<div class="mosaic">{images}</div>']
    if judged.train and features:
        found = copying(judged.fakes.features(features), judged.train.features(features))
        figures = [
            figure(
                [judged.fakes.images[i], judged.train.images[found.nearest[i]]], f"distance {found.distances[i]:.2f}"
            )
            for i in np.argsort(found.distances, kind="stable")[:SHOWN]
        ]
        title = "Results that lie nearest to a training image, and that image; 1 is usual among those"
        parts += [f"<h3>{title}</h3>", rows(figures)]
    return parts
