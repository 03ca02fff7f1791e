"""Files come from servers whole, in parts, or not at all; and never wrong."""

import json
import re
import socket
import urllib.error
import urllib.request

import pytest

from base.errors import DataError, DownloadError, OutputError
from downloads import fetch
from downloads.fetch import Download
from tests.helpers import web
from tests.helpers.web import web_server

DATA = bytes(range(256)) * 2000


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Limits of time that tests can wait for."""
    monkeypatch.setattr(fetch, "TIMEOUT", 0.3)
    monkeypatch.setattr(fetch, "PAUSE", 0.01)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "x.zip"


def fetched(file, *answers, **about):
    """Fetches the file from a server; returns what it asked for in headers, one after the other."""
    with web_server(DATA, *answers) as server:
        Download(f"{server.url}/x.zip", file, **about).fetch()
    assert file.read_bytes() == DATA
    return [headers.get("Range") for _, headers in server.requests]


def complaint(file, *answers, **about):
    """What is said where the file cannot be fetched."""
    with web_server(DATA, *answers) as server, pytest.raises(DownloadError) as caught:
        Download(f"{server.url}/x.zip", file, **about).fetch()
    message = str(caught.value)
    assert "\n" not in message and message.startswith(f"{server.url}/x.zip: ")
    return message.removeprefix(f"{server.url}/x.zip: ")


def test_whole_file_comes_in_one_answer(file):
    assert fetched(file, web.well) == [None]


def test_interrupted_download_goes_on_where_it_ended(file):
    assert fetched(file, web.cut(1000), web.cut(5000), web.well) == [None, "bytes=1000-", "bytes=6000-"]


def test_another_program_goes_on_where_one_ended(file):
    with web_server(DATA, web.cut(1000), web.code(404), web.well) as server:
        download = Download(f"{server.url}/x.zip", file)
        with pytest.raises(DownloadError):
            download.fetch()
        assert download.count == 1000
        Download(f"{server.url}/x.zip", file).fetch()
    assert file.read_bytes() == DATA and server.requests[-1][1]["Range"] == "bytes=1000-"


def test_server_that_ignores_the_range_gives_the_whole_once_more(file):
    assert fetched(file, web.cut(1000), web.without_range) == [None, "bytes=1000-"]


def test_part_of_another_version_is_not_gone_on_with(file):
    def before(handler, data):
        web.well(handler, bytes(len(data)), 1000, tag='"0"')

    assert fetched(file, before, web.well) == [None, "bytes=1000-"]  # If-Range makes the server give the whole


@pytest.mark.parametrize("tag", [None, 'W/"1"'])
def test_part_of_a_version_without_a_name_is_not_gone_on_with_unless_it_will_be_checked(file, tag):
    assert fetched(file, web.cut(1000, tag), web.well) == [None, None]
    file.unlink()
    assert fetched(file, web.cut(1000, tag), web.well, safe=True) == [None, "bytes=1000-"]


def test_part_that_does_not_fit_is_fetched_anew(file):
    file.write_bytes(bytes(len(DATA) + 5))
    with web_server(DATA, web.well) as server:
        file.with_name("x.zip.json").write_text(json.dumps({"url": f"{server.url}/x.zip", "version": '"1"'}))
        Download(f"{server.url}/x.zip", file).fetch()
    assert file.read_bytes() == DATA


def test_what_is_whole_is_not_asked_for_again(file):
    with web_server(DATA, web.well) as server:
        for size in (None, None, len(DATA)):
            assert Download(f"{server.url}/x.zip", file, size).fetch() == f"{server.url}/x.zip"
    assert len(server.requests) == 1


@pytest.mark.parametrize("notes", ["{", "[]", "{}", '{"url": 1}', '{"version": "a\\nb: c", "size": "x"}', "[" * 9999])
def test_damaged_notes_are_none(file, notes):
    file.write_bytes(DATA[:10])
    file.with_name("x.zip.json").write_text(notes)
    assert fetched(file, web.well) == [None]


def test_file_of_somebody_else_is_not_touched(file):
    file.write_bytes(b"mine")
    with pytest.raises(DataError, match="x.zip: was not put there by get_data.py"):
        Download("http://127.0.0.1:9/x.zip", file).fetch()
    assert file.read_bytes() == b"mine"


def test_length_that_is_not_known_ends_with_the_connection(file):
    assert fetched(file, web.without_length) == [None]


def test_length_that_is_not_known_is_held_against_the_right_one(file):
    said = complaint(file, lambda handler, data: web.without_length(handler, data[:100]), size=len(DATA))
    assert said.startswith(f"the connection ended after 100 of {len(DATA):,} bytes")


def test_more_than_the_right_size_is_not_taken(file):
    assert complaint(file, web.without_length, size=1000) == "has more than 1,000 bytes"
    assert file.stat().st_size <= 1000


@pytest.mark.parametrize("length", [10, 10**15])
def test_another_size_than_the_right_one_is_not_even_begun(file, length):
    said = complaint(file, web.saying_length(length), size=len(DATA))
    assert said == f"has {length:,} bytes, but the file that is wanted has {len(DATA):,}"
    assert not file.exists()


def test_length_that_is_never_reached_is_given_up(file):
    said = complaint(file, web.saying_length(len(DATA) + 1))
    assert said.startswith(f"the connection ended after {len(DATA):,} of {len(DATA) + 1:,} bytes")


def test_length_without_end_is_more_than_there_is_room_for(file):
    said = complaint(file, web.saying_length(10**15))
    assert re.match("1,000,000,000 MB are missing, and .* MB are free in ", said) and not file.exists()


@pytest.mark.parametrize("length", ["-5", "many", ""])
def test_length_that_is_none_counts_for_nothing(file, length):
    assert fetched(file, web.saying_length(length)) == [None]


@pytest.mark.parametrize("part", ["bytes 0-99/512000", "bytes 2000-511999/512000", "lines 1-2/3", "", "bytes */512000"])
def test_other_part_than_asked_for_is_not_taken(file, part):
    assert fetched(file, web.cut(1000), web.giving_part(part), web.well) == [None, "bytes=1000-", None]


def test_file_that_comes_from_elsewhere_says_from_where(file):
    with web_server(DATA, web.well) as other, web_server(b"", web.code(302, Location=f"{other.url}/y")) as server:
        assert Download(f"{server.url}/x.zip", file).fetch() == f"{other.url}/y"
    assert file.read_bytes() == DATA


def test_login_is_for_the_first_server_only(file):
    with web_server(DATA, web.well) as other, web_server(b"", web.code(307, Location=f"{other.url}/y")) as server:
        Download(f"{server.url}/x.zip", file, login="Basic me").fetch()
    assert server.requests[0][1]["Authorization"] == "Basic me" and "Authorization" not in other.requests[0][1]


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x"])
def test_redirections_lead_only_to_the_web(file, location):
    said = complaint(file, web.code(302, Location=location))
    assert said.startswith("the server answers 302 ") and location in said and not file.exists()


def test_redirections_do_not_lead_out_of_encryption():
    request, follow = urllib.request.Request("https://a/x"), fetch._Redirects().redirect_request
    assert follow(request, None, 302, "Found", {}, "https://b/y").full_url == "https://b/y"
    with pytest.raises(urllib.error.HTTPError, match="leads to http://b/y"):
        follow(request, None, 302, "Found", {}, "http://b/y")


def test_redirections_in_a_circle_end(file):
    assert complaint(file, web.code(302, Location="/x.zip")).startswith("the server answers 302 ")


@pytest.mark.parametrize("number", [400, 401, 403, 404, 410])
def test_refusal_is_told_at_once_with_its_code(file, number):
    with web_server(DATA, web.code(number)) as server, pytest.raises(DownloadError, match=str(number)) as caught:
        Download(f"{server.url}/x.zip", file).fetch()
    assert caught.value.code == number and len(server.requests) == 1


@pytest.mark.parametrize("number", [429, 500, 503])
def test_trouble_of_a_server_is_waited_for(file, number, capfd):
    assert len(fetched(file, web.code(number), web.code(number), web.well)) == 3
    assert f"x.zip: the server answers {number} " in capfd.readouterr().err


def test_trouble_that_stays_is_given_up(file):
    assert complaint(file, web.code(503)) == "the server answers 503 Service Unavailable"


def test_answer_without_a_file_is_refused(file):
    assert complaint(file, web.code(204)) == "the server answers 204, and gives no file"


@pytest.mark.slow
def test_server_that_says_nothing_is_given_up(file):
    assert complaint(file, web.silence) == "nothing came for 0.3 s"


def test_server_that_falls_silent_is_asked_for_the_rest(file):
    assert fetched(file, web.stalling(1000), web.well) == [None, "bytes=1000-"]


def test_server_that_trickles_is_given_up(file, monkeypatch):
    monkeypatch.setattr(fetch, "SLOW_AFTER", 0.1)
    monkeypatch.setattr(fetch, "ATTEMPTS", 1)
    said = complaint(file, web.trickling(0.01))
    assert re.match(r"only \d+ bytes came in 0 s; \d+ bytes are kept, and the same command goes on", said)


def test_server_that_is_not_there_is_given_up(file):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/x.zip"
        with pytest.raises(DownloadError, match="Connection refused"):
            Download(url, file).fetch()


def test_name_that_no_server_has_is_told_at_once(file):
    with pytest.raises(DownloadError, match=r"^http://none\.invalid/x\.zip: .*(not known|resolution|Name)"):
        Download("http://none.invalid/x.zip", file).fetch()


def test_file_that_cannot_be_written_is_no_trouble_of_the_server(file):
    (file.parent / "x.zip.json").mkdir()
    with web_server(DATA, web.well) as server, pytest.raises(OutputError, match="x.zip.json: cannot"):
        Download(f"{server.url}/x.zip", file).fetch()
    assert len(server.requests) == 1
