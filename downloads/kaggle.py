"""The token of a user of Kaggle, from where Kaggle's own program keeps it."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

from base.errors import UsageError
from base.files import read_regular

MOST_BYTES = 1 << 16


def kaggle_login(by_hand: str) -> str:
    """The value of the header "Authorization" that Kaggle knows the user by: of the environment's KAGGLE_API_TOKEN, of
    ~/.kaggle/access_token, of KAGGLE_USERNAME and KAGGLE_KEY, or of ~/.kaggle/kaggle.json.

    Args:
      by_hand: what else can be done, in words.

    Raises:
      UsageError: there is none of these, or it cannot be read.
    """
    token = os.environ.get("KAGGLE_API_TOKEN") or _read("access_token")
    if token:
        return _checked(f"Bearer {token.strip()}")
    user, key = os.environ.get("KAGGLE_USERNAME"), os.environ.get("KAGGLE_KEY")
    text = _read("kaggle.json") if not (user and key) else None
    if text is not None:
        try:
            values = json.loads(text)
            user, key = str(values["username"]), str(values["key"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise UsageError(
                "~/.kaggle/kaggle.json: is damaged; make a new token at https://www.kaggle.com/settings"
            ) from None
    if not (user and key):
        missing = "no token of Kaggle's in KAGGLE_API_TOKEN, ~/.kaggle/access_token or ~/.kaggle/kaggle.json"
        raise UsageError(f"{missing}; make one at https://www.kaggle.com/settings and {by_hand}")
    return "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()


def _read(name: str) -> str | None:
    """A file of Kaggle's; None where there is none."""
    path = Path.home() / ".kaggle" / name
    try:
        return read_regular(path, MOST_BYTES).decode()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}") from None


def _checked(header: str) -> str:
    """Gives a header back; UsageError where it holds what none may hold."""
    if not (header.isascii() and header.isprintable()):
        raise UsageError("the token of Kaggle's holds spaces, line ends or letters that no token has")
    return header
