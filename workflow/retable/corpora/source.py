"""Where a corpus is read from: simulated, upstream, a mirror or a directory.

Runs whenever the workflow is planned: it lists directories, but opens no audio and imports
neither pandas nor a decoder.
"""

import hashlib
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from retable.corpora.files import AUDIO_SUFFIXES, scan_corpus
from retable.errors import DataError, MissingData, listed
from retable.registry import CORPORA, load
from retable.sources import content_of, existing_directory, is_address
from retable.spec.base import canonical_json
from retable.spec.corpus import Archive, Corpus, SourceKind

WORDS = ("simulated", "upstream")
"""Sources that are neither an address nor a directory."""


@dataclass(frozen=True)
class ResolvedSource:
    """A source that exists and holds what the corpus needs."""

    kind: SourceKind
    location: str
    """The directory (absolute) or the mirror's address; empty for `simulated` and `upstream`."""
    partial: bool
    present: tuple[str, ...]
    """Names of the archives that the source holds, as archive or as folder; all unless partial."""
    fingerprint: str = ""
    """Changes when a file in the directory does that indexing reads in place (`folders`)."""
    folders: tuple[str, ...] = ()
    """Folders and files of the directory that hold the content of these archives (`folders`)."""
    only: tuple[str, ...] = ()
    """Patterns of the files that are needed (`PathPatterns`); all are when it is empty."""

    def addresses(self, archive: Archive) -> tuple[str, ...]:
        """Addresses from which the archive is downloaded, in order (`upstream`, `mirror`).

        Of one that is made of single files, what the addresses of these start with.
        """
        if self.kind != "mirror":
            return archive.urls
        base = self.location.rstrip("/")
        return (base if archive.single_files else f"{base}/{quote(archive.name)}",)


def resolve_source(
    corpus: Corpus, source: str, partial: bool = False, only: Iterable[str] = ()
) -> ResolvedSource:
    """Resolves `corpora.<corpus>.source` of `config.yaml`.

    A directory holds either the content of the archives, in one of the layouts of
    `directory_layouts`, or the archives themselves; under `partial`, some of them are enough. Of
    the files in it those that match `only` count, where there are such patterns.

    Raises DataError when the text is neither a known word, an address nor a directory, and when
    the directory is not one of this corpus; MissingData for `upstream` where the corpus must be
    asked for. The message is to follow the key's name.
    """
    names = tuple(archive.name for archive in corpus.archives)
    patterns = tuple(only)
    if source == "simulated":
        return ResolvedSource("simulated", "", partial, names, only=patterns)
    if source == "upstream":
        if corpus.request:
            raise _to_be_asked_for(corpus)
        return ResolvedSource("upstream", "", partial, names, only=patterns)
    if is_address(source, corpus.corpus, WORDS):
        return ResolvedSource("mirror", source, partial, names, only=patterns)
    file_advice = (
        f" that holds {_expected(corpus)}. To read that archive, name the directory it lies in:"
    )
    directory = existing_directory(source, "corpus", corpus.corpus, WORDS, file_advice)
    return _resolve_directory(corpus, directory, partial, patterns)


def directory_layouts(archive: Archive) -> tuple[tuple[str, ...], ...]:
    """Folders and files with which a directory source holds an archive's content.

    One tuple a release of the corpus, first that of the archive itself; empty where nothing of it
    is needed.
    """
    own = (archive.unpack_to,) if archive.folders is None else archive.folders
    return (own, *archive.other_folders)


def folders_in(archive: Archive, directory: Path) -> tuple[str, ...] | None:
    """The layout in which a directory holds an archive's content; None where it does not."""
    for layout in directory_layouts(archive):
        if all((directory / name).exists() for name in layout):
            return layout
    return None


def _resolve_directory(
    corpus: Corpus, directory: Path, partial: bool, only: tuple[str, ...]
) -> ResolvedSource:
    found = {archive.name: folders_in(archive, directory) for archive in corpus.archives}
    present = {name: layout for name, layout in found.items() if layout is not None}
    # An archive of which nothing is needed is there, but does not make this the right directory.
    needed = [archive.name for archive in corpus.archives if any(directory_layouts(archive))]
    folders = [name for name in needed if name in present]
    archives = [name for name in found if (directory / name).is_file()]
    if len(folders) == len(needed) or (partial and folders):
        read = tuple(sorted({name for layout in present.values() for name in layout}))
        fingerprint = _folders_fingerprint(corpus, directory, read, only)
        return ResolvedSource(
            "folders", str(directory), partial, tuple(present), fingerprint, read, only
        )
    if len(archives) == len(found) or (partial and archives):
        return ResolvedSource("archives", str(directory), partial, tuple(archives), only=only)
    if folders or archives:
        raise _incomplete(corpus, directory, unpacked=len(folders) >= len(archives))
    raise _foreign(corpus, directory)


def _folders_fingerprint(
    corpus: Corpus, directory: Path, folders: Iterable[str], only: tuple[str, ...]
) -> str:
    """SHA-256 over the sorted (path, size, modification time) of all audio and metadata files."""
    found = scan_corpus(directory, folders, load(CORPORA, corpus.corpus).METADATA, only)
    if not found.audio:
        kind = f"audio file ({', '.join(sorted(AUDIO_SUFFIXES))})"
        needed = f" of the form {listed(only)}" if only else ""
        raise DataError(
            f"{directory}: the folders of corpus {corpus.corpus} are there, but hold no {kind}"
            f"{needed}. Put the unpacked archives there, or set corpora.{corpus.corpus}.source to "
            "another directory."
        )
    files = {**found.audio, **found.metadata}
    rows = [[path, status.st_size, status.st_mtime_ns] for path, status in files.items()]
    return hashlib.sha256(canonical_json(sorted(rows)).encode()).hexdigest()


def _to_be_asked_for(corpus: Corpus) -> MissingData:
    return MissingData(
        f"corpus {corpus.corpus} is not downloaded without permission. Ask {corpus.request} for "
        f"it, then set corpora.{corpus.corpus}.source in config.yaml to the directory that holds "
        f"{_expected(corpus)} (`source: /path/to/directory`)."
    )


def _incomplete(corpus: Corpus, directory: Path, *, unpacked: bool) -> DataError:
    if unpacked:
        layouts = (folders_in(a, directory) or directory_layouts(a)[0] for a in corpus.archives)
        needed = list(dict.fromkeys(name for layout in layouts for name in layout))
        missing = [name for name in needed if not (directory / name).exists()]
    else:
        needed = [archive.name for archive in corpus.archives]
        missing = [name for name in needed if not (directory / name).is_file()]
    present = [name for name in needed if name not in missing]
    return DataError(
        f"{directory}: corpus {corpus.corpus} is incomplete there: it holds {', '.join(present)}, "
        f"but not {', '.join(missing)}. Add what is missing, or set corpora.{corpus.corpus}."
        "partial: true to build on the part that is there."
    )


def _foreign(corpus: Corpus, directory: Path) -> DataError:
    root = _nearby_root(corpus, directory)
    if root:
        advice = f"The corpus seems to lie in {root}: set corpora.{corpus.corpus}.source to that."
    else:
        advice = f"Set corpora.{corpus.corpus}.source to the directory that holds them."
    return DataError(
        f"{directory} is not a directory of corpus {corpus.corpus}: expected {_expected(corpus)}; "
        f"it holds {content_of(directory)}. {advice}"
    )


def _nearby_root(corpus: Corpus, directory: Path) -> Path | None:
    """A parent, or a folder one level down, that holds an archive, or all folders of one."""
    below = sorted(folder for folder in directory.iterdir() if folder.is_dir())
    for candidate in [*directory.parents, *below]:
        for archive in corpus.archives:
            unpacked = any(directory_layouts(archive)) and folders_in(archive, candidate)
            if unpacked or (candidate / archive.name).is_file():
                return candidate
    return None


def _expected(corpus: Corpus) -> str:
    """What a directory of the corpus holds: the folders of a release, or the archives."""
    releases = itertools.zip_longest(*map(directory_layouts, corpus.archives), fillvalue=())
    folders = " or ".join(
        listed(list(dict.fromkeys(_as_shown(name) for layout in release for name in layout)))
        for release in releases
    )
    archives = [archive.name for archive in corpus.archives]
    return f"the folders {folders} or the archives {listed(archives)}"


def _as_shown(name: str) -> str:
    # A name with a suffix is a single file's.
    return name if PurePosixPath(name).suffix else f"{name}/"
