"""Unpacking archives that may be damaged or hostile: zip, tar and compressed tar."""

import itertools
import logging
import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from retable.checksums import file_checksum
from retable.corpora.needed import PathPatterns
from retable.errors import DataError, listed

logger = logging.getLogger(__name__)

MAX_ENTRIES = 250_000
CHUNK = 1 << 20
SOME = 5
"""Members that a message names."""

DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    # gzip.BadGzipFile and bzip2's faults are OSErrors; zipfile raises the other two for encrypted
    # members and unknown compressions.
    OSError,
    RuntimeError,
    NotImplementedError,
)


@dataclass(frozen=True)
class _Member:
    """A regular file of an archive."""

    name: str
    size: int
    content: IO[bytes]


def unpack_archive(
    archive: Path,
    target: Path,
    max_bytes: int,
    files_md5: Mapping[str, str] | None = None,
    only: Sequence[str] = (),
) -> None:
    """Unpacks an archive into the folder `target`, which it replaces; all or nothing.

    Folders and regular files only, and of these the members that match a pattern of `only`
    (`PathPatterns`) where there are any; the others are not read. Raises DataError, naming the
    archive and the member, for a member that would land outside `target`, a link or a device, for
    more than `max_bytes` or MAX_ENTRIES in all, for a truncated or corrupt archive, for one in
    which no member matches, and where a file of `files_md5` (path in the archive -> md5) is missing
    or another.
    """
    # Hidden, so that an index never sees it; of a fixed name, so that the next call clears it.
    partial = target.with_name(f".{target.name}.unpacking")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        count = _unpack_members(archive, partial, max_bytes, PathPatterns(only))
        if only and not count:
            raise _nothing_needed(archive, only)
        _verify(archive, partial, files_md5 or {})
        if target.exists():
            shutil.rmtree(target)
        partial.replace(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    logger.info("%s: %d files unpacked to %s", archive.name, count, target)


def find_damage(archive: Path, name: str) -> str:
    """Why an archive cannot be read to its end; empty when it can.

    `name` is what the archive is called once it is complete, which tells its format.
    """
    current = "its directory"
    try:
        for member in _members(archive, name, PathPatterns(())):
            current = f"member {member.name}"
            while member.content.read(CHUNK):
                pass
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # The disk's fault, not the archive's.
        return f"{current} cannot be read ({_reason(error)})"
    except DataError as refusal:
        return str(refusal)
    return ""


def _verify(archive: Path, folder: Path, files_md5: Mapping[str, str]) -> None:
    for name, expected in files_md5.items():
        file = folder / _safe_path(archive, name)
        actual = f"md5 {file_checksum(file, 'md5')}" if file.is_file() else "no such file"
        if actual != f"md5 {expected.lower()}":
            raise DataError(
                f"{archive}: {name}: {actual}, expected md5 {expected}. Upstream has changed the "
                "corpus, or this is another archive: delete it and fetch upstream's; where that is "
                "what it is, check the change and correct files_md5 in the corpus' YAML."
            )


def _unpack_members(archive: Path, folder: Path, max_bytes: int, needed: PathPatterns) -> int:
    """Number of files written."""
    count, total = 0, 0
    current = "its directory"
    try:
        for member in _members(archive, archive.name, needed):
            current = f"member {member.name}"
            count += 1
            total += member.size
            if count > MAX_ENTRIES:
                raise _refusal(archive, current, f"the archive has over {MAX_ENTRIES} entries")
            if total > max_bytes:
                reason = f"its files exceed the {max_bytes} bytes that this corpus may take"
                raise _refusal(archive, current, reason)
            _write(archive, member, folder / _safe_path(archive, member.name))
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # The disk's fault (full, read-only), not the archive's.
        raise DataError(
            f"{archive}: {current} cannot be unpacked ({_reason(error)}). The archive is truncated "
            "or corrupt: delete it and run again, so that it is fetched anew."
        ) from error
    return count


def _members(archive: Path, name: str, needed: PathPatterns) -> Iterator[_Member]:
    """The regular files of an archive that are needed, in its order; links and the like among them
    are refused, and the folders are left out.
    """
    if _is_zip(name):
        yield from _zip_members(archive, needed)
    else:
        yield from _tar_members(archive, needed)


def _is_zip(name: str) -> bool:
    return name.lower().endswith(".zip")


def _zip_members(archive: Path, needed: PathPatterns) -> Iterator[_Member]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            if not needed.match(_posix(info.filename)):
                continue
            # The upper half holds the Unix mode; 0 where another system wrote the archive.
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _refusal(archive, f"member {info.filename}", "it is a link or a device")
            if not info.is_dir():
                with opened.open(info) as content:
                    yield _Member(info.filename, info.file_size, content)


def _tar_members(archive: Path, needed: PathPatterns) -> Iterator[_Member]:
    with tarfile.open(archive, "r:*") as opened:
        for info in opened:
            if info.isdir() or not needed.match(_posix(info.name)):
                continue
            content = opened.extractfile(info) if info.isreg() else None
            if content is None:
                raise _refusal(archive, f"member {info.name}", "it is a link or a device")
            yield _Member(info.name, info.size, content)
        # The checksum of a compressed tar stands behind its last member.
        while opened.fileobj and opened.fileobj.read(CHUNK):
            pass


def _nothing_needed(archive: Path, only: Sequence[str]) -> DataError:
    if _is_zip(archive.name):
        with zipfile.ZipFile(archive) as opened:
            names = opened.namelist()[:SOME]
    else:
        with tarfile.open(archive, "r:*") as opened:
            names = [info.name for info in itertools.islice(opened, SOME)]
    return DataError(
        f"{archive}: no file in it is needed: expected {listed(only)}; it begins with "
        f"{listed(names)}. Fetch the archive from the address in the corpus' YAML; where this is "
        "the one, correct `only` there, or what the datasets select."
    )


def _posix(name: str) -> str:
    # Some Windows tools write backslashes; as part of a POSIX name they would hide a `..`.
    return name.replace("\\", "/")


def _safe_path(archive: Path, name: str) -> PurePosixPath:
    """The member's path below the target; raises DataError where it would lead out of it."""
    path = PurePosixPath(_posix(name))
    if path.is_absolute() or ".." in path.parts or ":" in name.partition("/")[0] or not path.parts:
        raise _refusal(archive, f"member {name}", "its path leads out of the target folder")
    return path


def _write(archive: Path, member: _Member, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("xb")
    except (FileExistsError, NotADirectoryError) as error:
        raise _refusal(archive, f"member {member.name}", "it is there twice") from error
    with file:
        shutil.copyfileobj(member.content, file, CHUNK)
        written = file.tell()
    if written != member.size:
        raise EOFError(f"{written} of {member.size} bytes")


def _refusal(archive: Path, member: str, reason: str) -> DataError:
    return DataError(
        f"{archive}: {member} is refused: {reason}. This is not the upstream archive: delete it "
        "and fetch it from the address in the corpus' YAML."
    )


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
