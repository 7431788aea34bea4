"""Fetching archives: resumable, patient, verified.

A download goes to `<target>.part` and becomes `<target>` only once its size and checksum are
right, so that an archive that exists is a good one. What a killed or failed download leaves in
`<target>.part` is taken up again by the next.

An archive that upstream makes on the fly (`Archive.files_md5`) has neither, and of some nothing is
published (`Archive.checksum_published`): such a one is good when every file in it can be read. Its
server may announce no length and continue nothing.
"""

import logging
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

from retable.corpora.files import file_checksum
from retable.corpora.transfer import (
    AddressFailed,
    Length,
    ProgressLog,
    TryAgain,
    receive,
    validator_path,
)
from retable.corpora.unpack import find_damage
from retable.errors import DownloadError
from retable.spec.corpus import Archive, Corpus

logger = logging.getLogger(__name__)

ATTEMPTS = 6
"""Attempts in a row without a new byte, after which an address is given up."""
LONGEST_BACK_OFF_S = 60.0
LONGEST_WAIT_S = 900.0
"""A server that says when to come back is believed up to this."""
GUESSED_SIZE = 4
"""How many times as large an archive may be as guessed, where nobody publishes its size."""


def announce(corpus: Corpus) -> None:
    """Logs what is about to be downloaded, under which licence, and how to cite it."""
    size = sum(archive.bytes for archive in corpus.archives) / 1e6
    about = "" if all(archive.has_exact_size for archive in corpus.archives) else "about "
    request = f"\n  given out on request: ask {corpus.request}" if corpus.request else ""
    logger.info(
        "%s (%s), %s, %s%s MB in all\n  licence: %s%s\n  please cite: %s",
        corpus.title,
        corpus.homepage,
        "1 archive" if len(corpus.archives) == 1 else f"{len(corpus.archives)} archives",
        about,
        f"{size:,.0f}",
        corpus.licence,
        request,
        corpus.citation,
    )


def download_archive(
    archive: Archive,
    target: Path,
    addresses: Sequence[str],
    *,
    attempts: int = ATTEMPTS,
    wait: Callable[[float], None] = time.sleep,
    timeout_s: tuple[float, float] = (20.0, 60.0),
) -> None:
    """Downloads an archive to `target` from the first address that serves it whole.

    A broken connection and a server error (5xx) are tried again after 1, 2, 4, … seconds; a server
    that limits its rate (429) is given the time that it asks for; any other refusal, and a file of
    the wrong size or checksum, leads to the next address. `wait` sleeps for so many seconds;
    `timeout_s` is the patience for a connection and for the next bytes.

    Raises DownloadError when no address serves the archive, or the disk is too small for it.
    """
    if target.exists():
        fault = find_fault(archive, target)
        if not fault:
            logger.info("%s: already there and verified", target)
            return
        logger.warning("%s: %s; fetching it again", target, fault)
        target.unlink()
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    _check_space(archive, part)
    failures = []
    with requests.Session() as session:
        # The archive itself is compressed: another encoding would spoil sizes and ranges.
        session.headers.update({"Accept-Encoding": "identity", "User-Agent": "retable"})
        download = _Download(archive, part, session, attempts, wait, timeout_s)
        for address in addresses:
            try:
                _download_from(address, download)
            except AddressFailed as failure:
                logger.warning("%s: %s", address, failure)
                failures.append(f"{address}: {failure}")
            else:
                part.replace(target)
                validator_path(part).unlink(missing_ok=True)
                return
    raise DownloadError(_nothing_worked(archive, target, failures))


def link_archive(
    archive: Archive, directory: Path, target: Path, request: str | None = None
) -> None:
    """Takes an archive from a local directory: verified, then linked, or copied where links fail.

    `request`: whom to ask for the archive, where it may not be downloaded without (`Corpus`).

    Raises DownloadError when the file is missing or is not the upstream archive; it is left alone.
    """
    # To the file itself: a link to a link would break with that one.
    source = (directory / archive.name).resolve()
    if not source.is_file():
        raise DownloadError(
            f"{directory} holds no {archive.name}. Put the archive there, or name another source "
            "of the corpus in config.yaml."
        )
    fault = find_fault(archive, source)
    if fault:
        raise DownloadError(f"{source}: {fault}. {_replacement(archive, request)}")
    target.parent.mkdir(parents=True, exist_ok=True)
    # Not `.part`: a download would append to what that links to.
    part = target.with_name(f"{target.name}.link")
    part.unlink(missing_ok=True)
    try:
        # Not a hard link: Snakemake sets the time of a job's outputs, and the file is not ours.
        part.symlink_to(source)
    except OSError:
        shutil.copyfile(source, part)
    part.replace(target)


def find_fault(archive: Archive, path: Path) -> str:
    """What is wrong with a file that should be the archive; empty if nothing.

    Its size or checksum or, of an archive without, a file in it that cannot be read.
    """
    if not archive.checksum:
        return find_damage(path, archive.name)
    size = path.stat().st_size
    if archive.has_exact_size and size != archive.bytes:
        return f"it has {size} bytes, expected {archive.bytes}"
    for algorithm, expected in (("sha256", archive.sha256), ("md5", archive.md5)):
        if expected:
            actual = file_checksum(path, algorithm)
            if actual != expected.lower():
                return f"its {algorithm} is {actual}, expected {expected}"
    return ""


def _replacement(archive: Archive, request: str | None) -> str:
    """What to do about a local file that is not the archive."""
    if request:
        return f"Copy it anew from where you were given it, or ask {request} for it again."
    again = f"fetch it again from {' or '.join(archive.urls)}"
    if not archive.checksum_published:
        return f"It is damaged or another file: {again}."
    return (
        f"It is not the archive that upstream publishes: {again}, or set the corpus' source to "
        "`upstream`."
    )


@dataclass(frozen=True)
class _Download:
    """What stays the same over all addresses and attempts of one download."""

    archive: Archive
    part: Path
    session: requests.Session
    attempts: int
    wait: Callable[[float], None]
    timeout_s: tuple[float, float]


def _download_from(address: str, download: _Download) -> None:
    """Fills the partial file with the verified archive, or raises AddressFailed."""
    archive, part = download.archive, download.part
    in_one_piece = _receive_all(address, download)
    fault = find_fault(archive, part)
    if fault and not (in_one_piece and archive.has_exact_size):
        # Its pieces may stem from different versions or servers, or its end, which nobody
        # announced, may be missing: once more, from the start.
        logger.warning("%s: %s; starting over", address, fault)
        _delete(part)
        _receive_all(address, download)
        fault = find_fault(archive, part)
    if fault:
        _delete(part)
        raise AddressFailed(f"{fault} (deleted)")
    verified = "checksum verified" if archive.checksum else "every file in it can be read"
    logger.info("%s: %s MB, %s", archive.name, f"{_size(part) / 1e6:,.1f}", verified)


def _receive_all(address: str, download: _Download) -> bool:
    """Requests the rest until all bytes are there; whether one request brought them all."""
    archive, part = download.archive, download.part
    most = archive.bytes * (1 if archive.checksum_published else GUESSED_SIZE)
    length = Length(most, exact=archive.has_exact_size)
    if _size(part) > length.most:
        _delete(part)
    if length.exact and _size(part) == length.bytes:
        return False
    progress = ProgressLog(archive.name)
    furthest, failed = _size(part), 0
    while True:
        try:
            return receive(download.session, address, part, length, progress, download.timeout_s)
        except TryAgain as problem:
            # What got further than ever before counts as a success: a poor line still finishes.
            failed = 1 if _size(part) > furthest else failed + 1
            furthest = max(furthest, _size(part))
            if failed >= download.attempts:
                raise AddressFailed(f"{problem} ({failed} attempts)") from problem
            _pause(address, problem, failed, download.wait)


def _pause(address: str, problem: TryAgain, failed: int, wait: Callable[[float], None]) -> None:
    if problem.retry_after_s is None:
        seconds = min(2.0 ** (failed - 1), LONGEST_BACK_OFF_S)
    else:
        seconds = min(problem.retry_after_s, LONGEST_WAIT_S)
        if seconds < problem.retry_after_s:
            logger.warning("%s asks to wait %.0f s", address, problem.retry_after_s)
    logger.warning("%s: %s; trying again in %.0f s", address, problem, seconds)
    wait(seconds)


def _check_space(archive: Archive, part: Path) -> None:
    needed = archive.bytes - _size(part)
    free = shutil.disk_usage(part.parent).free
    if needed > free:
        raise DownloadError(
            f"{part.parent}: {archive.name} needs {needed / 1e6:,.0f} MB, the disk has "
            f"{free / 1e6:,.0f} MB left. Make room, or point the corpus' source in config.yaml to "
            "a directory that already holds it."
        )


def _nothing_worked(archive: Archive, target: Path, failures: list[str]) -> str:
    if archive.files_md5:
        expected = f"about {archive.bytes} bytes, made by the server on request"
    elif not archive.checksum:
        expected = (
            f"an archive, every file of which can be read, of perhaps {archive.bytes} bytes "
            "(neither size nor checksum is published)"
        )
    else:
        algorithm = "sha256" if archive.sha256 else "md5"
        about = "" if archive.exact else "about "
        expected = f"{about}{archive.bytes} bytes, {algorithm} {archive.checksum}"
    tried = "\n".join(f"  - {failure}" for failure in failures) or "  - no address given"
    return (
        f"{archive.name} could not be downloaded to {target}; tried:\n{tried}\n"
        f"expected: {expected}\n"
        "Next: run the same command again (it continues where the download stopped), or fetch the "
        "archive by other means and set the corpus' source in config.yaml to the directory that "
        "holds it, or to the address of a mirror."
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _delete(part: Path) -> None:
    part.unlink(missing_ok=True)
    validator_path(part).unlink(missing_ok=True)
