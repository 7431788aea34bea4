"""Which files upstream serves one by one, as tables or Dataverse servers list them."""

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
    file_table,
)
from corpus_specs import CORPORA, corpus_spec
from retable.corpora.connection import connect
from retable.corpora.dataverse import list_dataverse_files
from retable.corpora.file_lists import find_list_fault, listing_identity, read_file_table
from retable.corpora.transfer import AddressFailed
from retable.errors import DataError
from retable.spec.corpus import SingleFiles

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
    sha256 = "ab" * 32
    for fields, checksum in (
        ({"checksum": None, "md5": "cd" * 16}, "cd" * 16),
        ({"checksum": {"type": "SHA-256", "value": sha256}, "md5": None}, sha256),
    ):
        archive_server.files[dataverse_list(DATASET)] = changed(**fields)
        (file,) = list_files()
        assert file.checksum == checksum


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
    "empty file": (Behaviour(body=changed(filesize=0)), "lists OAF_back_angry.wav with 0 bytes"),
    "no checksum": (
        Behaviour(body=changed(checksum=None, md5=None)),
        "lists OAF_back_angry.wav with the checksum MD5 None, expected MD5 or SHA-256",
    ),
    "other checksum": (
        Behaviour(body=changed(checksum={"type": "SHA-1", "value": "ab" * 20})),
        "with the checksum SHA-1 abab",
    ),
    "short checksum": (
        Behaviour(body=changed(checksum={"type": "SHA-256", "value": "ab"})),
        "with the checksum SHA-256 ab, expected",
    ),
    "way out": (
        Behaviour(body=dataverse_answer([dataverse_entry(0, "../../climbed.wav", b"up")])),
        "is refused: '../../climbed.wav': a path that leads out of the folder",
    ),
}


@pytest.mark.parametrize(("behaviour", "fault"), LISTS.values(), ids=LISTS)
def test_a_list_that_cannot_be_used(archive_server, list_files, behaviour, fault):
    archive_server.files[dataverse_list(DATASET)] = b""
    archive_server.behaviours[dataverse_list(DATASET)] = [
        dataclasses.replace(behaviour, ranges=False)
    ]
    with pytest.raises(AddressFailed, match=fault):
        list_files()
    assert len(archive_server.requests) == 1


@pytest.mark.parametrize(
    "path",
    ["/etc/a.wav", "a/../b.wav", "./a.wav", "a//b.wav", "..\\a.wav", "C:/a.wav", "a\n.wav", ""],
)
def test_a_path_that_leads_out(path):
    fault = f"{path!r}: a path that leads out of the folder"
    assert find_list_fault(["a.wav", path]) == fault


@pytest.mark.parametrize(
    ("paths", "fault"),
    [
        ([], "it lists no file"),
        (["a.wav", "b.wav", "a.wav"], "'a.wav': it is listed twice"),
        (["a.wav/b.wav", "a.wav"], "'a.wav': it is a file, and a folder of others"),
        (
            [f"../{n}.wav" for n in range(9)],
            "'../0.wav', '../1.wav', '../2.wav' and 6 more: a path that leads out of the folder",
        ),
    ],
)
def test_what_no_list_may_hold(paths, fault):
    assert find_list_fault(paths) == fault


def test_ordinary_paths():
    assert find_list_fault(["a.wav", "A.wav", "b c/a.wav", "b c/é#.wav", "..a.wav"]) == ""


def write_table(folder, text):
    path = folder / "files.tsv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_of_files(tmp_path):
    table = write_table(tmp_path, file_table({"Audio WAV/1001#.wav": b"angry"}))
    (file,) = read_file_table(table, "https://media.example.org/master/")
    assert file.name == "Audio WAV/1001#.wav"
    assert file.urls == ("https://media.example.org/master/Audio%20WAV/1001%23.wav",)
    assert file.bytes == 5
    # printf angry | sha256sum
    assert file.sha256 == "0a96f1960786d85f9e1270916fbb29224da7fb649ef6adb322124ef7e5000a68"


ROW = "a.wav\t" + "ab" * 32 + "\t9\n"
HEAD = "path\tsha256\tbytes\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "its columns are , expected path, sha256, bytes, tab-separated"),
        ("path,sha256,bytes\n", "its columns are path,sha256,bytes, expected path, sha256, bytes"),
        (HEAD, "it lists no file. Correct the table"),
        (HEAD + ROW + ROW, "'a.wav': it is listed twice. Correct the table"),
        (HEAD + ROW + "b.wav\tabc\t9\n", "line 3: 'b.wav', 'abc', '9': expected a path, 64 hex"),
        (HEAD + ROW.replace("9", "0"), "line 2: 'a.wav', "),
        (HEAD + "b.wav\n", "line 2: 'b.wav', '', '': expected"),
    ],
)
def test_a_faulty_table(tmp_path, text, fault):
    table = write_table(tmp_path, text)
    with pytest.raises(DataError) as caught:
        read_file_table(table, "https://media.example.org")
    assert str(caught.value).startswith(f"{table}")
    assert fault in str(caught.value)


def test_the_files_of_crema_d():
    """7,442 clips of 605,899,936 bytes in all, as upstream's LFS pointers state them."""
    files = corpus_spec("crema_d").archives[0].single_files
    listed = read_file_table(CORPORA / files.table, "https://media.example.org")
    assert len(listed) == 7442
    assert sum(file.bytes for file in listed) == 605_899_936


def test_what_is_to_be_fetched_is_known_by_identifier_or_by_the_tables_bytes(tmp_path):
    dataset = SingleFiles(listing="dataverse", persistent_id=DATASET)
    assert listing_identity(dataset, tmp_path) == DATASET
    files = SingleFiles(listing="table", table="files.tsv")
    with pytest.raises(
        DataError, match=r"the table .*/files\.tsv does not exist\. Correct `single"
    ):
        listing_identity(files, tmp_path)
    write_table(tmp_path, file_table({"a.wav": b"1"}))
    first = listing_identity(files, tmp_path)
    write_table(tmp_path, file_table({"a.wav": b"2"}))
    assert listing_identity(files, tmp_path) != first
