"""Cells of a table: which experiment, task and metric stand in them, and their values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from retable.errors import ConfigError, DataError
from retable.evaluation.scoring import POOLED, read_confusion, read_scores
from retable.spec.paper import Cell


@dataclass(frozen=True)
class ExperimentScores:
    """Scores and confusions of one experiment or fusion, all variants and roles."""

    scores: pd.DataFrame
    confusion: pd.DataFrame | None
    source: str
    """The file, for messages."""


class Reproduced(NamedTuple):
    """A reproduced value in the cell's unit."""

    value: float
    """NaN where the standard deviation over repeats is asked for and there is but one."""
    sd: float | None
    """Absent where there is but one run, or where the value is a standard deviation itself."""
    n: int
    """Runs behind the value; repeats, where it is a standard deviation over them."""
    clips: int
    """Test decisions behind the value, over all runs."""


def read_experiment_scores(
    scores: Mapping[str, Path], confusions: Mapping[str, Path]
) -> dict[str, ExperimentScores]:
    """Read the files of `score_experiment`, by experiment; confusions only where given."""
    return {
        experiment: ExperimentScores(
            scores=read_scores(path),
            confusion=read_confusion(confusions[experiment]) if experiment in confusions else None,
            source=str(path),
        )
        for experiment, path in scores.items()
    }


def merge_cells(parts: Iterable[Cell], where: str) -> Cell:
    """Merge what row, column, metric and the table's single cells say about a cell.

    Args:
        parts: Each fills what those before it leave open.
        where: The table and the keys, for messages.

    Raises:
        ConfigError: Two of them say different things.
    """
    merged: dict[str, object] = {}
    faults = []
    for cell in parts:
        for field, value in cell.model_dump(exclude_none=True).items():
            if merged.setdefault(field, value) != value:
                faults.append(f"{field} is both {merged[field]!r} and {value!r}")
    if faults:
        raise ConfigError(where, faults)
    return Cell.model_validate(merged)


def reproduced_value(
    cell: Cell, scores: ExperimentScores, variant: str, row: str = "", column: str = ""
) -> Reproduced:
    """Value of a cell over the test clips of all runs of its experiment or fusion.

    `fold_mean` (the default) is the mean over the folds of a repeat, then over repeats; `pooled`
    the metric over all decisions of a repeat, then the mean over repeats. The standard deviation
    (n - 1) is over the repeats' values, or over the folds' where there is one repeat. `statistic:
    sd` makes the standard deviation over repeats the value (mixup_mtl, Table I). A cell of metric
    `confusion` counts the clips of class `row` that were taken for class `column`; pooled, it sums
    the folds of a repeat. `percent` multiplies by 100.

    Raises:
        DataError: The scores lack the variant, task, metric or classes.
    """
    chosen = _values(cell, scores, variant, row, column)
    pooled_rows = chosen["fold"] == POOLED
    folds = chosen[~pooled_rows]
    by_repeat = folds.groupby("repeat")["value"]
    if cell.aggregate == "pooled":
        if cell.metric == "confusion":
            repeats = by_repeat.sum()
        else:
            repeats = chosen[pooled_rows].set_index("repeat")["value"]
    else:
        repeats = by_repeat.mean()
    factor = 100.0 if cell.percent else 1.0
    clips = int(folds["n"].sum())
    if cell.statistic == "sd":
        return Reproduced(float(repeats.std(ddof=1)) * factor, None, len(repeats), clips)
    spread = repeats if len(repeats) > 1 else folds["value"]
    return Reproduced(
        value=float(repeats.mean()) * factor,
        sd=float(spread.std(ddof=1)) * factor if len(spread) > 1 else None,
        n=len(folds),
        clips=clips,
    )


def _values(
    cell: Cell, scores: ExperimentScores, variant: str, row: str, column: str
) -> pd.DataFrame:
    """Rows `repeat, fold, value, n` behind a cell."""
    if cell.metric == "confusion":
        return _confusion_values(cell, scores, variant, row, column)
    table = _test_clips(scores.scores)
    chosen = table[
        (table["variant"] == variant)
        & (table["task"] == cell.task)
        & (table["metric"] == cell.metric)
    ]
    if chosen.empty:
        raise DataError(
            f"{scores.source}: no {cell.metric} of task {cell.task} in variant {variant}; it has "
            + ", ".join(_known(table, ["variant", "task", "metric"]))
        )
    return chosen[["repeat", "fold", "value", "n"]]


def _confusion_values(
    cell: Cell, scores: ExperimentScores, variant: str, target: str, predicted: str
) -> pd.DataFrame:
    if scores.confusion is None:
        raise DataError(f"{scores.source}: a confusion cell needs the confusion file beside it")
    table = _test_clips(scores.confusion)
    runs = table[(table["variant"] == variant) & (table["task"] == cell.task)]
    chosen = runs[(runs["target"] == target) & (runs["predicted"] == predicted)]
    if chosen.empty:
        raise DataError(
            f"{scores.source}: its confusions have no target {target!r} predicted as "
            f"{predicted!r} for task {cell.task} in variant {variant}; it has "
            + ", ".join(_known(table, ["variant", "task", "target"]))
        )
    decisions = runs.groupby(["repeat", "fold"])["n"].sum()
    values = chosen.set_index(["repeat", "fold"])["n"].rename("value").astype(float)
    return pd.concat([values, decisions], axis=1).reset_index()


def _test_clips(table: pd.DataFrame) -> pd.DataFrame:
    """Without the validation clips, which choose parameters and stand in no table."""
    return table[table["role"] == "test"]


def _known(table: pd.DataFrame, columns: list[str]) -> list[str]:
    return ["/".join(map(str, key)) for key in table[columns].drop_duplicates().to_numpy()]
