"""Archives of files that upstream serves one by one: fetched several at a time, then packed.

Verified files lie in `<target>.files/`, under their paths in the archive, until all are there. What
a killed or failed download leaves there is not fetched again, and a file that broke off goes on
where it stopped.
"""

import logging
import queue
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from retable.corpora.dataverse import list_dataverse_files
from retable.corpora.file_lists import COLUMNS, existing_table, find_list_fault
from retable.corpora.zip_archive import write_archive
from retable.download.file import check_space, fetch_from, find_fault
from retable.download.progress import PROGRESS_EVERY_S
from retable.download.request import AddressFailed
from retable.download.retries import ATTEMPTS, TIMEOUT_S, Connection, connect
from retable.errors import DataError, DownloadError, listed
from retable.spec.corpus import SingleFiles
from retable.spec.remote_file import RemoteFile
from retable.tsv import read_tsv

logger = logging.getLogger(__name__)

MOST_FAILURES = 10
"""So many files in a row that cannot be had end the attempt: the rest would fail as they did."""
NAMED_FAILURES = 5
"""So many of them a message names."""
SHA256 = re.compile(r"[0-9a-f]{64}")
PARTIAL = (".part", ".version")
"""Ends of the names of what is still arriving (`partial_path`, `validator_path`)."""


def download_single_files(
    name: str,
    files: SingleFiles,
    target: Path,
    addresses: Sequence[str],
    tables: Path,
    key: str,
    *,
    attempts: int = ATTEMPTS,
    wait: Callable[[float], object] | None = None,
    timeout_s: tuple[float, float] = TIMEOUT_S,
) -> None:
    """Makes the archive `target` of files from the first address that serves them all.

    The archive is an uncompressed zip with sorted members, so that equal files give equal bytes.

    Args:
        name: what the archive is called, for messages.
        files: where the list of them is, and how many are fetched at a time.
        target: the zip; an older one is replaced.
        addresses: what the addresses of the files start with; each is tried for the files that
            those before it did not serve.
        tables: the folder in which the table of `files` lies.
        key: of the archive's source in config.yaml, for messages.
        attempts: in a row without a new byte, after which a file is given up at an address.
        wait: sleeps for so many seconds; by default, until the download is given up.
        timeout_s: patience for a connection and for the next bytes.

    Raises DownloadError when files are missing in the end, with those that arrived kept, or the
    disk is too small; DataError for a faulty table.
    """
    folder = target.with_name(f"{target.name}.files")
    stop = threading.Event()
    failures = []
    for address in addresses:
        try:
            with _connections(files.connections, attempts, wait or stop.wait, timeout_s) as free:
                found = _list_files(files, address, tables, free)
                _fetch_all(_Download(name, key, found, folder, free, files.connections, stop))
        except AddressFailed as failure:
            logger.warning("%s: %s", address, failure)
            failures.append(f"{address}: {failure}")
        else:
            _pack(sorted(file.name for file in found), folder, target)
            logger.info("%s: %s files, each verified, packed", name, f"{len(found):,}")
            return
    raise DownloadError(_nothing_worked(name, folder, failures, key))


def read_file_table(path: Path, base: str) -> tuple[RemoteFile, ...]:
    """The files of a tab-separated table with the columns `path`, `sha256` and `bytes`.

    Each one's name is its path, and its address is that path below `base`. Raises DataError,
    naming table and row, for a missing table and for one that does not hold just that.
    """
    remedy = "Correct the table, or restore it as the workflow's repository has it"
    try:
        table = read_tsv(existing_table(path), ())
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataError(f"{path}: no tab-separated table ({error}). {remedy}") from error
    if tuple(table.columns) != COLUMNS:
        raise DataError(
            f"{path}: its columns are {listed(list(table.columns))}, expected "
            f"{', '.join(COLUMNS)}, tab-separated. {remedy}"
        )
    files = []
    for number, (name, sha256, size) in enumerate(table.itertuples(index=False), start=1):
        if not SHA256.fullmatch(sha256) or not size.isdecimal() or not int(size):
            raise DataError(
                f"{path}, row {number} below the header: {name!r}, {sha256!r}, {size!r}: expected "
                f"a path, 64 hexadecimal digits and a number of bytes. {remedy}"
            )
        address = f"{base.rstrip('/')}/{quote(name)}"
        files.append(RemoteFile(name=name, urls=(address,), bytes=int(size), sha256=sha256))
    fault = find_list_fault([file.name for file in files])
    if fault:
        raise DataError(f"{path}: {fault}. {remedy}")
    return tuple(files)


def count_files(path: Path) -> int:
    """Number of files that a table lists; raises DataError as `read_file_table` does."""
    return len(read_file_table(path, ""))


Connections = queue.SimpleQueue[Connection]
"""Those that no thread is using."""


@contextmanager
def _connections(
    number: int,
    attempts: int,
    wait: Callable[[float], object],
    timeout_s: tuple[float, float],
) -> Iterator[Connections]:
    free: Connections = queue.SimpleQueue()
    with ExitStack() as stack:
        for _ in range(number):
            free.put(stack.enter_context(connect(attempts, wait, timeout_s)))
        yield free


@contextmanager
def _one_of(free: Connections) -> Iterator[Connection]:
    connection = free.get()
    try:
        yield connection
    finally:
        free.put(connection)


def _list_files(
    files: SingleFiles, address: str, tables: Path, free: Connections
) -> tuple[RemoteFile, ...]:
    if files.table is not None:
        return read_file_table(tables / files.table, address)
    with _one_of(free) as connection:
        return list_dataverse_files(address, str(files.persistent_id), connection)


@dataclass(frozen=True)
class _Download:
    """All files of one archive, from one address."""

    name: str
    key: str
    files: tuple[RemoteFile, ...]
    folder: Path
    free: Connections
    connections: int
    stop: threading.Event
    """Set where nothing is worth waiting for any more."""


def _fetch_all(download: _Download) -> None:
    """Fetches what is missing; raises AddressFailed, naming the first files that cannot be had."""
    download.folder.mkdir(parents=True, exist_ok=True)
    missing = {file.name: file for file in download.files if not _is_there(file, download.folder)}
    progress = FilesProgress(download.name, download.files, list(missing.values()))
    # Room for the files, as far as they are not there, and for the archive.
    needed = sum(file.bytes for file in (*download.files, *missing.values()))
    check_space(download.name, download.folder, needed, download.key)
    failed: dict[str, str] = {}
    in_a_row = 0
    executor = ThreadPoolExecutor(download.connections)
    try:
        jobs = {executor.submit(_fetch, file, download): file for file in missing.values()}
        for job in as_completed(jobs):
            file, reason = jobs[job], job.result()
            if not reason:
                progress.add(file)
                in_a_row = 0
                continue
            logger.warning("%s, %s: %s", file.name, file.urls[0], reason)
            failed[file.name] = reason
            in_a_row += 1
            if in_a_row == MOST_FAILURES:
                break
    finally:
        # Also where the job is interrupted: no thread goes on, or sleeps, behind its back.
        download.stop.set()
        executor.shutdown(cancel_futures=True)
        download.stop.clear()
    if failed:
        gave_up = in_a_row == MOST_FAILURES and len(failed) < len(missing)
        raise AddressFailed(_failures(failed, download, gave_up))


def _is_there(file: RemoteFile, folder: Path) -> bool:
    path = folder / file.name
    return path.is_file() and not find_fault(file, path)


def _fetch(file: RemoteFile, download: _Download) -> str:
    """Why a file cannot be had; empty when it was fetched."""
    target = download.folder / file.name
    target.parent.mkdir(parents=True, exist_ok=True)
    with _one_of(download.free) as connection:
        try:
            fetch_from(file.urls[0], file, target, connection)
        except AddressFailed as failure:
            return str(failure)
    return ""


def _pack(names: Sequence[str], folder: Path, target: Path) -> None:
    write_archive(target, ((name, (folder / name).read_bytes()) for name in names))
    shutil.rmtree(folder)


class FilesProgress:
    """Logs files, MB and the time left, every few seconds."""

    def __init__(self, name: str, files: Sequence[RemoteFile], missing: Sequence[RemoteFile]):
        self._name = name
        self._files, self._bytes = len(files), sum(file.bytes for file in files)
        self._left, self._bytes_left = len(missing), sum(file.bytes for file in missing)
        self._first_bytes_left = self._bytes_left
        self._logged_at = self._started_at = time.monotonic()
        logger.info("%s: %s are there", name, self._done())

    def add(self, file: RemoteFile) -> None:
        """A file has arrived."""
        self._left -= 1
        self._bytes_left -= file.bytes
        now = time.monotonic()
        if now - self._logged_at < PROGRESS_EVERY_S:
            return
        self._logged_at = now
        rate = (self._first_bytes_left - self._bytes_left) / (now - self._started_at)
        minutes, seconds = divmod(round(self._bytes_left / rate), 60)
        logger.info("%s: %s, %d:%02d min left", self._name, self._done(), minutes, seconds)

    def _done(self) -> str:
        files, size = self._files - self._left, self._bytes - self._bytes_left
        return (
            f"{files:,} of {self._files:,} files, {size / 1e6:,.1f} of {self._bytes / 1e6:,.1f} MB"
        )


def _failures(failed: Mapping[str, str], download: _Download, gave_up: bool) -> str:
    """The first files that failed, in the list's order, those with the same reason together."""
    by_reason: dict[str, list[RemoteFile]] = {}
    for file in download.files:
        if file.name in failed:
            by_reason.setdefault(failed[file.name], []).append(file)
    lines = []
    for reason, alike in list(by_reason.items())[:NAMED_FAILURES]:
        names = listed([file.name for file in alike], NAMED_FAILURES)
        lines.append(f"      {names} ({alike[0].urls[0]}): {reason}")
    if len(by_reason) > NAMED_FAILURES:
        lines.append("      and others, which the log of the job names")
    count = f"{len(failed):,} of {len(download.files):,} files failed"
    rest = ", so many in a row that the rest was not tried" if gave_up else ""
    return "\n".join([f"{count}{rest}:", *lines])


def _nothing_worked(name: str, folder: Path, failures: Sequence[str], key: str) -> str:
    tried = "\n".join(f"  - {failure}" for failure in failures) or "  - no address given"
    kept = [path for path in folder.rglob("*") if path.is_file() and path.suffix not in PARTIAL]
    return (
        f"{name}, which is made of single files, could not be fetched; tried:\n{tried}\n"
        f"Verified files that are kept in {folder}: {len(kept):,}.\n"
        "Next: run the same command again (it fetches only what is missing). Where the same files "
        f"fail again, set {key} in config.yaml to the address of a mirror with the same layout, or "
        f"to a directory that holds {name} or its unpacked files."
    )
