"""Datasets: the clips of a corpus that an experiment uses."""

import difflib

import pandas as pd

from retable.errors import DataError
from retable.spec.corpus import Dataset, Filter

SHOWN = 10
"""Values of a column that an error lists."""


def select_clips(manifest: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """Rows of the manifest that match any filter of the dataset, in the manifest's order.

    A filter matches where every one of its columns holds one of its values. Raises DataError for
    a column that the manifest lacks and when no clip is left.
    """
    if not dataset.where:
        return manifest.reset_index(drop=True)
    selected = pd.Series(False, index=manifest.index)
    for one in dataset.where:
        selected |= _matching(manifest, one)
    if not selected.any():
        raise DataError(_no_clip(manifest, dataset))
    return manifest[selected].reset_index(drop=True)


def _matching(manifest: pd.DataFrame, one: Filter) -> "pd.Series[bool]":
    matching = pd.Series(True, index=manifest.index)
    for column, values in one.items():
        if column not in manifest.columns:
            near = difflib.get_close_matches(column, list(manifest.columns), n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise DataError(
                f"the dataset filters on column {column!r}, which the manifest lacks: {hint}"
                f"It has {', '.join(manifest.columns)}"
            )
        matching &= manifest[column].astype(str).isin(values)
    return matching


def _no_clip(manifest: pd.DataFrame, dataset: Dataset) -> str:
    """Says which values no clip has; where each occurs, that they do not occur together."""
    absent = []
    for one in dataset.where:
        for column, values in one.items():
            present = sorted(set(manifest[column].astype(str)))
            if not set(values) & set(present):
                more = ", …" if len(present) > SHOWN else ""
                absent.append(
                    f"{column} is never {' or '.join(values)} "
                    f"(values present: {', '.join(present[:SHOWN]) or 'none'}{more})"
                )
    reason = "; ".join(dict.fromkeys(absent)) or "no clip has all the values of one filter together"
    return (
        f"the dataset selects none of the {len(manifest)} clips: {reason}. Correct `where` of the "
        "dataset in the corpus' YAML, or use a source that holds such clips."
    )
