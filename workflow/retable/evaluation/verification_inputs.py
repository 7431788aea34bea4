"""What the runs of an experiment say of the clips whose speakers a verification compares."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from retable.errors import DataError
from retable.evaluation.embeddings import read_embeddings
from retable.evaluation.pooling import decide
from retable.evaluation.predictions import Predictions, read_predictions
from retable.spec.paper import Verification

Run = tuple[int, int]
"""Repeat and fold."""


def tested_classes(verification: Verification, members: Sequence[Path]) -> dict[Run, pd.Series]:
    """Run -> the class of the verification's task that each test clip is taken for, by clip_id.

    Of several segments, the class of highest mean score.

    Raises:
        DataError: Predictions are unreadable, or none are of the task.
    """
    task = verification.task
    read = read_predictions(members, ("test",))
    rows = read.table[read.table["task"] == task]
    if rows.empty:
        raise DataError(
            f"{verification.subject}: experiment {verification.experiment} has no predictions of "
            f"task {task} (it has {', '.join(sorted(read.classes))}); verify an experiment that "
            "predicts it, or decide by cosine"
        )
    decisions = decide(Predictions(rows, {task: read.classes[task]}))
    return {run: own.set_index("clip_id")["predicted"] for run, own in _runs(decisions).items()}


def embedded_clips(
    verification: Verification, members: Sequence[Path], embeddings: Sequence[Path]
) -> dict[Run, pd.DataFrame]:
    """Run -> the embeddings of its training and test clips, as `read_embeddings` gives them.

    Raises:
        DataError: Files are unreadable; or a run lacks the embeddings of its training clips, of
            clips that it tests, or has some of others.
    """
    by_run = _runs(read_embeddings(embeddings, ("train", "test")))
    tested = _runs(read_predictions(members, ("test",)).table)
    _require_same_clips(verification, tested, by_run)
    return by_run


def _require_same_clips(
    verification: Verification,
    predicted: Mapping[Run, pd.DataFrame],
    embedded: Mapping[Run, pd.DataFrame],
) -> None:
    advice = (
        f"; remove the predictions and embeddings of experiment {verification.experiment} and "
        "build them again"
    )
    for run in sorted({*predicted, *embedded}):
        place = f"{verification.subject}: repeat {run[0]} fold {run[1]}"
        if run not in embedded:
            raise DataError(f"{place} has predictions but no embeddings" + advice)
        if run not in predicted:
            raise DataError(f"{place} has embeddings but no predictions" + advice)
        by_role = embedded[run].groupby("role")["clip_id"].agg(set)
        if "train" not in by_role:
            raise DataError(
                f"{place} has no embeddings of the role train, whose pairs give the threshold"
                + advice
            )
        other = set(predicted[run]["clip_id"]) ^ by_role.get("test", set())
        if other:
            raise DataError(
                f"{place}: {len(other)} test clips have either predictions or embeddings but not "
                f"both, first {min(other)!r}" + advice
            )


def _runs(table: pd.DataFrame) -> dict[Run, pd.DataFrame]:
    runs = table[["repeat", "fold"]].drop_duplicates().itertuples(index=False, name=None)
    return {
        (repeat, fold): table[(table["repeat"] == repeat) & (table["fold"] == fold)]
        for repeat, fold in sorted(runs)
    }
