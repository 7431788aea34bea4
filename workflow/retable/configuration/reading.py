"""Reads the YAML files of the workflow, and the tables that they refer to."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from retable.errors import ConfigError, DataError, listed

REFERENCES = ({"table", "column"}, {"table", "column", "where"}, {"table", "from", "to"})
"""Keys of what stands for a part of a table."""


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping that a YAML file holds.

    Raises:
        ConfigError: the file is missing, is no YAML, or holds no mapping; names line and column.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except FileNotFoundError:
        raise ConfigError(str(path), ["the file does not exist"]) from None
    except yaml.YAMLError as error:
        raise ConfigError(str(path), [f"no valid YAML: {error}"]) from None
    if not isinstance(content, dict):
        raise ConfigError(str(path), [f"expected keys and values, found {type(content).__name__}"])
    return content


def with_columns(content: Any, folder: Path, where: str, faults: list[str]) -> Any:
    """`content` with each reference to a table replaced by what the table says.

    A long list, or one that says more of its entries than their names, stands in a table of its
    own; so do the names that several corpora have for the same classes. `{table: file.tsv, column:
    name}` is the list of the values of that column (`read_column`), with `where: {other: value}` of
    the rows that have this value in another one; `{table: file.tsv, from: name, to: name}` is the
    mapping of one column to another (`read_mapping`).

    Args:
        content: what a YAML file holds.
        folder: that of the YAML file, from which the table's path starts.
        where: the key of `content`, for messages.
        faults: gets a line for each table that does not hold what is referred to.
    """
    if isinstance(content, Mapping):
        if isinstance(content.get("table"), str) and content.keys() in REFERENCES:
            try:
                return _referred_to(content, folder)
            except DataError as error:
                faults.append(f"{where}: {error}")
                return {} if "to" in content else []
        return {
            key: with_columns(value, folder, f"{where}.{key}", faults)
            for key, value in content.items()
        }
    if isinstance(content, list):
        return [
            with_columns(value, folder, f"{where}.{place}", faults)
            for place, value in enumerate(content)
        ]
    return content


def _referred_to(reference: Mapping[str, Any], folder: Path) -> list[str] | dict[str, str]:
    table = folder / reference["table"]
    if "column" in reference:
        return read_column(table, str(reference["column"]), _conditions(reference, table))
    return read_mapping(table, str(reference["from"]), str(reference["to"]))


def _conditions(reference: Mapping[str, Any], table: Path) -> dict[str, str]:
    """Column -> value of the rows that a reference is to; empty where it is to all."""
    where = reference.get("where", {})
    if not isinstance(where, Mapping) or any(
        # YAML reads an unquoted yes or no as a truth value.
        isinstance(value, bool) or not isinstance(value, str | int)
        for value in where.values()
    ):
        raise DataError(
            f"`where` of a reference to the table {table} is {where!r}; write one value, as text, "
            'for each of its columns: {column: "value"}'
        )
    return {str(column): str(value) for column, value in where.items()}


def read_column(path: Path, column: str, where: Mapping[str, str] | None = None) -> list[str]:
    """The distinct values of a column of a tab-separated table, in the order of their first rows.

    Args:
        path: the table.
        column: whose values to take.
        where: other column -> its value in the rows to take; all rows when absent.

    Raises:
        DataError: the file is missing, lacks one of the columns, no row is to be taken, or one of
            those has no value in `column`.
    """
    where = where or {}
    rows = _read_rows(path, [column, *where])
    matching = [
        (line, row)
        for line, row in rows
        if all(row[other] == value for other, value in where.items())
    ]
    if where and not matching:
        wanted = " and ".join(f"{other} {value!r}" for other, value in where.items())
        present = "; ".join(
            f"{other}: {listed([repr(value) for value in sorted({row[other] for _, row in rows})])}"
            for other in where
        )
        raise DataError(
            f"the table {path} has no row with {wanted} (values present in {present}); correct "
            "`where`, or the table"
        )
    for line, row in matching:
        if not row[column]:
            raise DataError(f"the table {path}, line {line}: no {column}; add it")
    return list(dict.fromkeys(row[column] for _, row in matching))


def read_mapping(path: Path, key_column: str, value_column: str) -> dict[str, str]:
    """Of each row of a tab-separated table, the value of one column -> that of another.

    In the order of the rows; those without a key are left out.

    Raises:
        DataError: the file is missing, lacks one of the columns or has no key at all, a key has no
            value, or occurs twice.
    """
    mapping: dict[str, str] = {}
    for line, row in _read_rows(path, [key_column, value_column]):
        key, value = row[key_column], row[value_column]
        if not key:
            continue
        if not value:
            raise DataError(
                f"the table {path}, line {line}: no {value_column} for {key_column} {key!r}; add it"
            )
        if key in mapping:
            raise DataError(
                f"the table {path}, line {line}: {key_column} {key!r} again, as {value!r}, before "
                f"as {mapping[key]!r}; write each in one row"
            )
        mapping[key] = value
    if not mapping:
        raise DataError(f"the table {path} has no value in column {key_column!r}; fill it in")
    return mapping


def _read_rows(path: Path, needed: Iterable[str]) -> list[tuple[int, dict[str, str]]]:
    """The rows of a tab-separated table with their lines; what a short row lacks is empty.

    Raises DataError where there is no file, or one of the `needed` columns is not in it.
    """
    if not path.is_file():
        raise DataError(f"the table {path} does not exist; correct the path, or add the file")
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", restval="")
        columns = rows.fieldnames or ()
        for column in needed:
            if column not in columns:
                raise DataError(
                    f"the table {path} has no column {column!r}; it has {', '.join(columns)}"
                )
        return [(rows.line_num, row) for row in rows]


def names_below(folder: Path, suffix: str = "") -> list[str]:
    """Names that a user can choose: the files (without suffix) or folders in `folder`."""
    if suffix:
        return sorted(path.stem for path in folder.glob(f"*{suffix}"))
    return sorted(path.name for path in folder.iterdir() if path.is_dir())
