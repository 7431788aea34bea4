"""Checksums of files."""

import hashlib
from pathlib import Path


def file_checksum(path: Path, algorithm: str) -> str:
    """Checksum of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def end_checksum(path: Path) -> str:
    """SHA-256 of the last 64 KiB of a file, however large it is.

    Archives have there what tells them apart: the sizes and checksums of a zip's files, the
    checksum and length of a compressed tar.
    """
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2**16))
        return hashlib.sha256(file.read()).hexdigest()


def write_checksum(archive: Path, output: Path) -> None:
    """Writes the checksum of an archive in the form that `sha256sum --check` reads.

    Unpacking depends on this file rather than on the archive's time stamp, so that touching an
    archive reruns nothing.
    """
    output.write_text(f"{file_checksum(archive, 'sha256')}  {archive.name}\n", encoding="utf-8")
