"""The page of a server: one file without anything from elsewhere, and the policy that holds it to that."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from pathlib import Path

from exports.frozen import CLASSIFY, GENERATE, TRANSLATE
from exports.page import SIDES, filled, pictures_parts
from serving.limits import Limits
from serving.served import About

TEMPLATE = Path(__file__).with_name("page.html")
USUAL_SIDE = 512
HINTS = {TRANSLATE: "Ready.", CLASSIFY: "Ready.", GENERATE: "Making …"}
POLICY = (
    "default-src 'none'; script-src {script}; style-src {style}; img-src 'self' blob: data:; media-src blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def make_page(about: About, limits: Limits) -> tuple[bytes, str]:
    """Makes the page of a network.

    Args:
      about: of it.
      limits: of the server.

    Returns:
      The file, and its Content-Security-Policy: nothing runs in it but its own script, which talks to its own server.
    """
    names = list(about.shapes)
    sides = "".join(f"<option value={side}{' selected' * (side == USUAL_SIDE)}>{side} px" for side in SIDES)
    network = {"task": about.task, "models": names, "body_bytes": limits.body_bytes}
    trained_on = f"trained on {about.trained_on}, " if about.trained_on else ""
    texts = {
        **pictures_parts(),
        "title": html.escape(about.title),
        "task": about.task,
        "about": html.escape(
            f"The network was {trained_on}{'' if trained_on else 'trained '}for {about.step:,} steps."
        ),
        "hint": HINTS[about.task],
        "directions": "".join(f"<option>{html.escape(name)}" for name in names),
        "sides": f"{sides}<option value=training>as in training<option value=0>as it is",
        "network": json.dumps(network).replace("<", "\\u003c"),  # which ends no script
    }
    page = filled(TEMPLATE, texts).encode()
    return page, POLICY.format(
        script=_hash(page, b'<script type="module">', b"</script>"), style=_hash(page, b"<style>", b"</style>")
    )


def _hash(page, start, end):
    """The hash of what stands between two tags, as a policy has it."""
    (inside,) = re.findall(re.escape(start) + b"(.*?)" + re.escape(end), page, re.DOTALL)
    return f"'sha256-{base64.b64encode(hashlib.sha256(inside).digest()).decode()}'"
