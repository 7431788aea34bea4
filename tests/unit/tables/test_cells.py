import csv
import math

import pandas as pd
import pytest

from retable.errors import ConfigError, DataError
from retable.evaluation.scoring import CONFUSION_COLUMNS
from retable.spec.table import Cell
from retable.tables.cells import merge_cells, reproduced_value
from retable.tables.results import ExperimentScores
from sample_results import accuracies, published_file


def scores_of(values: dict[tuple[int, str], float], n: int = 66) -> ExperimentScores:
    """Accuracy of task emotion by (repeat, fold)."""
    return ExperimentScores(accuracies(values, n=n), None, "GR-G-M.tsv")


CELL = Cell(experiment="GR-G-M", task="emotion", metric="accuracy", percent=True)


def test_row_column_and_metric_merge_to_a_cell():
    merged = merge_cells(
        (Cell(experiment="GR-G-M", percent=True), Cell(task="emotion"), Cell(metric="uar")), "t"
    )
    assert merged == Cell(experiment="GR-G-M", task="emotion", metric="uar", percent=True)


def test_cells_may_repeat_but_not_contradict_each_other():
    same = Cell(task="emotion")
    assert merge_cells((same, same, Cell()), "t") == same
    with pytest.raises(ConfigError, match=r"Table 2.*\n.*task is both 'emotion' and 'song'"):
        merge_cells((same, Cell(task="song"), Cell()), "Table 2, GResNets+M / emotion / Acc")


def test_one_repeat_averages_folds_and_spreads_over_them():
    # Deviations of 0.5, 0.6, 0.7 from their mean: variance (0.01 + 0 + 0.01) / 2.
    scores = scores_of({(0, "0"): 0.5, (0, "1"): 0.6, (0, "2"): 0.7, (0, "pooled"): 0.61})
    value = reproduced_value(CELL, scores, "paper")
    assert value.value == pytest.approx(60.0)
    assert value.sd == pytest.approx(10.0)
    assert (value.n, value.clips) == (3, 198)


def test_repeats_are_averaged_over_their_folds_first():
    scores = scores_of({(0, "0"): 0.5, (0, "1"): 0.7, (1, "0"): 0.7, (1, "1"): 0.9})
    value = reproduced_value(CELL, scores, "paper")
    assert value.value == pytest.approx(70.0)
    assert value.sd == pytest.approx(100 * 0.02**0.5)  # means 0.6 and 0.8
    assert value.n == 4


def test_a_standard_deviation_is_taken_over_repeats_of_their_mean_over_folds():
    # Means over folds 0.60, 0.62, 0.67, of mean 0.63: squares 9 + 1 + 16 over 2 make 13.
    folds = {(0, "0"): 0.5, (0, "1"): 0.7, (1, "0"): 0.6, (1, "1"): 0.64, (2, "0"): 0.9,
             (2, "1"): 0.44}  # fmt: skip
    spread = CELL.model_copy(update={"statistic": "sd"})
    value = reproduced_value(spread, scores_of(folds), "paper")
    assert value.value == pytest.approx(13**0.5)
    assert (value.sd, value.n) == (None, 3)
    # The mean carries the same deviation.
    assert reproduced_value(CELL, scores_of(folds), "paper").sd == pytest.approx(13**0.5)


def test_one_repeat_has_no_standard_deviation_over_repeats():
    spread = CELL.model_copy(update={"statistic": "sd"})
    value = reproduced_value(spread, scores_of({(0, "0"): 0.5, (0, "1"): 0.7}), "paper")
    assert math.isnan(value.value) and value.n == 1


def test_validation_clips_stand_in_no_cell():
    tables = [accuracies({(0, "0"): 0.9}, role="validation"), accuracies({(0, "0"): 0.5})]
    scores = ExperimentScores(pd.concat(tables), None, "GR-G-M.tsv")
    assert reproduced_value(CELL, scores, "paper").value == pytest.approx(50.0)


def test_pooled_takes_the_pooled_value():
    scores = scores_of({(0, "0"): 0.5, (0, "1"): 0.6, (0, "pooled"): 0.58})
    cell = CELL.model_copy(update={"aggregate": "pooled"})
    assert reproduced_value(cell, scores, "paper").value == pytest.approx(58.0)


def test_a_single_run_has_no_deviation_and_fractions_stay():
    scores = scores_of({(0, "0"): 0.7939, (0, "pooled"): 0.7939})
    value = reproduced_value(CELL.model_copy(update={"percent": None}), scores, "paper")
    assert value == (0.7939, None, 1, 66, "")


def test_what_is_missing_is_named():
    with pytest.raises(DataError, match=r"GR-G-M.tsv: no accuracy .* variant clean; it has paper/"):
        reproduced_value(CELL, scores_of({(0, "0"): 0.5}), "clean")


def test_cells_of_a_confusion_matrix_count_clips():
    with published_file("gresnets").open(newline="") as file:
        rows = [
            ("paper", "test", 0, "0", "accent", row["row"], row["column"], int(row["value"]))
            for row in csv.DictReader(file)
            if row["table"] == "6"
        ]
    confusion = pd.DataFrame(rows, columns=CONFUSION_COLUMNS)
    scores = ExperimentScores(scores_of({(0, "0"): 0.9}).scores, confusion, "GR-V-ACC.tsv")
    cell = Cell(experiment="GR-V-ACC", task="accent", metric="confusion")
    value = reproduced_value(cell, scores, "paper", "English", "Irish")
    assert value == (30.0, None, 1, 1481, "")
    with pytest.raises(DataError, match="no target 'Welsh' predicted as 'Irish'"):
        reproduced_value(cell, scores, "paper", "Welsh", "Irish")


def test_pooled_confusions_sum_the_folds_and_fold_means_average_them():
    rows = [("paper", "test", 0, str(fold), "t", "a", "a", n) for fold, n in enumerate((4, 6))]
    confusion = pd.DataFrame(rows, columns=CONFUSION_COLUMNS)
    scores = ExperimentScores(scores_of({(0, "0"): 0.9}).scores, confusion, "x.tsv")
    cell = Cell(experiment="x", task="t", metric="confusion")
    assert reproduced_value(cell, scores, "paper", "a", "a").value == 5
    pooled = cell.model_copy(update={"aggregate": "pooled"})
    assert reproduced_value(pooled, scores, "paper", "a", "a").value == 10
