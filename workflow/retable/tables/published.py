"""The numbers that a paper prints (`papers/<paper>/published.csv`)."""

import csv
from pathlib import Path

import pandas as pd

from retable.errors import DataError
from retable.spec.table import PrintedNumber

COLUMNS = ("paper", "table", "row", "column", "metric", "value", "unit", "kind", "note")
KEY = ("table", "row", "column", "metric")
KINDS = ("result", "derived", "count", "cited", "setting")


def read_published(path: Path) -> pd.DataFrame:
    """Read the published numbers as text, in the file's order, with `COLUMNS`.

    Raises:
        DataError: The file is missing or holds no number; or, with the line: wrong columns, an
            empty or unknown entry, another paper's number, or a key printed twice.
    """
    if not path.is_file():
        raise DataError(
            f"{path}: the paper's published numbers are missing; write each on a line below "
            f"the columns {','.join(COLUMNS)}"
        )
    rows: list[dict[str, str]] = []
    lines: dict[tuple[str, ...], int] = {}
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        if header != list(COLUMNS):
            raise DataError(
                f"{path}, line 1: columns {','.join(header)}; expected {','.join(COLUMNS)}; "
                "correct the header"
            )
        for entries in reader:
            row = _validated(entries, path, reader.line_num)
            key = tuple(row[column] for column in KEY)
            if key in lines:
                raise DataError(
                    f"{path}, line {reader.line_num}: {key} is already on line {lines[key]}; "
                    "table, row, column and metric together must be unique: remove or correct one"
                )
            lines[key] = reader.line_num
            rows.append(row)
    if not rows:
        raise DataError(f"{path}: no numbers below the header; add those that the paper prints")
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=str)


def published_rows(published: pd.DataFrame, table: str) -> pd.DataFrame:
    """Rows of one table (`2`, `I`, `text`), in the file's order.

    Raises:
        DataError: The paper has no such table.
    """
    rows = published[published["table"] == table].reset_index(drop=True)
    if rows.empty:
        known = ", ".join(dict.fromkeys(published["table"]))
        raise DataError(
            f"{_file_of(published)} has no rows of table {table!r}; it has {known}. Add them "
            "there, or correct the table's name in paper.yaml."
        )
    return rows


def printed_line(published: pd.DataFrame, number: PrintedNumber) -> dict[str, str]:
    """The line of one printed number, of any table.

    Raises:
        DataError: The paper has no such number.
    """
    key = tuple(getattr(number, column) for column in KEY)
    found = published[(published[list(KEY)] == list(key)).all(axis=1)]
    if found.empty:
        rows = published[published["table"] == number.table]["row"]
        raise DataError(
            f"{_file_of(published)} has no number {' / '.join(key)}; rows of its table "
            f"{number.table}: {', '.join(rows.drop_duplicates()) or 'none'}. Add it there, or "
            "correct the key in paper.yaml."
        )
    return {str(column): str(value) for column, value in found.iloc[0].items()}


def _file_of(published: pd.DataFrame) -> str:
    """Where numbers were read from, for messages."""
    return f"workflow/papers/{published['paper'].iloc[0]}/published.csv"


def _validated(entries: list[str], path: Path, line: int) -> dict[str, str]:
    if len(entries) != len(COLUMNS):
        raise DataError(
            f"{path}, line {line}: {len(entries)} entries, expected {len(COLUMNS)} "
            f"({','.join(COLUMNS)}); quote an entry that holds a comma"
        )
    row = dict(zip(COLUMNS, entries, strict=True))
    for column in ("paper", *KEY, "value"):
        if not row[column]:
            raise DataError(f"{path}, line {line}: {column} is empty; fill it in")
    if row["paper"] != path.parent.name:
        raise DataError(
            f"{path}, line {line}: paper {row['paper']!r}; expected {path.parent.name!r}, as the "
            "folder is called; correct the entry, or move the line to that paper's folder"
        )
    if row["kind"] not in KINDS:
        raise DataError(
            f"{path}, line {line}: kind {row['kind']!r}; expected one of {', '.join(KINDS)}; "
            "correct the entry"
        )
    return row
