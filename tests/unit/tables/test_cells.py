import csv

import pandas as pd
import pytest

from retable.errors import ConfigError, DataError
from retable.spec.paper import Cell
from retable.tables.cells import ExperimentScores, merge_cells, reproduced_value
from sample_results import PUBLISHED


def scores_of(values: dict[tuple[int, str], float], n: int = 66) -> ExperimentScores:
    """Accuracy of task emotion by (repeat, fold)."""
    table = pd.DataFrame(
        [("paper", r, f, "emotion", "accuracy", v, n) for (r, f), v in values.items()],
        columns=["variant", "repeat", "fold", "task", "metric", "value", "n"],
    )
    return ExperimentScores(table, None, "GR-G-M.tsv")


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
    assert (value.runs, value.clips) == (3, 198)


def test_repeats_are_averaged_over_their_folds_first():
    scores = scores_of({(0, "0"): 0.5, (0, "1"): 0.7, (1, "0"): 0.7, (1, "1"): 0.9})
    value = reproduced_value(CELL, scores, "paper")
    assert value.value == pytest.approx(70.0)
    assert value.sd == pytest.approx(100 * 0.02**0.5)  # means 0.6 and 0.8
    assert value.runs == 4


def test_pooled_takes_the_pooled_value():
    scores = scores_of({(0, "0"): 0.5, (0, "1"): 0.6, (0, "pooled"): 0.58})
    cell = CELL.model_copy(update={"aggregate": "pooled"})
    assert reproduced_value(cell, scores, "paper").value == pytest.approx(58.0)


def test_a_single_run_has_no_deviation_and_fractions_stay():
    scores = scores_of({(0, "0"): 0.7939, (0, "pooled"): 0.7939})
    value = reproduced_value(CELL.model_copy(update={"percent": None}), scores, "paper")
    assert value == (0.7939, None, 1, 66)


def test_what_is_missing_is_named():
    with pytest.raises(DataError, match=r"GR-G-M.tsv: no accuracy .* variant clean; it has paper/"):
        reproduced_value(CELL, scores_of({(0, "0"): 0.5}), "clean")


def test_cells_of_a_confusion_matrix_count_clips():
    with PUBLISHED.open(newline="") as file:
        rows = [
            ("paper", 0, "0", "accent", row["row"], row["column"], int(row["value"]))
            for row in csv.DictReader(file)
            if row["table"] == "6"
        ]
    columns = ["variant", "repeat", "fold", "task", "target", "predicted", "n"]
    confusion = pd.DataFrame(rows, columns=columns)
    scores = ExperimentScores(scores_of({(0, "0"): 0.9}).scores, confusion, "GR-V-ACC.tsv")
    cell = Cell(experiment="GR-V-ACC", task="accent", metric="confusion")
    value = reproduced_value(cell, scores, "paper", "English", "Irish")
    assert value == (30.0, None, 1, 1481)
    with pytest.raises(DataError, match="no target 'Welsh' predicted as 'Irish'"):
        reproduced_value(cell, scores, "paper", "Welsh", "Irish")


def test_pooled_confusions_sum_the_folds_and_fold_means_average_them():
    rows = [("paper", 0, str(fold), "t", "a", "a", n) for fold, n in enumerate((4, 6))]
    columns = ["variant", "repeat", "fold", "task", "target", "predicted", "n"]
    scores = ExperimentScores(
        scores_of({(0, "0"): 0.9}).scores, pd.DataFrame(rows, columns=columns), "x.tsv"
    )
    cell = Cell(experiment="x", task="t", metric="confusion")
    assert reproduced_value(cell, scores, "paper", "a", "a").value == 5
    pooled = cell.model_copy(update={"aggregate": "pooled"})
    assert reproduced_value(pooled, scores, "paper", "a", "a").value == 10
