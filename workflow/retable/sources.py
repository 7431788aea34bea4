"""What a source in `config.yaml` may be, of corpora and of published weights alike."""

import difflib
from collections.abc import Sequence
from pathlib import Path

from retable.errors import DataError, listed


def is_address(source: str, what: str, words: Sequence[str]) -> bool:
    """Whether a source is a mirror's address.

    Args:
        source: as `config.yaml` has it.
        what: is downloaded, for the message.
        words: that are sources too.

    Raises DataError for an address that nothing can be downloaded from.
    """
    if "://" not in source:
        return False
    if not source.startswith(("http://", "https://")):
        raise DataError(
            f"{source!r} is no address to download {what} from: expected http:// or https://, "
            f"{_quoted(words)}, or a directory"
        )
    return True


def existing_directory(
    source: str, kind: str, name: str, words: Sequence[str], file_advice: str
) -> Path:
    """The directory that a source names, absolute.

    Args:
        source: as `config.yaml` has it, neither one of `words` nor an address.
        kind: `corpus` or `weights`, for messages.
        name: which of them.
        words: that are sources too.
        file_advice: goes on from "expected a directory" where the source is a file; the directory
            that this lies in follows.

    Raises DataError when there is no such directory.
    """
    path = Path(source).expanduser().absolute()
    if path.is_dir():
        return path
    if path.exists():
        raise DataError(f"{source} is a file, expected a directory{file_advice} {path.parent}")
    if path.name == source:
        near = difflib.get_close_matches(source.lower(), words, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise DataError(
            f"{source!r} is no source of {kind} {name}: {hint}Expected {_quoted(words)}, an "
            f"address (https://…), or a directory; {path.parent} has none of that name"
        )
    parent = next(folder for folder in path.parents if folder.is_dir())
    raise DataError(
        f"the directory {source} does not exist. The nearest that does, {parent}, holds "
        f"{content_of(parent)}. Correct the path, or use 'upstream' to download the {kind}."
    )


def content_of(directory: Path) -> str:
    """What a directory holds, for messages: the first names in it."""
    entries = sorted(entry for entry in directory.iterdir() if not entry.name.startswith("."))
    names = [f"{entry.name}/" if entry.is_dir() else entry.name for entry in entries]
    return listed(names) or "nothing"


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(map(repr, words))
