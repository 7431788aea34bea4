"""One fitting job: the runs of a baseline, and the files that they leave."""

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from retable.evaluation.predictions import Predictions, write_predictions
from retable.features.store import FeatureStore
from retable.json_files import write_json
from retable.registry import BASELINES, load
from retable.spec.part import Part, Run
from retable.splits.roles import read_roles
from retable.training.inputs import InputFiles
from retable.training.provenance import part_origin
from retable.training.targets import Targets, read_targets

logger = logging.getLogger(__name__)


def fit_part(
    part: Part, inputs: Sequence[InputFiles], predictions: Path, runs: Path, *, code: str
) -> None:
    """Fits a baseline for every run of a part and writes its predictions and records.

    Args:
        part: what to fit.
        inputs: files of its one input, whose features are vectors; baselines standardise these
            themselves.
        predictions: `predictions.parquet` to write.
        runs: `run.json` to write.
        code: digest of the code behind this job, for the record.

    Raises:
        DataError: a label is none of its task's classes, or a clip has no feature.
    """
    (files,) = inputs
    targets = read_targets(files.datasets, part.classes)
    store = FeatureStore(files.feature_shards)
    features = store.rows(targets.clip_ids).astype(np.float32, copy=False)
    tables, records = [], []
    origin = part_origin(part, inputs, code)
    roles = read_roles(files.split)
    for run in part.runs:
        table, record = _fit_run(part, run, features, targets, roles[run.draw, run.fold])
        tables.append(table)
        records.append(record | origin)
        logger.info("%s %s %s: fitted", part.experiment, part.variant, run.name)
    write_predictions(predictions, Predictions(pd.concat(tables), dict(part.classes)))
    write_json(records, runs)


def _fit_run(
    part: Part, run: Run, features: np.ndarray, targets: Targets, roles: dict[str, list[str]]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    started = time.monotonic()
    position = {clip_id: index for index, clip_id in enumerate(targets.clip_ids)}
    rows = {role: [position[clip] for clip in clips] for role, clips in roles.items()}
    # scikit-learn takes seeds of 32 bits.
    classifier = load(BASELINES, part.model.kind)(part.model, run.seed % 2**32)
    train_targets = {task: values[rows["train"]] for task, values in targets.by_task.items()}
    sizes = {task: len(names) for task, names in part.classes.items()}
    classifier.fit(features[rows["train"]], train_targets, sizes)
    tables = []
    for task, scores in classifier.scores(features[rows["test"]]).items():
        names = np.array(part.classes[task])
        table = pd.DataFrame({"clip_id": roles["test"]})
        table["target"] = names[targets.by_task[task][rows["test"]]]
        table["scores"] = list(scores)
        tables.append(table.assign(task=task))
    table = pd.concat(tables).assign(
        repeat=run.repeat, fold=run.fold, role="test", segment=0, channel="mono"
    )
    record = {
        "repeat": run.repeat,
        "fold": run.fold,
        "seed": run.seed,
        "device": "cpu",
        "seconds": round(time.monotonic() - started, 3),
        "clips": [{role: len(clips) for role, clips in roles.items()}],
    }
    return table, record
