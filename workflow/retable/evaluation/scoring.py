"""Predictions of experiments, fusions and verifications to scores and confusion counts."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from retable.errors import DataError
from retable.evaluation.metrics import METRICS, confusion_matrix
from retable.evaluation.pooling import decide
from retable.evaluation.predictions import read_predictions
from retable.spec.paper import Pooling
from retable.tsv import as_numbers, read_tsv, write_tsv

logger = logging.getLogger(__name__)

POOLED = "pooled"
"""Name, in the column `fold`, of the metric over the decisions of all folds of a repeat."""
SCORED_ROLES = ("validation", "test")
SCORE_COLUMNS = ["variant", "role", "repeat", "fold", "task", "metric", "value", "n"]
CONFUSION_COLUMNS = ["variant", "role", "repeat", "fold", "task", "target", "predicted", "n"]


def score_experiment(
    predictions_by_variant: Mapping[str, Sequence[Path]],
    poolings: Mapping[str, Pooling],
    scores: Path,
    confusion: Path,
) -> None:
    """Score what every variant of an experiment, fusion or verification decides.

    Args:
        predictions_by_variant: variant -> the predictions of all its parts.
        poolings: variant -> how segments decide for their clip.
        scores: Is written with `SCORE_COLUMNS`: every fold, and fold `pooled` over the folds of a
            repeat, for validation and test clips; `n` is the number of decisions.
        confusion: Is written with `CONFUSION_COLUMNS`: every fold, all pairs of classes, in the
            order of the classes.

    Raises:
        DataError: Predictions are unreadable or hold no test clips.
    """
    score_tables, confusion_tables = [], []
    for variant, paths in sorted(predictions_by_variant.items(), key=lambda item: item[0]):
        predictions = read_predictions(paths, SCORED_ROLES)
        decisions = decide(predictions, poolings[variant])
        if "test" not in set(decisions["role"]):
            raise DataError(f"{', '.join(map(str, paths))}: no predictions of the role test")
        score_tables.append(score_decisions(decisions, predictions.classes).assign(variant=variant))
        confusion_tables.append(
            count_confusions(decisions, predictions.classes).assign(variant=variant)
        )
        logger.info("%s: scored %d decisions of variant %s", scores, len(decisions), variant)
    write_tsv(pd.concat(score_tables)[SCORE_COLUMNS], scores)
    write_tsv(pd.concat(confusion_tables)[CONFUSION_COLUMNS], confusion)


def first_of_best(accuracies: pd.Series) -> int:
    """The repeat with the highest accuracy, of equals the first; the index is the repeats."""
    ordered = accuracies.sort_index()
    return int(ordered.index[int(ordered.argmax())])


def score_decisions(decisions: pd.DataFrame, classes: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Score decisions (see `pooling.decide`): columns of `SCORE_COLUMNS` without `variant`."""
    rows = [
        {
            "role": role, "repeat": repeat, "fold": fold, "task": task,
            "metric": name, "value": float(metric(counts)), "n": counts.sum(),
        }
        for role, repeat, fold, task, counts in _by_fold_and_pooled(decisions, classes)
        for name, metric in METRICS.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def count_confusions(decisions: pd.DataFrame, classes: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Count confusions of every fold: columns of `CONFUSION_COLUMNS` without `variant`."""
    rows = []
    runs = decisions.groupby(["role", "repeat", "fold", "task"], sort=True)
    for (role, repeat, fold, task), group in runs:
        names = classes[str(task)]
        counts = confusion_matrix(group["target"], group["predicted"], names)
        rows += [
            {
                "role": role, "repeat": repeat, "fold": fold, "task": task,
                "target": target, "predicted": predicted, "n": int(counts[i, j]),
            }
            for i, target in enumerate(names)
            for j, predicted in enumerate(names)
        ]  # fmt: skip
    return pd.DataFrame(rows)


def read_scores(path: Path) -> pd.DataFrame:
    """Read what `score_experiment` wrote as `scores`; `fold` stays text."""
    table = read_tsv(path, SCORE_COLUMNS)
    return as_numbers(table, {"repeat": int, "value": float, "n": int}, path)


def read_confusion(path: Path) -> pd.DataFrame:
    """Read what `score_experiment` wrote as `confusion`; `fold` stays text."""
    table = read_tsv(path, CONFUSION_COLUMNS)
    return as_numbers(table, {"repeat": int, "n": int}, path)


def _by_fold_and_pooled(
    decisions: pd.DataFrame, classes: Mapping[str, Sequence[str]]
) -> Iterator[tuple[object, object, object, object, np.ndarray]]:
    for (role, repeat, task), group in decisions.groupby(["role", "repeat", "task"], sort=True):
        names = classes[str(task)]
        for fold, part in group.groupby("fold", sort=True):
            counts = confusion_matrix(part["target"], part["predicted"], names)
            yield role, repeat, fold, task, counts
        counts = confusion_matrix(group["target"], group["predicted"], names)
        yield role, repeat, POOLED, task, counts
