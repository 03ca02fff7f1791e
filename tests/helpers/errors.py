"""Errors that may come or not: what a call says where it fails."""

from collections.abc import Callable
from typing import Any


def complaint(kind: type[Exception], function: Callable, *arguments: Any) -> str:
    """The message of the error of a kind that a call ends with, which is one line; empty where it ends well."""
    try:
        function(*arguments)
    except kind as error:
        message = str(error)
        if not message or "\n" in message:
            raise AssertionError(f"not one line: {message!r}") from error
        return message
    return ""
