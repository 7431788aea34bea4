"""What the runs of an experiment say of the clips whose speakers a verification compares."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import pandas as pd

from retable.errors import DataError
from retable.evaluation.embeddings import read_embeddings
from retable.evaluation.pooling import decide
from retable.evaluation.predictions import Predictions, read_predictions
from retable.spec.paper import Verification

RunKey = tuple[int, int]
"""Repeat and fold."""


def place_of(verification: Verification, run: RunKey) -> str:
    """A run of a verification, as messages name it."""
    repeat, fold = run
    return f"{verification.subject}: repeat {repeat} fold {fold}"


def predicted_classes(
    verification: Verification, predicted: Sequence[Path]
) -> dict[RunKey, pd.Series]:
    """What the runs take their test clips for; of several segments, by the highest mean score.

    Args:
        verification: Of whose task the classes are.
        predicted: Predictions of all parts of its experiment.

    Returns:
        Run -> class by clip_id.

    Raises:
        DataError: Predictions are unreadable, or none are of the task.
    """
    task = verification.task
    read = read_predictions(predicted, ("test",))
    rows = read.table[read.table["task"] == task]
    if rows.empty:
        raise DataError(
            f"{verification.subject}: experiment {verification.experiment} has no predictions of "
            f"task {task} (it has {', '.join(sorted(read.classes))}); verify an experiment that "
            "predicts it, or decide by cosine"
        )
    decisions = decide(Predictions(rows, {task: read.classes[task]}))
    return {run: own.set_index("clip_id")["predicted"] for run, own in _by_run(decisions).items()}


def embedded_clips(
    verification: Verification, predicted: Sequence[Path], embeddings: Sequence[Path]
) -> dict[RunKey, pd.DataFrame]:
    """The embeddings of the training and test clips of each run.

    Args:
        verification: Whose experiment the runs are of.
        predicted: Predictions of all its parts.
        embeddings: Embeddings of all its parts.

    Returns:
        Run -> rows as `read_embeddings` gives them.

    Raises:
        DataError: Files are unreadable; or a run lacks the embeddings of its training clips, of
            clips that it tests, or has some of others.
    """
    embedded = _by_run(read_embeddings(embeddings, ("train", "test")))
    tested = _by_run(read_predictions(predicted, ("test",)).table)
    _require_same_clips(verification, tested, embedded)
    return embedded


def _require_same_clips(
    verification: Verification,
    tested: Mapping[RunKey, pd.DataFrame],
    embedded: Mapping[RunKey, pd.DataFrame],
) -> None:
    advice = (
        f"; remove the predictions and embeddings of experiment {verification.experiment} and "
        "build them again"
    )
    for run in sorted({*tested, *embedded}):
        place = place_of(verification, run)
        if run not in embedded:
            raise DataError(f"{place} has predictions but no embeddings" + advice)
        if run not in tested:
            raise DataError(f"{place} has embeddings but no predictions" + advice)
        by_role = embedded[run].groupby("role")["clip_id"].agg(set)
        if "train" not in by_role:
            raise DataError(
                f"{place} has no embeddings of the role train, whose pairs give the threshold"
                + advice
            )
        other = set(tested[run]["clip_id"]) ^ by_role.get("test", set())
        if other:
            raise DataError(
                f"{place}: {len(other)} test clips have either predictions or embeddings but not "
                f"both, first {min(other)!r}" + advice
            )


def _by_run(table: pd.DataFrame) -> dict[RunKey, pd.DataFrame]:
    return cast(dict[RunKey, pd.DataFrame], dict(iter(table.groupby(["repeat", "fold"]))))
