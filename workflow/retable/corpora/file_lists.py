"""Lists of files that upstream serves one by one: what they are known by, and may not hold.

Asked whenever the workflow is planned: it imports no network library and no pandas.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from retable.errors import DataError, listed
from retable.spec.corpus import Corpus, SingleFiles

COLUMNS = ("path", "sha256", "bytes")
"""Of a table that lists files."""
SOME = 3
"""Paths that a message names."""


def listing_identity(files: SingleFiles, tables: Path) -> str:
    """Changes when other files are to be fetched: an identifier, or the digest of a table.

    `tables` is the folder of the tables. Raises DataError where the table is missing.
    """
    if files.table is None:
        return str(files.persistent_id)
    return hashlib.sha256(existing_table(tables / files.table).read_bytes()).hexdigest()


def file_table_faults(corpus: Corpus, tables: Path) -> list[str]:
    """What is wrong with the places of a corpus' lists; `tables` is their folder."""
    faults = []
    for archive in corpus.archives:
        if archive.single_files and archive.single_files.table:
            try:
                existing_table(tables / archive.single_files.table)
            except DataError as error:
                faults.append(f"corpora.{corpus.corpus}.archives, {archive.name}: {error}")
    return faults


def existing_table(table: Path) -> Path:
    """The path of a table; raises DataError where there is none."""
    if not table.is_file():
        raise DataError(
            f"the table {table} does not exist. Correct `single_files: table` in the corpus' YAML, "
            f"or put a table with the columns {', '.join(COLUMNS)} there"
        )
    return table


def find_list_fault(paths: Sequence[str]) -> str:
    """Why some paths cannot be those of files in one folder; empty where they can."""
    if not paths:
        return "it lists no file"
    outside = [path for path in paths if not _stays_inside(path)]
    if outside:
        return f"{_named(outside)}: a path that leads out of the folder"
    twice = [path for path, count in Counter(paths).items() if count > 1]
    if twice:
        return f"{_named(twice)}: it is listed twice"
    folders = {str(parent) for path in paths for parent in PurePosixPath(path).parents}
    both = sorted(folders.intersection(paths))
    if both:
        return f"{_named(both)}: it is a file, and a folder of others"
    return ""


def _stays_inside(path: str) -> bool:
    # Backslashes and colons lead elsewhere on Windows, and control characters mean no good.
    if "\\" in path or ":" in path.partition("/")[0] or not path.isprintable():
        return False
    return all(part not in ("", ".", "..") for part in path.split("/"))


def _named(paths: Iterable[str]) -> str:
    return listed([repr(path) for path in paths], SOME)
