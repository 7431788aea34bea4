"""Embeddings of clips by trained networks: the file that verifications compare clips by.

One row is one clip in one run (repeat, fold) and role. `embedding` is what the network's last
hidden layer makes of the clip, of one size in all rows.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from retable.errors import DataError
from retable.evaluation.clip_rows import ClipRows, join_parts, read_parts, to_columns
from retable.splits.clip_roles import ROLES

SCHEMA = pa.schema(
    [
        ("repeat", pa.int64()),
        ("fold", pa.int64()),
        ("role", pa.string()),
        ("clip_id", pa.string()),
        ("embedding", pa.list_(pa.float32())),
    ]
)
EMBEDDINGS = ClipRows("embeddings", SCHEMA, key=("repeat", "fold", "role", "clip_id"))


def write_embeddings(path: Path, table: pd.DataFrame) -> None:
    """Write embeddings as Parquet, sorted: equal embeddings give equal bytes.

    Args:
        path: the file.
        table: columns of `SCHEMA`; `embedding` holds one float32 array a row.

    Raises:
        DataError: a column is missing, an embedding is not finite or of another size than others,
            a role is unknown, or a clip occurs twice in a run and role.
    """
    ordered = to_columns(table, EMBEDDINGS, path)
    _require_finite(table, str(path))
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
    table = join_parts(read_parts(paths, EMBEDDINGS, roles), paths, EMBEDDINGS, roles)
    _require_finite(table, ", ".join(map(str, paths)))
    return table


def _require_finite(table: pd.DataFrame, source: str) -> None:
    """Finite values, as many in all embeddings."""
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
