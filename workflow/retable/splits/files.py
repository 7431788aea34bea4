"""Writes the files of a split."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from retable.errors import DataError
from retable.json_files import write_json
from retable.spec.split import KFold, OfficialFolds, Shares, Split
from retable.splits.audit import UNITS, FoldRoles, shared_units, split_facts
from retable.splits.extra import extra_clips, joined, with_extra
from retable.splits.kfold import fold_roles
from retable.splits.official import listed_facts, official_roles
from retable.splits.shares import share_roles
from retable.splits.strata import count_facts, stratum_counts
from retable.tsv import read_tsv, write_tsv


def write_split(
    datasets: Sequence[Path],
    rejected: Path,
    split: Split,
    roles: Path,
    audit: Path,
    facts: Path,
) -> None:
    """Writes who plays which role in every repeat and fold, what roles share, and the facts.

    Args:
        datasets: table of the clips of the dataset that is split, then those of `split.extra`, in
            that order; each has its dataset's name.
        rejected: table of the clips of the first dataset that its corpus rejected; read for
            official folds only, which list them too.
        split: how it is split, and which extra clips train in every repeat and fold.
        roles: tsv with the columns `repeat, fold, clip_id, role`.
        audit: tsv with the columns of `shared_units`.
        facts: json of `split_facts`; whether the folds are declared to be `equal`; where the split
            has them, the declared `shares`, and as `extra` how many clips each of those datasets
            adds; where it is stratified `counts`, of the first repeat's first fold: role or
            `all` -> class or `all` -> clips; and where its folds are official `listed`, of the
            first fold (`listed_facts`).

    Raises:
        ConfigError: its shares cannot be dealt out to groups.
        DataError: a table lacks a column, the clips cannot be split like that, there are fewer
            extra clips than are to be drawn, or two datasets share a clip.
    """
    clips = read_tsv(datasets[0], tuple(UNITS.values()))
    by_fold = _fold_roles(clips, split, datasets[0])
    content: dict[str, Any] = {"equal": isinstance(split, KFold) and split.equal}
    if isinstance(split, Shares):
        content["shares"] = dict(split.shares)
    if isinstance(split, OfficialFolds):
        content["listed"] = listed_facts(clips, read_tsv(rejected, list(clips.columns)), split)
    if split.extra:
        tables = {path.stem: read_tsv(path, ("clip_id",)) for path in datasets[1:]}
        clips = joined({datasets[0].stem: clips, **tables})
        extra = _extra_clips(tables, split, datasets[1:])
        training = pd.concat(extra.values())
        by_fold = {place: with_extra(table, training) for place, table in by_fold.items()}
        content["extra"] = [{"dataset": name, "clips": len(table)} for name, table in extra.items()]
    rows = pd.concat(by_fold, names=["repeat", "fold"]).droplevel(2).reset_index()
    write_tsv(rows, roles)
    write_tsv(shared_units(by_fold, clips, split.allowed_leaks), audit)
    stratify = _stratify(split)
    if stratify is not None:
        content["counts"] = count_facts(stratum_counts(clips, by_fold[0, 0], stratify))
    write_json(split_facts(by_fold) | content, facts)


def _fold_roles(clips: pd.DataFrame, split: Split, dataset: Path) -> FoldRoles:
    try:
        return {
            (repeat, fold): table
            for repeat in range(split.repeats)
            for fold, table in enumerate(_folds(clips, split, repeat))
        }
    except DataError as error:
        raise DataError(f"{dataset}: {error}") from error


def _folds(clips: pd.DataFrame, split: Split, repeat: int) -> list[pd.DataFrame]:
    if isinstance(split, KFold):
        return fold_roles(clips, split, repeat)
    if isinstance(split, Shares):
        return share_roles(clips, split, repeat)
    return official_roles(clips, split)


def _extra_clips(
    tables: Mapping[str, pd.DataFrame], split: Split, paths: Sequence[Path]
) -> dict[str, pd.DataFrame]:
    """Dataset of `split.extra` -> its clips that train."""
    # Official folds draw nothing.
    seed = 0 if isinstance(split, OfficialFolds) else split.seed
    taken = {}
    for extra, path in zip(split.extra, paths, strict=True):
        try:
            taken[extra.dataset] = extra_clips(tables[extra.dataset], extra, _stratify(split), seed)
        except DataError as error:
            raise DataError(f"{path}: {error}") from error
    return taken


def _stratify(split: Split) -> str | None:
    return None if isinstance(split, OfficialFolds) else split.stratify
