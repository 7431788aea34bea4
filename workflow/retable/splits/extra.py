"""Clips of other datasets that a split trains on beside those that it splits."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.utils import resample

from retable.errors import DataError, listed
from retable.spec.corpus import corpus_of
from retable.spec.split import ExtraClips
from retable.splits.strata import strata


def extra_clips(
    dataset: pd.DataFrame, extra: ExtraClips, stratify: str | None, seed: int
) -> pd.DataFrame:
    """The clips of another dataset that train, the same in every repeat and fold.

    densenet_ser, Table I: all clips of a further corpus, or "256 samples from each". Of each class
    as many are drawn as its share of the dataset is, to the nearest number; the paper does not say
    how they were.

    Args:
        dataset: one row a clip, all text: `clip_id` and the column `stratify`.
        extra: the dataset's name, and how many of its clips.
        stratify: column with the class of each clip; None where all clips are taken, of whatever
            class.
        seed: of the draw, together with the dataset's name.

    Returns:
        The rows that are taken, sorted by `clip_id`.

    Raises:
        DataError: a clip has no class, or there are fewer clips than are wanted.
    """
    clips = dataset.sort_values("clip_id", ignore_index=True)
    classes = None if stratify is None else strata(clips, stratify)
    if extra.clips is None:
        return clips
    if len(clips) < extra.clips:
        raise DataError(
            f"the split draws {extra.clips} extra clips of {extra.dataset}, and there are "
            f"{len(clips)}; lower `clips` in paper.yaml, leave it out to take them all, or use a "
            "source that holds more"
        )
    generator = np.random.default_rng([seed, *extra.dataset.encode()])
    drawn = resample(
        np.arange(len(clips)),
        replace=False,
        n_samples=extra.clips,
        stratify=classes,
        # scikit-learn takes seeds of 32 bits.
        random_state=int(generator.integers(2**32)),
    )
    return clips.iloc[np.sort(drawn)].reset_index(drop=True)


def joined(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The clips of several datasets as one table; what a dataset has no column for is empty.

    Args:
        tables: dataset -> one row a clip, all text.

    Returns:
        Their rows, with the column `corpus` more.

    Raises:
        DataError: two datasets share a clip.
    """
    table = pd.concat(
        [clips.assign(corpus=corpus_of(name)) for name, clips in tables.items()], ignore_index=True
    ).fillna("")
    shared = table.loc[table["clip_id"].duplicated(), "clip_id"].unique()
    if len(shared):
        holders = [name for name, clips in tables.items() if shared[0] in set(clips["clip_id"])]
        raise DataError(
            f"{' and '.join(holders)} share {len(shared)} clips: {listed(list(shared))}; extra "
            "clips must be others than those that are split. Correct `extra` of the split in "
            "paper.yaml, or `where` of a dataset in the corpus' YAML"
        )
    return table


def with_extra(roles: pd.DataFrame, extra: pd.DataFrame) -> pd.DataFrame:
    """`clip_id` and `role` of a fold with extra clips, which train; sorted by `clip_id`."""
    training = pd.DataFrame({"clip_id": extra["clip_id"], "role": "train"})
    return pd.concat([roles, training]).sort_values("clip_id", ignore_index=True)
