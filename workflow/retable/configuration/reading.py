"""Reads the YAML files of the workflow, and the tables that they refer to."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from retable.errors import ConfigError, DataError


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
    """`content` with each `{table: file.tsv, column: name}` replaced by the values of that column.

    A long list, or one that says more of its entries than their names, stands in a table of its
    own. Values are text, in the order of their first rows, each once.

    Args:
        content: what a YAML file holds.
        folder: that of the YAML file, from which the table's path starts.
        where: the key of `content`, for messages.
        faults: gets a line for each table or column that is not there.
    """
    if isinstance(content, Mapping):
        if content.keys() == {"table", "column"} and isinstance(content["table"], str):
            try:
                return read_column(folder / content["table"], str(content["column"]))
            except DataError as error:
                faults.append(f"{where}: {error}")
                return []
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


def read_column(path: Path, column: str) -> list[str]:
    """The distinct values of a column of a tab-separated table, in the order of their first rows.

    Raises:
        DataError: the file is missing, has no such column, or a row has no value in it.
    """
    if not path.is_file():
        raise DataError(f"the table {path} does not exist; correct the path, or add the file")
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t")
        columns = rows.fieldnames or ()
        if column not in columns:
            raise DataError(
                f"the table {path} has no column {column!r}; it has {', '.join(columns)}"
            )
        values = []
        for row in rows:
            if not row[column]:
                raise DataError(f"the table {path}, line {rows.line_num}: no {column}; add it")
            values.append(row[column])
    return list(dict.fromkeys(values))


def names_below(folder: Path, suffix: str = "") -> list[str]:
    """Names that a user can choose: the files (without suffix) or folders in `folder`."""
    if suffix:
        return sorted(path.stem for path in folder.glob(f"*{suffix}"))
    return sorted(path.name for path in folder.iterdir() if path.is_dir())
