"""Serves a trained network over HTTP: a page for people, and routes for programs."""

from __future__ import annotations

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))  # works from anywhere, uninstalled

import base.early_signals  # noqa: F401 (from here on, Ctrl-C ends the program in one line)

import dataclasses
import signal
from pathlib import Path
from typing import NoReturn

from base.command_line import parse_arguments, run
from base.options import Options, changed, option
from base.places import AnyPath
from base.signals import Stopped, stop_signals_handled
from config import Config
from inference.load import CheckpointOptions
from run_folder.folder import LAST
from serving.app import Application, start_network
from serving.limits import Limits, names_of
from serving.server import Server, listen

USAGE = """\
Serves a trained network: a page in the browser, and answers to programs.

  python scripts/serve.py --run_dir=runs/horse2zebra
  python scripts/serve.py --model=exported --port=8501

Only programs on this machine can reach it, unless --host says otherwise. It runs until Ctrl-C; what is being answered
then is finished.
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SourceOptions(Options):
    """What is served, and where."""

    run_dir: AnyPath | None = option(None, "Run folder of train.py.", metavar="DIR")
    model: Path | None = option(None, "Folder of scripts/export.py, instead.", metavar="DIR")
    host: str = option("127.0.0.1", "Address or name to listen on; 0.0.0.0: all of this machine.", metavar="NAME")
    port: int = option(8000, "Port to listen on; 0: any that is free.", low=0, high=65535)
    precision: str | None = changed(
        Config, "precision", None, help="Dtype of a run's networks.", group="options", auto="the run's"
    )
    checkpoint: str = changed(CheckpointOptions, "checkpoint", LAST)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServeOptions(Limits, SourceOptions):
    """The command line."""


def main(arguments: list[str]) -> NoReturn:
    options = parse_arguments(arguments, ServeOptions, USAGE)
    with listen(options.host, options.port) as listening:
        network = start_network(options.run_dir, options.model, options.precision, options.checkpoint, options)
        app = Application(network, options, names_of(options.host, listening.getsockname()[0]))
        try:
            server = Server(app, listening, options)
            print(f"{app.about.title}, step {app.about.step}: {server.url} (Ctrl-C ends it)", flush=True)
            serve(server)
        finally:
            app.close()


def serve(server: Server) -> NoReturn:
    """Serves until a stop signal comes, finishes what is being answered, and raises Stopped; another one ends it at
    once.
    """
    stopped_by: list[signal.Signals] = []

    def stop(stop_signal: signal.Signals) -> None:
        if stopped_by:
            raise Stopped(stop_signal, words())
        stopped_by.append(stop_signal)

    def words() -> str:
        return f"{server.answered} request{'' if server.answered == 1 else 's'} answered"

    with stop_signals_handled(stop):
        server.serve_until(lambda: stopped_by)
    raise Stopped(stopped_by[0], words())


if __name__ == "__main__":
    run(main)
