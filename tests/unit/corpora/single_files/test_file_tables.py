"""Which files a table of the workflow lists, and what no list may hold."""

import pytest
from pydantic import ValidationError

from archive_server import file_table
from corpus_specs import CORPORA, corpus_spec
from retable.corpora.file_lists import find_list_fault, listing_identity
from retable.corpora.single_files import read_file_table
from retable.errors import DataError
from retable.spec.corpus import Archive, SingleFiles

DATASET = "doi:10.5683/SP2/TEST"


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
        (
            "",
            "no tab-separated table (No columns to parse from file). Correct the table",
        ),
        ("path,sha256,bytes\n", "its columns are path,sha256,bytes, expected path, sha256, bytes"),
        (HEAD, "it lists no file. Correct the table"),
        (HEAD + ROW + ROW, "'a.wav': it is listed twice. Correct the table"),
        (
            HEAD + ROW + "b.wav\tabc\t9\n",
            "row 2 below the header: 'b.wav', 'abc', '9': expected",
        ),
        (HEAD + ROW.replace("9", "0"), "row 1 below the header: 'a.wav', "),
        (
            HEAD + ROW.replace("9", "0"),
            "a number of bytes. Correct the table, or restore it as the workflow's repository has",
        ),
        (HEAD + "b.wav\n", "row 1 below the header: 'b.wav', '', '': expected"),
        (HEAD + ROW + ROW.replace("9", "9\t9"), "no tab-separated table (Error tokenizing data."),
        (HEAD + '"' + ROW, "no tab-separated table (Error tokenizing data."),
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
    dataset = SingleFiles(persistent_id=DATASET)
    assert listing_identity(dataset, tmp_path) == DATASET
    files = SingleFiles(table="files.tsv")
    with pytest.raises(
        DataError, match=r"the table .*/files\.tsv does not exist\. Correct `single"
    ):
        listing_identity(files, tmp_path)
    write_table(tmp_path, file_table({"a.wav": b"1"}))
    first = listing_identity(files, tmp_path)
    write_table(tmp_path, file_table({"a.wav": b"2"}))
    assert listing_identity(files, tmp_path) != first


@pytest.mark.parametrize("fields", [{}, {"persistent_id": DATASET, "table": "files.tsv"}])
def test_files_are_listed_in_one_place(fields):
    fault = "either the persistent_id of a Dataverse dataset or the name of a table .* not both"
    with pytest.raises(ValidationError, match=fault):
        SingleFiles(**fields)


@pytest.mark.parametrize(
    ("fields", "advice"),
    [
        ({}, "set checksum_published: false"),
        ({"md5": "ab" * 16}, "drop its md5 and set checksum_published: false"),
        (
            {"sha256": "ab" * 32, "files_md5": {"a.wav": "ab" * 16}},
            "drop its sha256, files_md5",
        ),
        ({"md5": "ab" * 16, "checksum_published": False}, "drop its md5 and set checksum_publ"),
    ],
)
def test_an_archive_that_is_made_here_has_no_checksum(fields, advice):
    files = SingleFiles(persistent_id=DATASET)
    archive = {"name": "A.zip", "urls": (), "bytes": 9, "unpack_to": "A", "single_files": files}
    with pytest.raises(ValidationError, match=f"archive A.zip is made of single_files.*{advice}"):
        Archive(**archive, **fields)
    assert not Archive(**archive, checksum_published=False).checksums
