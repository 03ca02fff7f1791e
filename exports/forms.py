"""The forms in which a network is exported: how each is written, how others load it, and how near it must come."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from base.errors import UsageError
from exports import html_file, onnx_file, saved_model, tflite_file, web_runtime
from exports.frozen import Frozen
from exports.parity import CLOSE, EXACT, Difference


class Form(NamedTuple):
    """One of them.

    Attributes:
      title: what it is called.
      use: what it is good for, in a sentence.
      write: function that writes a network to the folder of the export.
      allowed: by how much it may differ from the run.
      program: function that gives Python which loads it from that folder, and defines `run`; None of a page, which
        `exports.browser` loads.
      install: what the program needs, as arguments of `pip install`.
      draws: whether it can hold networks that draw random numbers.
      check: function that raises a UserError where what the form is made or tried with is not installed.
    """

    title: str
    use: str
    write: Callable[..., None]
    allowed: Difference
    program: Callable[[Frozen], str] | None = None
    install: str = ""
    draws: bool = False
    check: Callable[[], None] = lambda: None


FORMS = {
    "saved_model": Form(
        "SavedModel",
        "For TensorFlow, and for TensorFlow Serving, which takes the folder `saved_model` as it is.",
        saved_model.write,
        EXACT,
        saved_model.program,
        "numpy pillow tensorflow",
        draws=True,
    ),
    "onnx": Form(
        "ONNX",
        "For ONNX Runtime, and what else reads ONNX.",
        onnx_file.write,
        CLOSE,
        onnx_file.program,
        "numpy onnxruntime pillow",
        check=onnx_file.check,
    ),
    "tflite": Form(
        "TensorFlow Lite",
        "For phones and small machines; builtin ops only, any height and width.",
        tflite_file.write,
        CLOSE,
        tflite_file.program,
        "numpy pillow tensorflow",
    ),
    "html": Form(
        "Web page",
        "Open `page.html` in a browser, from this folder or wherever it is copied to: it holds the network and what "
        "runs it (ONNX Runtime, MIT licence), and sends nothing anywhere.",
        html_file.write,
        CLOSE,
        check=html_file.check,
    ),
}


def check_forms(forms: Mapping[str, Form], frozen: Frozen) -> None:
    """Raises UsageError where one of the forms, given by name, cannot hold a network."""
    for name, form in forms.items():
        if frozen.draws and not form.draws:
            able = " or ".join(name for name, form in FORMS.items() if form.draws)
            raise UsageError(f"--formats={name} has no op for the dropout that this network draws; {able} has")


def find_forms(names: Sequence[str], onnxruntime_web: Path | None = None) -> dict[str, Form]:
    """Gives forms by name, ready to be written.

    Args:
      names: keys of FORMS.
      onnxruntime_web: for "html", as for `exports.web_runtime.find_runtime`.

    Raises:
      UserError: what one of them is made or tried with is not there.
    """
    forms = {name: FORMS[name] for name in names}
    for form in forms.values():
        form.check()
    if "html" in forms:
        if onnxruntime_web:
            web_runtime.find_runtime(onnxruntime_web)
        forms["html"] = forms["html"]._replace(write=functools.partial(html_file.write, package=onnxruntime_web))
    return forms
