"""k-fold cross-validation over a dataset's clips: at random, by group, by class."""

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

from retable.errors import DataError
from retable.spec.split import KFold as KFoldSpec
from retable.splits.strata import check_every_class, strata


def fold_roles(dataset: pd.DataFrame, split: KFoldSpec, repeat: int) -> list[pd.DataFrame]:
    """Role of each clip in each fold: `test` for the fold that is held out, `train` for the rest.

    Random equal folds are those of gresnets, section 5.2; with `group`, every value of that
    manifest column stays on one side; with `stratify`, the values of that one are spread evenly
    over the folds, and each fold holds out every one of them. With both, groups of different sizes
    are spread alike in every draw.

    Args:
        dataset: one row a clip, with `clip_id` and the columns that the split names.
        repeat: which of the split's draws; part of the seed.

    Returns:
        One table a fold with the columns `clip_id` and `role`, sorted by `clip_id`. With `equal`,
        clips that are left over by equal folds appear in none.

    Raises:
        DataError: fewer clips or groups than folds, in all or of a class, or a class that is
            missing from a fold.
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
    if split.stratify is not None:
        return _stratified(clips, split, split.stratify, seed)
    if split.group is None:
        folds = KFold(split.folds, shuffle=True, random_state=seed).split(clips)
    else:
        folds = GroupKFold(split.folds, shuffle=True, random_state=seed).split(
            clips, groups=clips[split.group]
        )
    return [_roles(clips["clip_id"], held_out) for _, held_out in folds]


def _stratified(
    clips: pd.DataFrame, split: KFoldSpec, stratify: str, seed: int
) -> list[pd.DataFrame]:
    classes = strata(clips, stratify)
    units = clips.groupby(stratify)[split.group or "clip_id"].nunique()
    if units.min() < split.folds:
        unit = split.group or "clip"
        raise DataError(
            f"{split.folds} folds stratified by {stratify} need at least as many {unit}s of each "
            f"{stratify}, found {units.min()} of {units.idxmin()!r}; lower `folds` or take a "
            "dataset with more of them, or without that one"
        )
    groups = None if split.group is None else clips[split.group]
    kind = StratifiedKFold if split.group is None else StratifiedGroupKFold
    drawn = kind(split.folds, shuffle=True, random_state=seed).split(clips, classes, groups)
    folds = [_roles(clips["clip_id"], held_out) for _, held_out in drawn]
    for fold, roles in enumerate(folds):
        check_every_class(clips, roles, split, f"fold {fold}")
    return folds


def _equalised(clips: pd.DataFrame, folds: int, generator: np.random.Generator) -> pd.DataFrame:
    kept = generator.permutation(len(clips))[: len(clips) // folds * folds]
    return clips.iloc[np.sort(kept)].reset_index(drop=True)


def _roles(clip_ids: pd.Series, held_out: np.ndarray) -> pd.DataFrame:
    roles = np.full(len(clip_ids), "train", dtype=object)
    roles[held_out] = "test"
    return pd.DataFrame({"clip_id": clip_ids, "role": roles})
