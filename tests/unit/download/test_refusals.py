"""What servers send in place of a file, and what they say where they refuse it."""

import json

import pytest

from archive_server import Behaviour, lfs_pointer
from retable.download.request import CHUNK
from retable.errors import DownloadError

NAME = "densenet161.pth"
STAND_INS = {
    "LFS pointer": (
        Behaviour(body=lfs_pointer(b"weights"), headers={"Content-Type": "text/plain"}),
        r"it serves a Git LFS pointer.*media\.githubusercontent\.com/media/<owner>.*git lfs pull",
    ),
    "page by its header": (
        Behaviour(body=b"Sign in", headers={"Content-Type": "Text/HTML; charset=utf-8"}),
        r"it serves a web page in place of the file: a login.*address that the file itself has",
    ),
    "page by its first bytes": (
        Behaviour(body=b"\n<!DOCTYPE html>\n<title>Gone</title>"),
        "it serves a web page in place of the file",
    ),
    "page without a doctype": (
        Behaviour(body=b"<HTML>Please log in</HTML>"),
        "it serves a web page in place of the file",
    ),
}


@pytest.mark.parametrize(("behaviour", "fault"), STAND_INS.values(), ids=STAND_INS)
def test_what_is_sent_in_place_of_a_file(server, fetch, address, behaviour, fault):
    server.behaviours[NAME] = [behaviour]
    with pytest.raises(DownloadError, match=f"{address}: {fault}"):
        fetch(address)
    # It would send the same again.
    assert len(server.requests) == 1


def test_a_page_leaves_what_has_arrived(server, fetch, address, content):
    server.behaviours[NAME] = [
        Behaviour(cut_after=2 * CHUNK),
        Behaviour(body=b"<html>Too many downloads</html>", ranges=False),
    ]
    with pytest.raises(DownloadError, match="it serves a web page"):
        fetch(address)
    part = fetch.target.with_name(f"{NAME}.part")
    assert part.read_bytes() == content[: 2 * CHUNK]
    server.behaviours.clear()
    assert fetch(address) == content
    assert server.requests[-1].headers["Range"] == f"bytes={2 * CHUNK}-"


def test_a_file_that_is_not_there(server, fetch, address):
    server.behaviours[NAME] = [Behaviour(status=404, body=b"<html>Nothing here</html>")]
    fault = (
        r"HTTP 404 Not Found: there is no such file; it was moved or removed upstream, or the .*"
        r"correct `urls` in the YAML file, or `source` in config\.yaml"
    )
    with pytest.raises(DownloadError, match=f"{address}: {fault}"):
        fetch(address)


GUESTBOOK = "You may not download this file without the required Guestbook response."


@pytest.mark.parametrize(
    ("status", "body", "shown"),
    [
        (400, {"status": "ERROR", "message": GUESTBOOK}, f"HTTP 400 Bad Request ({GUESTBOOK})\n"),
        (403, {"message": "a\nb"}, "HTTP 403 Forbidden (a b)\n"),
        # 160 characters, the mark that some are missing among them.
        (403, {"message": "x" * 161}, f"HTTP 403 Forbidden ({'x' * 159}…)\n"),
        (403, {"message": "x" * 160}, f"HTTP 403 Forbidden ({'x' * 160})\n"),
        (403, {"message": ["a"]}, "HTTP 403 Forbidden\n"),
        (403, ["message"], "HTTP 403 Forbidden\n"),
        (410, {"message": "withdrawn"}, "HTTP 410 Gone (withdrawn): there is no such file;"),
    ],
)
def test_what_a_server_says_that_refuses_is_told(server, fetch, address, status, body, shown):
    server.behaviours[NAME] = [Behaviour(status=status, body=json.dumps(body).encode())]
    with pytest.raises(DownloadError) as caught:
        fetch(address)
    assert f"  - {address}: {shown}" in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"Forbidden", b'{"message": "cut of', b"\xff\xfe"])
def test_a_refusal_that_says_nothing_readable(server, fetch, address, body):
    server.behaviours[NAME] = [Behaviour(status=403, body=body)]
    with pytest.raises(DownloadError, match=f"{address}: HTTP 403 Forbidden\n"):
        fetch(address)


def test_what_a_busy_server_says_is_told(server, fetch, address):
    body = json.dumps({"message": "down until noon"}).encode()
    server.behaviours[NAME] = [Behaviour(status=503, body=body)]
    with pytest.raises(DownloadError, match=r"HTTP 503 .* \(down until noon\) \(2 attempts\)"):
        fetch(address, attempts=2)
