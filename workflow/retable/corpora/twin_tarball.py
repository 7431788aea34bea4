"""Writing the archives of simulated twins whose upstream publishes a compressed tar."""

import gzip
import io
import tarfile
from collections.abc import Iterable
from pathlib import Path

TIME_STAMP = 0
"""Of the archive and its members: seconds since 1970, whenever they are written."""
STORED = 0
"""Level of compression. Compressed bytes would depend on the version of zlib."""


def write_tarball(target: Path, members: Iterable[tuple[str, bytes]]) -> None:
    """Writes a `.tar.gz` of (path in the archive, content), uncompressed; all or nothing.

    Equal members give equal bytes: owner and times are zero, and no file name is in the header.
    """
    partial = target.with_name(f"{target.name}.part")
    with (
        partial.open("wb") as file,
        gzip.GzipFile("", "wb", STORED, file, mtime=TIME_STAMP) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.mtime, member.size = TIME_STAMP, len(content)
            archive.addfile(member, io.BytesIO(content))
    partial.replace(target)
