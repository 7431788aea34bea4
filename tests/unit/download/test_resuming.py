"""Downloads that break off, and servers that continue them or not."""

import pytest

from archive_server import Behaviour
from retable.download.request import CHUNK
from retable.errors import DownloadError

NAME = "densenet161.pth"
CUT = 2 * CHUNK


def test_a_broken_download_is_resumed(server, fetch, address, content):
    server.behaviours[NAME] = [Behaviour(cut_after=CUT), Behaviour()]
    assert fetch(address) == content
    first, second = server.requests
    assert "Range" not in first.headers
    assert second.headers["Range"] == f"bytes={CUT}-"
    assert second.headers["If-Range"].startswith('"')
    assert fetch.waits == [1.0]


def test_the_next_call_resumes_what_a_failed_one_left(server, fetch, address, content):
    server.behaviours[NAME] = [Behaviour(cut_after=CUT), Behaviour(status=500)]
    with pytest.raises(DownloadError, match=r"HTTP 500 .*\(3 attempts\)"):
        fetch(address, attempts=3)
    server.behaviours.clear()
    assert fetch(address) == content
    assert server.requests[-1].headers["Range"] == f"bytes={CUT}-"


def test_a_mirror_continues_where_upstream_broke_off(server, fetch, address, content):
    server.behaviours["gone.pth"] = [Behaviour(cut_after=CUT), Behaviour(status=404)]
    server.files["gone.pth"] = content
    assert fetch(server.address("gone.pth"), address) == content
    assert server.requests[-1].headers["Range"] == f"bytes={CUT}-"
    # A version of one address means nothing at another.
    assert "If-Range" not in server.requests[-1].headers


def test_many_interruptions_do_not_exhaust_a_poor_line(server, fetch, address, content):
    step = len(content) // 12  # More than the chunk that a break may cost.
    assert step > CHUNK
    server.behaviours[NAME] = [Behaviour(cut_after=step)]
    assert fetch(address, attempts=3) == content
    assert len(server.requests) >= 12


def test_a_file_that_changed_meanwhile_is_fetched_from_its_start(server, fetch, address, content):
    old = bytes(len(content))
    server.behaviours[NAME] = [Behaviour(cut_after=CUT, body=old), Behaviour()]
    assert fetch(address) == content
    assert len(server.requests) == 2


def test_a_changed_file_without_a_version_is_noticed_by_its_checksum(
    server, fetch, address, content
):
    old = bytes(len(content))
    server.behaviours[NAME] = [
        Behaviour(cut_after=CUT, body=old, etag=False),
        Behaviour(etag=False),
    ]
    assert fetch(address) == content
    ranges = [request.headers.get("Range") for request in server.requests]
    assert ranges == [None, f"bytes={CUT}-", None]


def test_a_server_that_ignores_ranges_sends_all_again(server, fetch, address, content):
    server.behaviours[NAME] = [Behaviour(cut_after=CUT), Behaviour(ranges=False)]
    assert fetch(address) == content
    assert server.requests[1].headers["Range"] == f"bytes={CUT}-"


def test_a_server_that_refuses_the_range_is_asked_for_all(server, fetch, address, content):
    server.behaviours[NAME] = [
        Behaviour(cut_after=CUT),
        Behaviour(status=416),
        Behaviour(),
    ]
    assert fetch(address) == content
    assert "Range" not in server.requests[2].headers


def test_a_body_that_ends_early_without_a_length(server, fetch, address, content):
    server.behaviours[NAME] = [
        Behaviour(cut_after=CUT, announce_length=False),
        Behaviour(announce_length=False),
    ]
    assert fetch(address) == content
    assert server.requests[1].headers["Range"] == f"bytes={CUT}-"


def test_a_body_that_always_ends_early_gives_up(server, fetch, address):
    server.behaviours[NAME] = [Behaviour(cut_after=CUT, ranges=False)]
    with pytest.raises(DownloadError, match=r"\(4 attempts\)"):
        fetch(address, attempts=4)
    assert len(server.requests) == 4
