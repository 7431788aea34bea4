import dataclasses
import email.utils
import hashlib
import logging
import time

import pytest

from archive_server import ArchiveServer, Behaviour
from corpus_specs import CORPORA
from retable.corpora import connection
from retable.corpora.download import download_archive, link_archive
from retable.corpora.fetch import announce
from retable.corpora.transfer import CHUNK, PROGRESS_EVERY_S, ProgressLog, seconds_to_wait
from retable.errors import DownloadError
from retable.spec.corpus import Archive

CUT = 2 * CHUNK
NAME = "Audio_Speech_Actors_01-24.zip"


@pytest.fixture(scope="session")
def content(short_archive):
    return short_archive.read_bytes()


@pytest.fixture
def archive(content):
    return Archive(
        name=NAME,
        urls=("https://upstream.example.org/speech.zip",),
        bytes=len(content),
        md5=hashlib.md5(content).hexdigest(),
        unpack_to="speech",
    )


@pytest.fixture
def server(archive_server, content):
    archive_server.files[NAME] = content
    return archive_server


class Download:
    """Downloads to a folder of its own, and notes the waits instead of sleeping."""

    def __init__(self, archive, folder):
        self.archive, self.target, self.waits = archive, folder / NAME, []

    def __call__(self, *addresses, **options):
        download_archive(self.archive, self.target, addresses, wait=self.waits.append, **options)
        return self.target.read_bytes()


@pytest.fixture
def fetch(archive, tmp_path):
    return Download(archive, tmp_path / "archives")


def test_an_archive_arrives_verified(server, fetch, content):
    assert fetch(server.address(NAME)) == content
    assert [path.name for path in fetch.target.parent.iterdir()] == [NAME]
    assert "Range" not in server.requests[0].headers


def test_what_is_there_and_right_is_not_fetched(server, fetch, content):
    fetch.target.parent.mkdir()
    fetch.target.write_bytes(content)
    assert fetch(server.address(NAME)) == content
    assert server.requests == []


def test_what_is_there_and_wrong_is_fetched_again(server, fetch, content):
    fetch.target.parent.mkdir()
    fetch.target.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert fetch(server.address(NAME)) == content


def test_a_broken_download_is_resumed(server, fetch, content):
    server.behaviours[NAME] = [Behaviour(cut_after=CUT), Behaviour()]
    assert fetch(server.address(NAME)) == content
    first, second = server.requests
    assert "Range" not in first.headers
    assert second.headers["Range"] == f"bytes={CUT}-"
    assert second.headers["If-Range"].startswith('"')
    assert fetch.waits == [1.0]


def test_the_next_call_resumes_what_a_failed_one_left(server, fetch, content):
    server.behaviours[NAME] = [Behaviour(cut_after=CUT), Behaviour(status=500)]
    with pytest.raises(DownloadError, match=r"HTTP 500 .*\(3 attempts\)"):
        fetch(server.address(NAME), attempts=3)
    server.behaviours.clear()
    assert fetch(server.address(NAME)) == content
    assert server.requests[-1].headers["Range"] == f"bytes={CUT}-"


def test_a_mirror_continues_where_upstream_broke_off(server, fetch, content):
    server.behaviours["gone.zip"] = [Behaviour(cut_after=CUT), Behaviour(status=404)]
    server.files["gone.zip"] = content
    assert fetch(server.address("gone.zip"), server.address(NAME)) == content
    assert server.requests[-1].headers["Range"] == f"bytes={CUT}-"
    # A version of one address means nothing at another.
    assert "If-Range" not in server.requests[-1].headers


def test_many_interruptions_do_not_exhaust_a_poor_line(server, fetch, content):
    step = len(content) // 12  # More than the chunk that a break may cost.
    assert step > CHUNK
    server.behaviours[NAME] = [Behaviour(cut_after=step)]
    assert fetch(server.address(NAME), attempts=3) == content
    assert len(server.requests) >= 12


def test_a_file_that_changed_meanwhile_is_fetched_from_its_start(server, fetch, content):
    old = bytes(len(content))
    server.behaviours[NAME] = [Behaviour(cut_after=CUT, body=old), Behaviour()]
    assert fetch(server.address(NAME)) == content
    assert len(server.requests) == 2


def test_a_changed_file_without_a_version_is_noticed_by_its_checksum(server, fetch, content):
    old = bytes(len(content))
    server.behaviours[NAME] = [
        Behaviour(cut_after=CUT, body=old, etag=False),
        Behaviour(etag=False),
    ]
    assert fetch(server.address(NAME)) == content
    ranges = [request.headers.get("Range") for request in server.requests]
    assert ranges == [None, f"bytes={CUT}-", None]


def test_a_server_that_ignores_ranges_sends_all_again(server, fetch, content):
    server.behaviours[NAME] = [Behaviour(cut_after=CUT), Behaviour(ranges=False)]
    assert fetch(server.address(NAME)) == content
    assert server.requests[1].headers["Range"] == f"bytes={CUT}-"


def test_a_server_that_refuses_the_range_is_asked_for_all(server, fetch, content):
    server.behaviours[NAME] = [
        Behaviour(cut_after=CUT),
        Behaviour(status=416),
        Behaviour(),
    ]
    assert fetch(server.address(NAME)) == content
    assert "Range" not in server.requests[2].headers


def test_a_body_that_ends_early_without_a_length(server, fetch, content):
    server.behaviours[NAME] = [
        Behaviour(cut_after=CUT, announce_length=False),
        Behaviour(announce_length=False),
    ]
    assert fetch(server.address(NAME)) == content
    assert server.requests[1].headers["Range"] == f"bytes={CUT}-"


def test_a_body_that_always_ends_early_gives_up(server, fetch):
    server.behaviours[NAME] = [Behaviour(cut_after=CUT, ranges=False)]
    with pytest.raises(DownloadError, match=r"\(4 attempts\)"):
        fetch(server.address(NAME), attempts=4)
    assert len(server.requests) == 4


def test_server_errors_are_waited_out_ever_longer(server, fetch, content):
    server.behaviours[NAME] = [*[Behaviour(status=503)] * 4, Behaviour()]
    assert fetch(server.address(NAME)) == content
    assert fetch.waits == [1.0, 2.0, 4.0, 8.0]


def test_a_rate_limit_is_given_the_time_it_asks_for(server, fetch, content):
    server.behaviours[NAME] = [
        Behaviour(status=429, headers={"Retry-After": "37"}),
        Behaviour(status=429, headers={"X-RateLimit-Reset": str(int(time.time()) + 50)}),
        Behaviour(),
    ]
    assert fetch(server.address(NAME)) == content
    assert fetch.waits[0] == 37
    assert 45 < fetch.waits[1] <= 50


def test_no_server_is_waited_for_all_day(server, fetch, content, caplog):
    server.behaviours[NAME] = [Behaviour(status=429, headers={"Retry-After": "86400"}), Behaviour()]
    assert fetch(server.address(NAME)) == content
    assert fetch.waits == [connection.LONGEST_WAIT_S]
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


def test_a_dead_link_leads_to_the_mirror_at_once(server, fetch, content):
    assert fetch(server.address("moved.zip"), server.address(NAME)) == content
    assert [request.name for request in server.requests] == ["moved.zip", NAME]
    assert fetch.waits == []


def test_wrong_bytes_are_deleted_and_the_mirror_is_asked(server, fetch, content):
    server.files["bad.zip"] = bytes(len(content))
    assert fetch(server.address("bad.zip"), server.address(NAME)) == content
    assert "Range" not in server.requests[1].headers


def test_wrong_bytes_everywhere(server, fetch, archive):
    wrong = bytes(archive.bytes)
    server.files[NAME] = wrong
    server.files["other.zip"] = b"another file than this one"
    with pytest.raises(DownloadError) as caught:
        fetch(server.address(NAME), server.address("other.zip"), server.address("gone.zip"))
    message = str(caught.value)
    for part in (
        f"{NAME} could not be downloaded to {fetch.target}",
        f"{server.address(NAME)}: its md5 is {hashlib.md5(wrong).hexdigest()}",
        f"{server.address('other.zip')}: it serves 26 bytes, expected {archive.bytes}",
        f"{server.address('gone.zip')}: HTTP 404 Not Found",
        f"expected: {archive.bytes} bytes, md5 {archive.md5}",
        "Next: run the same command again",
    ):
        assert part in message
    assert list(fetch.target.parent.iterdir()) == []


def test_a_body_longer_than_the_archive_is_cut_off(server, fetch, archive):
    server.behaviours[NAME] = [Behaviour(body=bytes(archive.bytes + 9), announce_length=False)]
    with pytest.raises(DownloadError, match=f"more than the expected {archive.bytes} bytes"):
        fetch(server.address(NAME))
    assert not list(fetch.target.parent.glob("*.part"))


def test_nobody_listens(fetch):
    with ArchiveServer({}) as closed:
        address = closed.address(NAME)
    with pytest.raises(DownloadError, match=r"the connection failed .*\(3 attempts\)"):
        fetch(address, attempts=3)
    assert fetch.waits == [1.0, 2.0]


def test_an_address_that_is_none(fetch):
    with pytest.raises(DownloadError, match="no usable address"):
        fetch("mirror.example.org/speech.zip")


def test_a_disk_that_is_too_small(server, fetch):
    fetch.archive = fetch.archive.model_copy(update={"bytes": 10**18})
    with pytest.raises(DownloadError, match=r"needs 1,000,000,000,000 MB, the disk has"):
        fetch(server.address(NAME))
    assert server.requests == []


def test_sha256_is_checked_too(server, fetch, content):
    digest = hashlib.sha256(content).hexdigest()
    fetch.archive = fetch.archive.model_copy(update={"md5": None, "sha256": digest})
    assert fetch(server.address(NAME)) == content
    fetch.target.unlink()
    fetch.archive = fetch.archive.model_copy(update={"sha256": digest[::-1]})
    with pytest.raises(DownloadError, match=f"its sha256 is {digest}, expected {digest[::-1]}"):
        fetch(server.address(NAME))


MADE_ON_THE_FLY = Behaviour(chunked=True, ranges=False, etag=False)
"""How GitHub serves the zip of a branch: no length, no ranges."""


@pytest.fixture
def fetch_on_the_fly(archive, fetch):
    """Downloads an archive that has no checksum of its own, and a size that is about right."""
    files = {"Actor_01/03-01-01-01-02-01-01.wav": "0" * 32}
    about = archive.bytes * 11 // 10
    fetch.archive = archive.model_copy(update={"md5": None, "files_md5": files, "bytes": about})
    return fetch


def test_an_archive_made_on_the_fly_is_taken_when_it_can_be_read(
    server, fetch_on_the_fly, content, caplog
):
    caplog.set_level(logging.INFO)
    server.behaviours[NAME] = [MADE_ON_THE_FLY]
    assert fetch_on_the_fly(server.address(NAME)) == content
    assert "every file in it can be read" in caplog.text
    assert fetch_on_the_fly(server.address(NAME)) == content
    assert len(server.requests) == 1


def test_a_broken_off_chunk_starts_such_an_archive_over(server, fetch_on_the_fly, content):
    broken = dataclasses.replace(MADE_ON_THE_FLY, cut_after=CUT)
    server.behaviours[NAME] = [broken, MADE_ON_THE_FLY]
    assert fetch_on_the_fly(server.address(NAME)) == content
    assert fetch_on_the_fly.waits == [1.0]


def test_such_an_archive_is_resumed_where_the_server_can(server, fetch_on_the_fly, content):
    server.behaviours[NAME] = [Behaviour(cut_after=CUT), Behaviour()]
    assert fetch_on_the_fly(server.address(NAME)) == content
    assert server.requests[1].headers["Range"] == f"bytes={CUT}-"


def test_an_end_that_nobody_announced_is_missed(server, fetch_on_the_fly, content):
    broken = Behaviour(cut_after=CUT, announce_length=False, ranges=False)
    server.behaviours[NAME] = [broken, MADE_ON_THE_FLY]
    assert fetch_on_the_fly(server.address(NAME)) == content
    fetch_on_the_fly.target.unlink()
    server.behaviours[NAME] = [broken]
    with pytest.raises(DownloadError) as caught:
        fetch_on_the_fly(server.address(NAME))
    message = str(caught.value)
    assert f"{server.address(NAME)}: its directory cannot be read (File is not a zip" in message
    assert f"expected: about {fetch_on_the_fly.archive.bytes} bytes, made by the server" in message
    assert list(fetch_on_the_fly.target.parent.iterdir()) == []


def test_such_an_archive_with_a_flipped_byte_is_refused(server, fetch_on_the_fly, content):
    server.files[NAME] = content[:5000] + bytes([content[5000] ^ 1]) + content[5001:]
    with pytest.raises(DownloadError, match=r"member Actor_01/.* cannot be read \(Bad CRC-32"):
        fetch_on_the_fly(server.address(NAME))


def test_a_body_that_never_ends_is_no_archive(server, fetch_on_the_fly, content):
    server.files[NAME] = bytes(3 * len(content))
    server.behaviours[NAME] = [MADE_ON_THE_FLY]
    about = fetch_on_the_fly.archive.bytes
    with pytest.raises(DownloadError, match=f"serves more than the expected {about} bytes"):
        fetch_on_the_fly(server.address(NAME))


def test_progress_is_logged_every_few_seconds(caplog, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("retable.corpora.transfer.time.monotonic", lambda: clock[0])
    caplog.set_level(logging.INFO)
    progress = ProgressLog("speech.zip")
    progress.begin(20_000_000, 200_000_000)
    for megabyte in range(21, 61):
        clock[0] += PROGRESS_EVERY_S / 20
        progress.update(megabyte * 1_000_000)
    assert [record.getMessage() for record in caplog.records] == [
        "speech.zip: 40.0 of 200.0 MB (20 %), 4.0 MB/s, 0:40 min left",
        "speech.zip: 60.0 of 200.0 MB (30 %), 4.0 MB/s, 0:35 min left",
    ]


def test_progress_towards_an_unknown_end(caplog, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("retable.corpora.transfer.time.monotonic", lambda: clock[0])
    caplog.set_level(logging.INFO)
    progress = ProgressLog("esc50.zip")
    progress.begin(0, None)
    clock[0] += PROGRESS_EVERY_S
    progress.update(20_000_000)
    assert [record.getMessage() for record in caplog.records] == ["esc50.zip: 20.0 MB, 4.0 MB/s"]


def test_the_licence_and_the_citation_are_shown(corpus, caplog):
    caplog.set_level(logging.INFO)
    announce(corpus, CORPORA)
    assert "licence: CC BY-NC-SA 4.0" in caplog.text
    assert "PLoS ONE 13(5): e0196391" in caplog.text
    assert "2 archives, 434 MB" in caplog.text


def test_a_local_archive_is_linked(archive, short_archive, tmp_path):
    target = tmp_path / "archives" / NAME
    link_archive(archive, short_archive.parent, target)
    assert target.readlink() == short_archive


def test_a_local_archive_is_copied_to_a_disk_without_links(
    archive, short_archive, tmp_path, monkeypatch
):
    def no_links(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr("pathlib.Path.symlink_to", no_links)
    target = tmp_path / NAME
    link_archive(archive, short_archive.parent, target)
    assert not target.is_symlink()
    assert target.read_bytes() == short_archive.read_bytes()


def test_a_local_archive_that_was_made_on_the_fly(fetch_on_the_fly, short_archive, tmp_path):
    archive, target = fetch_on_the_fly.archive, tmp_path / "copy.zip"
    link_archive(archive, short_archive.parent, target)
    assert target.readlink() == short_archive
    (tmp_path / NAME).write_bytes(short_archive.read_bytes()[:-1000])
    with pytest.raises(DownloadError, match=f"{NAME}: its directory cannot be read"):
        link_archive(archive, tmp_path, target)


def test_a_local_archive_that_is_missing_or_wrong(archive, tmp_path):
    with pytest.raises(DownloadError, match=f"holds no {NAME}"):
        link_archive(archive, tmp_path, tmp_path / "copy.zip")
    (tmp_path / NAME).write_bytes(b"no archive")
    with pytest.raises(DownloadError, match=rf"it has 10 bytes, expected {archive.bytes}"):
        link_archive(archive, tmp_path, tmp_path / "copy.zip")
    assert (tmp_path / NAME).exists()
