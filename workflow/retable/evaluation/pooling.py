"""From scores of segments and channels to one decision a clip.

A row of predictions is one segment of one channel; each weighs the same. Two rules of pooling:

- `mean`: the clip gets the class of highest mean score;
- `majority`: each segment decides for its class of highest score, and the clip gets the class
  that most segments decide for; of those, the one of highest summed score. The paper says no more
  than "a mechanism like majority voting" (mixup_mtl, section II.E).

Of what is still equal, the first class is taken.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from retable.errors import DataError
from retable.evaluation.predictions import Predictions, score_matrix
from retable.spec.paper import Pooling

CLIP_KEY = ["repeat", "fold", "role", "task", "clip_id"]


def highest_mean(scores: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Decide each clip for the class of highest mean score.

    Args:
        scores: (segments, classes); the segments of a clip follow one another.
        starts: (clips,), the first segment of each clip.

    Returns:
        (clips,), places of the classes.
    """
    # Sums, since the mean of a clip divides all its classes by the same number; in float64, so
    # that a sum over hundreds of segments keeps the precision of a single score.
    return np.add.reduceat(scores, starts, axis=0, dtype=np.float64).argmax(axis=1)


def most_segments(scores: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Decide each clip for the class that most of its segments decide for.

    Args and returns as `highest_mean`.
    """
    clips, classes = len(starts), scores.shape[1]
    clip = np.repeat(np.arange(clips), np.diff(starts, append=len(scores)))
    votes = np.bincount(clip * classes + scores.argmax(axis=1), minlength=clips * classes)
    votes = votes.reshape(clips, classes)
    sums = np.add.reduceat(scores, starts, axis=0, dtype=np.float64)
    leading = votes == votes.max(axis=1, keepdims=True)
    return np.where(leading, sums, -np.inf).argmax(axis=1)


POOLINGS: Mapping[Pooling, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "mean": highest_mean,
    "majority": most_segments,
}


def decide(predictions: Predictions, pooling: Pooling = "mean") -> pd.DataFrame:
    """Decide each clip of each run, role and task from its segments and channels.

    Returns columns `repeat, fold, role, task, clip_id, target, predicted`, sorted.

    Raises:
        DataError: Segments of one clip have different targets.
    """
    parts = [
        _decide_task(rows, predictions.classes[str(task)], pooling)
        for task, rows in predictions.table.groupby("task", sort=True)
    ]
    return pd.concat(parts).sort_values(CLIP_KEY, kind="stable", ignore_index=True)


def _decide_task(rows: pd.DataFrame, classes: Sequence[str], pooling: Pooling) -> pd.DataFrame:
    clip = rows.groupby(CLIP_KEY, sort=True).ngroup().to_numpy()
    order = np.argsort(clip, kind="stable")
    starts = np.flatnonzero(np.diff(clip[order], prepend=-1))
    first = rows[[*CLIP_KEY, "target"]].iloc[order[starts]]
    target = pd.factorize(rows["target"])[0][order]
    several = np.minimum.reduceat(target, starts) != np.maximum.reduceat(target, starts)
    if several.any():
        raise DataError(
            f"clip {first['clip_id'].to_numpy()[several][0]}: its segments have different "
            "targets; check the manifest's labels"
        )
    decided = POOLINGS[pooling](score_matrix(rows)[order], starts)
    return first.assign(predicted=np.array(classes, dtype=object)[decided])
