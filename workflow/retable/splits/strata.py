"""The classes that a split spreads over its roles, and how many clips of each a role has."""

import itertools

import pandas as pd

from retable.errors import DataError, listed
from retable.spec.split import KFold, Role, Shares
from retable.splits.clip_roles import ROLES


def strata(clips: pd.DataFrame, column: str) -> pd.Series:
    """The class of each clip, on the index of the table.

    Args:
        clips: one row a clip, all text: `clip_id` and the manifest's columns.
        column: the one that the split stratifies by.

    Raises:
        DataError: the table lacks the column, or a clip has no class.
    """
    if column not in clips.columns:
        raise DataError(
            f"the split is stratified by column {column!r}, which the manifest lacks; it has "
            f"{', '.join(clips.columns)}. Correct `stratify` in paper.yaml."
        )
    without = clips.loc[clips[column] == "", "clip_id"]
    if len(without):
        raise DataError(
            f"the split is stratified by column {column!r}, which is empty for {len(without)} "
            f"clips: {listed(list(without))}. Take a dataset whose clips all have one."
        )
    return clips[column]


def roles_in(split: KFold | Shares) -> tuple[Role, ...]:
    """The roles that a split gives to clips, in the order of `ROLES`."""
    given = split.shares if isinstance(split, Shares) else ("train", "test")
    return tuple(role for role in ROLES if role in given)


def stratum_counts(clips: pd.DataFrame, roles: pd.DataFrame, column: str) -> pd.DataFrame:
    """Clips of each class in each role: one row a role, as in `ROLES`, one column a class.

    Args:
        clips: `clip_id` and the column that the split stratifies by.
        roles: `clip_id` and `role`.
        column: that column.
    """
    joined = roles.merge(clips[["clip_id", column]], on="clip_id", validate="one_to_one")
    counts = pd.crosstab(joined["role"], joined[column])
    return counts.reindex([role for role in ROLES if role in counts.index])


def check_every_class(
    clips: pd.DataFrame, roles: pd.DataFrame, split: KFold | Shares, place: str
) -> None:
    """Refuse a role without clips of a class, whose scores would be of the other classes alone.

    Args:
        clips: `clip_id` and the columns that the split names.
        roles: `clip_id` and `role`.
        split: stratified.
        place: which split or fold, for the message.

    Raises:
        DataError: names the role, the class, and how many clips and groups that has.
    """
    column = str(split.stratify)
    expected = roles_in(split)
    counts = stratum_counts(clips, roles, column).reindex(expected, fill_value=0)
    for role, name in itertools.product(expected, counts.columns):
        if counts.loc[role, name] == 0:
            own = clips[clips[column] == name]
            of_groups = f" of {own[split.group].nunique()} {split.group}s" if split.group else ""
            raise DataError(
                f"{place}: role {role} has no clip of {column} {name!r}, of which there are "
                f"{len(own)} clips{of_groups}; take a dataset with more {split.group or 'clip'}s "
                f"of it, or without it{', or drop `group`' if split.group else ''}"
            )


def count_facts(counts: pd.DataFrame) -> dict[str, dict[str, int]]:
    """`stratum_counts` with their sums: role or `all` -> class or `all` -> clips."""
    by_role = {str(role): row for role, row in counts.iterrows()} | {"all": counts.sum()}
    return {
        role: {str(name): int(clips) for name, clips in row.items()} | {"all": int(row.sum())}
        for role, row in by_role.items()
    }
