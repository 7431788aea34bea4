"""What the two sides of a split share: clips, speakers, recordings."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import pandas as pd

UNITS = {"clip": "clip_id", "speaker": "speaker", "group": "group"}
"""Unit of the audit -> manifest column. `group` is what must stay together: a recording, say."""

FoldRoles = Mapping[tuple[int, int], pd.DataFrame]
"""(repeat, fold) -> table of `clip_id` and `role`."""


def shared_units(
    roles_by_fold: FoldRoles, dataset: pd.DataFrame, allowed: Sequence[str]
) -> pd.DataFrame:
    """How many clips, speakers and groups stand in both of two roles, for every fold.

    Args:
        dataset: manifest rows of the clips; an empty speaker or group is never shared, and where
            there is a column `corpus`, those of different corpora are others whatever their names.
        allowed: units that the split may share because the paper's split does.

    Returns:
        Columns `repeat, fold, unit, roles, shared, allowed`; `roles` reads `test-train`.
    """
    rows = []
    units = _named_by_corpus(dataset)
    for (repeat, fold), roles in sorted(roles_by_fold.items(), key=lambda entry: entry[0]):
        clips = roles.merge(units, on="clip_id", validate="many_to_one")
        for unit, column in UNITS.items():
            members = {
                str(role): set(values[values != ""])
                for role, values in clips.groupby("role")[column]
            }
            for first, second in combinations(sorted(members), 2):
                rows.append(
                    {
                        "repeat": repeat,
                        "fold": fold,
                        "unit": unit,
                        "roles": f"{first}-{second}",
                        "shared": len(members[first] & members[second]),
                        "allowed": unit in allowed,
                    }
                )
    columns = ["repeat", "fold", "unit", "roles", "shared", "allowed"]
    return pd.DataFrame(rows, columns=columns)


def _named_by_corpus(dataset: pd.DataFrame) -> pd.DataFrame:
    if "corpus" not in dataset:
        return dataset
    named = dataset.copy()
    for column in ("speaker", "group"):
        values = named[column]
        named[column] = values.mask(values != "", named["corpus"] + "/" + values)
    return named


def split_facts(roles_by_fold: FoldRoles) -> dict[str, Any]:
    """What a split turned out to be: `folds`, `repeats`, and the clips of each fold and role."""
    return {
        "folds": len({fold for _, fold in roles_by_fold}),
        "repeats": len({repeat for repeat, _ in roles_by_fold}),
        "sizes": [
            {"repeat": repeat, "fold": fold, "role": role, "clips": int(clips)}
            for (repeat, fold), roles in sorted(roles_by_fold.items(), key=lambda entry: entry[0])
            for role, clips in roles["role"].value_counts().sort_index().items()
        ],
    }
