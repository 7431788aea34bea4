"""Files that a server has one by one, and their download."""

import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from archive_server import ArchiveServer, Request, dataverse_file
from retable.corpora.single_files import download_single_files
from retable.download.request import CHUNK
from retable.spec.corpus import SingleFiles

KEY = "corpora.emotions.source"
NAME = "EMOTIONS.zip"
DATASET = "doi:10.5683/SP2/TEST"
CUT = 2 * CHUNK
# Out of order, for the archive's members to be put in order.
FILES = {
    f"set #1/{speaker}_{number}.wav": bytes([number]) * (10 * number + 5)
    for speaker in ("YAF", "OAF")
    for number in range(1, 11)
}
LARGE = "set #1/OAF_large.wav"
CONTENT = {**FILES, LARGE: bytes(range(256)) * 1024}


@dataclass
class Fetch:
    """Downloads to a folder of its own, and notes the waits instead of sleeping."""

    files: SingleFiles
    target: Path
    tables: Path
    waits: list[float] = field(default_factory=list)

    def __call__(self, *addresses, attempts=3):
        download_single_files(
            NAME, self.files, self.target, addresses, self.tables, KEY,
            attempts=attempts, wait=self.waits.append,
        )  # fmt: skip
        with zipfile.ZipFile(self.target) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    @property
    def left(self):
        """Names of all that lies beside the archive."""
        folder = self.target.parent
        return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()} - {NAME}


def served_as(fetch, path):
    """The name that a file has on the server."""
    if fetch.files.persistent_id:
        return dataverse_file(list(CONTENT).index(path))
    return f"master/{path.replace(' ', '%20').replace('#', '%23')}"


def requests_of(server: ArchiveServer, name: str) -> list[Request]:
    return [request for request in server.requests if request.name == name]
