"""The file of an architecture, from each kind of source."""

import hashlib
import logging
import re

import pytest
import torch
from safetensors.torch import save
from sample_weights import published, remote_file

from retable.errors import DownloadError
from retable.weights.download import fetch_weights
from retable.weights.source import resolve_weights

CONTENT = b"a pickle of which nothing is read here" * 10
SAFETENSORS = save({"weight": torch.arange(6.0)})


@pytest.fixture
def file(archive_server):
    return remote_file("resnet18", CONTENT, archive_server.root)


def test_the_published_file_is_fetched_and_its_licence_told(archive_server, file, tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="retable")
    archive_server.files[file.name] = CONTENT
    source = resolve_weights(published({"resnet18": file}), "upstream", ["resnet18"])
    fetch_weights(source, "resnet18", tmp_path / file.name)
    assert (tmp_path / file.name).read_bytes() == CONTENT
    assert "licence: BSD\n  please cite: Somebody (2009)" in caplog.text


def test_a_file_without_the_digits_of_its_name_is_refused(archive_server, file, tmp_path):
    archive_server.files[file.name] = CONTENT[::-1]
    source = resolve_weights(published({"resnet18": file}), "upstream", ["resnet18"])
    digest = hashlib.sha256(CONTENT[::-1]).hexdigest()
    with pytest.raises(DownloadError, match=rf"sha256 is {digest}, expected .*{file.sha256}"):
        fetch_weights(source, "resnet18", tmp_path / file.name)
    assert list(tmp_path.iterdir()) == []


def test_a_mirror_may_have_safetensors_instead(archive_server, file, tmp_path):
    stem = file.name.removesuffix(".pth")
    archive_server.files[f"pub/{stem}.safetensors"] = SAFETENSORS
    mirror = f"{archive_server.root}/pub"
    source = resolve_weights(published({"resnet18": file}), mirror, ["resnet18"])
    fetch_weights(source, "resnet18", tmp_path / stem)
    assert [request.name for request in archive_server.requests] == [
        f"pub/{file.name}",
        f"pub/{stem}.safetensors",
    ]
    assert [path.name for path in tmp_path.iterdir()] == [stem]
    assert (tmp_path / stem).read_bytes() == SAFETENSORS


def test_a_mirror_that_has_neither_is_told_with_both_addresses(archive_server, file, tmp_path):
    stem = file.name.removesuffix(".pth")
    source = resolve_weights(published({"resnet18": file}), archive_server.root, ["resnet18"])
    with pytest.raises(DownloadError) as raised:
        fetch_weights(source, "resnet18", tmp_path / stem)
    for name in (file.name, f"{stem}.safetensors"):
        assert f"{archive_server.root}/{name}: HTTP 404 Not Found" in str(raised.value)


def test_safetensors_of_which_a_part_is_missing_are_refused(archive_server, file, tmp_path):
    stem = file.name.removesuffix(".pth")
    archive_server.files[f"{stem}.safetensors"] = SAFETENSORS[:-4]
    source = resolve_weights(published({"resnet18": file}), archive_server.root, ["resnet18"])
    message = re.escape(f"{archive_server.root}/{stem}.safetensors: no whole safetensors file (")
    with pytest.raises(DownloadError, match=message):
        fetch_weights(source, "resnet18", tmp_path / stem)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_file_of_a_directory_is_linked_and_left_alone(file, tmp_path, suffix):
    name = file.name.removesuffix(".pth") + suffix
    directory = tmp_path / "given"
    directory.mkdir()
    content = CONTENT if suffix == ".pth" else SAFETENSORS
    (directory / name).write_bytes(content)
    source = resolve_weights(published({"resnet18": file}), str(directory), ["resnet18"])
    fetch_weights(source, "resnet18", tmp_path / name)
    assert (tmp_path / name).is_symlink()
    assert (tmp_path / name).read_bytes() == (directory / name).read_bytes() == content


def test_another_file_under_the_published_name_is_refused(file, tmp_path):
    directory = tmp_path / "given"
    directory.mkdir()
    (directory / file.name).write_bytes(b"other")
    source = resolve_weights(published({"resnet18": file}), str(directory), ["resnet18"])
    message = rf"{file.name}: its sha256 is \w+, expected .*{file.sha256}"
    with pytest.raises(DownloadError, match=message):
        fetch_weights(source, "resnet18", tmp_path / file.name)
    assert (directory / file.name).read_bytes() == b"other"


def test_a_part_of_safetensors_in_a_directory_is_refused(file, tmp_path):
    stem = file.name.removesuffix(".pth")
    directory = tmp_path / "given"
    directory.mkdir()
    (directory / f"{stem}.safetensors").write_bytes(SAFETENSORS[:-4])
    source = resolve_weights(published({"resnet18": file}), str(directory), ["resnet18"])
    with pytest.raises(DownloadError) as raised:
        fetch_weights(source, "resnet18", tmp_path / f"{stem}.safetensors")
    message = str(raised.value)
    assert message.startswith(f"{directory}/{stem}.safetensors: no whole safetensors file (")
    assert message.endswith(
        "Put a whole one there, or set weights.imagenet.source to another source."
    )
    assert not (tmp_path / f"{stem}.safetensors").exists()


def fetched_from(server, file, target):
    source = resolve_weights(published({"resnet18": file}), server.root, ["resnet18"])
    fetch_weights(source, "resnet18", target)
    return target.read_bytes()


def test_what_a_directory_left_is_not_taken_for_the_mirrors(archive_server, file, tmp_path):
    stem = file.name.removesuffix(".pth")
    other = save({"weight": torch.zeros(6)})
    (tmp_path / "given").write_bytes(other)
    (tmp_path / f"{stem}.safetensors").symlink_to(tmp_path / "given")
    archive_server.files[f"{stem}.safetensors"] = SAFETENSORS
    assert fetched_from(archive_server, file, tmp_path / stem) == SAFETENSORS
    assert (tmp_path / f"{stem}.safetensors").read_bytes() == other


def test_without_a_checksum_only_the_same_address_continues(archive_server, file, tmp_path):
    """A kill leaves what arrived: of another file, for all that anybody knows."""
    name = f"{file.name.removesuffix('.pth')}.safetensors"
    archive_server.files[name] = SAFETENSORS
    folder = tmp_path / "weights.candidates"
    for address, asked in {
        archive_server.address(name): True,
        "http://other.example": False,
    }.items():
        folder.mkdir()
        (folder / f"{name}.part").write_bytes(SAFETENSORS[:10])
        (folder / f"{name}.part.version").write_text(f"{address}\n")
        assert fetched_from(archive_server, file, tmp_path / "weights") == SAFETENSORS
        assert ("Range" in archive_server.requests[-1].headers) == asked
        assert not folder.exists()


def test_a_whole_file_of_a_killed_job_is_fetched_again_where_nothing_vouches_for_it(
    archive_server, file, tmp_path
):
    name = f"{file.name.removesuffix('.pth')}.safetensors"
    archive_server.files[name] = SAFETENSORS
    (tmp_path / "weights.candidates").mkdir()
    (tmp_path / "weights.candidates" / name).write_bytes(save({"weight": torch.zeros(6)}))
    assert fetched_from(archive_server, file, tmp_path / "weights") == SAFETENSORS
