"""Writes the files of a split."""

import json
from pathlib import Path

import pandas as pd

from retable.errors import DataError
from retable.spec.split import KFold, Split
from retable.splits.audit import shared_units, split_facts
from retable.splits.kfold import fold_roles
from retable.splits.official import official_roles
from retable.tsv import read_tsv


def write_split(dataset: Path, split: Split, roles: Path, audit: Path, facts: Path) -> None:
    """Writes who plays which role in every repeat and fold, what roles share, and the facts.

    Args:
        dataset: table of the dataset's clips.
        roles: tsv with the columns `repeat, fold, clip_id, role`.
        audit: tsv with the columns of `shared_units`.
        facts: json of `split_facts`, and whether the folds are declared to be `equal`.

    Raises:
        DataError: the clips cannot be split like that.
    """
    clips = read_tsv(dataset, ("clip_id",))
    try:
        by_fold = {
            (repeat, fold): table
            for repeat in range(split.repeats)
            for fold, table in enumerate(_folds(clips, split, repeat))
        }
    except DataError as error:
        raise DataError(f"{dataset}: {error}") from error
    rows = pd.concat(by_fold, names=["repeat", "fold"]).droplevel(2).reset_index()
    rows.to_csv(roles, sep="\t", index=False)
    shared_units(by_fold, clips, split.allowed_leaks).to_csv(audit, sep="\t", index=False)
    equal = isinstance(split, KFold) and split.equal
    facts.write_text(
        json.dumps(split_facts(by_fold) | {"equal": equal}, indent=1) + "\n", encoding="utf-8"
    )


def _folds(clips: pd.DataFrame, split: Split, repeat: int) -> list[pd.DataFrame]:
    if isinstance(split, KFold):
        return fold_roles(clips, split, repeat)
    return official_roles(clips, split)
