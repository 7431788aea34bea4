"""Fetching files: resumable, patient, verified.

A download goes to `<target>.part` and becomes `<target>` only once its size and checksum are
right, so that a file that exists is a good one. What a killed or failed download leaves in
`<target>.part` is taken up again by the next.

A file without a checksum is good when its `Inspection` finds no damage; without one it is taken as
it comes: who reads it must see whether it is good. Its server may announce no length and continue
nothing.
"""

import hashlib
import logging
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from retable.checksums import file_checksum
from retable.download.progress import ProgressLog
from retable.download.request import AddressFailed, Length, receive, validator_path
from retable.download.retries import ATTEMPTS, TIMEOUT_S, Connection, connect, keep_trying
from retable.errors import DownloadError
from retable.spec.remote_file import RemoteFile

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Inspection:
    """What vouches for a file of which no checksum is published."""

    find_damage: Callable[[Path], str]
    """What is wrong with the file at a path; empty if nothing."""
    about_bytes: int
    """Twice as many are too many."""
    expected: str
    """What the file is to be, for messages."""
    passed: str
    """What is known of a file without damage, for messages."""


def download_file(
    file: RemoteFile,
    target: Path,
    addresses: Sequence[str],
    key: str,
    inspection: Inspection | None = None,
    *,
    attempts: int = ATTEMPTS,
    wait: Callable[[float], object] = time.sleep,
    timeout_s: tuple[float, float] = TIMEOUT_S,
) -> None:
    """Downloads a file to `target` from the first address that serves it whole.

    A broken connection and a server error (5xx) are tried again after 1, 2, 4, … seconds; a server
    that limits its rate (429) is given the time that it asks for; any other refusal, what a server
    sends in place of a file, and a file of the wrong size or checksum, leads to the next address.

    Args:
        file: which one, and what is published of it.
        target: where it goes; what is there and good is not fetched again.
        addresses: where it may be had, in order.
        key: of its source in config.yaml (`corpora.<corpus>.source`), for messages.
        inspection: what vouches for it, where it has no checksum.
        attempts: in a row without a new byte, after which an address is given up.
        wait: sleeps for so many seconds.
        timeout_s: patience for a connection and for the next bytes.

    Raises DownloadError when no address serves the file, or the disk is too small for it.
    """
    if _is_there(file, target, inspection):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    check_space(file.name, target.parent, file.bytes - _size(partial_path(target)), key)
    failures = []
    with connect(attempts, wait, timeout_s) as connection:
        for address in addresses:
            try:
                fetch_from(address, file, target, connection, inspection)
            except AddressFailed as failure:
                logger.warning("%s: %s", address, failure)
                failures.append(f"{address}: {failure}")
            else:
                size, passed = _size(target) / 1e6, _verified(file, inspection)
                logger.info("%s: %s MB, %s", file.name, f"{size:,.1f}", passed)
                return
    raise DownloadError(_nothing_worked(file, target, failures, key, inspection))


def fetch_from(
    address: str,
    file: RemoteFile,
    target: Path,
    connection: Connection,
    inspection: Inspection | None = None,
) -> None:
    """Downloads a file to `target`, verified, from one address; goes on with what is there of it.

    Raises AddressFailed.
    """
    part = partial_path(target)
    about_bytes = inspection.about_bytes if inspection else file.bytes
    length = Length(about_bytes, exact=file.has_exact_size)
    in_one_piece = _receive_all(address, file.name, part, length, connection)
    fault = find_fault(file, part, inspection)
    if fault and not (in_one_piece and length.exact):
        # Its pieces may stem from different versions or servers, or its end, which nobody
        # announced, may be missing: once more, from the start.
        logger.warning("%s: %s; starting over", address, fault)
        _delete(part)
        _receive_all(address, file.name, part, length, connection)
        fault = find_fault(file, part, inspection)
    if fault:
        _delete(part)
        raise AddressFailed(f"{fault} (deleted)")
    part.replace(target)
    validator_path(part).unlink(missing_ok=True)


def link_file(
    file: RemoteFile,
    directory: Path,
    target: Path,
    key: str,
    inspection: Inspection | None = None,
    replacement: str = "",
) -> None:
    """Takes a file from a local directory: verified, then linked, or copied where links fail.

    Args:
        file: which one, and what is published of it.
        directory: where it lies.
        target: where it goes.
        key: of its source in config.yaml, for messages.
        inspection: what vouches for it, where it has no checksum.
        replacement: what to do about one that is not upstream's; by default, to fetch that.

    Raises DownloadError when the file is missing or is not upstream's; it is left alone.
    """
    # To the file itself: a link to a link would break with that one.
    source = (directory / file.name).resolve()
    if not source.is_file():
        raise DownloadError(
            f"{directory} holds no {file.name}. Put it there, or set {key} in config.yaml to "
            "another place."
        )
    fault = find_fault(file, source, inspection)
    if fault:
        upstreams = (
            "It is not what upstream publishes: fetch it again from "
            f"{' or '.join(file.urls)}, or set {key} to `upstream`."
        )
        raise DownloadError(f"{source}: {fault}. {replacement or upstreams}")
    _link_or_copy(source, target)


def find_fault(file: RemoteFile, path: Path, inspection: Inspection | None = None) -> str:
    """What is wrong with a file that should be upstream's; empty if nothing.

    Its size or checksum or, without a checksum, what its inspection finds. Of a checksum of which
    upstream publishes the first digits alone, these are compared.
    """
    if not file.checksums:
        return inspection.find_damage(path) if inspection else ""
    size = path.stat().st_size
    if file.has_exact_size and size != file.bytes:
        return f"it has {size} bytes, expected {file.bytes}"
    for algorithm, published in file.checksums.items():
        actual = file_checksum(path, algorithm)
        if not actual.startswith(published.lower()):
            return f"its {algorithm} is {actual}, expected {_whole(algorithm, published)}"
    return ""


def check_space(name: str, folder: Path, needed: int, key: str) -> None:
    """Raises DownloadError where the disk of a folder has not so many bytes left."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DownloadError(
            f"{folder}: {name} needs {needed / 1e6:,.0f} MB, the disk has {free / 1e6:,.0f} MB "
            f"left. Make room, or set {key} in config.yaml to a directory that already holds it."
        )


def partial_path(target: Path) -> Path:
    """Where a download goes until it is whole."""
    return target.with_name(f"{target.name}.part")


def _is_there(file: RemoteFile, target: Path, inspection: Inspection | None) -> bool:
    """Whether a good file is there; one that is not is deleted."""
    if not target.exists():
        return False
    fault = find_fault(file, target, inspection)
    if fault:
        logger.warning("%s: %s; fetching it again", target, fault)
        target.unlink()
        return False
    logger.info("%s: already there, %s", target, _verified(file, inspection))
    return True


def _link_or_copy(source: Path, target: Path) -> None:
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


def _receive_all(
    address: str, name: str, part: Path, length: Length, connection: Connection
) -> bool:
    """Requests the rest until all bytes are there; whether one request brought them all."""
    if _size(part) > length.most:
        _delete(part)
    if length.exact and _size(part) == length.bytes:
        return False
    progress = ProgressLog(name)

    def request() -> bool:
        session, timeout_s = connection.session, connection.timeout_s
        return receive(session, address, part, length, progress, timeout_s)

    return keep_trying(request, address, connection, lambda: _size(part))


def _nothing_worked(
    file: RemoteFile,
    target: Path,
    failures: Sequence[str],
    key: str,
    inspection: Inspection | None,
) -> str:
    tried = "\n".join(f"  - {failure}" for failure in failures) or "  - no address given"
    return (
        f"{file.name} could not be downloaded to {target}; tried:\n{tried}\n"
        f"expected: {_expected(file, inspection)}\n"
        "Next: run the same command again (it continues where the download stopped), or fetch it "
        f"by other means and set {key} in config.yaml to the directory that holds it, or to the "
        "address of a mirror."
    )


def _expected(file: RemoteFile, inspection: Inspection | None) -> str:
    if inspection and not file.checksums:
        return inspection.expected
    size = f"{'' if file.has_exact_size else 'about '}{file.bytes} bytes"
    checksums = [f", {name} {_whole(name, digits)}" for name, digits in file.checksums.items()]
    return "".join([size, *checksums[:1]])


def _verified(file: RemoteFile, inspection: Inspection | None) -> str:
    if file.checksums:
        return "checksum verified"
    return inspection.passed if inspection else "no checksum to verify it by"


def _whole(algorithm: str, published: str) -> str:
    """What a checksum is to be, of which upstream may publish the first digits alone."""
    digits = 2 * hashlib.new(algorithm).digest_size
    return published if len(published) == digits else f"one that begins with {published}"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _delete(part: Path) -> None:
    part.unlink(missing_ok=True)
    validator_path(part).unlink(missing_ok=True)
