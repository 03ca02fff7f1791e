"""What the pages beside a program's results have in common: each is one file without scripts, in light and dark."""

from __future__ import annotations

import html
from pathlib import Path

from base.files import written_whole

PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --page: #f4f4f1; --card: #fff; --ink: #1c1d1f; --soft: #6a6d72; --line: #e0e0da; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --page: #141517; --card: #1e2023; --ink: #ececea; --soft: #9b9ea4; --line: #2f3236; }}
}}
* {{ box-sizing: border-box; }}
body {{ margin: 0 auto; padding: 2.5rem clamp(1rem, 3vw, 3rem); background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }}
h1 {{ margin: 0; font-size: 1.7rem; font-weight: 650; letter-spacing: -0.02em; overflow-wrap: anywhere; }}
{style}</style>
<h1>{title}</h1>
{body}
</html>
"""


def write_web_page(path: Path, title: str, style: str, body: str) -> None:
    """Writes a page, whole or not at all.

    Args:
      path: path of the HTML file.
      title: text.
      style: CSS of its own.
      body: markup below the title.

    Raises:
      OSError: it cannot be written.
    """
    page = PAGE.format(title=html.escape(title), style=style, body=body)
    with written_whole(path) as file:
        file.write_text(page, encoding="utf-8", errors="backslashreplace")  # a file name may be no Unicode
