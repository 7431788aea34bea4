"""Files that upstream serves one by one, fetched and packed."""

import logging
import os
import signal
import subprocess
import sys
import time
import zipfile

import pytest
from sample_files import (
    CONTENT,
    CUT,
    DATASET,
    FILES,
    KEY,
    LARGE,
    NAME,
    Fetch,
    requests_of,
    served_as,
)

from archive_server import (
    Behaviour,
    dataverse_layout,
    dataverse_list,
    media_layout,
)
from repository import WORKFLOW
from retable.corpora.single_files import FilesProgress
from retable.download.progress import PROGRESS_EVERY_S
from retable.errors import DownloadError
from retable.spec.corpus import SingleFiles
from retable.spec.remote_file import RemoteFile


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
    dataverse = SingleFiles(persistent_id=DATASET, connections=1)
    table = SingleFiles(table="files.tsv", connections=8)
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
    # A busy server may have the next request before it has counted the last answer as gone.
    assert archive_server.most_at_once in (3, 4)


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


def test_a_killed_download_goes_on_where_it_stopped(archive_server, fetch, base):
    name = served_as(fetch, LARGE)
    archive_server.behaviours[name] = [
        Behaviour(cut_after=CUT),
        Behaviour(status=429, headers={"Retry-After": "600"}),
    ]
    code = (
        # Where tests run in the background, Ctrl-C is ignored from the start.
        "import signal, sys; from pathlib import Path; "
        "signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from retable.corpora.single_files import download_single_files; "
        "from retable.spec.corpus import SingleFiles; "
        "name, files, target, base, tables, key = sys.argv[1:]; "
        "download_single_files(name, SingleFiles.model_validate_json(files), Path(target), [base], "
        "Path(tables), key)"
    )
    files = fetch.files.model_dump_json()
    arguments = [NAME, files, str(fetch.target), base, str(fetch.tables), KEY]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": str(WORKFLOW)},
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


def test_the_progress_of_many_files_is_logged_every_few_seconds(caplog, monkeypatch):
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
