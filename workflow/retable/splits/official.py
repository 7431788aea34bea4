"""Folds that a corpus publishes, as columns of its manifest."""

import pandas as pd

from retable.corpora.filters import matching_rows, values_present
from retable.errors import DataError
from retable.spec.corpus import Filter
from retable.spec.split import OfficialFolds


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


def listed_facts(
    clips: pd.DataFrame, rejected: pd.DataFrame, split: OfficialFolds
) -> dict[str, dict[str, float]]:
    """What upstream lists for each role of the first fold, whether or not it can be used.

    A paper counts the clips that upstream lists; some of them may hold no sound.

    Args:
        clips: one row a clip, all text: `clip_id`, `speaker` and the columns that the filters name.
        rejected: the same of the clips that were rejected; may have no row.
        split: fold -> role -> filter.

    Returns:
        Role -> number of `clips`, number of distinct `speakers` (0 where nobody knows them), and
        `percent` of the clips that have a role; these together as `all`.

    Raises:
        DataError: a filter's column is missing.
    """
    every = pd.concat([clips, rejected[clips.columns]], ignore_index=True)
    by_role: dict[str, pd.DataFrame] = {
        role: every[matching_rows(every, [accepted], f"fold 0, role {role} of the split")]
        for role, accepted in split.roles[0].items()
    }
    by_role["all"] = pd.concat(by_role.values())
    return {
        role: {
            "clips": len(chosen),
            "speakers": len(set(chosen["speaker"]) - {""}),
            "percent": 100 * len(chosen) / len(by_role["all"]),
        }
        for role, chosen in by_role.items()
    }


def _fold(clips: pd.DataFrame, split: OfficialFolds, fold: int) -> pd.DataFrame:
    roles = pd.Series("", index=clips.index, dtype=object)
    for role, accepted in split.roles[fold].items():
        chosen = _chosen(clips, accepted, f"fold {fold}, role {role}")
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


def _chosen(clips: pd.DataFrame, accepted: Filter, place: str) -> "pd.Series[bool]":
    chosen = matching_rows(clips, [accepted], f"{place} of the split in paper.yaml")
    if not chosen.any():
        wanted = " and ".join(
            f"{column} {' or '.join(map(repr, values))}" for column, values in accepted.items()
        )
        present = "; ".join(f"{column}: {values_present(clips[column])}" for column in accepted)
        raise DataError(
            f"{place}: none of {len(clips)} clips has {wanted} (values present in {present}). "
            "Correct the split in paper.yaml, or use a source that holds such clips."
        )
    return chosen
