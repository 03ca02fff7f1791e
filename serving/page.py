"""The page of a server: one file without anything from elsewhere, and the policy that holds it to that."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from exports.frozen import CLASSIFY, GENERATE, TRANSLATE
from exports.page import SIDES, make_page
from serving.limits import Limits
from serving.served import About

SCRIPT = Path(__file__).with_name("page_network.js")
USUAL_SIDE = "512"
STATUS = {TRANSLATE: "Ready.", CLASSIFY: "Ready.", GENERATE: "Making …"}
POLICY = (
    "default-src 'none'; script-src {script}; style-src {style}; img-src 'self' blob: data:; media-src blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page_of_server(about: About, limits: Limits) -> tuple[bytes, str]:
    """Makes the page of a network.

    Args:
      about: of it.
      limits: of the server.

    Returns:
      The file, and its Content-Security-Policy: nothing runs in it but its own script, which talks to its own server.
    """
    trained_on = f"trained on {about.trained_on}, " if about.trained_on else "trained "
    page = make_page(
        title=about.title,
        task=about.task,
        about=[f"The network was {trained_on}for {about.step:,} steps."],
        status=STATUS[about.task],
        models=list(about.shapes),
        sides={**SIDES, "training": "as in training"},
        usual_side=USUAL_SIDE,
        scripts=[SCRIPT],
        network={"body_bytes": limits.body_bytes},
    ).encode()
    return page, POLICY.format(
        script=_hash(page, b'<script type="module">', b"</script>"), style=_hash(page, b"<style>", b"</style>")
    )


def _hash(page, start, end):
    """The hash of what stands between two tags, as a policy has it."""
    (inside,) = re.findall(re.escape(start) + b"(.*?)" + re.escape(end), page, re.DOTALL)
    return f"'sha256-{base64.b64encode(hashlib.sha256(inside).digest()).decode()}'"
