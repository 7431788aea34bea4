"""Parquet files whose rows say something of clips: what predictions and embeddings have in common.

One row belongs to one clip in one run (repeat, fold) and role.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from retable.errors import DataError
from retable.splits.clip_roles import ROLES


@dataclass(frozen=True)
class ClipRows:
    """One kind of these files."""

    content: str
    """What the rows are, in the plural, for messages."""
    schema: pa.Schema
    """Columns, among them `repeat, fold, role, clip_id`."""
    key: tuple[str, ...]
    """The columns that tell rows apart, by which they are sorted."""
    metadata: tuple[bytes, ...] = ()
    """Keys that the metadata of the file must have."""


def to_columns(table: pd.DataFrame, kind: ClipRows, path: Path) -> pd.DataFrame:
    """The columns of this kind, in their order and sorted, of a table that may have more.

    Raises:
        DataError: Naming the file that they are for: a column is missing, there are no rows, a role
            is unknown, or rows occur twice.
    """
    missing = [name for name in kind.schema.names if name not in table.columns]
    if missing:
        raise DataError(
            f"{path}: {kind.content} lack the column {', '.join(missing)}; give the rows all of "
            f"{', '.join(kind.schema.names)}"
        )
    _require_rows(table, kind, str(path))
    return table[kind.schema.names].sort_values([*kind.key], kind="stable")


def read_parts(paths: Sequence[Path], kind: ClipRows, roles: Collection[str]) -> list[pa.Table]:
    """Read the files of all parts, of each the rows of these roles.

    Raises:
        DataError: There are no files, or one is not of this kind.
    """
    if not paths:
        raise DataError(
            f"no {kind.content} to read: the experiment has no parts; name the files of all parts"
        )
    return [_read_part(path, kind, roles) for path in paths]


def join_parts(
    parts: Sequence[pa.Table], paths: Sequence[Path], kind: ClipRows, roles: Collection[str]
) -> pd.DataFrame:
    """The rows of all parts, as `read_parts` gives them, in one sorted table.

    Raises:
        DataError: Naming the files: there are no rows, a role is unknown, or rows occur twice.
    """
    table = pd.concat([part.to_pandas() for part in parts], ignore_index=True)
    source = ", ".join(map(str, paths))
    if table.empty and set(roles) != set(ROLES):
        raise DataError(
            f"{source}: no {kind.content} of the role {' or '.join(roles)}; build an experiment "
            "whose split has such clips"
        )
    _require_rows(table, kind, source)
    return table.sort_values([*kind.key], kind="stable", ignore_index=True)


def _require_rows(table: pd.DataFrame, kind: ClipRows, source: str) -> None:
    if table.empty:
        raise DataError(f"{source}: no {kind.content}; train the run again")
    unknown = sorted(set(table["role"].unique()) - set(ROLES))
    if unknown:
        raise DataError(
            f"{source}: unknown role {unknown[0]!r}; expected {', '.join(ROLES)}. Build the "
            "file again from clips of these roles"
        )
    twice = table.duplicated([*kind.key])
    if twice.any():
        first = table.loc[twice, [*kind.key]].iloc[0].to_dict()
        raise DataError(
            f"{source}: {int(twice.sum())} rows occur twice, the first is {first}; name each file "
            "once, and build the one again that repeats rows"
        )


def _read_part(path: Path, kind: ClipRows, roles: Collection[str]) -> pa.Table:
    again = "remove it and train the run again"
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise DataError(
            f"{path}: not a readable file of {kind.content} ({error}); {again}"
        ) from error
    metadata = table.schema.metadata or {}
    if table.schema.names != kind.schema.names or not metadata.keys() >= set(kind.metadata):
        raise DataError(
            f"{path}: not a file of {kind.content} of Retable (columns "
            f"{', '.join(table.schema.names)}); {again}"
        )
    if set(roles) == set(ROLES):
        return table
    return table.filter(pc.is_in(table["role"], value_set=pa.array(list(roles))))
