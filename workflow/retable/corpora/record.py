"""Checksum files beside archives."""

from pathlib import Path

from retable.corpora.files import file_checksum


def write_checksum(archive: Path, output: Path) -> None:
    """Writes the checksum of an archive in the form that `sha256sum --check` reads.

    Unpacking depends on this file rather than on the archive's time stamp, so that touching an
    archive reruns nothing.
    """
    output.write_text(f"{file_checksum(archive, 'sha256')}  {archive.name}\n", encoding="utf-8")
