"""Files that are no archives, and what servers send in place of a file."""

import hashlib
import logging

import pytest

from archive_server import Behaviour, lfs_pointer
from retable.corpora.download import download_archive, find_fault, link_archive
from retable.corpora.transfer import CHUNK
from retable.errors import DownloadError
from retable.spec.corpus import Archive, RemoteFile

NAME = "densenet161.pth"
CONTENT = bytes(range(256)) * 1024
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def weights():
    """As torchvision publishes them: a size to a few bytes, and eight digits of the checksum."""
    return RemoteFile(
        name=NAME,
        urls=("https://upstream.example.org/densenet161.pth",),
        bytes=len(CONTENT) + 100,
        exact=False,
        sha256=SHA256[:8],
    )


@pytest.fixture
def fetch(archive_server, tmp_path):
    """Downloads a file from the server to a folder of its own."""
    archive_server.files[NAME] = CONTENT

    def download(file, address=None):
        target = tmp_path / "files" / file.name
        address = address or archive_server.address(NAME)
        download_archive(file, target, [address], wait=lambda seconds: None, attempts=2)
        return target.read_bytes()

    return download


def test_a_file_is_known_by_the_first_digits_of_its_checksum(
    archive_server, fetch, weights, caplog
):
    caplog.set_level(logging.INFO)
    archive_server.behaviours[NAME] = [Behaviour(cut_after=2 * CHUNK), Behaviour()]
    assert fetch(weights) == CONTENT
    assert archive_server.requests[1].headers["Range"] == f"bytes={2 * CHUNK}-"
    assert f"{NAME}: 0.3 MB, checksum verified" in caplog.text


def test_a_file_with_other_first_digits_is_refused(fetch, weights):
    other = weights.model_copy(update={"sha256": "00000000"})
    with pytest.raises(DownloadError) as caught:
        fetch(other)
    message = str(caught.value)
    assert f"its sha256 is {SHA256}, expected one that begins with 00000000 (deleted)" in message
    expected = f"expected: about {len(CONTENT) + 100} bytes, sha256 one that begins with 00000000"
    assert expected in message
    assert "fetch the file by other means and set the weights' source in config.yaml" in message


def test_upper_case_digits_are_the_same(weights, tmp_path):
    (tmp_path / NAME).write_bytes(CONTENT)
    assert find_fault(weights.model_copy(update={"sha256": SHA256.upper()}), tmp_path / NAME) == ""


def test_a_file_of_which_nothing_is_published_is_taken_as_it_comes(fetch, caplog):
    caplog.set_level(logging.INFO)
    file = RemoteFile(name=NAME, urls=(), bytes=len(CONTENT) - 100, exact=False)
    assert fetch(file) == CONTENT
    assert f"{NAME}: 0.3 MB, no checksum to verify it by" in caplog.text


def test_a_local_file_is_linked_or_refused(weights, tmp_path):
    with pytest.raises(DownloadError) as caught:
        link_archive(weights, tmp_path, tmp_path / "copy.pth")
    assert str(caught.value) == (
        f"{tmp_path} holds no {NAME}. Put the file there, or set the weights' source in "
        "config.yaml to another place."
    )
    (tmp_path / NAME).write_bytes(CONTENT)
    link_archive(weights, tmp_path, tmp_path / "copy.pth")
    assert (tmp_path / "copy.pth").readlink() == tmp_path / NAME
    (tmp_path / NAME).write_bytes(CONTENT[:-1])
    with pytest.raises(DownloadError) as caught:
        link_archive(weights, tmp_path, tmp_path / "copy.pth")
    assert str(caught.value).endswith(
        "It is not the file that upstream publishes: fetch it again from "
        f"{weights.urls[0]}, or set the weights' source to `upstream`."
    )


@pytest.fixture
def archive():
    """An archive with a checksum, whose server does not send it."""
    return Archive(
        name="corpus.zip",
        urls=("https://upstream.example.org/corpus.zip",),
        bytes=len(CONTENT),
        sha256=SHA256,
        unpack_to="corpus",
    )


STAND_INS = {
    "LFS pointer": (
        Behaviour(body=lfs_pointer(CONTENT), headers={"Content-Type": "text/plain"}),
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
    "404": (
        Behaviour(status=404, body=b"<html>Nothing here</html>"),
        r"HTTP 404 Not Found: there is no such file; it was moved or removed upstream, or the .*"
        r"correct `urls` in the YAML file, or `source` in config\.yaml",
    ),
}


@pytest.mark.parametrize(("behaviour", "fault"), STAND_INS.values(), ids=STAND_INS)
def test_what_is_sent_in_place_of_an_archive(archive_server, fetch, archive, behaviour, fault):
    archive_server.behaviours[NAME] = [behaviour]
    with pytest.raises(DownloadError, match=f"{archive_server.address(NAME)}: {fault}"):
        fetch(archive)
    # It would send the same again.
    assert len(archive_server.requests) == 1


def test_a_page_leaves_what_has_arrived(archive_server, fetch, archive, tmp_path):
    archive_server.behaviours[NAME] = [
        Behaviour(cut_after=2 * CHUNK),
        Behaviour(body=b"<html>Too many downloads</html>", ranges=False),
    ]
    with pytest.raises(DownloadError, match="it serves a web page"):
        fetch(archive)
    part = tmp_path / "files" / "corpus.zip.part"
    assert part.read_bytes() == CONTENT[: 2 * CHUNK]
    archive_server.behaviours.clear()
    assert fetch(archive) == CONTENT
    assert archive_server.requests[-1].headers["Range"] == f"bytes={2 * CHUNK}-"
