"""Folds that a corpus publishes, as columns of its manifest."""

import pandas as pd

from retable.errors import DataError
from retable.spec.corpus import Filter
from retable.spec.split import OfficialFolds

SHOWN = 10
"""Values of a column, or clips, that an error lists."""


def official_roles(clips: pd.DataFrame, split: OfficialFolds) -> list[pd.DataFrame]:
    """Role of each clip in each fold, as the split's filters say.

    Args:
        clips: one row a clip, all text: `clip_id` and the columns that the filters name.
        split: fold -> role -> filter.

    Returns:
        One table a fold with the columns `clip_id` and `role`, sorted by `clip_id`. Clips that no
        filter matches appear in none.

    Raises:
        DataError: a filter's column is missing, a role has no clip, or a clip has two roles in one
            fold.
    """
    ordered = clips.sort_values("clip_id", ignore_index=True)
    return [_fold(ordered, split, fold) for fold in range(split.folds)]


def _fold(clips: pd.DataFrame, split: OfficialFolds, fold: int) -> pd.DataFrame:
    roles = pd.Series("", index=clips.index, dtype=object)
    for role, accepted in split.roles[fold].items():
        chosen = _matching(clips, accepted, f"fold {fold}, role {role}")
        twice = clips["clip_id"][chosen & (roles != "")]
        if len(twice):
            raise DataError(
                f"fold {fold}: {len(twice)} clips have the role {role} and also "
                f"{roles[twice.index[0]]}, first {twice.iloc[0]!r}; correct the filters of the "
                "split in paper.yaml so that they exclude each other"
            )
        roles[chosen] = role
    return pd.DataFrame({"clip_id": clips["clip_id"], "role": roles})[roles != ""].reset_index(
        drop=True
    )


def _matching(clips: pd.DataFrame, accepted: Filter, place: str) -> "pd.Series[bool]":
    absent = [column for column in accepted if column not in clips.columns]
    if absent:
        raise DataError(
            f"{place}: column {', '.join(absent)} is missing; the filters of the split in "
            f"paper.yaml choose from {', '.join(clips.columns)}"
        )
    chosen = pd.Series(True, index=clips.index)
    for column, values in accepted.items():
        chosen &= clips[column].isin(values)
    if not chosen.any():
        wanted = " and ".join(
            f"{column} {' or '.join(map(repr, values))}" for column, values in accepted.items()
        )
        present = "; ".join(f"{column}: {_values(clips[column])}" for column in accepted)
        raise DataError(
            f"{place}: none of {len(clips)} clips has {wanted} (values present in {present}). "
            "Correct the split in paper.yaml, or use a source that holds such clips."
        )
    return chosen


def _values(column: pd.Series) -> str:
    present = sorted(set(column))
    more = ", …" if len(present) > SHOWN else ""
    return (", ".join(map(repr, present[:SHOWN])) or "none") + more
