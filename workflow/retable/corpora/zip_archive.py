"""Writing zip archives, of simulated twins and of files that upstream serves one by one."""

import zipfile
from collections.abc import Iterable
from pathlib import Path

# The earliest that a zip can state: ZipInfo's own times and system depend on clock and platform.
TIME_STAMP = (1980, 1, 1, 0, 0, 0)


def write_archive(target: Path, members: Iterable[tuple[str, bytes]]) -> None:
    """Writes a zip of (path in the archive, content), uncompressed; all or nothing.

    Equal members give equal bytes. They are taken and written one after the other, so that a
    generator never has the whole archive in memory.
    """
    partial = target.with_name(f"{target.name}.part")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members:
            member = zipfile.ZipInfo(name, TIME_STAMP)
            member.create_system = 3
            member.external_attr = 0o644 << 16
            archive.writestr(member, content)
    partial.replace(target)
