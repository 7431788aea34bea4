"""Which files a Dataverse server lists."""

import dataclasses
import json

import pytest

from archive_server import (
    Behaviour,
    dataverse_answer,
    dataverse_entry,
    dataverse_file,
    dataverse_layout,
    dataverse_list,
)
from retable.corpora.dataverse import list_dataverse_files
from retable.download.request import AddressFailed
from retable.download.retries import connect

DATASET = "doi:10.5683/SP2/TEST"
FILES = {
    "OAF angry/OAF_back_angry.wav": b"angry",
    "YAF_back_sad.WAV": b"sad",
}


@pytest.fixture
def list_files(archive_server):
    """Lists the dataset on the server, without sleeping."""

    def listing(base=None):
        with connect(attempts=3, wait=lambda seconds: None) as connection:
            return list_dataverse_files(base or archive_server.root, DATASET, connection)

    return listing


def test_a_dataverse_server_lists_files_with_folder_size_and_checksum(archive_server, list_files):
    archive_server.files |= dataverse_layout(FILES | {"readme.txt": b"hello"}, DATASET)
    for base in (archive_server.root, f"{archive_server.root}/"):
        first, second = list_files(base)
        assert first.name == "OAF angry/OAF_back_angry.wav"
        assert first.urls == (archive_server.address(dataverse_file(0)),)
        assert (first.bytes, first.has_exact_size) == (5, True)
        # printf angry | md5sum
        assert first.md5 == "6e6b4c3e0cf36a53865be47ffac2a057"
        assert second.name == "YAF_back_sad.WAV"
    assert archive_server.requests[0].name == dataverse_list(DATASET)


@pytest.mark.parametrize("status", [503, 429])
def test_a_list_is_asked_for_again(archive_server, list_files, status):
    archive_server.files |= dataverse_layout(FILES, DATASET)
    archive_server.behaviours[dataverse_list(DATASET)] = [Behaviour(status=status), Behaviour()]
    assert len(list_files()) == 2


def changed(**fields):
    """The list of one file, some fields of whose `dataFile` are others; None for no field."""
    entry = dataverse_entry(0, "OAF_back_angry.wav", b"angry")
    data = {**entry["dataFile"], **fields}
    entry["dataFile"] = {name: value for name, value in data.items() if value is not None}
    return dataverse_answer([entry])


def test_checksums_of_older_and_other_servers(archive_server, list_files):
    for fields, checksums in (
        ({"checksum": None, "md5": "cd" * 16}, {"md5": "cd" * 16}),
        ({"checksum": {"type": "SHA-1", "value": "ab" * 20}, "md5": None}, {"sha1": "ab" * 20}),
        ({"checksum": {"type": "SHA-256", "value": "ab" * 32}}, {"sha256": "ab" * 32}),
        ({"checksum": {"type": "SHA-512", "value": "ab" * 64}}, {"sha512": "ab" * 64}),
    ):
        archive_server.files[dataverse_list(DATASET)] = changed(**fields)
        (file,) = list_files()
        assert file.checksums == checksums


LISTS = {
    "page": (
        Behaviour(body=b"<!DOCTYPE html><title>Borealis</title>"),
        "its list of doi:10.5683/SP2/TEST is a web page; is it the address of a Dataverse server,",
    ),
    "text": (Behaviour(body=b"hello"), "its list of .* is no JSON"),
    "404 without JSON": (Behaviour(status=404), "HTTP 404 Not Found: there is no such file"),
    "unknown dataset": (
        Behaviour(
            status=404,
            body=json.dumps(
                {"status": "ERROR", "message": "Dataset with Persistent ID doi:10 not found."}
            ).encode(),
        ),
        r"it does not list doi:10\.5683/SP2/TEST: HTTP 404, Dataset with Persistent ID doi:10 not "
        r"found\. Look the dataset up on the homepage and correct `persistent_id`",
    ),
    "refused with 200": (
        Behaviour(body=b'{"status": "ERROR", "message": "Not allowed"}'),
        "it does not list .*: HTTP 200, Not allowed",
    ),
    "no status": (Behaviour(body=b"[1, 2]"), "HTTP 200, no status OK in its answer"),
    "no version": (
        Behaviour(body=b'{"status": "OK", "data": {"id": 1}}'),
        r"is none of a Dataverse server \(KeyError\('latestVersion'\)\): expected data\.latest",
    ),
    "no files": (Behaviour(body=dataverse_answer([])), "holds no audio file .* among 0 files"),
    "no audio": (
        Behaviour(body=dataverse_answer([dataverse_entry(0, "TESS.zip", b"PK")])),
        r"holds no audio file \(\.flac, \.mp3, \.ogg, \.wav\) among 1 files; is it another dataset",
    ),
    "no size": (Behaviour(body=changed(filesize=None)), r"KeyError\('filesize'\)"),
    "empty file": (
        Behaviour(body=changed(filesize=0)),
        "lists OAF_back_angry.wav with 0 bytes, expected a positive number",
    ),
    "size in words": (
        Behaviour(body=changed(filesize="five")),
        "lists OAF_back_angry.wav with 'five' bytes, expected a positive number",
    ),
    "restricted": (
        Behaviour(
            body=dataverse_answer([dataverse_entry(0, "a.wav", b"a") | {"restricted": True}])
        ),
        "it lists a.wav as restricted, and serves it to nobody without leave: ask for access on",
    ),
    "no checksum": (
        Behaviour(body=changed(checksum=None, md5=None)),
        "lists OAF_back_angry.wav with the checksum MD5 None, expected 32 hexadecimal digits",
    ),
    "other checksum": (
        Behaviour(body=changed(checksum={"type": "CRC-32", "value": "abcdabcd"})),
        "with the checksum CRC-32 abcdabcd, expected MD5 or SHA-1 or SHA-256 or SHA-512",
    ),
    "short checksum": (
        Behaviour(body=changed(checksum={"type": "SHA-256", "value": "ab"})),
        "with the checksum SHA-256 ab, expected 64 hexadecimal digits",
    ),
    "way out": (
        Behaviour(body=dataverse_answer([dataverse_entry(0, "../../climbed.wav", b"up")])),
        "is refused: '../../climbed.wav': a path that leads out of the folder",
    ),
}


def test_a_restricted_file_that_is_no_audio_is_no_hindrance(archive_server, list_files):
    entries = [
        dataverse_entry(0, "a.wav", b"a"),
        dataverse_entry(1, "names.pdf", b"b") | {"restricted": True},
    ]
    archive_server.files[dataverse_list(DATASET)] = dataverse_answer(entries)
    assert [file.name for file in list_files()] == ["a.wav"]


@pytest.mark.parametrize(("behaviour", "fault"), LISTS.values(), ids=LISTS)
def test_a_list_that_cannot_be_used(archive_server, list_files, behaviour, fault):
    archive_server.files[dataverse_list(DATASET)] = b""
    archive_server.behaviours[dataverse_list(DATASET)] = [
        dataclasses.replace(behaviour, ranges=False)
    ]
    with pytest.raises(AddressFailed, match=fault):
        list_files()
    assert len(archive_server.requests) == 1
