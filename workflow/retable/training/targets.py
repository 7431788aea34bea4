"""Class indices of the clips of datasets."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from retable.errors import DataError
from retable.tsv import read_tsv


@dataclass(frozen=True)
class Targets:
    """What clips are labelled with."""

    clip_ids: tuple[str, ...]
    """Sorted."""
    by_task: Mapping[str, np.ndarray]
    """Task -> class index of each clip, int64."""

    def among(self, clip_ids: Collection[str]) -> "Targets":
        """Those of the clips that are among these."""
        wanted = set(clip_ids)
        kept = [place for place, clip_id in enumerate(self.clip_ids) if clip_id in wanted]
        by_task = {task: indices[kept] for task, indices in self.by_task.items()}
        return Targets(tuple(self.clip_ids[place] for place in kept), by_task)


def read_targets(datasets: Sequence[Path], classes: Mapping[str, Sequence[str]]) -> Targets:
    """Targets of every clip in the tables of datasets, which have one label column a task.

    Args:
        datasets: the tables; no two hold the same clip.
        classes: task -> class names, in the order of the indices.

    Raises:
        DataError: a task has no column, or a label is none of its classes.
    """
    tables = []
    for dataset in datasets:
        table = read_tsv(dataset, ("clip_id", *classes))
        indices = {task: _indices(table[task], names, dataset) for task, names in classes.items()}
        tables.append(table[["clip_id"]].assign(**indices))
    joined = pd.concat(tables).sort_values("clip_id")
    return Targets(
        tuple(joined["clip_id"]),
        {task: joined[task].to_numpy(np.int64, copy=True) for task in classes},
    )


def _indices(labels: pd.Series, names: Sequence[str], source: Path) -> np.ndarray:
    indices = pd.Index(names).get_indexer(pd.Index(labels))
    if (indices < 0).any():
        unknown = labels[indices < 0].iloc[0]
        raise DataError(
            f"{source}: label {unknown!r} in column {labels.name} is none of the classes "
            f"{', '.join(names)}; correct the labels in the corpus' YAML"
        )
    return indices.astype(np.int64)
