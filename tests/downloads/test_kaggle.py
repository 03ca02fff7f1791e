"""The token of a user of Kaggle is found where Kaggle's own program keeps it."""

import base64

import pytest

from base.errors import UsageError
from downloads.kaggle import kaggle_login


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home folder without tokens, and an environment without them."""
    for name in ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".kaggle").mkdir()
    return tmp_path / ".kaggle"


def basic(text):
    return "Basic " + base64.b64encode(text.encode()).decode()


def test_token_of_the_environment_comes_first(home, monkeypatch):
    (home / "kaggle.json").write_text('{"username": "me", "key": "secret"}')
    assert kaggle_login("") == basic("me:secret")
    monkeypatch.setenv("KAGGLE_USERNAME", "you")
    monkeypatch.setenv("KAGGLE_KEY", "other")
    assert kaggle_login("") == basic("you:other")
    (home / "access_token").write_text("token\n")
    assert kaggle_login("") == "Bearer token"
    monkeypatch.setenv("KAGGLE_API_TOKEN", "newer")
    assert kaggle_login("") == "Bearer newer"


def test_without_a_token_it_is_said_how_to_make_one():
    with pytest.raises(UsageError, match="^no token of Kaggle's .*; make one at https://.* and take a walk$"):
        kaggle_login("take a walk")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"username": "me"}', "[" * 9999, "1"])
def test_damaged_file_is_named(home, text):
    (home / "kaggle.json").write_text(text)
    with pytest.raises(UsageError, match="kaggle.json: is damaged"):
        kaggle_login("")


def test_file_that_cannot_be_read_is_named(home):
    (home / "access_token").mkdir()
    with pytest.raises(UsageError, match="access_token: cannot be read: Is a directory"):
        kaggle_login("")


def test_token_that_would_add_headers_is_refused(home):
    (home / "access_token").write_text("a\r\nb: c")
    with pytest.raises(UsageError, match="that no token has") as caught:
        kaggle_login("")
    assert "b: c" not in str(caught.value)
