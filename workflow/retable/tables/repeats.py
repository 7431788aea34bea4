"""Which runs stand behind a cell: all, those of the best repeat, or those of one fold."""

from dataclasses import dataclass

import pandas as pd

from retable.errors import DataError
from retable.evaluation.scoring import POOLED, first_of_best
from retable.spec.split import Role
from retable.spec.table import Cell
from retable.splits.clip_roles import choosing_role
from retable.tables.results import ExperimentScores


@dataclass(frozen=True)
class CellRuns:
    """The runs behind a cell, with its metric or count in each."""

    folds: pd.DataFrame
    """`repeat, fold, value, n`: a row a run; `n` are its decisions."""
    pooled: pd.DataFrame
    """The same over the folds of a repeat; empty for counts, which have no such rows."""
    compared: int | None = None
    """Repeats that the one behind the cell is the best of; absent where none was chosen."""
    note: str = ""
    """Which repeat and fold, where not all stand behind the cell."""


def choose_runs(
    values: pd.DataFrame, cell: Cell, scores: ExperimentScores, variant: str
) -> CellRuns:
    """Choose among the runs of an experiment as `cell.repeats` and `cell.fold` say.

    Repeats and folds are named in the note as in the names of the runs' files, counted from 0.

    Args:
        values: `repeat, fold, value, n` of all runs, and of fold `pooled` where there is one.
        cell: What to choose.
        scores: Accuracies that the best repeat is chosen by.
        variant: `paper` or `clean`.

    Raises:
        DataError: There is no such fold, or no accuracy to choose by.
    """
    compared, notes = None, []
    role = choosing_role(cell.repeats, variant)
    if role is not None:
        repeat, compared, note = _best_repeat(cell, scores, variant, role)
        notes.append(note)
        values = values[values["repeat"] == repeat]
    is_pooled = values["fold"].astype(str) == POOLED
    folds, pooled = values[~is_pooled], values[is_pooled]
    if cell.fold is not None:
        known = list(dict.fromkeys(folds["fold"].astype(str)))
        if str(cell.fold) not in known:
            raise DataError(
                f"{scores.source}: no fold {cell.fold} of task {cell.task} in variant {variant}; "
                f"it has {', '.join(known) or 'none'}; correct the cell's `fold`"
            )
        folds = folds[folds["fold"].astype(str) == str(cell.fold)]
        notes.append(f"fold {cell.fold} of {len(known)}")
    return CellRuns(folds, pooled, compared, "; ".join(notes))


def _best_repeat(
    cell: Cell, scores: ExperimentScores, variant: str, role: Role
) -> tuple[int, int, str]:
    """The first repeat of the highest accuracy over its folds, of how many, and a note of that."""
    table = scores.scores
    found = table[
        (table["variant"] == variant)
        & (table["role"] == role)
        & (table["task"] == cell.task)
        & (table["metric"] == "accuracy")
        & (table["fold"].astype(str) == POOLED)
    ]
    if found.empty:
        raise DataError(
            f"{scores.source}: no {role} accuracy of task {cell.task} in variant {variant} to "
            "choose the best repeat by; let the split have such clips, or drop the cell's `repeats`"
        )
    repeat = first_of_best(found.set_index("repeat")["value"])
    note = f"repeat {repeat} of {len(found)}, best by {role} accuracy"
    if cell.repeats == "best_test" and role != "test":
        note += " instead of test accuracy"
    return repeat, len(found), note
