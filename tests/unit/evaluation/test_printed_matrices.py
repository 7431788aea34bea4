"""The metrics of the confusion matrices that papers print are the metrics that they print."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from retable.evaluation.metrics import METRICS
from retable.tables.published import published_rows, read_published
from sample_results import published_file

CABCNN = read_published(published_file("cabcnn"))
GRESNETS = read_published(published_file("gresnets"))

ACCENTS_OF_PODCASTS = ("AU", "US", "UK")
ACCENTS_OF_VCTK = ("American", "Canadian", "English", "Irish", "Northern Irish", "Scottish")


def printed(published: pd.DataFrame, table: str) -> dict[tuple[str, str, str], str]:
    """(row, column, metric) -> value, as text, of one table."""
    rows = published_rows(published, table)
    return {(row.row, row.column, row.metric): row.value for row in rows.itertuples(index=False)}


def counts_of_podcasts(table: str, model: str) -> np.ndarray:
    """A model's matrix in Table 5 or 6 of cabcnn: the actual accent in rows."""
    values = printed(CABCNN, table)
    return np.array(
        [
            [
                int(values[f"{model}|actual={actual}", f"pred={predicted}", "confusion"])
                for predicted in ACCENTS_OF_PODCASTS
            ]
            for actual in ACCENTS_OF_PODCASTS
        ]
    )


def counts_of_vctk(table: str) -> np.ndarray:
    """Table 6 or 7 of gresnets: the true accent in rows."""
    values = printed(GRESNETS, table)
    return np.array(
        [
            [int(values[true, predicted, "confusion"]) for predicted in ACCENTS_OF_VCTK]
            for true in ACCENTS_OF_VCTK
        ]
    )


def agrees(value: float, text: str) -> bool:
    """Whether they differ by less than one unit of the last digit that is printed.

    Papers round it or cut the rest off, and the difference to either is less than that.
    """
    number = Decimal(text)
    return abs(Decimal(float(value)) - number) < Decimal(1).scaleb(int(number.as_tuple().exponent))


def test_a_value_agrees_with_its_rounded_and_its_truncated_print_alone():
    # 356 of 524, the accuracy of Alexnet in Table 3 of cabcnn, is 0.67938...
    for text, expected in {
        "0.6794": True,
        "0.6793": True,
        "0.6792": False,
        "0.6795": False,
    }.items():
        assert agrees(356 / 524, text) == expected


@pytest.mark.parametrize(
    ("matrices", "model", "scores"),
    [
        ("5", "VGG11_A", "3"),
        ("5", "AttentionCNN", "3"),
        ("6", "CAB-CNN-30s", "3"),
        ("6", "CAB-CNN-5s", "4"),
        ("6", "CAB-CNN-10s", "4"),
        ("6", "CAB-CNN-30s", "4"),
        ("6", "CAB-CNN-60s", "4"),
    ],
)
def test_scores_of_cabcnn_follow_from_its_matrices(matrices, model, scores):
    counts = counts_of_podcasts(matrices, model)
    values = printed(CABCNN, scores)
    titles = {"accuracy": "Accuracy", "uar": "Recall_unweighted", "macro_f1": "F1"}
    for metric, title in titles.items():
        value, text = METRICS[metric](counts), values[model, "test", title]
        assert agrees(value, text), f"{metric} {value:.6f}, printed {text}"


@pytest.mark.parametrize(("matrix", "column"), [("6", "GResNets+S"), ("7", "GResNets+M")])
def test_accents_of_gresnets_follow_from_its_matrices(matrix, column):
    counts = counts_of_vctk(matrix)
    assert counts.sum() == 1481
    values = printed(GRESNETS, "5")
    for metric, title in {"accuracy": "Acc", "uar": "UAR"}.items():
        value, text = 100 * METRICS[metric](counts), values["Accent recognition", column, title]
        assert agrees(value, text), f"{metric} {value:.4f}, printed {text}"


def test_matrices_of_a_paper_are_of_the_same_clips():
    of_vctk = [counts_of_vctk(table).sum(axis=1).tolist() for table in ("6", "7")]
    assert of_vctk == [[247, 234, 257, 256, 258, 229]] * 2
    models = ["CAB-CNN-5s", "CAB-CNN-10s", "CAB-CNN-30s", "CAB-CNN-60s"]
    of_podcasts = [counts_of_podcasts("5", model) for model in ("VGG11_A", "AttentionCNN")]
    of_podcasts += [counts_of_podcasts("6", model) for model in models]
    assert [counts.sum(axis=1).tolist() for counts in of_podcasts] == [[230, 194, 100]] * 6


def test_table_1_of_cabcnn_agrees_with_the_matrices_but_for_british_clips():
    values = printed(CABCNN, "1")
    in_table = {accent: int(values["Test", accent, "samples"]) for accent in ACCENTS_OF_PODCASTS}
    tested = counts_of_podcasts("6", "CAB-CNN-30s").sum(axis=1)
    in_matrices = dict(zip(ACCENTS_OF_PODCASTS, tested.tolist(), strict=True))
    assert in_table == {"AU": 230, "US": 194, "UK": 174}
    assert in_matrices == {"AU": 230, "US": 194, "UK": 100}
