"""Writes the files of a split."""

import json
from pathlib import Path

import pandas as pd

from retable.spec.split import KFold
from retable.splits.audit import shared_units, split_facts
from retable.splits.kfold import fold_roles


def write_split(dataset: Path, split: KFold, roles: Path, audit: Path, facts: Path) -> None:
    """Writes who plays which role in every repeat and fold, what roles share, and the facts.

    Args:
        dataset: table of the dataset's clips.
        roles: tsv with the columns `repeat, fold, clip_id, role`.
        audit: tsv with the columns of `shared_units`.
        facts: json of `split_facts`.
    """
    clips = pd.read_csv(dataset, sep="\t", dtype=str, keep_default_na=False)
    by_fold = {
        (repeat, fold): table
        for repeat in range(split.repeats)
        for fold, table in enumerate(fold_roles(clips, split, repeat))
    }
    rows = pd.concat(by_fold, names=["repeat", "fold"]).droplevel(2).reset_index()
    rows.to_csv(roles, sep="\t", index=False)
    shared_units(by_fold, clips, split.allowed_leaks).to_csv(audit, sep="\t", index=False)
    facts.write_text(
        json.dumps(split_facts(by_fold) | {"equal": split.equal}, indent=1) + "\n",
        encoding="utf-8",
    )
