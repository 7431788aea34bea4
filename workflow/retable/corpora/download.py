"""Fetching files: resumable, patient, verified.

A download goes to `<target>.part` and becomes `<target>` only once its size and checksum are
right, so that a file that exists is a good one. What a killed or failed download leaves in
`<target>.part` is taken up again by the next.

An archive that upstream makes on the fly (`Archive.files_md5`) has neither, and of some nothing is
published (`Archive.checksum_published`): such a one is good when every file in it can be read. Its
server may announce no length and continue nothing. Another file (`RemoteFile`) without a checksum
is taken as it comes: who reads it must see whether it is good.
"""

import logging
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from retable.corpora.connection import ATTEMPTS, TIMEOUT_S, Connection, connect, keep_trying
from retable.corpora.files import file_checksum
from retable.corpora.transfer import AddressFailed, Length, ProgressLog, receive, validator_path
from retable.corpora.unpack import find_damage
from retable.errors import DownloadError
from retable.spec.corpus import Archive, RemoteFile

logger = logging.getLogger(__name__)

GUESSED_SIZE = 4
"""How many times as large an archive may be as guessed, where nobody publishes its size."""
SHA256_DIGITS = 64


def download_archive(
    archive: RemoteFile,
    target: Path,
    addresses: Sequence[str],
    *,
    attempts: int = ATTEMPTS,
    wait: Callable[[float], object] = time.sleep,
    timeout_s: tuple[float, float] = TIMEOUT_S,
) -> None:
    """Downloads an archive or another file to `target` from the first address that serves it whole.

    A broken connection and a server error (5xx) are tried again after 1, 2, 4, … seconds; a server
    that limits its rate (429) is given the time that it asks for; any other refusal, what a server
    sends in place of a file, and a file of the wrong size or checksum, leads to the next address.
    `wait` sleeps for so many seconds; `timeout_s` is the patience for a connection and for the next
    bytes.

    Raises DownloadError when no address serves the file, or the disk is too small for it.
    """
    if target.exists():
        fault = find_fault(archive, target)
        if not fault:
            logger.info("%s: already there, %s", target, _verified(archive))
            return
        logger.warning("%s: %s; fetching it again", target, fault)
        target.unlink()
    target.parent.mkdir(parents=True, exist_ok=True)
    check_space(archive.name, target.parent, archive.bytes - _size(partial_path(target)))
    failures = []
    with connect(attempts, wait, timeout_s) as connection:
        for address in addresses:
            try:
                fetch_from(address, archive, target, connection)
            except AddressFailed as failure:
                logger.warning("%s: %s", address, failure)
                failures.append(f"{address}: {failure}")
            else:
                size = f"{_size(target) / 1e6:,.1f}"
                logger.info("%s: %s MB, %s", archive.name, size, _verified(archive))
                return
    raise DownloadError(_nothing_worked(archive, target, failures))


def fetch_from(address: str, file: RemoteFile, target: Path, connection: Connection) -> None:
    """Downloads a file to `target`, verified, from one address; goes on with what is there of it.

    Raises AddressFailed.
    """
    part = partial_path(target)
    in_one_piece = _receive_all(address, file, part, connection)
    fault = find_fault(file, part)
    if fault and not (in_one_piece and file.has_exact_size):
        # Its pieces may stem from different versions or servers, or its end, which nobody
        # announced, may be missing: once more, from the start.
        logger.warning("%s: %s; starting over", address, fault)
        _delete(part)
        _receive_all(address, file, part, connection)
        fault = find_fault(file, part)
    if fault:
        _delete(part)
        raise AddressFailed(f"{fault} (deleted)")
    part.replace(target)
    validator_path(part).unlink(missing_ok=True)


def link_archive(
    archive: RemoteFile, directory: Path, target: Path, request: str | None = None
) -> None:
    """Takes a file from a local directory: verified, then linked, or copied where links fail.

    `request`: whom to ask for the archive, where it may not be downloaded without (`Corpus`).

    Raises DownloadError when the file is missing or is not upstream's; it is left alone.
    """
    # To the file itself: a link to a link would break with that one.
    source = (directory / archive.name).resolve()
    if not source.is_file():
        raise DownloadError(
            f"{directory} holds no {archive.name}. Put the {_kind(archive)} there, or set "
            f"{_source(archive)} in config.yaml to another place."
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


def find_fault(file: RemoteFile, path: Path) -> str:
    """What is wrong with a file that should be upstream's; empty if nothing.

    Its size or checksum or, of an archive without, a file in it that cannot be read. Of a SHA-256
    of which upstream publishes the first digits alone, these are compared.
    """
    if not file.checksum:
        return find_damage(path, file.name) if isinstance(file, Archive) else ""
    size = path.stat().st_size
    if file.has_exact_size and size != file.bytes:
        return f"it has {size} bytes, expected {file.bytes}"
    if file.sha256:
        actual = file_checksum(path, "sha256")
        if not actual.startswith(file.sha256.lower()):
            return f"its sha256 is {actual}, expected {_whole_sha256(file.sha256)}"
    if file.md5:
        actual = file_checksum(path, "md5")
        if actual != file.md5.lower():
            return f"its md5 is {actual}, expected {file.md5}"
    return ""


def check_space(name: str, folder: Path, needed: int) -> None:
    """Raises DownloadError where the disk of a folder has not so many bytes left."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DownloadError(
            f"{folder}: {name} needs {needed / 1e6:,.0f} MB, the disk has {free / 1e6:,.0f} MB "
            "left. Make room, or point its source in config.yaml to a directory that already holds "
            "it."
        )


def partial_path(target: Path) -> Path:
    """Where a download goes until it is whole."""
    return target.with_name(f"{target.name}.part")


def _receive_all(address: str, file: RemoteFile, part: Path, connection: Connection) -> bool:
    """Requests the rest until all bytes are there; whether one request brought them all."""
    guessed = isinstance(file, Archive) and not file.checksum_published
    length = Length(file.bytes * (GUESSED_SIZE if guessed else 1), exact=file.has_exact_size)
    if _size(part) > length.most:
        _delete(part)
    if length.exact and _size(part) == length.bytes:
        return False
    progress = ProgressLog(file.name)

    def request() -> bool:
        session, timeout_s = connection.session, connection.timeout_s
        return receive(session, address, part, length, progress, timeout_s)

    return keep_trying(request, address, connection, lambda: _size(part))


def _nothing_worked(archive: RemoteFile, target: Path, failures: list[str]) -> str:
    tried = "\n".join(f"  - {failure}" for failure in failures) or "  - no address given"
    return (
        f"{archive.name} could not be downloaded to {target}; tried:\n{tried}\n"
        f"expected: {_expected(archive)}\n"
        "Next: run the same command again (it continues where the download stopped), or fetch the "
        f"{_kind(archive)} by other means and set {_source(archive)} in config.yaml to the "
        "directory that holds it, or to the address of a mirror."
    )


def _expected(file: RemoteFile) -> str:
    if isinstance(file, Archive) and file.files_md5:
        return f"about {file.bytes} bytes, made by the server on request"
    if not file.checksum and not isinstance(file, Archive):
        return f"about {file.bytes} bytes"
    if not file.checksum:
        return (
            f"an archive, every file of which can be read, of perhaps {file.bytes} bytes "
            "(neither size nor checksum is published)"
        )
    checksum = f"sha256 {_whole_sha256(file.sha256)}" if file.sha256 else f"md5 {file.md5}"
    return f"{'' if file.exact else 'about '}{file.bytes} bytes, {checksum}"


def _verified(file: RemoteFile) -> str:
    if file.checksum:
        return "checksum verified"
    archive = isinstance(file, Archive)
    return "every file in it can be read" if archive else "no checksum to verify it by"


def _whole_sha256(published: str) -> str:
    return published if len(published) == SHA256_DIGITS else f"one that begins with {published}"


def _replacement(archive: RemoteFile, request: str | None) -> str:
    """What to do about a local file that is not upstream's."""
    if request:
        return f"Copy it anew from where you were given it, or ask {request} for it again."
    upstream = f"set {_source(archive)} to `upstream`"
    if isinstance(archive, Archive) and archive.single_files:
        return f"It is damaged or another file: {upstream}, which makes it anew."
    again = f"fetch it again from {' or '.join(archive.urls)}"
    if isinstance(archive, Archive) and not archive.checksum_published:
        return f"It is damaged or another file: {again}."
    return f"It is not the {_kind(archive)} that upstream publishes: {again}, or {upstream}."


def _kind(file: RemoteFile) -> str:
    return "archive" if isinstance(file, Archive) else "file"


def _source(file: RemoteFile) -> str:
    return "the corpus' source" if isinstance(file, Archive) else "the weights' source"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _delete(part: Path) -> None:
    part.unlink(missing_ok=True)
    validator_path(part).unlink(missing_ok=True)
