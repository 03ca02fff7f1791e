"""The models by the name that `--model` gives them. A new model is one file, and one line here."""

from __future__ import annotations

import functools
import importlib
import inspect
import os
from pathlib import Path

from base.errors import ConfigError
from base.own_files import import_file
from models.model import Model

MODELS = {
    "cyclegan": "models.cyclegan",
    "pix2pix": "models.pix2pix",
    "wgan": "models.wgan",
    "darknet": "models.darknet",
}


@functools.cache
def find_model(name: str) -> type[Model]:
    """Finds the class of a model.

    Args:
      name: key of MODELS, or the path of a Python file in which one subclass of Model is defined.

    Raises:
      ConfigError: there is no such model.
    """
    if name in MODELS:
        module = importlib.import_module(MODELS[name])
    elif name.endswith(".py"):
        path = Path(os.path.expanduser(name))
        if not os.path.isfile(path):
            raise ConfigError(f"--model={path}: no such file")
        module = import_file(path)
    else:
        raise ConfigError(
            f"--model={name}: must be one of {', '.join(MODELS)}, or the path of a Python file with a model"
        )
    classes = [value for value in vars(module).values() if inspect.isclass(value) and issubclass(value, Model)]
    own = [each for each in classes if each.__module__ == module.__name__ and not inspect.isabstract(each)]
    if len(own) != 1:
        raise ConfigError(f"--model={name}: defines {len(own)} models; one subclass of models.model.Model is wanted")
    return own[0]


def absolute_model(name: str) -> str:
    """Gives what `--model` names, absolute where it is a path: a run may be continued from another folder."""
    return os.path.realpath(os.path.expanduser(name)) if name.endswith(".py") else name
