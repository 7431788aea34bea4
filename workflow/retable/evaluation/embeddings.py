"""Embeddings of clips by trained networks: the file that verifications compare clips by.

One row is one clip in one run (repeat, fold) and role. `embedding` is what the network's last
hidden layer makes of the clip, of one size in all rows.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from retable.errors import DataError
from retable.splits.clip_roles import ROLES

KEY = ["repeat", "fold", "role", "clip_id"]
SCHEMA = pa.schema(
    [
        ("repeat", pa.int64()),
        ("fold", pa.int64()),
        ("role", pa.string()),
        ("clip_id", pa.string()),
        ("embedding", pa.list_(pa.float32())),
    ]
)


def write_embeddings(path: Path, table: pd.DataFrame) -> None:
    """Write embeddings as Parquet, sorted: equal embeddings give equal bytes.

    Args:
        path: the file.
        table: columns of `SCHEMA`; `embedding` holds one float32 array a row.

    Raises:
        DataError: a column is missing, an embedding is not finite or of another size than others,
            a role is unknown, or a clip occurs twice in a run and role.
    """
    missing = [name for name in SCHEMA.names if name not in table.columns]
    if missing:
        raise DataError(f"{path}: embeddings lack the column {', '.join(missing)}")
    _validate(table, str(path))
    ordered = table[SCHEMA.names].sort_values(KEY, kind="stable")
    columns = [pa.array(ordered[field.name], type=field.type) for field in SCHEMA]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_arrays(columns, schema=SCHEMA), path, compression="zstd")


def read_embeddings(paths: Sequence[Path], roles: Collection[str] = ROLES) -> pd.DataFrame:
    """Read the embeddings of one experiment and variant, all its parts together.

    Args:
        paths: the embeddings of all parts.
        roles: only clips of these roles.

    Returns:
        Columns of `SCHEMA`, sorted by run, role and clip; `embedding` holds one float32 array
        (size,) a row.

    Raises:
        DataError: a file is not one of ours, rows are invalid, or there are none of these roles.
    """
    if not paths:
        raise DataError("no embeddings to read: the experiment has no parts")
    parts = [_read_part(path, roles) for path in paths]
    table = pd.concat(parts, ignore_index=True)
    source = ", ".join(map(str, paths))
    if table.empty and set(roles) != set(ROLES):
        raise DataError(f"{source}: no embeddings of the role {' or '.join(roles)}")
    _validate(table, source)
    return table.sort_values(KEY, kind="stable", ignore_index=True)


def _validate(table: pd.DataFrame, source: str) -> None:
    if table.empty:
        raise DataError(f"{source}: no embeddings; train the run again")
    unknown = sorted(set(table["role"].unique()) - set(ROLES))
    if unknown:
        raise DataError(f"{source}: unknown role {unknown[0]!r}; expected {', '.join(ROLES)}")
    twice = table.duplicated(KEY)
    if twice.any():
        first = table.loc[twice, KEY].iloc[0].to_dict()
        raise DataError(f"{source}: {int(twice.sum())} rows occur twice, the first is {first}")
    sizes = sorted(set(table["embedding"].map(len)))
    if len(sizes) > 1:
        raise DataError(
            f"{source}: embeddings have {' and '.join(map(str, sizes))} values; expected one size "
            "for all clips. Remove the older part and train it again"
        )
    finite = np.isfinite(np.stack(table["embedding"].tolist())).all(axis=1)
    if not finite.all():
        raise DataError(
            f"{source}: {int((~finite).sum())} embeddings are not finite, the first of clip "
            f"{table['clip_id'].to_numpy()[~finite][0]}; the training diverged: lower its learning "
            "rate"
        )


def _read_part(path: Path, roles: Collection[str]) -> pd.DataFrame:
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise DataError(f"{path}: not a readable embeddings file ({error})") from error
    if table.schema.names != SCHEMA.names:
        raise DataError(
            f"{path}: not an embeddings file of Retable (columns "
            f"{', '.join(table.schema.names)}); remove it and train the run again"
        )
    if set(roles) != set(ROLES):
        table = table.filter(pc.is_in(table["role"], value_set=pa.array(list(roles))))
    return table.to_pandas()
