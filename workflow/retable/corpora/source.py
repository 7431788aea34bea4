"""Where a corpus is read from: simulated, upstream, a mirror or a directory.

Runs whenever the workflow is planned: it lists directories, but opens no audio and imports
neither pandas nor a decoder.
"""

import difflib
import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from retable.corpora.files import AUDIO_SUFFIXES, scan_corpus
from retable.errors import DataError, listed
from retable.registry import CORPORA, load
from retable.spec.base import canonical_json
from retable.spec.corpus import Archive, Corpus, SourceKind


@dataclass(frozen=True)
class ResolvedSource:
    """A source that exists and holds what the corpus needs."""

    kind: SourceKind
    location: str
    """The directory (absolute) or the mirror's address; empty for `simulated` and `upstream`."""
    partial: bool
    fingerprint: str
    """Changes when the audio does: what unpacking and indexing depend on."""
    present: tuple[str, ...]
    """Names of the archives that the source holds, as archive or as folder; all unless partial."""

    def addresses(self, archive: Archive) -> tuple[str, ...]:
        """Addresses from which the archive is downloaded, in order (`upstream`, `mirror`)."""
        if self.kind == "mirror":
            return (f"{self.location.rstrip('/')}/{quote(archive.name)}",)
        return archive.urls


def resolve_source(corpus: Corpus, source: str, partial: bool = False) -> ResolvedSource:
    """Resolves `corpora.<corpus>.source` of `config.yaml`.

    A directory holds either the content of the archives (`directory_folders`) or the archives
    themselves; under `partial`, some of them are enough.

    Raises DataError when the text is neither a known word, an address nor a directory, and when
    the directory is not one of this corpus. The message is to follow the key's name.
    """
    names = tuple(archive.name for archive in corpus.archives)
    if source == "simulated":
        fingerprint = corpus.simulation.canonical()
        return ResolvedSource("simulated", "", partial, fingerprint, names)
    if source == "upstream":
        return ResolvedSource("upstream", "", partial, _checksums(corpus, names), names)
    if "://" in source:
        if not source.startswith(("http://", "https://")):
            raise DataError(
                f"{source!r} is no address to download {corpus.corpus} from: expected http:// or "
                "https://, 'simulated', 'upstream', or a directory"
            )
        return ResolvedSource("mirror", source, partial, _checksums(corpus, names), names)
    return _resolve_directory(corpus, _existing_directory(corpus, source), partial)


def directory_folders(archive: Archive) -> tuple[str, ...]:
    """Folders and files with which a directory source holds an archive's content."""
    return (archive.unpack_to,) if archive.folders is None else archive.folders


def _resolve_directory(corpus: Corpus, directory: Path, partial: bool) -> ResolvedSource:
    # An archive of which nothing is needed is there, but does not make this the right directory.
    needed = [archive for archive in corpus.archives if directory_folders(archive)]
    folders = [a for a in needed if not _missing_folders(a, directory)]
    archives = [a for a in corpus.archives if (directory / a.name).is_file()]
    if len(folders) == len(needed) or (partial and folders):
        present = [a for a in corpus.archives if not _missing_folders(a, directory)]
        names = tuple(archive.name for archive in present)
        fingerprint = _folders_fingerprint(corpus, directory, present)
        return ResolvedSource("folders", str(directory), partial, fingerprint, names)
    if len(archives) == len(corpus.archives) or (partial and archives):
        names = tuple(archive.name for archive in archives)
        fingerprint = _checksums(corpus, names)
        return ResolvedSource("archives", str(directory), partial, fingerprint, names)
    if folders or archives:
        raise _incomplete(corpus, directory, folders, archives)
    raise _foreign(corpus, directory)


def _missing_folders(archive: Archive, directory: Path) -> list[str]:
    return [name for name in directory_folders(archive) if not (directory / name).exists()]


def _folders_fingerprint(corpus: Corpus, directory: Path, present: list[Archive]) -> str:
    """SHA-256 over the sorted (path, size, modification time) of all audio and metadata files."""
    folders = [name for archive in present for name in directory_folders(archive)]
    found = scan_corpus(directory, folders, load(CORPORA, corpus.corpus).METADATA)
    if not found.audio:
        raise DataError(
            f"{directory}: the folders of corpus {corpus.corpus} are there, but hold no audio "
            f"file ({', '.join(sorted(AUDIO_SUFFIXES))}). Put the unpacked archives there, or set "
            f"corpora.{corpus.corpus}.source to another directory."
        )
    files = {**found.audio, **found.metadata}
    rows = [[path, status.st_size, status.st_mtime_ns] for path, status in files.items()]
    return hashlib.sha256(canonical_json(sorted(rows)).encode()).hexdigest()


def _checksums(corpus: Corpus, present: tuple[str, ...]) -> str:
    return canonical_json(
        {a.name: a.checksum or a.files_md5 for a in corpus.archives if a.name in present}
    )


def _existing_directory(corpus: Corpus, source: str) -> Path:
    path = Path(source).expanduser().absolute()
    if path.is_dir():
        return path
    if path.exists():
        raise DataError(
            f"{source} is a file, expected a directory that holds "
            f"{_expected(corpus)}. To read that archive, name the directory it lies in: "
            f"{path.parent}"
        )
    if path.name == source:
        near = difflib.get_close_matches(source.lower(), ["simulated", "upstream"], n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise DataError(
            f"{source!r} is no source of corpus {corpus.corpus}: {hint}Expected 'simulated', "
            f"'upstream', an address (https://…), or a directory; {path.parent} has none of "
            "that name"
        )
    parent = next(folder for folder in path.parents if folder.is_dir())
    raise DataError(
        f"the directory {source} does not exist. The nearest that "
        f"does, {parent}, holds {_content(parent)}. Correct the path, or use 'upstream' to "
        "download the corpus."
    )


def _incomplete(
    corpus: Corpus, directory: Path, folders: list[Archive], archives: list[Archive]
) -> DataError:
    if len(folders) >= len(archives):
        needed = list(dict.fromkeys(n for a in corpus.archives for n in directory_folders(a)))
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
        f"it holds {_content(directory)}. {advice}"
    )


def _nearby_root(corpus: Corpus, directory: Path) -> Path | None:
    """A parent, or a folder one level down, that holds an archive, or all folders of one."""
    below = sorted(folder for folder in directory.iterdir() if folder.is_dir())
    for candidate in [*directory.parents, *below]:
        for archive in corpus.archives:
            unpacked = directory_folders(archive) and not _missing_folders(archive, candidate)
            if unpacked or (candidate / archive.name).is_file():
                return candidate
    return None


def _expected(corpus: Corpus) -> str:
    needed = dict.fromkeys(n for a in corpus.archives for n in directory_folders(a))
    # A name with a suffix is a single file's.
    folders = [name if PurePosixPath(name).suffix else f"{name}/" for name in needed]
    archives = [archive.name for archive in corpus.archives]
    return f"the folders {listed(folders)} or the archives {listed(archives)}"


def _content(directory: Path) -> str:
    names = sorted(
        f"{entry.name}/" if entry.is_dir() else entry.name
        for entry in directory.iterdir()
        if not entry.name.startswith(".")
    )
    return listed(names) or "nothing"
