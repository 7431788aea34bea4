"""Files that upstream serves one by one, and what is said when some cannot be had."""

import pytest
from sample_files import CONTENT, DATASET, FILES, LARGE, NAME, Fetch, requests_of, served_as

from archive_server import (
    ArchiveServer,
    Behaviour,
    dataverse_answer,
    dataverse_entry,
    dataverse_list,
    lfs_pointer,
    media_layout,
)
from retable.corpora.single_files import MOST_FAILURES
from retable.errors import DownloadError
from retable.spec.corpus import SingleFiles


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
        "set corpora.emotions.source in config.yaml to the address of a mirror with the same "
        f"layout, or to a directory that holds {NAME} or its unpacked files.",
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
    files = SingleFiles(table="files.tsv", connections=2)
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
    fetch = Fetch(SingleFiles(persistent_id=DATASET), tmp_path / NAME, tables)
    with pytest.raises(DownloadError) as caught:
        fetch(archive_server.root)
    assert f"  - {archive_server.root}: HTTP 404 Not Found" in str(caught.value)
    assert not (tmp_path / f"{NAME}.files").exists()


def test_a_disk_that_is_too_small(archive_server, fetch, tmp_path):
    entry = dataverse_entry(0, "a.wav", b"a")
    entry["dataFile"]["filesize"] = 10**18
    archive_server.files[dataverse_list(DATASET)] = dataverse_answer([entry])
    fetch.files = SingleFiles(persistent_id=DATASET)
    # For the file and for the archive.
    fault = r"EMOTIONS\.zip needs 2,000,000,000,000 MB, .* set corpora\.emotions\.source"
    with pytest.raises(DownloadError, match=fault):
        fetch(archive_server.root)


def test_what_a_server_says_that_refuses_all_is_told_once(archive_server, fetch, base):
    """As of a Dataverse server that wants a form filled in first."""
    body = b'{"status": "ERROR", "message": "Guestbook response required."}'
    for path in CONTENT:
        archive_server.behaviours[served_as(fetch, path)] = [Behaviour(status=400, body=body)]
    with pytest.raises(DownloadError) as caught:
        fetch(base)
    assert str(caught.value).count("HTTP 400 Bad Request (Guestbook response required.)") == 1
