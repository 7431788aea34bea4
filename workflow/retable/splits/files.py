"""Writes the files of a split."""

import json
from pathlib import Path

import pandas as pd

from retable.errors import DataError
from retable.spec.split import KFold, OfficialFolds, Shares, Split
from retable.splits.audit import shared_units, split_facts
from retable.splits.kfold import fold_roles
from retable.splits.official import official_roles
from retable.splits.shares import share_roles
from retable.splits.strata import count_facts, stratum_counts
from retable.tsv import read_tsv


def write_split(dataset: Path, split: Split, roles: Path, audit: Path, facts: Path) -> None:
    """Writes who plays which role in every repeat and fold, what roles share, and the facts.

    Args:
        dataset: table of the dataset's clips.
        roles: tsv with the columns `repeat, fold, clip_id, role`.
        audit: tsv with the columns of `shared_units`.
        facts: json of `split_facts`; whether the folds are declared to be `equal`; where the split
            has them, the declared `shares`; and where it is stratified `counts`, of the first
            repeat's first fold: role or `all` -> class or `all` -> clips.

    Raises:
        ConfigError: its shares cannot be dealt out to groups.
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
    content = split_facts(by_fold) | {"equal": isinstance(split, KFold) and split.equal}
    if isinstance(split, Shares):
        content["shares"] = dict(split.shares)
    stratify = None if isinstance(split, OfficialFolds) else split.stratify
    if stratify is not None:
        content["counts"] = count_facts(stratum_counts(clips, by_fold[0, 0], stratify))
    facts.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _folds(clips: pd.DataFrame, split: Split, repeat: int) -> list[pd.DataFrame]:
    if isinstance(split, KFold):
        return fold_roles(clips, split, repeat)
    if isinstance(split, Shares):
        return share_roles(clips, split, repeat)
    return official_roles(clips, split)
