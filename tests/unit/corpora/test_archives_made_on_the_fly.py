"""Archives that a host makes on request, without size or checksum of their own."""

import dataclasses
import logging
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive_server import Behaviour
from retable.corpora.archives import inspection_of, replacement_of
from retable.download.file import download_file, link_file
from retable.download.request import CHUNK
from retable.errors import DownloadError
from retable.spec.corpus import Archive

CUT = 2 * CHUNK
NAME = "Audio_Speech_Actors_01-24.zip"
KEY = "corpora.ravdess.source"
MADE_ON_THE_FLY = Behaviour(chunked=True, ranges=False, etag=False)
"""How GitHub serves the zip of a branch: no length, no ranges."""


@pytest.fixture(scope="session")
def content(short_archive):
    return short_archive.read_bytes()


@pytest.fixture
def archive(content):
    """Its size is about right."""
    return Archive(
        name=NAME,
        urls=("https://upstream.example.org/speech.zip",),
        bytes=len(content) * 11 // 10,
        files_md5={"Actor_01/03-01-01-01-02-01-01.wav": "0" * 32},
        unpack_to="speech",
    )


@pytest.fixture
def server(archive_server, content):
    archive_server.files[NAME] = content
    return archive_server


@dataclass
class Download:
    """Downloads an archive and returns its bytes; notes the waits instead of sleeping."""

    archive: Archive
    target: Path
    waits: list[float]

    def __call__(self, address):
        inspection = inspection_of(self.archive)
        download_file(self.archive, self.target, [address], KEY, inspection, wait=self.waits.append)
        return self.target.read_bytes()


@pytest.fixture
def fetch(archive, tmp_path):
    return Download(archive, tmp_path / "archives" / NAME, [])


def test_an_archive_made_on_the_fly_is_taken_when_it_can_be_read(server, fetch, content, caplog):
    caplog.set_level(logging.INFO)
    server.behaviours[NAME] = [MADE_ON_THE_FLY]
    assert fetch(server.address(NAME)) == content
    assert "every file in it can be read" in caplog.text
    assert fetch(server.address(NAME)) == content
    assert len(server.requests) == 1


def test_a_broken_off_chunk_starts_such_an_archive_over(server, fetch, content):
    broken = dataclasses.replace(MADE_ON_THE_FLY, cut_after=CUT)
    server.behaviours[NAME] = [broken, MADE_ON_THE_FLY]
    assert fetch(server.address(NAME)) == content
    assert fetch.waits == [1.0]


def test_such_an_archive_is_resumed_where_the_server_can(server, fetch, content):
    server.behaviours[NAME] = [Behaviour(cut_after=CUT), Behaviour()]
    assert fetch(server.address(NAME)) == content
    assert server.requests[1].headers["Range"] == f"bytes={CUT}-"


def test_an_end_that_nobody_announced_is_missed(server, fetch, content):
    broken = Behaviour(cut_after=CUT, announce_length=False, ranges=False)
    server.behaviours[NAME] = [broken, MADE_ON_THE_FLY]
    assert fetch(server.address(NAME)) == content
    fetch.target.unlink()
    server.behaviours[NAME] = [broken]
    with pytest.raises(DownloadError) as caught:
        fetch(server.address(NAME))
    message = str(caught.value)
    assert f"{server.address(NAME)}: its directory cannot be read (File is not a zip" in message
    assert f"expected: about {fetch.archive.bytes} bytes, made by the server" in message
    assert list(fetch.target.parent.iterdir()) == []


def test_such_an_archive_with_a_flipped_byte_is_refused(server, fetch, content):
    server.files[NAME] = content[:5000] + bytes([content[5000] ^ 1]) + content[5001:]
    with pytest.raises(DownloadError, match=r"member Actor_01/.* cannot be read \(Bad CRC-32"):
        fetch(server.address(NAME))


def test_a_body_that_never_ends_is_no_archive(server, fetch, content):
    server.files[NAME] = bytes(3 * len(content))
    server.behaviours[NAME] = [MADE_ON_THE_FLY]
    about = fetch.archive.bytes
    with pytest.raises(DownloadError, match=f"serves more than the expected {about} bytes"):
        fetch(server.address(NAME))


def test_a_local_archive_that_was_made_on_the_fly(corpus, archive, short_archive, tmp_path):
    target, inspection = tmp_path / "copy.zip", inspection_of(archive)
    link_file(archive, short_archive.parent, target, KEY, inspection)
    assert target.readlink() == short_archive
    (tmp_path / NAME).write_bytes(short_archive.read_bytes()[:-1000])
    replacement = replacement_of(corpus, archive, KEY)
    with pytest.raises(DownloadError) as caught:
        link_file(archive, tmp_path, target, KEY, inspection, replacement)
    message = str(caught.value)
    assert f"{NAME}: its directory cannot be read" in message
    assert f"fetch it again from {archive.urls[0]}, or set {KEY} to `upstream`." in message


def test_a_checksum_vouches_for_an_archive_alone(corpus):
    archive = corpus.archives[0]
    assert archive.checksum and inspection_of(archive) is None
