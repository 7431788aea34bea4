"""Archives that are made of files which upstream serves one by one."""

import logging
import os
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive_server import (
    ArchiveServer,
    Behaviour,
    Request,
    dataverse_answer,
    dataverse_entry,
    dataverse_file,
    dataverse_layout,
    dataverse_list,
    file_table,
    lfs_pointer,
    media_layout,
)
from corpus_specs import CORPORA, corpus_spec
from retable.corpora.download import link_archive
from retable.corpora.fetch import announce, fetch_archive
from retable.corpora.single_files import MOST_FAILURES, FilesProgress, download_single_files
from retable.corpora.source import resolve_source
from retable.corpora.transfer import CHUNK, PROGRESS_EVERY_S
from retable.errors import DownloadError
from retable.spec.corpus import RemoteFile, SingleFiles

NAME = "EMOTIONS.zip"
DATASET = "doi:10.5683/SP2/TEST"
CUT = 2 * CHUNK
# Out of order, for the archive's members to be put in order.
FILES = {
    f"set #1/{speaker}_{number}.wav": bytes([number]) * (10 * number + 5)
    for speaker in ("YAF", "OAF")
    for number in range(1, 11)
}
LARGE = "set #1/OAF_large.wav"
CONTENT = {**FILES, LARGE: bytes(range(256)) * 1024}


@dataclass
class Fetch:
    """Downloads to a folder of its own, and notes the waits instead of sleeping."""

    files: SingleFiles
    target: Path
    tables: Path

    def __post_init__(self):
        self.waits = []

    def __call__(self, *addresses, attempts=3):
        download_single_files(
            NAME, self.files, self.target, addresses, self.tables,
            attempts=attempts, wait=self.waits.append,
        )  # fmt: skip
        with zipfile.ZipFile(self.target) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    @property
    def left(self):
        """Names of all that lies beside the archive."""
        folder = self.target.parent
        return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()} - {NAME}


@pytest.fixture
def tables(tmp_path):
    """The folder with the table of all files."""
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "files.tsv").write_text(file_table(CONTENT), encoding="utf-8")
    return folder


@pytest.fixture(params=["dataverse", "table"])
def fetch(request, archive_server, tables, tmp_path):
    """Fetches all files from the server, in either of the two layouts."""
    if request.param == "dataverse":
        archive_server.files |= dataverse_layout(CONTENT, DATASET)
        files = SingleFiles(listing="dataverse", persistent_id=DATASET)
    else:
        archive_server.files |= media_layout(CONTENT, "master")
        files = SingleFiles(listing="table", table="files.tsv")
    return Fetch(files, tmp_path / "archives" / NAME, tables)


@pytest.fixture
def base(fetch, archive_server):
    """What the addresses of the files start with."""
    return archive_server.root if fetch.files.persistent_id else archive_server.address("master")


def served_as(fetch, path):
    """The name that a file has on the server."""
    if fetch.files.persistent_id:
        return dataverse_file(list(CONTENT).index(path))
    return f"master/{path.replace(' ', '%20').replace('#', '%23')}"


def requests_of(server: ArchiveServer, name: str) -> list[Request]:
    return [request for request in server.requests if request.name == name]


def test_files_are_fetched_and_packed_in_order(archive_server, fetch, base, caplog):
    caplog.set_level(logging.INFO)
    members = fetch(base)
    assert members == CONTENT
    assert list(members) == sorted(CONTENT)
    assert fetch.left == set()
    listings = 1 if fetch.files.persistent_id else 0
    assert len(archive_server.requests) == len(CONTENT) + listings
    assert "EMOTIONS.zip: 0 of 21 files, 0.0 of 0.3 MB are there" in caplog.text
    assert "EMOTIONS.zip: 21 files, each verified, packed" in caplog.text


def test_equal_files_give_equal_archives_whatever_the_layout(archive_server, tables, tmp_path):
    archive_server.files |= dataverse_layout(CONTENT, DATASET)
    archive_server.files |= media_layout(CONTENT, "master")
    dataverse = SingleFiles(listing="dataverse", persistent_id=DATASET, connections=1)
    table = SingleFiles(listing="table", table="files.tsv", connections=8)
    Fetch(dataverse, tmp_path / "1" / NAME, tables)(archive_server.root)
    Fetch(table, tmp_path / "2" / NAME, tables)(archive_server.address("master"))
    assert (tmp_path / "1" / NAME).read_bytes() == (tmp_path / "2" / NAME).read_bytes()
    with zipfile.ZipFile(tmp_path / "1" / NAME) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_several_files_are_fetched_at_a_time(archive_server, fetch, base):
    for path in CONTENT:
        archive_server.behaviours[served_as(fetch, path)] = [Behaviour(delay_s=0.05)]
    fetch.files = fetch.files.model_copy(update={"connections": 3})
    fetch(base)
    assert archive_server.most_at_once == 3


def test_a_server_that_is_busy_is_waited_for(archive_server, fetch, base):
    name = served_as(fetch, LARGE)
    archive_server.behaviours[name] = [
        Behaviour(status=503),
        Behaviour(status=429, headers={"Retry-After": "37"}),
        Behaviour(),
    ]
    assert fetch(base) == CONTENT
    assert fetch.waits == [1.0, 37.0]


def test_a_file_that_broke_off_goes_on(archive_server, fetch, base):
    name = served_as(fetch, LARGE)
    archive_server.behaviours[name] = [Behaviour(cut_after=CUT), Behaviour()]
    assert fetch(base) == CONTENT
    ranges = [request.headers.get("Range") for request in requests_of(archive_server, name)]
    assert ranges == [None, f"bytes={CUT}-"]


def test_what_is_verified_is_not_fetched_again(archive_server, fetch, base, caplog):
    name = served_as(fetch, LARGE)
    archive_server.behaviours[name] = [Behaviour(cut_after=CUT), Behaviour(status=500)]
    with pytest.raises(DownloadError) as caught:
        fetch(base)
    kept = f"\nVerified files that are kept in {fetch.target}.files: 20.\n"
    assert kept in str(caught.value)
    assert not fetch.target.exists()
    part = f"{NAME}.files/{LARGE}.part"
    assert fetch.left == {f"{NAME}.files/{path}" for path in FILES} | {part, f"{part}.version"}

    # One that was damaged in the meantime is not what was verified.
    damaged = next(iter(FILES))
    (fetch.target.parent / f"{NAME}.files" / damaged).write_bytes(b"damaged")
    archive_server.behaviours.clear()
    archive_server.requests.clear()
    caplog.set_level(logging.INFO)
    assert fetch(base) == CONTENT
    assert "EMOTIONS.zip: 19 of 21 files, 0.0 of 0.3 MB are there" in caplog.text
    again = [r for r in archive_server.requests if r.name != dataverse_list(DATASET)]
    assert {request.name for request in again} == {served_as(fetch, damaged), name}
    assert requests_of(archive_server, name)[0].headers["Range"] == f"bytes={CUT}-"
    assert fetch.left == set()


def test_one_file_of_all_that_cannot_be_had(archive_server, fetch, base):
    path = next(iter(FILES))
    archive_server.behaviours[served_as(fetch, path)] = [Behaviour(status=404)]
    with pytest.raises(DownloadError) as caught:
        fetch(base)
    message = str(caught.value)
    address = archive_server.address(served_as(fetch, path))
    for part in (
        f"{NAME}, which is made of single files, could not be fetched; tried:\n"
        f"  - {base}: 1 of 21 files failed:\n"
        f"      {path} ({address}): HTTP 404 Not Found: there is no such file",
        f"\nVerified files that are kept in {fetch.target}.files: 20.\n",
        "Next: run the same command again (it fetches only what is missing).",
        f"or to a directory that holds {NAME} or its unpacked files.",
    ):
        assert part in message
    assert "the rest was not tried" not in message


def test_a_file_with_other_bytes_is_refused(archive_server, fetch, base):
    archive_server.behaviours[served_as(fetch, LARGE)] = [
        Behaviour(body=bytes(len(CONTENT[LARGE])))
    ]
    checksum = "md5" if fetch.files.persistent_id else "sha256"
    with pytest.raises(
        DownloadError, match=rf"{LARGE} \(http.*\): its {checksum} is .*, expected "
    ):
        fetch(base)
    assert not [name for name in fetch.left if "large" in name]


def test_files_that_fail_alike_are_named_together_and_the_first_of_them_only(
    archive_server, fetch, base
):
    for number, path in enumerate(FILES):
        # Never so many in a row that the rest is not tried.
        if number % 2:
            served = Behaviour(status=403 if number < 14 else 410)
            archive_server.behaviours[served_as(fetch, path)] = [served]
    fetch.files = fetch.files.model_copy(update={"connections": 1})
    with pytest.raises(DownloadError) as caught:
        fetch(base)
    message = str(caught.value)
    failing = [path for number, path in enumerate(FILES) if number % 2]
    assert "10 of 21 files failed:\n" in message
    first = f"{', '.join(failing[:5])} and 2 more ({archive_server.address('')}"
    assert first in message and "): HTTP 403 Forbidden\n" in message
    assert f"{', '.join(failing[7:])} (" in message and "): HTTP 410 Gone: there is no" in message


def test_when_every_file_fails_the_rest_is_not_tried(archive_server, tables, tmp_path):
    """As of raw.githubusercontent.com, which has pointers in place of the files."""
    pointers = {path: lfs_pointer(content) for path, content in CONTENT.items()}
    archive_server.files |= media_layout(pointers, "raw")
    files = SingleFiles(listing="table", table="files.tsv", connections=2)
    fetch = Fetch(files, tmp_path / "archives" / NAME, tables)
    with pytest.raises(DownloadError) as caught:
        fetch(archive_server.address("raw"))
    message = str(caught.value)
    assert "10 of 21 files failed, so many in a row that the rest was not tried:" in message
    assert message.count("it serves a Git LFS pointer") == 1
    assert f"\nVerified files that are kept in {fetch.target}.files: 0.\n" in message
    assert MOST_FAILURES <= len(archive_server.requests) < 21


def test_the_next_address_serves_what_the_first_does_not(archive_server, fetch, base):
    name = served_as(fetch, LARGE)
    archive_server.behaviours[name] = [Behaviour(status=404)]
    with ArchiveServer(dict(archive_server.files)) as mirror:
        second = base.replace(archive_server.root, mirror.root)
        assert fetch("http://127.0.0.1:9", base, second) == CONTENT
        listings = [r for r in mirror.requests if r.name == dataverse_list(DATASET)]
        assert [r.name for r in mirror.requests if r not in listings] == [name]
    assert len(requests_of(archive_server, name)) == 1


def test_no_address(fetch):
    with pytest.raises(DownloadError, match="no address given"):
        fetch()


def test_a_list_that_cannot_be_had(archive_server, tables, tmp_path):
    fetch = Fetch(SingleFiles(listing="dataverse", persistent_id=DATASET), tmp_path / NAME, tables)
    with pytest.raises(DownloadError) as caught:
        fetch(archive_server.root)
    assert f"  - {archive_server.root}: HTTP 404 Not Found" in str(caught.value)
    assert not (tmp_path / f"{NAME}.files").exists()


def test_a_disk_that_is_too_small(archive_server, fetch, tmp_path):
    entry = dataverse_entry(0, "a.wav", b"a")
    entry["dataFile"]["filesize"] = 10**18
    archive_server.files[dataverse_list(DATASET)] = dataverse_answer([entry])
    fetch.files = SingleFiles(listing="dataverse", persistent_id=DATASET)
    # For the file and for the archive.
    with pytest.raises(DownloadError, match=r"EMOTIONS\.zip needs 2,000,000,000,000 MB, the disk"):
        fetch(archive_server.root)


def test_a_killed_download_goes_on_where_it_stopped(archive_server, fetch, base):
    name = served_as(fetch, LARGE)
    archive_server.behaviours[name] = [
        Behaviour(cut_after=CUT),
        Behaviour(status=429, headers={"Retry-After": "600"}),
    ]
    code = (
        "import sys; from pathlib import Path; "
        "from retable.corpora.single_files import download_single_files; "
        "from retable.spec.corpus import SingleFiles; "
        "name, files, target, base, tables = sys.argv[1:]; "
        "download_single_files(name, SingleFiles.model_validate_json(files), Path(target), [base], "
        "Path(tables))"
    )
    arguments = [NAME, fetch.files.model_dump_json(), str(fetch.target), base, str(fetch.tables)]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "workflow")},
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 30
    while len(requests_of(archive_server, name)) < 2 or len(fetch.left) < len(CONTENT) + 1:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    # Ctrl-C ends it at once, although a thread of it was told to wait for ten minutes.
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=20)
    assert process.returncode != 0 and b"KeyboardInterrupt" in error
    archive_server.behaviours.clear()
    archive_server.requests.clear()
    assert fetch(base) == CONTENT
    asked = [r for r in archive_server.requests if r.name != dataverse_list(DATASET)]
    assert [(r.name, r.headers["Range"]) for r in asked] == [(name, f"bytes={CUT}-")]


def test_progress_is_logged_every_few_seconds(caplog, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("retable.corpora.single_files.time.monotonic", lambda: clock[0])
    caplog.set_level(logging.INFO)
    files = [RemoteFile(name=f"{n}.wav", urls=(), bytes=200_000, md5="0" * 32) for n in range(2000)]
    progress = FilesProgress("CREMA-D.zip", files, files[500:])
    for file in files[500:700]:
        # A power of two, for the clock to be exact: 80 files in 5 s.
        clock[0] += 2**-4
        progress.add(file)
    assert PROGRESS_EVERY_S == 80 * 2**-4
    # 3.2 MB/s for the 284 and 268 MB that are left.
    assert [record.getMessage() for record in caplog.records] == [
        "CREMA-D.zip: 500 of 2,000 files, 100.0 of 400.0 MB are there",
        "CREMA-D.zip: 580 of 2,000 files, 116.0 of 400.0 MB, 1:29 min left",
        "CREMA-D.zip: 660 of 2,000 files, 132.0 of 400.0 MB, 1:24 min left",
    ]


@pytest.fixture
def emotions(tables):
    """A corpus whose only archive is made of the files of the table."""
    corpus = corpus_spec("crema_d")
    files = SingleFiles(listing="table", table="files.tsv")
    archive = corpus.archives[0].model_copy(
        update={"name": NAME, "single_files": files, "bytes": 300_000}
    )
    return corpus.model_copy(update={"archives": (archive,)})


def test_each_source_brings_the_archive(archive_server, emotions, tables, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    archive_server.files |= media_layout(CONTENT, "master")
    (archive,) = emotions.archives
    made = tmp_path / "made" / NAME
    mirror = resolve_source(emotions, archive_server.address("master/"))
    fetch_archive(emotions, archive, mirror, made, tables)
    assert "21 single files, about 0 MB in all\n  licence: ODbL" in caplog.text

    upstream = emotions.model_copy(
        update={
            "archives": (archive.model_copy(update={"urls": (archive_server.address("master"),)}),)
        }
    )
    again = tmp_path / "again" / NAME
    fetch_archive(
        upstream, upstream.archives[0], resolve_source(upstream, "upstream"), again, tables
    )
    assert again.read_bytes() == made.read_bytes()

    directory = resolve_source(emotions, str(made.parent))
    assert directory.kind == "archives"
    link = tmp_path / "linked" / NAME
    fetch_archive(emotions, archive, directory, link, tables)
    assert link.readlink() == made


def test_a_damaged_archive_in_a_directory(emotions, tmp_path):
    (tmp_path / NAME).write_bytes(b"PK no more")
    with pytest.raises(DownloadError) as caught:
        link_archive(emotions.archives[0], tmp_path, tmp_path / "copy.zip")
    assert str(caught.value) == (
        f"{tmp_path / NAME}: its directory cannot be read (File is not a zip file). It is damaged "
        "or another file: set the corpus' source to `upstream`, which makes it anew."
    )


def test_how_many_files_are_to_be_downloaded_is_said(caplog):
    caplog.set_level(logging.INFO)
    announce(corpus_spec("crema_d"), CORPORA)
    assert "7,442 single files, about 607 MB in all" in caplog.text
    announce(corpus_spec("tess"), CORPORA)
    assert "single files, as many as upstream lists, about 283 MB in all" in caplog.text
