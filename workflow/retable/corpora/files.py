"""Which files of a corpus are clips, and which describe them."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from retable.corpora.needed import PathPatterns

CONTAINERS = {
    ".wav": ("WAV", "WAVEX", "RF64"),
    ".flac": ("FLAC",),
    ".ogg": ("OGG",),
    ".mp3": ("MP3",),
}
"""Suffix -> what libsndfile may call the data under it; WAVEX and RF64 are WAV of later years."""
AUDIO_SUFFIXES = frozenset(CONTAINERS)
"""Stems identify clips, unless their descriptions do: people re-encode, and upstreams offer several
formats."""

DescribeClip = Callable[[PurePosixPath], dict[str, str]]
"""Path of a clip -> its manifest columns, with a `clip_id` where stems are not unique and a
`remark` on an odd one; raises ValueError("bad name: …")."""


@dataclass(frozen=True)
class ClipDescriptions:
    """What a corpus knows of its clips: from their names, and from its metadata files."""

    describe: DescribeClip
    named: Mapping[str, str] = field(default_factory=dict)
    """clip_id -> the list file that names it: clips that a whole corpus must hold."""
    facts: Mapping[str, int] = field(default_factory=dict)
    """What the metadata files say of the whole corpus, clips that nobody needs included."""


@dataclass(frozen=True)
class CorpusFiles:
    """What lies in the folders of a corpus; each: POSIX path below their root -> its status."""

    audio: Mapping[str, os.stat_result]
    metadata: Mapping[str, os.stat_result]


def scan_corpus(
    root: Path, folders: Iterable[str], tails: Iterable[str] = (), only: Iterable[str] = ()
) -> CorpusFiles:
    """The audio and metadata files of a corpus, sorted by path.

    Args:
        root: what paths are relative to.
        folders: folders below `root` to look in, or single files; those that are not there are
            passed over. Hidden files and folders in them are left out; symbolic links are
            followed, each folder once.
        tails: how the paths of metadata files end (`meta/esc50.csv`).
        only: patterns of the files that are needed (`PathPatterns`); all are when it is empty.
    """
    found: dict[str, os.stat_result] = {}
    patterns = PathPatterns(only)
    for folder in dict.fromkeys(folders):
        path = root / folder
        if path.is_dir():
            found |= _scan(str(path), folder, patterns, set())
        elif path.is_file() and patterns.match(folder):
            found[folder] = path.stat()
    ordered = sorted(found.items())
    ends = tuple(f"/{tail}" for tail in tails)
    return CorpusFiles(
        audio={path: status for path, status in ordered if _is_audio(path)},
        metadata={path: status for path, status in ordered if f"/{path}".endswith(ends)},
    )


def _is_audio(path: str) -> bool:
    return os.path.splitext(path)[1].lower() in AUDIO_SUFFIXES  # noqa: PTH122


def _scan(
    folder: str, name: str, patterns: PathPatterns, visited: set[tuple[int, int]]
) -> Iterator[tuple[str, os.stat_result]]:
    """The files in a folder, which is called `name` from the root on."""
    # os.scandir rather than Path.rglob, and no stat of what is not needed: this runs at planning,
    # on 88,000 files.
    status = Path(folder).stat()
    identity = (status.st_dev, status.st_ino)
    if identity in visited:
        return
    visited.add(identity)
    names = patterns.names_in(name)
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            path = f"{name}/{entry.name}"
            if entry.is_dir():
                if patterns.leads_on(path):
                    yield from _scan(entry.path, path, patterns, visited)
            elif names is not None and names.match(entry.name) and entry.is_file():
                yield path, entry.stat()
