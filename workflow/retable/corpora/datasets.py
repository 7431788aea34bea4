"""Datasets: the clips of a corpus that an experiment uses."""

import pandas as pd

from retable.corpora.filters import matching_rows, values_present
from retable.errors import DataError
from retable.spec.corpus import Dataset


def select_clips(manifest: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """Rows of the manifest that match any filter of the dataset, in the manifest's order.

    A filter matches where every one of its columns holds one of its values. Raises DataError for
    a column that the manifest lacks and when no clip is left.
    """
    if not dataset.where:
        return manifest.reset_index(drop=True)
    selected = matching_rows(manifest, dataset.where, "the dataset")
    if not selected.any():
        raise DataError(_no_clip(manifest, dataset))
    return manifest[selected].reset_index(drop=True)


def _no_clip(manifest: pd.DataFrame, dataset: Dataset) -> str:
    """Says which values no clip has; where each occurs, that they do not occur together."""
    absent = []
    for one in dataset.where:
        for column, values in one.items():
            if not manifest[column].astype(str).isin(values).any():
                absent.append(
                    f"{column} is never {' or '.join(map(repr, values))} "
                    f"(values present: {values_present(manifest[column])})"
                )
    reason = "; ".join(dict.fromkeys(absent)) or "no clip has all the values of one filter together"
    return (
        f"the dataset selects none of the {len(manifest)} clips: {reason}. Correct `where` of the "
        "dataset in the corpus' YAML, or use a source that holds such clips."
    )
