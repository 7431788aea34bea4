"""What is tried again, after which waits, and what leads to the next address."""

import email.utils
import time

import pytest

from archive_server import ArchiveServer, Behaviour
from retable.download.request import seconds_to_wait
from retable.download.retries import LONGEST_WAIT_S
from retable.errors import DownloadError

NAME = "densenet161.pth"


def test_server_errors_are_waited_out_ever_longer(server, fetch, address, content):
    server.behaviours[NAME] = [*[Behaviour(status=503)] * 4, Behaviour()]
    assert fetch(address) == content
    assert fetch.waits == [1.0, 2.0, 4.0, 8.0]


def test_a_rate_limit_is_given_the_time_it_asks_for(server, fetch, address, content):
    server.behaviours[NAME] = [
        Behaviour(status=429, headers={"Retry-After": "37"}),
        Behaviour(status=429, headers={"X-RateLimit-Reset": str(int(time.time()) + 50)}),
        Behaviour(),
    ]
    assert fetch(address) == content
    assert fetch.waits[0] == 37
    assert 45 < fetch.waits[1] <= 50


def test_no_server_is_waited_for_all_day(server, fetch, address, content, caplog):
    server.behaviours[NAME] = [Behaviour(status=429, headers={"Retry-After": "86400"}), Behaviour()]
    assert fetch(address) == content
    assert fetch.waits == [LONGEST_WAIT_S]
    assert "asks to wait 86400 s" in caplog.text


def test_how_long_a_server_asks_to_wait():
    now = 1_700_000_000.0
    date = email.utils.formatdate(now + 120, usegmt=True)
    assert seconds_to_wait({"Retry-After": "12"}, now) == 12
    assert seconds_to_wait({"Retry-After": date}, now) == 120
    assert seconds_to_wait({"Retry-After": email.utils.formatdate(now - 9)}, now) == 0
    assert seconds_to_wait({"X-RateLimit-Reset": "1700000030"}, now) == 30
    assert seconds_to_wait({"RateLimit-Reset": "30"}, now) == 30
    assert seconds_to_wait({"Retry-After": "soon"}, now) is None
    assert seconds_to_wait({}, now) is None


def test_a_dead_link_leads_to_the_mirror_at_once(server, fetch, address, content):
    assert fetch(server.address("moved.pth"), address) == content
    assert [request.name for request in server.requests] == ["moved.pth", NAME]
    assert fetch.waits == []


def test_nobody_listens(fetch):
    with ArchiveServer({}) as closed:
        address = closed.address(NAME)
    with pytest.raises(DownloadError, match=r"the connection failed .*\(3 attempts\)"):
        fetch(address, attempts=3)
    assert fetch.waits == [1.0, 2.0]


def test_an_address_that_is_none(fetch):
    with pytest.raises(DownloadError, match="no usable address"):
        fetch("mirror.example.org/densenet161.pth")
