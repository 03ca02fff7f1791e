"""What the pages beside a program's results have in common: each is one file without scripts, in light and dark."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from base.files import written_whole
from base.places import AnyPath

SIDE = 256  # pixels to which larger images are downsized that a page holds itself

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


FIGURES_STYLE = """\
h2 { margin: 2.5rem 0 0.3rem; font-size: 1.25rem; }
h3 { margin: 1.8rem 0 0.6rem; font-size: 1rem; }
p { margin: 0.3rem 0; color: var(--soft); }
.rows { display: grid; align-items: start; gap: 0.8rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
figure div { display: flex; align-items: center; gap: 2px; }
img { flex: 1; min-width: 0; width: 100%; height: auto; image-rendering: pixelated; }
figcaption { padding: 0.4rem 0.7rem; color: var(--soft); font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
"""


def write_web_page(path: AnyPath, title: str, style: str, body: str) -> None:
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


def rows(figures: Sequence[str]) -> str:
    """Markup of figures beside and below each other; `FIGURES_STYLE` is for it."""
    return f'<div class="rows">{"".join(figures)}</div>'


def figure(images: Sequence[np.ndarray], caption: str = "") -> str:
    """Markup of uint8 images [height, width, 1 or 3] beside each other, held by the page itself, above a text."""
    text = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    return f"<figure><div>{''.join(map(embedded, images))}</div>{text}</figure>"


def embedded(pixels: np.ndarray) -> str:
    """Markup of one such image."""
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    image.thumbnail((SIDE, SIDE))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return f'<img alt="" src="data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}">'
