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
        DataError: Wrong columns, an empty or unknown entry, or a key printed twice; names the line.
    """
    if not path.is_file():
        raise DataError(f"{path}: the paper's published numbers are missing")
    rows: list[dict[str, str]] = []
    lines: dict[tuple[str, ...], int] = {}
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        if header != list(COLUMNS):
            raise DataError(
                f"{path}, line 1: columns {','.join(header)}; expected {','.join(COLUMNS)}"
            )
        for entries in reader:
            row = _validated(entries, path, reader.line_num)
            key = tuple(row[column] for column in KEY)
            if key in lines:
                raise DataError(
                    f"{path}, line {reader.line_num}: {key} is already on line {lines[key]}; "
                    "table, row, column and metric together must be unique"
                )
            lines[key] = reader.line_num
            rows.append(row)
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=str)


def published_rows(published: pd.DataFrame, table: str) -> pd.DataFrame:
    """Rows of one table (`2`, `I`, `text`), in the file's order.

    Raises:
        DataError: The paper has no such table.
    """
    rows = published[published["table"] == table].reset_index(drop=True)
    if rows.empty:
        known = ", ".join(dict.fromkeys(published["table"]))
        raise DataError(f"published.csv has no rows of table {table!r}; it has {known}")
    return rows


def printed_line(published: pd.DataFrame, number: PrintedNumber) -> dict[str, str]:
    """The line of one printed number, of any table.

    Raises:
        DataError: The paper has no such number.
    """
    key = tuple(getattr(number, column) for column in KEY)
    found = published[(published[list(KEY)] == list(key)).all(axis=1)]
    if found.empty:
        raise DataError(
            f"published.csv has no number {' / '.join(key)}; its table {number.table} has "
            + ", ".join(published[published["table"] == number.table]["row"].drop_duplicates())
        )
    return {str(column): str(value) for column, value in found.iloc[0].items()}


def _validated(entries: list[str], path: Path, line: int) -> dict[str, str]:
    if len(entries) != len(COLUMNS):
        raise DataError(
            f"{path}, line {line}: {len(entries)} entries, expected {len(COLUMNS)} "
            f"({','.join(COLUMNS)}); quote an entry that holds a comma"
        )
    row = dict(zip(COLUMNS, entries, strict=True))
    for column in ("paper", *KEY, "value"):
        if not row[column]:
            raise DataError(f"{path}, line {line}: {column} is empty")
    if row["kind"] not in KINDS:
        raise DataError(
            f"{path}, line {line}: kind {row['kind']!r}; expected one of {', '.join(KINDS)}"
        )
    return row
