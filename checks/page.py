"""The page of a check: every finding with the images that show it, in one file."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

from base.files import writing
from base.terminal import shortened
from base.web_page import FIGURES_STYLE, figure, rows, write_web_page
from checks.finding import Finding
from checks.survey import Survey

SHOWN = 12  # figures of a finding
STYLE = """\
body { max-width: 76rem; }
p.advice { color: inherit; }
.rows { grid-template-columns: repeat(auto-fill, minmax(min(100%, 13rem), 1fr)); margin-top: 0.8rem; }
li { color: var(--soft); overflow-wrap: anywhere; }
"""


def write_page(path: Path, title: str, facts: str, survey: Survey, findings: Sequence[Finding]) -> None:
    """Writes the page, whole or not at all; the images that it shows are read again.

    Args:
      path: path of the HTML file.
      title: text.
      facts: a line about the data set.
      survey: of the data set.
      findings: about it.

    Raises:
      DataError: an image can no longer be read.
      OutputError: the page cannot be written.
    """
    sections = [_section(survey, finding) for finding in findings] or ["<h2>Nothing</h2>"]
    body = "\n".join([f"<p>{html.escape(facts)}</p>", *sections])
    with writing(path):
        write_web_page(path, title, FIGURES_STYLE + STYLE, body)


def _section(survey: Survey, finding: Finding) -> str:
    figures = [
        figure([survey.sets[image.set].source.pixels(image.number) for image in images], caption)
        for images, caption in finding.figures[:SHOWN]
    ]
    more = len(finding.figures) - len(figures)
    items = "".join(f"<li>{html.escape(line)}</li>" for line in shortened(finding.lines))
    parts = [
        f"<h2>{html.escape(_sentence(finding.what))}</h2>",
        f'<p class="advice">{html.escape(_sentence(finding.advice))}</p>',
        rows(figures) if figures else "",
        f"<p>... and {more} more</p>" if more else "",
        f"<ul>{items}</ul>" if items else "",
    ]
    return "\n".join(filter(None, parts))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
