"""The files of a corpus that describe its clips: where they are, and faults in them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from retable.corpora.files import scan_corpus
from retable.errors import DataError


def find_metadata(
    root: Path, folders: Sequence[str], tails: Sequence[str], only: Sequence[str] = ()
) -> Mapping[str, Path]:
    """Where the metadata files of a corpus are: path tail, as its module names it -> file.

    Looks in the given folders below `root`, among the files that match `only` (`PathPatterns`)
    where there are such patterns. Raises DataError for a file that is not there, and for
    one that is there twice.
    """
    if not tails:
        return {}
    found = scan_corpus(root, folders, tails, only).metadata
    files = {}
    for tail in tails:
        matching = [path for path in found if f"/{path}".endswith(f"/{tail}")]
        if len(matching) != 1:
            raise DataError(_fault(root, folders, tail, matching))
        files[tail] = root / matching[0]
    return files


def _fault(root: Path, folders: Sequence[str], tail: str, matching: list[str]) -> str:
    if matching:
        return (
            f"{root}: {len(matching)} files are called {tail} ({', '.join(matching)}), expected "
            "one. Keep upstream's and move the others elsewhere."
        )
    return (
        f"{root}: no {tail} in {', '.join(folders)}; it describes the clips. Take it from the "
        "upstream archive and put it there under the same path."
    )


def metadata_fault(
    file: Path, line: int, value: str, expected: str, advice: str = "Restore upstream's file."
) -> DataError:
    """The error for a line of a metadata file: where it is, what it holds and what is to be there.

    Lines count from 1.
    """
    return DataError(f"{file}, line {line}: {value}, expected {expected}. {advice}")
