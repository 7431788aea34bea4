"""Files of a local directory."""

import pytest

from retable.download.file import link_file
from retable.errors import DownloadError

NAME = "densenet161.pth"
KEY = "weights.imagenet.source"


@pytest.fixture
def given(content, tmp_path):
    """A directory that holds the file."""
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / NAME).write_bytes(content)
    return folder


def test_a_local_file_is_linked(file, given, tmp_path):
    target = tmp_path / "files" / NAME
    link_file(file, given, target, KEY)
    assert target.readlink() == given / NAME


def test_a_link_in_the_directory_is_followed(file, given, tmp_path):
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / NAME).symlink_to(given / NAME)
    link_file(file, tmp_path / "links", tmp_path / NAME, KEY)
    assert (tmp_path / NAME).readlink() == given / NAME


def test_a_local_file_is_copied_to_a_disk_without_links(
    file, given, content, tmp_path, monkeypatch
):
    def no_links(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr("pathlib.Path.symlink_to", no_links)
    link_file(file, given, tmp_path / NAME, KEY)
    assert not (tmp_path / NAME).is_symlink()
    assert (tmp_path / NAME).read_bytes() == content


def test_a_local_file_that_is_missing(file, tmp_path):
    with pytest.raises(DownloadError) as caught:
        link_file(file, tmp_path, tmp_path / "copy.pth", KEY)
    assert str(caught.value) == (
        f"{tmp_path} holds no {NAME}. Put it there, or set weights.imagenet.source in config.yaml "
        "to another place."
    )


def test_a_local_file_that_is_another_is_refused_and_left_alone(file, tmp_path):
    (tmp_path / NAME).write_bytes(b"no network")
    with pytest.raises(DownloadError) as caught:
        link_file(file, tmp_path, tmp_path / "copy.pth", KEY)
    fault = f"{tmp_path / NAME}: it has 10 bytes, expected {file.bytes}. "
    assert str(caught.value) == (
        f"{fault}It is not what upstream publishes: fetch it again from {file.urls[0]}, or set "
        "weights.imagenet.source to `upstream`."
    )
    with pytest.raises(DownloadError) as caught:
        link_file(file, tmp_path, tmp_path / "copy.pth", KEY, replacement="Ask its authors.")
    assert str(caught.value) == f"{fault}Ask its authors."
    assert (tmp_path / NAME).read_bytes() == b"no network"
