"""Per-clip predictions of trained models: the file that every metric, table and figure reads.

One row is one segment and channel of a clip, in one run (repeat, fold), role and task. `scores`
are the probabilities of the task's classes, in the order that the file's metadata gives.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from retable.errors import DataError

CLASSES_KEY = b"retable.classes"
ROLES = ("train", "validation", "test")
KEY = ["repeat", "fold", "role", "task", "clip_id", "segment", "channel"]
SCHEMA = pa.schema(
    [
        ("repeat", pa.int64()),
        ("fold", pa.int64()),
        ("role", pa.string()),
        ("task", pa.string()),
        ("clip_id", pa.string()),
        ("segment", pa.int64()),
        ("channel", pa.string()),
        ("target", pa.string()),
        ("scores", pa.list_(pa.float32())),
    ]
)


@dataclass(frozen=True)
class Predictions:
    """Scores of runs on clips."""

    table: pd.DataFrame
    """Columns of `SCHEMA`; `scores` holds one float32 array a row."""
    classes: dict[str, tuple[str, ...]]
    """Task -> class names in the order of the scores."""


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Write predictions as Parquet, sorted: equal predictions give equal bytes.

    Raises:
        DataError: A score is not finite, a target or role is unknown, or a row occurs twice.
    """
    missing = [name for name in SCHEMA.names if name not in predictions.table.columns]
    if missing:
        raise DataError(f"{path}: predictions lack the column {', '.join(missing)}")
    validate_predictions(predictions, str(path))
    ordered = predictions.table[SCHEMA.names].sort_values(KEY, kind="stable")
    classes = {task: list(names) for task, names in predictions.classes.items()}
    metadata = {CLASSES_KEY: json.dumps(classes, sort_keys=True, ensure_ascii=False).encode()}
    columns = [pa.array(ordered[field.name].tolist(), type=field.type) for field in SCHEMA]
    table = pa.Table.from_arrays(columns, schema=SCHEMA.with_metadata(metadata))
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd")


def read_predictions(paths: Sequence[Path]) -> Predictions:
    """Read the predictions of one experiment and variant, all its parts together.

    Raises:
        DataError: A file is not one of ours, parts disagree on the classes, or rows are invalid.
    """
    if not paths:
        raise DataError("no predictions to read: the experiment has no parts")
    parts = [_read_part(path) for path in paths]
    for path, part in zip(paths, parts, strict=True):
        if part.classes != parts[0].classes:
            raise DataError(
                f"{path}: classes {part.classes} differ from {parts[0].classes} of {paths[0]}; "
                "remove the older part and train it again"
            )
    table = pd.concat([part.table for part in parts], ignore_index=True)
    predictions = Predictions(
        table=table.sort_values(KEY, kind="stable", ignore_index=True), classes=parts[0].classes
    )
    validate_predictions(predictions, ", ".join(map(str, paths)))
    return predictions


def validate_predictions(predictions: Predictions, source: str) -> None:
    """Raise DataError, naming `source`, unless the predictions are usable."""
    table, classes = predictions.table, predictions.classes
    if table.empty:
        raise DataError(f"{source}: no predictions; train the run again")
    roles = sorted(set(table["role"]) - set(ROLES))
    if roles:
        raise DataError(f"{source}: unknown role {roles[0]!r}; expected {', '.join(ROLES)}")
    twice = table.duplicated(KEY)
    if twice.any():
        first = table.loc[twice, KEY].iloc[0].to_dict()
        raise DataError(f"{source}: {int(twice.sum())} rows occur twice, the first is {first}")
    for task, rows in table.groupby("task"):
        _validate_task(str(task), rows, classes, source)


def _validate_task(
    task: str, rows: pd.DataFrame, classes: dict[str, tuple[str, ...]], source: str
) -> None:
    if task not in classes:
        raise DataError(f"{source}: no classes for task {task!r}; known: {', '.join(classes)}")
    names = classes[task]
    unknown = sorted(set(rows["target"]) - set(names))
    if unknown:
        raise DataError(
            f"{source}: task {task} has the unknown target {unknown[0]!r}; "
            f"expected {', '.join(names)}"
        )
    lengths = rows["scores"].map(len)
    if (lengths != len(names)).any():
        raise DataError(
            f"{source}: task {task} has {len(names)} classes but a row of "
            f"{lengths[lengths != len(names)].iloc[0]} scores"
        )
    finite = np.isfinite(np.stack(rows["scores"].tolist())).all(axis=1)
    if not finite.all():
        raise DataError(
            f"{source}: task {task} has {int((~finite).sum())} rows with a score that is not "
            f"finite, the first for clip {rows['clip_id'].to_numpy()[~finite][0]}; "
            "the training diverged: lower its learning rate"
        )


def _read_part(path: Path) -> Predictions:
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise DataError(f"{path}: not a readable predictions file ({error})") from error
    metadata = table.schema.metadata or {}
    if CLASSES_KEY not in metadata or table.schema.names != SCHEMA.names:
        raise DataError(
            f"{path}: not a predictions file of Retable (columns "
            f"{', '.join(table.schema.names)}); remove it and train the run again"
        )
    classes = {task: tuple(names) for task, names in json.loads(metadata[CLASSES_KEY]).items()}
    return Predictions(table=table.to_pandas(), classes=classes)
