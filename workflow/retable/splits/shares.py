"""Fixed shares of every class train, test and, if wanted, validate, at random or by group."""

from fractions import Fraction
from math import floor, lcm

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from retable.errors import DataError
from retable.spec.split import Role, Shares
from retable.splits.strata import check_every_class, roles_in, strata

ORDERS = 1000
"""Orders of the folds that are tried until every role has clips of every class."""


def share_roles(dataset: pd.DataFrame, split: Shares, repeat: int) -> list[pd.DataFrame]:
    """Role of each clip, such that each class is shared out alike (cabcnn, section 4, Table 1).

    Of a class' clips in random order, the share of `train` is rounded down; of what is left, that
    of `test` is rounded to the nearest number, halves to the even one, and `validation` has the
    rest. This gives every number of Table 1. Without `validation`, `test` has all that is left.

    With `group`, every value of that manifest column stays in one role. The groups are spread over
    the smallest number of folds of which each share is a whole number, and the folds are dealt out
    at random. Groups of different sizes are spread over the folds alike in every draw.

    Args:
        dataset: one row a clip, all text: `clip_id` and the columns that the split names.
        split: its shares, classes and groups.
        repeat: which of the split's draws; part of the seed.

    Returns:
        One table with the columns `clip_id` and `role`, sorted by `clip_id`.

    Raises:
        DataError: a column is missing or empty, or a class has too few clips or groups to be in
            every role.
    """
    clips = dataset.sort_values("clip_id", ignore_index=True)
    classes = strata(clips, split.stratify)
    generator = np.random.default_rng([split.seed, repeat])
    # 0.6 as it is written: the nearest binary fraction is less, and rounds down to one clip fewer.
    shares = {role: Fraction(str(split.shares[role])) for role in roles_in(split)}
    if split.group is None:
        drawn = _shared_out(classes, shares, generator)
    else:
        drawn = _dealt_out(classes, clips[split.group], shares, generator)
    roles = pd.DataFrame({"clip_id": clips["clip_id"], "role": drawn})
    shown = ", ".join(f"{role} {split.shares[role]:g}" for role in shares)
    check_every_class(clips, roles, split, f"shares {shown}")
    return [roles]


def _shared_out(
    classes: pd.Series, shares: dict[Role, Fraction], generator: np.random.Generator
) -> np.ndarray:
    roles = np.full(len(classes), "validation", dtype=object)
    for name in sorted(set(classes)):
        places = generator.permutation(np.flatnonzero(classes == name))
        train = floor(shares["train"] * len(places))
        held_out = shares["test"] + shares.get("validation", Fraction())
        test = round(shares["test"] / held_out * (len(places) - train))
        roles[places[:train]] = "train"
        roles[places[train : train + test]] = "test"
    return roles


def _dealt_out(
    classes: pd.Series,
    groups: pd.Series,
    shares: dict[Role, Fraction],
    generator: np.random.Generator,
) -> np.ndarray:
    number = lcm(*(share.denominator for share in shares.values()))
    _check_enough(classes, groups, number)
    seed = int(generator.integers(2**32))
    spread = StratifiedGroupKFold(number, shuffle=True, random_state=seed)
    folds = np.empty(len(classes), dtype=np.int64)
    for fold, (_, held_out) in enumerate(spread.split(classes, classes, groups)):
        folds[held_out] = fold
    counts = pd.crosstab(folds, classes).reindex(range(number), fill_value=0).to_numpy()
    dealt = np.repeat(list(shares), [int(share * number) for share in shares.values()])
    for _ in range(ORDERS):
        role_of_fold = generator.permutation(dealt)
        if all((counts[role_of_fold == role].sum(axis=0) > 0).all() for role in shares):
            break
    return role_of_fold[folds].astype(object)


def _check_enough(classes: pd.Series, groups: pd.Series, folds: int) -> None:
    """Refuse fewer groups, or clips of a class, than folds."""
    remedy = "take a larger dataset, or shares that fewer folds add up to, or drop `group`"
    if groups.nunique() < folds:
        raise DataError(
            f"shares are dealt out in {folds} folds, which need at least as many {groups.name}s, "
            f"found {groups.nunique()}; {remedy}"
        )
    clips = classes.value_counts()
    if clips.min() < folds:
        raise DataError(
            f"shares are dealt out in {folds} folds, which need at least as many clips of each "
            f"{classes.name}, found {clips.min()} of {clips.idxmin()!r}; {remedy}"
        )
