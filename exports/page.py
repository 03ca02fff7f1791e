"""The page that shows what a network does, in a browser: one template for exports and for servers."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).with_name("page.html")
SIDES = {str(side): f"{side} px" for side in (256, 512, 1024, 2048)}  # what the longest side of a picture may be made


def make_page(
    title: str,
    task: str,
    about: Sequence[str],
    status: str,
    models: Sequence[str],
    sides: Mapping[str, str],
    usual_side: str,
    scripts: Sequence[Path],
    network: Mapping[str, Any],
    parts: str = "",
) -> str:
    """Makes a page.

    Args:
      title: for people.
      task: of `exports.frozen`.
      about: lines that stand below the title.
      status: the first of the line that says what is being done.
      models: names of the directions, or of the task.
      sides: values and words of what the longest side of a picture may be made.
      usual_side: the one of them that is chosen at first.
      scripts: files of JavaScript that define what `page.js` asks for: `translate`, `classify` and `generate`.
      network: what they know of the network, as JSON has it.
      parts: markup that they use.
    """
    known = json.dumps({"task": task, "models": list(models), **network})
    texts = {
        "style": _read("page.css"),
        "title": html.escape(title),
        "task": task,
        "about": "\n".join(f"<p>{html.escape(line)}</p>" for line in about),
        "status": html.escape(status),
        "models": _choices(dict(zip(models, models)), models[0]),
        "sides": _choices({**sides, "0": "as it is"}, usual_side),
        "parts": parts,
        "network": known.replace("<", "\\u003c"),  # which ends no script
        "script": "\n".join([_read("page.js"), *(script.read_text(encoding="utf-8") for script in scripts)]),
    }
    # What a text has in such brackets stays as it is.
    return re.sub(r"\[\[(\w+)\]\]", lambda place: texts[place[1]], _read("page.html"))


def _read(name: str) -> str:
    return TEMPLATE.with_name(name).read_text(encoding="utf-8")


def _choices(words: Mapping[str, str], chosen: str) -> str:
    return "".join(
        f'<option value="{html.escape(value)}"{" selected" * (value == chosen)}>{html.escape(text)}'
        for value, text in words.items()
    )
