"""The simulated archives of RAVDESS at the scale `tiny`, as an upstream of our own publishes them.

    archives = simulate_tiny_archives(folder)
    config = source_config("upstream", archives, urls=[f"{server.root}/{{name}}"])
    project.run("data", config=config)

To the workflow they are upstream's archives: `corpora.ravdess.archives` is overridden with their
addresses, sizes and checksums.
"""

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from repository import REPOSITORY, WORKFLOW
from retable.configuration.merging import merged
from retable.corpora.ravdess_twin import simulate_archive
from retable.spec.corpus import Corpus

SPEECH = "Audio_Speech_Actors_01-24"
SONG = "Audio_Song_Actors_01-24"
CLIPS = {SPEECH: 32, SONG: 24}
"""Clips by folder: 4 actors speak 8 emotions and sing 6, once each."""

Archives = Mapping[str, bytes]
"""Name -> content."""


def simulate_tiny_archives(folder: Path) -> Archives:
    """Both archives, written outside of any workflow."""
    scale = yaml.safe_load((REPOSITORY / "tests/data/tiny.yaml").read_text(encoding="utf-8"))
    spec = yaml.safe_load((WORKFLOW / "corpora/ravdess.yaml").read_text("utf-8"))
    corpus = Corpus.model_validate(merged(spec, scale["overrides"]["corpora"]["ravdess"]))
    for archive in corpus.archives:
        simulate_archive(archive.name, corpus.simulation, folder / archive.name)
    return {archive.name: (folder / archive.name).read_bytes() for archive in corpus.archives}


def source_config(
    source: str | Path,
    archives: Archives,
    *,
    urls: Sequence[str] = ("https://upstream.example.org/{name}",),
    partial: bool = False,
    **corpus: Any,
) -> dict[str, Any]:
    """Configuration under which these archives are those of RAVDESS.

    Args:
        source: `corpora.ravdess.source`.
        archives: what upstream publishes: sizes and checksums are taken from it.
        urls: where each archive is, `{name}` being its name.
        partial: `corpora.ravdess.partial`.
        corpus: other fields of the corpus to override.
    """
    published = [
        {
            "name": name,
            "urls": [url.format(name=name) for url in urls],
            "bytes": len(content),
            "md5": hashlib.md5(content).hexdigest(),
            "unpack_to": name.removesuffix(".zip"),
        }
        for name, content in archives.items()
    ]
    return {
        "corpora": {"ravdess": {"source": str(source), "partial": partial}},
        "overrides": {"corpora": {"ravdess": {"archives": published, **corpus}}},
    }


def write_archives(archives: Archives, folder: Path) -> Path:
    """A directory that holds the archives."""
    folder.mkdir()
    for name, content in archives.items():
        (folder / name).write_bytes(content)
    return folder


def write_folders(archives: Archives, folder: Path) -> Path:
    """A directory that holds the unpacked archives, each in a folder of its own."""
    for name, content in archives.items():
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(folder / name.removesuffix(".zip"))
    return folder
