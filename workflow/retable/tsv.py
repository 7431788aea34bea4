"""Tab-separated tables: equal tables give equal bytes."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from retable.errors import DataError


def write_tsv(table: pd.DataFrame, path: Path) -> None:
    """Write a table without its index; numbers keep every digit that they need to be read back."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, sep="\t", index=False, lineterminator="\n")


def read_tsv(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read a table as text, cell by cell as written (an empty cell is the empty string).

    Raises:
        DataError: The file is missing, or one of `columns` is not in it.
    """
    if not path.is_file():
        raise DataError(f"{path}: the file is missing; build it first")
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    absent = [column for column in columns if column not in table.columns]
    if absent:
        raise DataError(
            f"{path}: column {', '.join(absent)} is missing (expected {', '.join(columns)}, "
            f"found {', '.join(table.columns)}); remove the file and build it again"
        )
    return table


def as_numbers(table: pd.DataFrame, types: dict[str, type], path: Path) -> pd.DataFrame:
    """Give columns of a text table their numeric type.

    Raises:
        DataError: A cell is no such number.
    """
    try:
        return table.astype(types)
    except ValueError as error:
        raise DataError(
            f"{path}: a column of {', '.join(types)} holds no number ({error}); "
            "remove the file and build it again"
        ) from error
