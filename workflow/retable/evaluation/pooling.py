"""From scores of segments and channels to one decision a clip."""

import numpy as np
import pandas as pd

from retable.errors import DataError
from retable.evaluation.predictions import Predictions

CLIP_KEY = ["repeat", "fold", "role", "task", "clip_id"]


def pool_clips(predictions: Predictions) -> Predictions:
    """Average the scores of a clip over its segments and channels.

    Every segment of every channel weighs the same. Returns one row a clip, run, role and task,
    with `segment` 0 and an empty `channel`.

    Raises:
        DataError: Segments of one clip have different targets.
    """
    parts = [
        _pool_task(rows.reset_index(drop=True))
        for _, rows in predictions.table.groupby("task", sort=True)
    ]
    table = pd.concat(parts, ignore_index=True).sort_values(CLIP_KEY, ignore_index=True)
    return Predictions(table=table[list(predictions.table.columns)], classes=predictions.classes)


def decide(predictions: Predictions) -> pd.DataFrame:
    """Decide each clip for its class of highest mean score (the first of equals).

    Returns columns `repeat, fold, role, task, clip_id, target, predicted`, sorted.
    """
    pooled = pool_clips(predictions).table
    predicted = [
        predictions.classes[task][int(np.argmax(scores))]
        for task, scores in zip(pooled["task"], pooled["scores"], strict=True)
    ]
    return pooled[[*CLIP_KEY, "target"]].assign(predicted=predicted)


def _pool_task(rows: pd.DataFrame) -> pd.DataFrame:
    groups = rows.groupby(CLIP_KEY, sort=True)
    several = groups["target"].nunique() > 1
    if several.any():
        raise DataError(
            f"clip {several[several].index[0][-1]}: its segments have different targets; "
            "check the manifest's labels"
        )
    # float64: a mean over hundreds of segments keeps the precision of a single score.
    scores = np.stack(rows["scores"].tolist()).astype(np.float64)
    clip = groups.ngroup().to_numpy()
    counts = np.bincount(clip)
    mean = np.zeros((len(counts), scores.shape[1]))
    np.add.at(mean, clip, scores)
    pooled = groups["target"].first().reset_index()
    pooled["segment"] = 0
    pooled["channel"] = ""
    pooled["scores"] = list((mean / counts[:, None]).astype(np.float32))
    return pooled
