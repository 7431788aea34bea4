"""Class indices of a dataset's clips."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from retable.errors import DataError
from retable.tsv import read_tsv


@dataclass(frozen=True)
class Targets:
    """What the clips of a dataset are labelled with."""

    clip_ids: tuple[str, ...]
    """Sorted."""
    by_task: Mapping[str, np.ndarray]
    """Task -> class index of each clip, int64."""


def read_targets(dataset: Path, classes: Mapping[str, Sequence[str]]) -> Targets:
    """Targets of every clip in a dataset's table, which has one label column a task.

    Args:
        classes: task -> class names, in the order of the indices.

    Raises:
        DataError: a task has no column, or a label is none of its classes.
    """
    table = read_tsv(dataset, ("clip_id", *classes))
    table = table.sort_values("clip_id")
    by_task = {task: _indices(table[task], names, dataset) for task, names in classes.items()}
    return Targets(tuple(table["clip_id"]), by_task)


def _indices(labels: pd.Series, names: Sequence[str], source: Path) -> np.ndarray:
    indices = pd.Index(names).get_indexer(pd.Index(labels))
    if (indices < 0).any():
        unknown = labels[indices < 0].iloc[0]
        raise DataError(
            f"{source}: label {unknown!r} in column {labels.name} is none of the classes "
            f"{', '.join(names)}; correct the labels in the corpus' YAML"
        )
    return indices.astype(np.int64)
