"""Per-clip predictions of trained models: the file that every metric, table and figure reads.

One row is one segment and channel of a clip, in one run (repeat, fold), role and task. `scores`
are the probabilities of the task's classes, in the order that the file's metadata gives.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from retable.errors import DataError
from retable.splits.clip_roles import ROLES

CLASSES_KEY = b"retable.classes"
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
    columns = [
        _score_lists(ordered["scores"])
        if field.name == "scores"
        else pa.array(ordered[field.name], type=field.type)
        for field in SCHEMA
    ]
    table = pa.Table.from_arrays(columns, schema=SCHEMA.with_metadata(metadata)).combine_chunks()
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd")


def read_predictions(paths: Sequence[Path], roles: Collection[str] = ROLES) -> Predictions:
    """Read the predictions of one experiment and variant, all its parts together.

    Args:
        paths: The predictions of all parts.
        roles: Only clips of these roles.

    Raises:
        DataError: A file is not one of ours, parts disagree on the classes, rows are invalid, or
            there are none of these roles.
    """
    if not paths:
        raise DataError("no predictions to read: the experiment has no parts")
    parts = [_read_part(path, roles) for path in paths]
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
    source = ", ".join(map(str, paths))
    if table.empty and set(roles) != set(ROLES):
        raise DataError(f"{source}: no predictions of the role {' or '.join(roles)}")
    validate_predictions(predictions, source)
    return predictions


def score_matrix(rows: pd.DataFrame) -> np.ndarray:
    """Scores of rows of one task as float32 (rows, classes)."""
    return np.concatenate(rows["scores"].to_numpy()).reshape(len(rows), -1)


def validate_predictions(predictions: Predictions, source: str) -> None:
    """Raise DataError, naming `source`, unless the predictions are usable."""
    table, classes = predictions.table, predictions.classes
    if table.empty:
        raise DataError(f"{source}: no predictions; train the run again")
    roles = sorted(set(table["role"].unique()) - set(ROLES))
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
    unknown = sorted(set(rows["target"].unique()) - set(names))
    if unknown:
        raise DataError(
            f"{source}: task {task} has the unknown target {unknown[0]!r}; "
            f"expected {', '.join(names)}"
        )
    lengths = _lengths(rows["scores"])
    if (lengths != len(names)).any():
        raise DataError(
            f"{source}: task {task} has {len(names)} classes but a row of "
            f"{lengths[lengths != len(names)][0]} scores"
        )
    finite = np.isfinite(score_matrix(rows)).all(axis=1)
    if not finite.all():
        raise DataError(
            f"{source}: task {task} has {int((~finite).sum())} rows with a score that is not "
            f"finite, the first for clip {rows['clip_id'].to_numpy()[~finite][0]}; "
            "the training diverged: lower its learning rate"
        )


def _lengths(scores: pd.Series) -> np.ndarray:
    return np.fromiter(map(len, scores), dtype=np.int64, count=len(scores))


def _score_lists(scores: pd.Series) -> pa.ListArray:
    """The scores as Arrow holds them: end to end, and where each row begins."""
    offsets = np.concatenate([[0], _lengths(scores).cumsum()]).astype(np.int32)
    values = np.concatenate(scores.to_numpy()).astype(np.float32, copy=False)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values))


def _read_part(path: Path, roles: Collection[str]) -> Predictions:
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
    if set(roles) != set(ROLES):
        table = table.filter(pc.is_in(table["role"], value_set=pa.array(list(roles))))
    return Predictions(table=table.to_pandas(), classes=classes)
