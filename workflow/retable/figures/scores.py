"""The scores that a figure is drawn from."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from retable.errors import DataError
from retable.evaluation.scoring import read_scores

METRICS = {"accuracy": "accuracy", "uar": "UAR", "macro_f1": "macro F1"}
"""Metric -> how an axis names it."""


def metric_rows(
    paths: Sequence[Path], *, variant: str, role: str, task: str, metric: str
) -> pd.DataFrame:
    """Scores of one metric, with all columns of the files: a row a fold, and one a repeat's pool.

    Raises:
        DataError: A file is unreadable, or the files lack the variant, role, task or metric.
    """
    table = pd.concat([read_scores(path) for path in paths], ignore_index=True)
    keys = ["variant", "role", "task", "metric"]
    chosen = table[(table[keys] == [variant, role, task, metric]).all(axis=1)]
    if chosen.empty:
        raise DataError(
            f"{paths[0]}: no {metric} of task {task} on {role} clips in variant {variant}; it has "
            + ", ".join("/".join(key) for key in table[keys].drop_duplicates().to_numpy())
        )
    return chosen
