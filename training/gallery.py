"""A web page of translated images beside what they were made from: one file without scripts, to be moved with its folder."""

import contextlib
import html
import os
from typing import NamedTuple
from urllib.parse import quote

PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --page: #f4f4f1; --card: #fff; --ink: #1c1d1f; --soft: #6a6d72; --line: #e0e0da; }}
@media (prefers-color-scheme: dark) {{ :root {{ --page: #141517; --card: #1e2023; --ink: #ececea; --soft: #9b9ea4; --line: #2f3236; }} }}
* {{ box-sizing: border-box; }}
body {{ margin: 0 auto; max-width: 120rem; padding: 2.5rem clamp(1rem, 3vw, 3rem); background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }}
h1 {{ margin: 0; font-size: 1.7rem; font-weight: 650; letter-spacing: -0.02em; overflow-wrap: anywhere; }}
h2 {{ margin: 2.5rem 0 0.5rem; font-size: 1.1rem; }}
.facts {{ margin: 0.3rem 0 1.8rem; color: var(--soft); }}
.grid {{ display: grid; gap: 1.2rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 27rem), 1fr)); }}
figure {{ margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }}
.pair {{ display: grid; grid-template-columns: 1fr 1fr; gap: 2px; background: var(--line); }}
.pair a {{ position: relative; display: block; background: var(--card); }}
img {{ display: block; width: 100%; height: auto; aspect-ratio: 4 / 3; object-fit: contain; }}
.pair span {{ position: absolute; left: 0.5rem; bottom: 0.5rem; padding: 0.05rem 0.5rem; border-radius: 99px;
  background: #000a; color: #fff; font-size: 0.75rem; }}
figcaption {{ display: flex; gap: 1rem; justify-content: space-between; padding: 0.55rem 0.8rem; }}
figcaption b {{ font-weight: 550; overflow-wrap: anywhere; }}
figcaption small {{ color: var(--soft); white-space: nowrap; font-variant-numeric: tabular-nums; }}
li {{ color: var(--soft); overflow-wrap: anywhere; }}
li b {{ color: var(--ink); font-weight: 550; }}
</style>
<h1>{title}</h1>
<p class="facts">{facts}</p>
<div class="grid">
{figures}
</div>
{skipped}
</html>
"""
FIGURE = """\
<figure>
<div class="pair">
<a href="{source}"><img src="{source}" width="{width}" height="{height}" loading="lazy" alt="{name}, input"><span>input</span></a>
<a href="{result}"><img src="{result}" width="{width}" height="{height}" loading="lazy" alt="{name}, translated"><span>{direction}</span></a>
</div>
<figcaption><b>{name}</b><small>{width} &times; {height}</small></figcaption>
</figure>"""


class Pair(NamedTuple):
    """An image and its translation."""

    name: str  # shown below
    source: str  # path relative to the page, with forward slashes
    result: str  # the same, of the translation
    height: int  # of the translation, in pixels
    width: int


def write_gallery(path, title, facts, direction, pairs, skipped):
    """Writes the page, whole or not at all.

    Args:
      path: path of the HTML file.
      title, facts: str, its heading and the line below it.
      direction: str, caption of the translations.
      pairs: list of Pair.
      skipped: list of (name, reason) of the images that are not shown.
    """
    escape = html.escape
    figures = [
        FIGURE.format(
            name=escape(pair.name), source=_url(pair.source), result=_url(pair.result),
            height=pair.height, width=pair.width, direction=escape(direction),
        )
        for pair in pairs
    ]  # fmt: skip
    items = "\n".join(f"<li><b>{escape(name)}</b> {escape(reason)}" for name, reason in skipped)
    page = PAGE.format(
        title=escape(title),
        facts=escape(facts),
        figures="\n".join(figures),
        skipped=f"<h2>Skipped</h2>\n<ul>\n{items}\n</ul>" if skipped else "",
    )
    temporary = f"{path}.partial"
    try:
        with open(temporary, "w", encoding="utf-8", errors="backslashreplace") as file:  # a file name may be no Unicode
            file.write(page)
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(temporary)


def _url(path):
    """The relative URL of a path, safe inside an attribute."""
    return html.escape(quote(os.fsencode(path)))
