"""Archives of which neither size nor checksum is published, as of corpora given out on request."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from archive_server import Behaviour
from corpus_specs import corpus_spec
from retable.corpora.archives import inspection_of, replacement_of
from retable.corpora.twin_tarball import write_tarball
from retable.download.file import download_file, link_file
from retable.download.request import CHUNK
from retable.errors import DownloadError
from retable.spec.corpus import Archive

CUT = 2 * CHUNK
KEY = "corpora.utpodcast.source"
PODCASTS = "UT-Podcast.tar.gz"


@pytest.fixture(scope="session")
def podcasts(tmp_path_factory):
    """A compressed tar in upstream's layout: folder, clips that compress badly, a transcript."""
    noise = np.random.default_rng(0).integers(-9000, 9000, (6, 30_000)).astype("<i2")
    clips = [
        (f"UT-Podcast/audio/train/AU/AU-301__{number:02d}.wav", samples.tobytes())
        for number, samples in enumerate(noise)
    ]
    target = tmp_path_factory.mktemp("podcasts") / PODCASTS
    write_tarball(target, [*clips, ("UT-Podcast/text/train/AU/AU-301__00.txt", b"good evening")])
    return target


@dataclass
class Download:
    """Downloads an archive and returns its bytes; does not sleep between attempts."""

    archive: Archive
    target: Path

    def __call__(self, address):
        inspection = inspection_of(self.archive)
        download_file(
            self.archive, self.target, [address], KEY, inspection, wait=lambda seconds: None
        )
        return self.target.read_bytes()


@pytest.fixture
def fetch(podcasts, archive_server, tmp_path):
    """Downloads an archive of which neither size nor checksum is published."""
    archive_server.files[PODCASTS] = podcasts.read_bytes()
    archive = Archive(
        name=PODCASTS,
        urls=("https://upstream.example.org/UT-Podcast.tar.gz",),
        bytes=podcasts.stat().st_size * 3 // 4,
        exact=False,
        checksum_published=False,
        unpack_to="UT-Podcast",
    )
    return Download(archive, tmp_path / "archives" / PODCASTS)


def test_an_archive_is_taken_when_it_can_be_read(archive_server, fetch, podcasts, caplog):
    caplog.set_level(logging.INFO)
    assert fetch(archive_server.address(PODCASTS)) == podcasts.read_bytes()
    assert "UT-Podcast.tar.gz: 0.4 MB, every file in it can be read" in caplog.text
    assert "checksum" not in caplog.text
    assert fetch(archive_server.address(PODCASTS)) == podcasts.read_bytes()
    assert len(archive_server.requests) == 1


def test_a_download_is_resumed(archive_server, fetch, podcasts):
    archive_server.behaviours[PODCASTS] = [Behaviour(cut_after=CUT), Behaviour()]
    assert fetch(archive_server.address(PODCASTS)) == podcasts.read_bytes()
    assert archive_server.requests[1].headers["Range"] == f"bytes={CUT}-"


def damaged(content, position):
    return content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda content: content[: len(content) // 2], r"member .*AU-301__0\d\.wav cannot be read"),
        # The end of the stream, with the checksum, is missing: no member is.
        (lambda content: content[:-6], r"cannot be read \(Compressed file ended before"),
        # A bit of a clip's sound, which the tar itself says nothing of.
        (lambda content: damaged(content, 100_000), r"cannot be read \(CRC check failed"),
        (lambda content: b"Please sign the licence form", "its directory cannot be"),
    ],
    ids=["half", "without its end", "another bit", "a text"],
)
def test_a_damaged_archive_is_refused(archive_server, fetch, podcasts, spoil, fault):
    spoilt = spoil(podcasts.read_bytes())
    archive_server.files[PODCASTS] = spoilt
    mirror = archive_server.address(PODCASTS)
    with pytest.raises(DownloadError, match=fault) as caught:
        fetch(mirror)
    message = str(caught.value)
    assert f"  - {mirror}: " in message
    guess = fetch.archive.bytes
    assert f"expected: an archive, every file of which can be read, of perhaps {guess} b" in message
    assert "md5" not in message and "sha256" not in message
    assert list(fetch.target.parent.iterdir()) == []
    fetch.target.write_bytes(spoilt)
    archive_server.files[PODCASTS] = podcasts.read_bytes()
    assert fetch(mirror) == podcasts.read_bytes()


@pytest.mark.parametrize(("share", "taken"), [(0.2, True), (0.1, False)])
def test_a_guessed_size_may_be_far_too_small(archive_server, fetch, podcasts, share, taken):
    """Up to 4 times what was guessed, and twice that as of any size that is about right."""
    guess = round(share * podcasts.stat().st_size)
    fetch.archive = fetch.archive.model_copy(update={"bytes": guess})
    if taken:
        assert fetch(archive_server.address(PODCASTS)) == podcasts.read_bytes()
    else:
        with pytest.raises(DownloadError, match="it serves more than the expected"):
            fetch(archive_server.address(PODCASTS))


def test_a_local_archive_without_a_checksum(fetch, podcasts, tmp_path):
    archive, target = fetch.archive, tmp_path / "copy.tar.gz"
    inspection = inspection_of(archive)
    link_file(archive, podcasts.parent, target, KEY, inspection)
    assert target.readlink() == podcasts
    (tmp_path / PODCASTS).write_bytes(damaged(podcasts.read_bytes(), 100_000))
    for request, advice in (
        (None, f"It is damaged or another file: fetch it again from {archive.urls[0]}."),
        ("the authors", "from where you were given it, or ask the authors for it again."),
    ):
        corpus = corpus_spec("utpodcast").model_copy(update={"request": request})
        replacement = replacement_of(corpus, archive, KEY)
        with pytest.raises(DownloadError) as caught:
            link_file(archive, tmp_path, target, KEY, inspection, replacement)
        message = str(caught.value)
        assert message.startswith(f"{tmp_path / PODCASTS}: member UT-Podcast/")
        assert "cannot be read (CRC check failed" in message
        assert message.endswith(advice)
        assert "`upstream`" not in message
