"""Small, seeded results in the shape of a build, for tests of what is made from them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from repository import WORKFLOW
from retable.evaluation.predictions import Predictions, write_predictions
from retable.evaluation.scoring import (
    CONFUSION_COLUMNS,
    SCORE_COLUMNS,
    count_confusions,
    score_decisions,
    score_experiment,
)
from retable.spec.table import Cell, Table
from retable.tsv import write_tsv

PAPERS = WORKFLOW / "papers"
CLASSES = {
    "emotion": (
        "neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised",
    ),
    "speech_song": ("speech", "song"),
}  # fmt: skip
TABLE2_EXPERIMENTS = {
    "SVM+M": "GR-SVM-M",
    "CNNs+M": "GR-CNN-M",
    "ResNets+M": "GR-RES-M",
    "GResNets+M": "GR-G-M",
}
TABLE2 = Table(
    title="Emotion recognition in the multi-task model based on CNNs, ResNets and gated ResNets",
    rows={row: Cell(experiment=name) for row, name in TABLE2_EXPERIMENTS.items()},
    columns={"emotion": Cell(task="emotion"), "speech_song": Cell(task="speech_song")},
    metrics={"Acc": Cell(metric="accuracy"), "UAR": Cell(metric="uar")},
    row_title="Model",
    column_titles={"emotion": "Emotion", "speech_song": "Speech and song"},
    metric_titles={"Acc": "Acc (%)", "UAR": "UAR (%)"},
    clean=("GResNets+M",),
)


def published_file(paper: str) -> Path:
    """The file of the numbers that a paper prints."""
    return PAPERS / paper / "published.csv"


def sample_predictions(
    seed: int, *, repeats: int = 1, folds: int = 5, clips: int = 66, skill: float = 1.5
) -> Predictions:
    """Test predictions of both RAVDESS tasks: noise plus `skill` on the true class."""
    generator = np.random.default_rng(seed)
    tables = []
    for task, classes in CLASSES.items():
        for repeat in range(repeats):
            for fold in range(folds):
                target = generator.integers(len(classes), size=clips)
                logits = generator.normal(size=(clips, len(classes)))
                logits[np.arange(clips), target] += skill
                scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
                tables.append(
                    pd.DataFrame(
                        {
                            "repeat": repeat,
                            "fold": fold,
                            "role": "test",
                            "task": task,
                            "clip_id": [f"clip{fold}-{index:03d}" for index in range(clips)],
                            "segment": 0,
                            "channel": "mono",
                            "target": [classes[index] for index in target],
                            "scores": list(scores.astype(np.float32)),
                        }
                    )
                )
    return Predictions(table=pd.concat(tables, ignore_index=True), classes=CLASSES)


def write_sample_scores(folder: Path, experiment: str, seed: int) -> tuple[Path, Path]:
    """Score an experiment with a paper and a clean variant; returns scores and confusion."""
    predictions = {}
    for variant, skill in (("paper", 2.0), ("clean", 1.0)):
        path = folder / experiment / variant / "predictions.parquet"
        write_predictions(path, sample_predictions(seed, skill=skill))
        predictions[variant] = [path]
    scores = folder / f"{experiment}.tsv"
    confusion = folder / f"{experiment}-confusion.tsv"
    score_experiment(predictions, dict.fromkeys(predictions, "mean"), scores, confusion)
    return scores, confusion


def accuracies(
    values: Mapping[tuple[int, object], float],
    *,
    task: str = "emotion",
    role: str = "test",
    n: int = 60,
) -> pd.DataFrame:
    """Scores of variant paper: the accuracy by (repeat, fold), for numbers worked by hand."""
    return pd.DataFrame(
        [
            ("paper", role, repeat, str(fold), task, "accuracy", value, n)
            for (repeat, fold), value in values.items()
        ],
        columns=SCORE_COLUMNS,
    )


def matrix_scores(
    matrices: Mapping[tuple[int, int], Sequence[Sequence[int]]],
    classes: Sequence[str],
    *,
    task: str = "accent",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores and confusions of variant paper: those of test clips decided as matrices count them.

    A matrix belongs to a (repeat, fold); its rows are the true classes.
    """
    decisions = [
        (repeat, fold, "test", task, target, predicted)
        for (repeat, fold), matrix in matrices.items()
        for target, row in zip(classes, matrix, strict=True)
        for predicted, count in zip(classes, row, strict=True)
        for _ in range(count)
    ]
    columns = ["repeat", "fold", "role", "task", "target", "predicted"]
    table = pd.DataFrame(decisions, columns=columns)
    scores = score_decisions(table, {task: classes}).assign(variant="paper")
    confusions = count_confusions(table, {task: classes}).assign(variant="paper")
    return scores[SCORE_COLUMNS], confusions[CONFUSION_COLUMNS]


def write_sample_history(
    path: Path, seed: int, *, epochs: int = 30, folds: int = 5, evaluate_every: int = 1
) -> Path:
    """Learning curves that rise with noise, for both RAVDESS tasks."""
    generator = np.random.default_rng(seed)
    rows: list[tuple[int, int, int, str, str, str, float]] = []
    for fold in range(folds):
        for epoch in range(1, epochs + 1):
            for role, reach in (("train", 0.98), ("validation", 0.6), ("test", 0.55)):
                if role != "train" and epoch % evaluate_every and epoch < epochs:
                    continue
                learned = reach * (1 - np.exp(-epoch / 8))
                noise = generator.normal(0, 0.02, size=3)
                rows.append((0, fold, epoch, role, "all", "loss", 2.8 * (1 - learned) + noise[0]))
                rows += [
                    (0, fold, epoch, role, task, "accuracy", learned + value)
                    for task, value in zip(CLASSES, noise[1:], strict=True)
                ]
    columns = ["repeat", "fold", "epoch", "role", "task", "metric", "value"]
    write_tsv(pd.DataFrame(rows, columns=columns), path)
    return path
