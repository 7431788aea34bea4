"""Confusion counts by speaker of an experiment that was built: what intervals are drawn from."""

import sys
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from retable.evaluation.intervals import Interval, confusions_by_group
from retable.evaluation.pooling import decide
from retable.evaluation.predictions import read_predictions
from retable.spec.paper import Experiment


def speaker_confusions(
    results: Path, experiment: Experiment, task: str, folds: Collection[int] | None = None
) -> np.ndarray:
    """Counts (speakers, classes, classes) of the test clips, speakers in sorted order.

    Args:
        results: `results/<name>/<scale>`.
        experiment: Which experiment and variant.
        task: Which of its tasks.
        folds: Folds to look at; all when absent.
    """
    runs = results / "runs" / experiment.paper / experiment.experiment / experiment.variant
    predictions = read_predictions(sorted(runs.glob("part*/predictions.parquet")))
    decisions = decide(predictions)
    wanted = (decisions["task"] == task) & (decisions["role"] == "test")
    if folds is not None:
        wanted &= decisions["fold"].isin(folds)
    clips = pd.read_csv(
        results / "datasets" / f"{experiment.datasets[0]}.tsv",
        sep="\t",
        dtype=str,
        index_col="clip_id",
    )
    speakers = sorted(set(clips["speaker"]))
    return confusions_by_group(
        decisions[wanted], predictions.classes[task], clips["speaker"].to_dict(), speakers
    )


def percent(interval: Interval, signed: bool = False) -> str:
    """`37.9 [30.1, 45.2]`, in percent."""
    form = "+.1f" if signed else ".1f"
    estimate, low, high = (format(100 * value, form) for value in interval)
    return f"{estimate} [{low}, {high}]"
