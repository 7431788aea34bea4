"""A file of 1 MB, a server that has it, and a download that does not sleep."""

import hashlib
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from archive_server import ArchiveServer, archive_server  # noqa: F401 (a fixture)
from retable.download.file import download_file
from retable.spec.remote_file import RemoteFile

NAME = "densenet161.pth"
KEY = "weights.imagenet.source"


@dataclass
class Download:
    """Downloads to a folder of its own, and notes the waits instead of sleeping."""

    file: RemoteFile
    target: Path
    waits: list[float] = field(default_factory=list)

    def __call__(self, *addresses: str, **options: Any) -> bytes:
        download_file(self.file, self.target, addresses, KEY, wait=self.waits.append, **options)
        return self.target.read_bytes()


@pytest.fixture(scope="session")
def content() -> bytes:
    return random.Random(0).randbytes(1 << 20)


@pytest.fixture
def file(content) -> RemoteFile:
    return RemoteFile(
        name=NAME,
        urls=(f"https://upstream.example.org/{NAME}",),
        bytes=len(content),
        md5=hashlib.md5(content).hexdigest(),
    )


@pytest.fixture
def server(archive_server, content) -> ArchiveServer:  # noqa: F811
    """Has the file under its name."""
    archive_server.files[NAME] = content
    return archive_server


@pytest.fixture
def address(server) -> str:
    """Where the file is."""
    return server.address(NAME)


@pytest.fixture
def fetch(file, tmp_path) -> Download:
    return Download(file, tmp_path / "files" / NAME)
