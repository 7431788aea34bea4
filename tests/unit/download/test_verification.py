"""Only a file of the right size and checksum is one that has arrived."""

import hashlib
import logging

import pytest

from archive_server import Behaviour
from retable.download.file import Inspection, find_fault
from retable.download.request import CHUNK
from retable.errors import DownloadError
from retable.spec.remote_file import RemoteFile

NAME = "densenet161.pth"


def test_a_file_arrives_verified(server, fetch, address, content):
    assert fetch(address) == content
    assert [path.name for path in fetch.target.parent.iterdir()] == [NAME]
    assert "Range" not in server.requests[0].headers


def test_what_is_there_and_right_is_not_fetched(server, fetch, address, content):
    fetch.target.parent.mkdir()
    fetch.target.write_bytes(content)
    assert fetch(address) == content
    assert server.requests == []


def test_what_is_there_and_wrong_is_fetched_again(fetch, address, content):
    fetch.target.parent.mkdir()
    fetch.target.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert fetch(address) == content


def test_wrong_bytes_are_deleted_and_the_mirror_is_asked(server, fetch, address, content):
    server.files["bad.pth"] = bytes(len(content))
    assert fetch(server.address("bad.pth"), address) == content
    assert "Range" not in server.requests[1].headers


def test_wrong_bytes_everywhere(server, fetch, file):
    wrong = bytes(file.bytes)
    server.files[NAME] = wrong
    server.files["other.pth"] = b"another file than this one"
    with pytest.raises(DownloadError) as caught:
        fetch(server.address(NAME), server.address("other.pth"), server.address("gone.pth"))
    message = str(caught.value)
    for part in (
        f"{NAME} could not be downloaded to {fetch.target}",
        f"{server.address(NAME)}: its md5 is {hashlib.md5(wrong).hexdigest()}",
        f"{server.address('other.pth')}: it serves 26 bytes, expected {file.bytes}",
        f"{server.address('gone.pth')}: HTTP 404 Not Found",
        f"expected: {file.bytes} bytes, md5 {file.md5}",
        "Next: run the same command again (it continues where the download stopped), or fetch it "
        "by other means and set weights.imagenet.source in config.yaml to the directory",
    ):
        assert part in message
    assert list(fetch.target.parent.iterdir()) == []


def test_a_body_longer_than_the_file_is_cut_off(server, fetch, address, file):
    server.behaviours[NAME] = [Behaviour(body=bytes(file.bytes + 9), announce_length=False)]
    with pytest.raises(DownloadError, match=f"more than the expected {file.bytes} bytes"):
        fetch(address)
    assert not list(fetch.target.parent.glob("*.part"))


def test_a_disk_that_is_too_small(server, fetch, address):
    fetch.file = fetch.file.model_copy(update={"bytes": 10**18})
    with pytest.raises(
        DownloadError,
        match=r"needs 1,000,000,000,000 MB.* set weights\.imagenet",
    ):
        fetch(address)
    assert server.requests == []


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_other_checksums_are_checked_too(fetch, address, content, algorithm):
    digest = hashlib.new(algorithm, content).hexdigest()
    fetch.file = fetch.file.model_copy(update={"md5": None, algorithm: digest})
    assert fetch(address) == content
    fetch.target.unlink()
    fetch.file = fetch.file.model_copy(update={algorithm: digest[::-1]})
    with pytest.raises(DownloadError) as caught:
        fetch(address)
    assert f"its {algorithm} is {digest}, expected {digest[::-1]} (deleted)" in str(caught.value)
    assert f"expected: {len(content)} bytes, {algorithm} {digest[::-1]}" in str(caught.value)


def test_all_checksums_count_and_the_strongest_is_first(file, content, tmp_path):
    sha512 = hashlib.sha512(content).hexdigest()
    both = file.model_copy(update={"sha512": sha512, "md5": "0" * 32})
    assert both.checksum == sha512
    (tmp_path / NAME).write_bytes(content)
    assert find_fault(both, tmp_path / NAME) == f"its md5 is {file.md5}, expected {'0' * 32}"


@pytest.fixture
def about(content):
    """As torchvision publishes them: a size to a few bytes, and eight digits of the checksum."""
    return RemoteFile(
        name=NAME,
        urls=(f"https://upstream.example.org/{NAME}",),
        bytes=len(content) + 100,
        exact=False,
        sha256=hashlib.sha256(content).hexdigest()[:8],
    )


def test_a_file_is_known_by_the_first_digits_of_its_checksum(
    server, fetch, address, content, about, caplog
):
    caplog.set_level(logging.INFO)
    fetch.file = about
    server.behaviours[NAME] = [Behaviour(cut_after=2 * CHUNK), Behaviour()]
    assert fetch(address) == content
    assert server.requests[1].headers["Range"] == f"bytes={2 * CHUNK}-"
    assert f"{NAME}: 1.0 MB, checksum verified" in caplog.text


def test_a_file_with_other_first_digits_is_refused(fetch, address, content, about):
    fetch.file = about.model_copy(update={"sha256": "00000000"})
    with pytest.raises(DownloadError) as caught:
        fetch(address)
    actual = hashlib.sha256(content).hexdigest()
    assert f"its sha256 is {actual}, expected one that begins with 00000000 (deleted)" in str(
        caught.value
    )
    expected = f"expected: about {len(content) + 100} bytes, sha256 one that begins with 00000000"
    assert expected in str(caught.value)


def test_upper_case_digits_are_the_same(file, content, tmp_path):
    (tmp_path / NAME).write_bytes(content)
    assert find_fault(file.model_copy(update={"md5": file.md5.upper()}), tmp_path / NAME) == ""


@pytest.fixture
def unpublished(file, content):
    """A file of which upstream publishes neither size nor checksum."""
    return file.model_copy(update={"md5": None, "bytes": len(content) - 100, "exact": False})


def test_a_file_of_which_nothing_is_published_is_taken_as_it_comes(
    fetch, address, content, unpublished, caplog
):
    caplog.set_level(logging.INFO)
    fetch.file = unpublished
    assert fetch(address) == content
    assert f"{NAME}: 1.0 MB, no checksum to verify it by" in caplog.text


def test_an_inspection_vouches_for_such_a_file(server, fetch, address, content, unpublished):
    fetch.file = unpublished
    inspection = Inspection(
        find_damage=lambda path: "" if path.read_bytes() == content else "its end is missing",
        about_bytes=len(content),
        expected="a file with an end",
        passed="its end is there",
    )
    assert fetch(address, inspection=inspection) == content
    fetch.target.write_bytes(content[:-1])
    server.files[NAME] = content[:-1]
    with pytest.raises(DownloadError) as caught:
        fetch(address, inspection=inspection)
    assert f"  - {address}: its end is missing (deleted)\nexpected: a file with" in str(
        caught.value
    )
    server.files[NAME] = content * 3
    with pytest.raises(DownloadError, match=f"it serves more than the expected {len(content)} b"):
        fetch(address, inspection=inspection)
