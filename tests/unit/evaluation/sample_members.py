"""Predictions of a fusion's members, spelled out row by row."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from retable.evaluation.predictions import Predictions, write_predictions
from retable.spec.paper import Fusion

SCENES = ("bus", "park", "tram")
COLUMNS = [
    "repeat", "fold", "role", "clip_id", "segment", "channel", "target", "scores",
]  # fmt: skip
Row = tuple[int, int, str, str, int, str, str, Sequence[float]]


def write_member(
    path: Path, rows: Sequence[Row], classes: Sequence[str] = SCENES, task: str = "scene"
) -> list[Path]:
    """Write the predictions of one experiment; returns its files."""
    table = pd.DataFrame(rows, columns=COLUMNS).assign(task=task)
    table["scores"] = [np.array(scores, dtype=np.float32) for scores in table["scores"]]
    write_predictions(path, Predictions(table, {task: tuple(classes)}))
    return [path]


def whole_clips(
    scores: dict[tuple[int, int], dict[str, Sequence[float]]], targets: dict[str, str]
) -> list[Row]:
    """Rows of test clips with one segment, from (repeat, fold) -> clip -> scores."""
    return [
        (repeat, fold, "test", clip, 0, "mono", targets[clip], values)
        for (repeat, fold), clips in scores.items()
        for clip, values in clips.items()
    ]


def fusion(*members: str, folds: str = "together", **changes: object) -> Fusion:
    """A fusion of these experiments."""
    return Fusion.model_validate(
        {
            "paper": "mixup_mtl",
            "fusion": "MX-ENS",
            "variant": "paper",
            "title": "Late fusion",
            "task": "scene",
            "members": members,
            "folds": folds,
            **changes,
        }
    )
