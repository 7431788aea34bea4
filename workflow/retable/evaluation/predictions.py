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
import pyarrow.parquet as pq

from retable.errors import DataError
from retable.evaluation.clip_rows import ClipRows, join_parts, read_parts, to_columns
from retable.splits.clip_roles import ROLES

CLASSES_KEY = b"retable.classes"
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
PREDICTIONS = ClipRows(
    "predictions",
    SCHEMA,
    key=("repeat", "fold", "role", "task", "clip_id", "segment", "channel"),
    metadata=(CLASSES_KEY,),
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
    ordered = to_columns(predictions.table, PREDICTIONS, path)
    _require_scores(predictions, str(path))
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
    parts = read_parts(paths, PREDICTIONS, roles)
    classes = [_classes(part) for part in parts]
    for path, own in zip(paths, classes, strict=True):
        if own != classes[0]:
            raise DataError(
                f"{path}: classes {own} differ from {classes[0]} of {paths[0]}; "
                "remove the older part and train it again"
            )
    predictions = Predictions(join_parts(parts, paths, PREDICTIONS, roles), classes[0])
    _require_scores(predictions, ", ".join(map(str, paths)))
    return predictions


def score_matrix(rows: pd.DataFrame) -> np.ndarray:
    """Scores of rows of one task as float32 (rows, classes)."""
    return np.concatenate(rows["scores"].to_numpy()).reshape(len(rows), -1)


def _require_scores(predictions: Predictions, source: str) -> None:
    """Known targets, and one finite score a class."""
    for task, rows in predictions.table.groupby("task"):
        _validate_task(str(task), rows, predictions.classes, source)


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


def _classes(part: pa.Table) -> dict[str, tuple[str, ...]]:
    found = json.loads(part.schema.metadata[CLASSES_KEY])
    return {task: tuple(names) for task, names in found.items()}
