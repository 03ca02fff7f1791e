"""What the README and the pages in docs/ say: links, commands, and snippets of Python."""

import json
import re
import shlex
from pathlib import Path

from build_data import BuildOptions
from scripts.benchmark import BenchmarkOptions
from scripts.check_data import CheckOptions
from scripts.evaluate import EvaluateOptions
from scripts.export import ExportOptions
from scripts.get_data import GetOptions
from scripts.import_weights import ImportOptions
from scripts.sample import SampleOptions
from scripts.serve import ServeOptions
from scripts.translate import TranslateOptions
from tests.conftest import ROOT

DOCS = ROOT / "docs"
OPTIONS = {  # of each program but train.py, whose options are those of a config
    "build_data.py": BuildOptions,
    "scripts/benchmark.py": BenchmarkOptions,
    "scripts/check_data.py": CheckOptions,
    "scripts/evaluate.py": EvaluateOptions,
    "scripts/export.py": ExportOptions,
    "scripts/get_data.py": GetOptions,
    "scripts/import_weights.py": ImportOptions,
    "scripts/sample.py": SampleOptions,
    "scripts/serve.py": ServeOptions,
    "scripts/translate.py": TranslateOptions,
}
NOTEBOOK = DOCS / "tour.ipynb"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
INLINE_CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def links(text):
    """Targets of the links and images in a page."""
    return LINK.findall(FENCE.sub("", text))


def anchors(text):
    """What a link may name behind a #: the headings of a page, as GitHub writes them."""
    titles = HEADING.findall(FENCE.sub("", text))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def snippets(page):
    """The blocks of Python in a page, in order."""
    return [block for language, block in FENCE.findall(page.read_text()) if language == "python"]


def code_cells(notebook=NOTEBOOK):
    """The sources of a notebook's code cells, in order."""
    cells = json.loads(notebook.read_text())["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def inline_code(page):
    """What a page sets in `code`, outside of blocks."""
    return INLINE_CODE.findall(FENCE.sub("", page.read_text()))


def commands(page):
    """The arguments of every `python ...` in a page, in blocks without a language or in `code`: lists of str."""
    lines = [line for language, block in FENCE.findall(page.read_text()) if not language for line in block.splitlines()]
    parts = [part.strip() for line in [*lines, *inline_code(page)] for part in line.split("&&")]
    return [shlex.split(part)[1:] for part in parts if re.match(r"(\.venv/bin/)?python ", part)]


def all_commands():
    """Every command of every page once, as text."""
    return sorted({shlex.join(command) for page in PAGES for command in commands(page)})


def name(page: Path):
    """A page's path in the repository, for the names of tests."""
    return str(page.relative_to(ROOT))
