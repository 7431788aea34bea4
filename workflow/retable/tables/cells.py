"""Cells of a table: which experiment, task and metric stand in them, and their values."""

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from retable.errors import ConfigError, DataError
from retable.evaluation.scoring import POOLED
from retable.spec.table import Cell
from retable.tables.repeats import choose_runs
from retable.tables.results import ExperimentScores


class Reproduced(NamedTuple):
    """A reproduced value in the cell's unit."""

    value: float
    """NaN where the standard deviation over repeats is asked for and there is but one."""
    sd: float | None
    """Absent where there is but one run, where one repeat was chosen, or where the value is a
    standard deviation itself."""
    n: int
    """Runs behind the value; repeats, where it is a standard deviation over them, or that of the
    best of them."""
    clips: int
    """Test decisions behind the value, over all runs; of a recall, those of its class."""
    note: str = ""
    """Which repeat and fold the value is of, where not all stand behind it."""


def merge_cells(parts: Iterable[Cell], where: str) -> Cell:
    """Merge what row, column, metric and the table's single cells say about a cell.

    Args:
        parts: Each fills what those before it leave open, but for `key`, which each has its own of.
        where: The table and the keys, for messages.

    Raises:
        ConfigError: Two of them say different things.
    """
    merged: dict[str, object] = {}
    faults = []
    for cell in parts:
        for field, value in cell.model_dump(exclude_none=True, exclude={"key"}).items():
            if merged.setdefault(field, value) != value:
                faults.append(f"{field} is both {merged[field]!r} and {value!r}")
    if faults:
        raise ConfigError(where, faults)
    return Cell.model_validate(merged)


def cell_faults(cell: Cell) -> list[str]:
    """What keeps a merged cell from having a value, whatever the scores: gaps, contradictions."""
    faults = [
        f"no {field} is given" for field in ("task", "metric") if getattr(cell, field) is None
    ]
    if cell.fold is not None and cell.aggregate == "pooled":
        faults.append(
            f"fold {cell.fold} alone is not pooled over folds; drop `fold` or take aggregate "
            "fold_mean"
        )
    if cell.statistic == "sd" and cell.repeats not in (None, "mean"):
        faults.append(
            f"one repeat ({cell.repeats}) has no deviation over repeats; drop `repeats` or "
            "`statistic`"
        )
    return faults


def reproduced_value(
    cell: Cell, scores: ExperimentScores, variant: str, row: str = "", column: str = ""
) -> Reproduced:
    """Value of a cell over the test clips of the runs of what it names.

    `fold_mean` (the default) is the mean over the folds of a repeat, then over repeats; `pooled`
    the metric over all decisions of a repeat, then the mean over repeats. The standard deviation
    (n - 1) is over the repeats' values, or over the folds' where there is one repeat. `statistic:
    sd` makes the standard deviation over repeats the value (mixup_mtl, Table I). Of the best
    repeat (cabcnn, Tables 3 to 6) there is no deviation. A cell of metric `confusion` counts the
    clips of class `target`, or `row`, that were taken for `predicted`, or `column`; pooled, it
    sums the folds of a repeat. One of metric `recall` is the share of the clips of class `target`,
    or `column`, that were taken for it; folds without any stand apart. `percent` multiplies by 100.

    Raises:
        DataError: The scores lack the variant, task, metric, classes or fold, or what the best
            repeat is chosen by.
    """
    runs = choose_runs(_values(cell, scores, variant, row, column), cell, scores, variant)
    by_repeat = runs.folds.groupby("repeat")["value"]
    if cell.aggregate != "pooled":
        repeats = by_repeat.mean()
    elif cell.metric == "confusion":
        repeats = by_repeat.sum()
    else:
        repeats = runs.pooled.set_index("repeat")["value"]
    factor = 100.0 if cell.percent else 1.0
    clips = int(runs.folds["n"].sum())
    if cell.statistic == "sd":
        deviation = float(repeats.std(ddof=1)) * factor
        return Reproduced(deviation, None, len(repeats), clips, runs.note)
    spread = repeats if len(repeats) > 1 else runs.folds["value"]
    has_spread = runs.compared is None and len(spread) > 1
    return Reproduced(
        value=float(repeats.mean()) * factor,
        sd=float(spread.std(ddof=1)) * factor if has_spread else None,
        n=len(runs.folds) if runs.compared is None else runs.compared,
        clips=clips,
        note=runs.note,
    )


def _values(
    cell: Cell, scores: ExperimentScores, variant: str, row: str, column: str
) -> pd.DataFrame:
    """Rows `repeat, fold, value, n` behind a cell."""
    if cell.metric == "confusion":
        target, predicted = cell.target or row, cell.predicted or column
        return _confusion_values(cell, scores, variant, target, predicted)
    if cell.metric == "recall":
        return _recall_values(cell, scores, variant, cell.target or column)
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
    table = _confusions(cell, scores)
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


def _recall_values(cell: Cell, scores: ExperimentScores, variant: str, target: str) -> pd.DataFrame:
    """Recall of a class in each fold that has clips of it, and over the folds of a repeat."""
    table = _confusions(cell, scores)
    of_class = table[
        (table["variant"] == variant) & (table["task"] == cell.task) & (table["target"] == target)
    ]
    of_class = of_class.assign(right=of_class["n"].where(of_class["predicted"] == target, 0))
    both = pd.concat([of_class, of_class.assign(fold=POOLED)])
    counts = both.groupby(["repeat", "fold"])[["right", "n"]].sum()
    counts = counts[counts["n"] > 0]
    if counts.empty:
        raise DataError(
            f"{scores.source}: no clips of class {target!r} of task {cell.task} in variant "
            f"{variant} to have a recall of; it has "
            + ", ".join(_known(table[table["n"] > 0], ["variant", "task", "target"]))
        )
    return counts.assign(value=counts["right"] / counts["n"]).reset_index()


def _confusions(cell: Cell, scores: ExperimentScores) -> pd.DataFrame:
    if scores.confusion is None:
        raise DataError(
            f"{scores.source}: a {cell.metric} cell needs the confusion file beside it, which "
            "numbered tables read and the text does not"
        )
    return _test_clips(scores.confusion)


def _test_clips(table: pd.DataFrame) -> pd.DataFrame:
    """Without the validation clips, which choose parameters and stand in no table."""
    return table[table["role"] == "test"]


def _known(table: pd.DataFrame, columns: list[str]) -> list[str]:
    return ["/".join(map(str, key)) for key in table[columns].drop_duplicates().to_numpy()]
