"""k-fold cross-validation over a dataset's clips, at random or by group."""

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold, KFold

from retable.errors import DataError
from retable.spec.split import KFold as KFoldSpec


def fold_roles(dataset: pd.DataFrame, split: KFoldSpec, repeat: int) -> list[pd.DataFrame]:
    """Role of each clip in each fold: `test` for the fold that is held out, `train` for the rest.

    Random equal folds are those of gresnets, section 5.2; with `group`, every value of that
    manifest column stays on one side.

    Args:
        dataset: one row a clip, with `clip_id` and, where the split groups, the group's column.
        repeat: which of the split's draws; part of the seed.

    Returns:
        One table a fold with the columns `clip_id` and `role`, sorted by `clip_id`. With `equal`,
        clips that are left over by equal folds appear in none.

    Raises:
        DataError: fewer clips or groups than folds.
    """
    clips = dataset.sort_values("clip_id", ignore_index=True)
    generator = np.random.default_rng([split.seed, repeat])
    units = len(clips) if split.group is None else clips[split.group].nunique()
    if units < split.folds:
        raise DataError(
            f"{split.folds} folds need at least as many {split.group or 'clip'}s, found {units}; "
            f"lower `folds` or take a larger dataset"
        )
    if split.equal:
        clips = _equalised(clips, split.folds, generator)
    seed = int(generator.integers(2**32))
    if split.group is None:
        folds = KFold(split.folds, shuffle=True, random_state=seed).split(clips)
    else:
        folds = GroupKFold(split.folds, shuffle=True, random_state=seed).split(
            clips, groups=clips[split.group]
        )
    return [_roles(clips["clip_id"], held_out) for _, held_out in folds]


def _equalised(clips: pd.DataFrame, folds: int, generator: np.random.Generator) -> pd.DataFrame:
    kept = generator.permutation(len(clips))[: len(clips) // folds * folds]
    return clips.iloc[np.sort(kept)].reset_index(drop=True)


def _roles(clip_ids: pd.Series, held_out: np.ndarray) -> pd.DataFrame:
    roles = np.full(len(clip_ids), "train", dtype=object)
    roles[held_out] = "test"
    return pd.DataFrame({"clip_id": clip_ids, "role": roles})
