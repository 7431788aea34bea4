"""Lists of files that upstream serves one by one: their tables, and what no list may hold.

Asked whenever the workflow is planned: it imports no network library.
"""

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from retable.errors import DataError, listed
from retable.spec.corpus import Corpus, RemoteFile, SingleFiles

COLUMNS = ("path", "sha256", "bytes")
SHA256 = re.compile(r"[0-9a-f]{64}")
SOME = 3
"""Paths that a message names."""


def listing_identity(files: SingleFiles, tables: Path) -> str:
    """Changes when other files are to be fetched: an identifier, or the digest of a table.

    `tables` is the folder of the tables. Raises DataError where the table is missing.
    """
    if files.table is None:
        return str(files.persistent_id)
    return hashlib.sha256(_existing(tables / files.table).read_bytes()).hexdigest()


def file_table_faults(corpus: Corpus, tables: Path) -> list[str]:
    """What is wrong with the places of a corpus' lists; `tables` is their folder."""
    faults = []
    for archive in corpus.archives:
        if archive.single_files and archive.single_files.table:
            try:
                _existing(tables / archive.single_files.table)
            except DataError as error:
                faults.append(f"corpora.{corpus.corpus}.archives, {archive.name}: {error}")
    return faults


def read_file_table(path: Path, base: str) -> tuple[RemoteFile, ...]:
    """The files of a tab-separated table with the columns `path`, `sha256` and `bytes`.

    Each one's name is its path, and its address is that path below `base`. Raises DataError,
    naming table and line, for a missing table and for one that does not hold just that.
    """
    with _existing(path).open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t")
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise DataError(
                f"{path}: its columns are {listed(rows.fieldnames or [])}, expected "
                f"{', '.join(COLUMNS)}, tab-separated"
            )
        files = []
        for row in rows:
            name, sha256, size = (row[column] or "" for column in COLUMNS)
            if not SHA256.fullmatch(sha256) or not size.isdecimal() or not int(size):
                raise DataError(
                    f"{path}, line {rows.line_num}: {name!r}, {sha256!r}, {size!r}: expected a "
                    "path, 64 hexadecimal digits and a number of bytes"
                )
            address = f"{base.rstrip('/')}/{quote(name)}"
            files.append(RemoteFile(name=name, urls=(address,), bytes=int(size), sha256=sha256))
    fault = find_list_fault([file.name for file in files])
    if fault:
        raise DataError(f"{path}: {fault}. Correct the table")
    return tuple(files)


def count_files(path: Path) -> int:
    """Number of files that a table lists; raises DataError as `read_file_table` does."""
    return len(read_file_table(path, ""))


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


def _existing(table: Path) -> Path:
    if not table.is_file():
        raise DataError(
            f"the table {table} does not exist. Correct `single_files: table` in the corpus' YAML, "
            f"or put a table with the columns {', '.join(COLUMNS)} there"
        )
    return table
