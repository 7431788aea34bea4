"""Where a corpus is read from: simulated, upstream, a mirror or a directory.

Runs whenever the workflow is planned: it lists directories, but opens no audio and imports
neither pandas nor a decoder.
"""

import difflib
import hashlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from retable.corpora.files import AUDIO_SUFFIXES, scan_audio
from retable.errors import DataError
from retable.spec.base import canonical_json
from retable.spec.corpus import Archive, Corpus, SourceKind

SHOWN = 8
"""Entries of a directory that an error lists."""


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

    A directory holds either the folders of the unpacked archives (`Archive.unpack_to`) or the
    archives themselves; under `partial`, some of them are enough.

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


def _resolve_directory(corpus: Corpus, directory: Path, partial: bool) -> ResolvedSource:
    folders = tuple(a.name for a in corpus.archives if (directory / a.unpack_to).is_dir())
    archives = tuple(a.name for a in corpus.archives if (directory / a.name).is_file())
    needed = len(corpus.archives)
    found: dict[SourceKind, tuple[str, ...]] = {"folders": folders, "archives": archives}
    for kind, present in found.items():
        if len(present) == needed or (partial and present):
            fingerprint = (
                _folders_fingerprint(corpus, directory, present)
                if kind == "folders"
                else _checksums(corpus, present)
            )
            return ResolvedSource(kind, str(directory), partial, fingerprint, present)
    if folders or archives:
        raise _incomplete(corpus, directory, folders, archives)
    raise _foreign(corpus, directory)


def _folders_fingerprint(corpus: Corpus, directory: Path, present: tuple[str, ...]) -> str:
    """SHA-256 over the sorted (path, size, modification time) of all audio files."""
    rows: list[list[str | int]] = []
    for archive in corpus.archives:
        if archive.name in present:
            rows += [
                [f"{archive.unpack_to}/{path}", status.st_size, status.st_mtime_ns]
                for path, status in scan_audio(directory / archive.unpack_to)
            ]
    if not rows:
        raise DataError(
            f"{directory}: the folders of corpus {corpus.corpus} are there, but hold no audio "
            f"file ({', '.join(sorted(AUDIO_SUFFIXES))}). Put the unpacked archives there, or set "
            f"corpora.{corpus.corpus}.source to another directory."
        )
    return hashlib.sha256(canonical_json(sorted(rows)).encode()).hexdigest()


def _checksums(corpus: Corpus, present: tuple[str, ...]) -> str:
    return canonical_json({a.name: a.checksum for a in corpus.archives if a.name in present})


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
    corpus: Corpus, directory: Path, folders: tuple[str, ...], archives: tuple[str, ...]
) -> DataError:
    if len(folders) >= len(archives):
        present = [a.unpack_to for a in corpus.archives if a.name in folders]
        missing = [a.unpack_to for a in corpus.archives if a.name not in folders]
    else:
        present = list(archives)
        missing = [a.name for a in corpus.archives if a.name not in archives]
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
    """A parent, or a folder one level down, that holds folders or archives of the corpus."""
    names = {a.unpack_to for a in corpus.archives} | {a.name for a in corpus.archives}
    below = sorted(folder for folder in directory.iterdir() if folder.is_dir())
    for candidate in [*directory.parents, *below]:
        if any((candidate / name).exists() for name in names):
            return candidate
    return None


def _expected(corpus: Corpus) -> str:
    folders = ", ".join(f"{a.unpack_to}/" for a in corpus.archives)
    archives = ", ".join(a.name for a in corpus.archives)
    return f"the folders {folders} or the archives {archives}"


def _content(directory: Path) -> str:
    names = sorted(
        f"{entry.name}/" if entry.is_dir() else entry.name
        for entry in directory.iterdir()
        if not entry.name.startswith(".")
    )
    if not names:
        return "nothing"
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
