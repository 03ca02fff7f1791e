"""A web page of translated images beside what they were made from: one file without scripts, moved with its folder."""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from base.web_page import write_web_page
from inference.isolated import IsolatedRun
from inference.scale import describe_training, scale_hint
from inference.translation import Outcome

SMALL = 256  # pixels; images whose sides are shorter are enlarged pixel by pixel, not smoothed
STYLE = """\
body { max-width: 120rem; }
h2 { margin: 2.5rem 0 0.5rem; font-size: 1.1rem; }
.facts { margin: 0.3rem 0 0; color: var(--soft); }
.grid { display: grid; gap: 1.2rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 27rem), 1fr));
  margin-top: 1.8rem; }
figure { display: grid; grid-template-columns: 1fr 1fr; gap: 0 2px; margin: 0; background: var(--card);
  border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
img { display: block; width: 100%; height: auto; aspect-ratio: 4 / 3; object-fit: contain; }
.small { image-rendering: pixelated; }
figcaption { display: contents; }
figcaption span { display: flex; flex-wrap: wrap; gap: 0 1rem; justify-content: space-between; padding: 0.55rem 0.8rem;
  border-top: 1px solid var(--line); }
figcaption b { font-weight: 550; overflow-wrap: anywhere; }
figcaption small { color: var(--soft); white-space: nowrap; font-variant-numeric: tabular-nums; }
li { color: var(--soft); overflow-wrap: anywhere; }
li b { color: var(--ink); font-weight: 550; }
"""
BODY = """\
{facts}
<div class="grid">
{figures}
</div>
{skipped}"""
FIGURE = """\
<figure>
<a href="{source}"><img src="{source}" {look} alt="{name}, input"></a>
<a href="{result}"><img src="{result}" {look} alt="{name}, translated"></a>
<figcaption>
<span><b>{name}</b> <small>{source_size}</small></span>
<span><b>{caption}</b> <small>{size}</small></span>
</figcaption>
</figure>"""


def write_gallery(path: Path, run: IsolatedRun, direction: str, outcomes: Sequence[Outcome]) -> None:
    """Writes the page, whole or not at all.

    Args:
      path: path of the HTML file, in the folder that the images were written to.
      run: that translated.
      direction: of the translations.
      outcomes: what became of each image.

    Raises:
      OSError: it cannot be written.
    """
    done = [outcome for outcome in outcomes if not outcome.skipped]
    skipped = [outcome for outcome in outcomes if outcome.skipped]
    name = Path(run.config.run_dir).resolve().name
    title = " · ".join(dict.fromkeys([name, direction, f"step {run.step}"]))
    model = "" if run.config.model == name else f" · {run.config.model}"
    counts = f"{len(done)} translated, {len(skipped)} skipped{model}"
    hint = scale_hint(run.config, [each.size for each in done])
    facts = [counts, hint or f"The network was trained on {describe_training(run.config)}."]
    items = "\n".join(f"<li><b>{html.escape(each.job.name)}</b> {html.escape(each.skipped)}" for each in skipped)
    body = BODY.format(
        facts="\n".join(f'<p class="facts">{html.escape(line)}</p>' for line in facts),
        figures="\n".join(_figure(each, direction) for each in done),
        skipped=f"<h2>Skipped</h2>\n<ul>\n{items}\n</ul>" if skipped else "",
    )
    write_web_page(path, title, STYLE, body)


def _figure(outcome: Outcome, caption: str) -> str:
    height, width = outcome.size
    enlarged = ' class="small"' if max(outcome.size) < SMALL else ""
    return FIGURE.format(
        name=html.escape(outcome.job.name),
        source=_url(outcome.job.thumbnail),
        result=_url(outcome.job.target),
        look=f'width="{width}" height="{height}" loading="lazy"{enlarged}',
        source_size=_times(outcome.source_size),
        caption=html.escape(caption),
        size=_times(outcome.size),
    )


def _times(size: tuple[int, int]) -> str:
    return f"{size[1]} &times; {size[0]}"


def _url(path: str) -> str:
    """The relative URL of a path, safe inside an attribute."""
    return html.escape(quote(os.fsencode(path)))
