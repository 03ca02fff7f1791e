"""Every public function says the types of what it takes and gives."""

import importlib
import inspect

import pytest

from tests.helpers.modules import module_name, product_files

FILES = [path for path in product_files() if path.name != "__init__.py"]


def functions_of(module):
    """Public functions of a module and of its public classes, by name; but for methods that a base class declares."""
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(value):
            yield name, value
        elif inspect.isclass(value):
            for attribute, member in vars(value).items():
                inherited = any(hasattr(base, attribute) for base in value.__bases__)
                function = inspect.unwrap(getattr(member, "fget", None) or getattr(member, "__func__", member))
                own = inspect.isfunction(function) and function.__module__ == module.__name__
                if own and not inherited and not attribute.startswith("_"):
                    yield f"{name}.{attribute}", function


def unannotated(function):
    """Names of a function's arguments without a type, and "return"."""
    parameters = inspect.signature(function).parameters.values()
    named = [p for p in parameters if p.name not in ("self", "cls")]
    missing = [p.name for p in named if p.annotation is inspect.Parameter.empty]
    returns = inspect.signature(function).return_annotation is not inspect.Signature.empty
    return missing + ([] if returns else ["return"])


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_public_functions_are_annotated(path):
    if path.stem.startswith("torch_"):  # made of PyTorch, an extra
        pytest.importorskip("torch")
    functions = dict(functions_of(importlib.import_module(module_name(path))))
    assert {name: unannotated(function) for name, function in functions.items() if unannotated(function)} == {}
