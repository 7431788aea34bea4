"""Cells of one repeat or one fold: cabcnn's Tables 3 to 6, gresnets' Tables 5 to 7."""

import csv

import pandas as pd
import pytest

from retable.errors import ConfigError, DataError
from retable.spec.table import Cell, Table
from retable.tables.cells import reproduced_value
from retable.tables.files import write_table
from retable.tables.long_form import read_long_form
from retable.tables.results import ExperimentScores
from retable.tsv import write_tsv
from sample_results import accuracies, matrix_scores, published_file

ACCENTS = ("AU", "US", "UK")
ACCURACY = Cell(experiment="CAB", task="accent", metric="accuracy", aggregate="pooled")
BEST_TEST = ACCURACY.model_copy(update={"repeats": "best_test"})
BEST_VALIDATION = ACCURACY.model_copy(update={"repeats": "best_validation"})


def of_roles(test, validation=(), folds=1):
    """Accuracies by repeat on test and validation clips; the folds of a repeat are all equal."""
    tables = [
        accuracies(
            {
                (repeat, fold): value
                for repeat, value in enumerate(values)
                for fold in (*range(folds), "pooled")
            },
            task="accent",
            role=role,
        )
        for role, values in (("test", test), ("validation", validation))
    ]
    return ExperimentScores(pd.concat(tables), None, "CAB.tsv")


EIGHT = (0.91, 0.90, 0.95, 0.96, 0.92, 0.89, 0.94, 0.93)


def test_the_best_of_eight_is_the_repeat_with_the_highest_test_accuracy():
    # Another is best on validation clips.
    scores = of_roles(EIGHT, [0.9, 0.9, 0.9, 0.8, 0.9, 0.99, 0.9, 0.9])
    note = "repeat 3 of 8, best by test accuracy"
    assert reproduced_value(BEST_TEST, scores, "paper") == (0.96, None, 8, 60, note)
    note = "repeat 5 of 8, best by validation accuracy"
    assert reproduced_value(BEST_VALIDATION, scores, "paper") == (0.89, None, 8, 60, note)
    mean = reproduced_value(ACCURACY, scores, "paper")
    assert mean.value == pytest.approx(0.925) and mean.note == ""


def test_of_equally_good_repeats_the_first_is_taken_whatever_the_order_of_the_file():
    scores = of_roles([0.90, 0.96, 0.96, 0.95])
    assert reproduced_value(BEST_TEST, scores, "paper").note.startswith("repeat 1 of 4")
    reverse = ExperimentScores(scores.scores.iloc[::-1], None, "CAB.tsv")
    assert reproduced_value(BEST_TEST, reverse, "paper").note.startswith("repeat 1 of 4")


def test_accuracy_chooses_for_every_other_metric():
    # Repeat 0 has the higher recall, (1 + 0.5 + 0.5) / 3 to (0.9 + 0.5 + 0.2) / 3.
    scores, confusion = matrix_scores(
        {
            (0, 0): ((10, 0, 0), (5, 5, 0), (5, 0, 5)),
            (1, 0): ((54, 6, 0), (5, 5, 0), (8, 0, 2)),
        },
        ACCENTS,
    )
    both = ExperimentScores(scores, confusion, "CAB.tsv")
    recall = BEST_TEST.model_copy(update={"metric": "uar"})
    assert reproduced_value(recall, both, "paper").value == pytest.approx(1.6 / 3)
    counts = BEST_TEST.model_copy(update={"metric": "confusion"})
    value = reproduced_value(counts, both, "paper", "AU", "US")
    assert value == (6.0, None, 2, 80, "repeat 1 of 2, best by test accuracy")


def test_the_accuracy_that_chooses_is_pooled_over_folds():
    # Repeat 0: 9 of 10 and 10 of 90 clips; repeat 1: 2 of 10 and 45 of 90.
    scores, _ = matrix_scores(
        {
            (0, 0): ((9, 1, 0), (0, 0, 0), (0, 0, 0)),
            (0, 1): ((10, 80, 0), (0, 0, 0), (0, 0, 0)),
            (1, 0): ((2, 8, 0), (0, 0, 0), (0, 0, 0)),
            (1, 1): ((45, 45, 0), (0, 0, 0), (0, 0, 0)),
        },
        ACCENTS,
    )
    folds = BEST_TEST.model_copy(update={"aggregate": "fold_mean"})
    value = reproduced_value(folds, ExperimentScores(scores, None, "CAB.tsv"), "paper")
    # Folds of 0.2 and 0.5; their deviation is not that of a best repeat.
    assert value[:4] == (pytest.approx(0.35), None, 2, 100)
    assert value.note.startswith("repeat 1 of 2")


def test_a_clean_protocol_does_not_choose_on_test_clips():
    paper = of_roles([0.8, 0.9, 0.7], [0.6, 0.5, 0.7])
    clean = ExperimentScores(paper.scores.assign(variant="clean"), None, "CAB.tsv")
    value = reproduced_value(BEST_TEST, clean, "clean")
    assert value.value == 0.7
    assert value.note == "repeat 2 of 3, best by validation accuracy instead of test accuracy"
    same = reproduced_value(BEST_VALIDATION, clean, "clean")
    assert (same.value, same.note) == (0.7, "repeat 2 of 3, best by validation accuracy")


def test_without_validation_clips_there_is_nothing_to_choose_by():
    with pytest.raises(
        DataError, match=r"CAB\.tsv: no validation accuracy of task accent in variant paper to ch"
    ):
        reproduced_value(BEST_VALIDATION, of_roles(EIGHT), "paper")


FOLDS = {
    (0, 0): 0.5,
    (0, 1): 0.7,
    (1, 0): 0.6,
    (1, 1): 0.9,
    (0, "pooled"): 0.6,
    (1, "pooled"): 0.75,
}


def test_a_fold_stands_alone_and_spreads_over_repeats():
    scores = ExperimentScores(accuracies(FOLDS, task="accent"), None, "GR-V-ACC.tsv")
    cell = Cell(task="accent", metric="accuracy", aggregate="fold_mean", fold=1, percent=True)
    value = reproduced_value(cell, scores, "paper")
    # 70 and 90: variance 200.
    assert value == (pytest.approx(80.0), pytest.approx(200**0.5), 2, 120, "fold 1 of 2")
    one = {key: accuracy for key, accuracy in FOLDS.items() if key[0] == 0}
    scores = ExperimentScores(accuracies(one, task="accent"), None, "GR-V-ACC.tsv")
    assert reproduced_value(cell, scores, "paper") == (
        pytest.approx(70.0), None, 1, 60, "fold 1 of 2",
    )  # fmt: skip


def test_a_fold_of_the_best_repeat_tells_both():
    scores = ExperimentScores(accuracies(FOLDS, task="accent"), None, "GR-V-ACC.tsv")
    cell = BEST_TEST.model_copy(update={"aggregate": "fold_mean", "fold": 0})
    value = reproduced_value(cell, scores, "paper")
    assert value[:3] == (0.6, None, 2)
    assert value.note == "repeat 1 of 2, best by test accuracy; fold 0 of 2"


def test_a_fold_that_does_not_exist_names_those_that_do():
    scores = ExperimentScores(accuracies(FOLDS, task="accent"), None, "GR-V-ACC.tsv")
    with pytest.raises(DataError, match=r"GR-V-ACC\.tsv: no fold 7 .* variant paper; it has 0, 1;"):
        reproduced_value(Cell(task="accent", metric="accuracy", fold=7), scores, "paper")


def printed(table):
    """(row, column, metric) -> value of one of cabcnn's tables."""
    with published_file("cabcnn").open(newline="") as file:
        return {
            (line["row"], line["column"], line["metric"]): line["value"]
            for line in csv.DictReader(file)
            if line["table"] == table
        }


MODELS = ("CAB-CNN-5s", "CAB-CNN-10s", "CAB-CNN-30s", "CAB-CNN-60s")
TABLE_4 = Table(
    title="At most the first T seconds, the best of eight runs",
    rows={model: Cell(experiment=model, task="accent", repeats="best_test") for model in MODELS},
    columns={"test": Cell(aggregate="pooled")},
    metrics={
        "Accuracy": Cell(metric="accuracy"),
        "Recall_unweighted": Cell(metric="uar"),
        "F1": Cell(metric="macro_f1"),
    },
)
TABLE_6 = Table(
    title="Confusions of the best runs",
    rows={
        f"{model}|actual={accent}": Cell(experiment=model, repeats="best_test", target=accent)
        for model in MODELS
        for accent in ACCENTS
    },
    columns={f"pred={accent}": Cell(predicted=accent) for accent in ACCENTS},
    metrics={"confusion": Cell(metric="confusion", task="accent", aggregate="pooled")},
    row_title="Algorithm and actual accent",
    row_titles={"CAB-CNN-5s|actual=AU": "5 s, AU"},
)


@pytest.fixture(scope="module")
def eight_runs(tmp_path_factory):
    """Scores and confusions of eight repeats, of which the fourth decides as Table 6 counts."""
    folder = tmp_path_factory.mktemp("scores")
    counts = printed("6")
    scores, confusions = {}, {}
    for model in MODELS:
        best = [
            [int(counts[f"{model}|actual={t}", f"pred={p}", "confusion"]) for p in ACCENTS]
            for t in ACCENTS
        ]
        runs = {(repeat, 0): worse(best, abs(repeat - 3)) for repeat in range(8)}
        scores[model], confusions[model] = folder / f"{model}.tsv", folder / f"{model}-counts.tsv"
        for table, path in zip(
            matrix_scores(runs, ACCENTS), (scores[model], confusions[model]), strict=True
        ):
            write_tsv(table, path)
    return scores, confusions


def worse(matrix, clips):
    """The matrix with some Australian clips taken for American."""
    (first, second, third), *others = matrix
    return [[first - clips, second + clips, third], *others]


def build(folder, eight_runs, table, name, published=None):
    files = {kind: folder / f"table.{kind}" for kind in ("tsv", "markdown", "latex")}
    write_table(
        table,
        published=published or published_file("cabcnn"),
        table_name=name,
        scores=eight_runs[0],
        confusions=eight_runs[1],
        sources={},
        missing={},
        comparability="comparable",
        **files,
    )
    return read_long_form(files["tsv"]), files["markdown"].read_text(), files["latex"].read_text()


def test_the_printed_matrices_make_the_printed_scores(tmp_path, eight_runs):
    long_form, markdown, _ = build(tmp_path, eight_runs, TABLE_4, "4")
    assert len(long_form) == 12
    assert long_form["reproduced"].tolist() == list(printed("4").values())
    assert set(long_form["verdict"]) == {"as printed"}
    assert set(long_form["n"]) == {"8"} and set(long_form["sd"]) == {""}
    assert set(long_form["note"]) == {"best of 8 runs; repeat 3 of 8, best by test accuracy"}
    assert "| CAB-CNN-30s | 0.9599 / 0.9599 | 0.9424 / 0.9424 | 0.9523 / 0.9523 |" in markdown
    assert "Cells: published / reproduced.\n" in markdown


def test_a_matrix_whose_rows_are_models_and_classes_counts_whole_clips(tmp_path, eight_runs):
    long_form, markdown, latex = build(tmp_path, eight_runs, TABLE_6, "6")
    assert len(long_form) == 36
    assert long_form["reproduced"].tolist() == long_form["published"].tolist()
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    assert lines[0] == "| Algorithm and actual accent | pred=AU | pred=US | pred=UK |"
    assert lines[2] == "| 5 s, AU | 219 / 219 | 9 / 9 | 2 / 2 |"
    assert lines[3] == r"| CAB-CNN-5s\|actual=US | 9 / 9 | 185 / 185 | 0 / 0 |"
    assert r"CAB-CNN-10s|actual=UK & 7 / 7 & 7 / 7 & 86 / 86 \\" in latex


def test_a_fraction_that_the_paper_truncates_is_as_printed(tmp_path):
    # AlexNet, Table 3: 356 of 524 clips are 0.67939.
    scores = tmp_path / "CA-ALX.tsv"
    write_tsv(of_roles([356 / 524]).scores, scores)
    table = TABLE_4.model_copy(
        update={
            "rows": {
                "Alexnet": TABLE_4.rows["CAB-CNN-5s"].model_copy(update={"experiment": "CA-ALX"})
            }
        }
    )
    published = tmp_path / "cabcnn" / "published.csv"
    published.parent.mkdir()
    lines = published_file("cabcnn").read_text().splitlines(keepends=True)
    published.write_text(
        lines[0] + next(line for line in lines if line.startswith("cabcnn,3,Alexnet,test,Accuracy"))
    )
    table = table.model_copy(update={"metrics": {"Accuracy": TABLE_4.metrics["Accuracy"]}})
    line = build(tmp_path, ({"CA-ALX": scores}, {}), table, "3", published)[0].iloc[0]
    assert line[["published", "reproduced", "difference", "verdict"]].tolist() == [
        "0.6793", "0.6794", "+0.0001", "as printed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fold": 0}, "fold 0 alone is not pooled over folds; drop `fold` or take aggregate"),
        ({"statistic": "sd"}, r"one repeat \(best_test\) has no deviation over repeats"),
    ],
)
def test_cells_that_contradict_themselves_are_refused(tmp_path, eight_runs, change, message):
    metrics = {name: cell.model_copy(update=change) for name, cell in TABLE_4.metrics.items()}
    with pytest.raises(ConfigError, match=rf"CAB-CNN-5s / test / Accuracy.*\n.*{message}"):
        build(tmp_path, eight_runs, TABLE_4.model_copy(update={"metrics": metrics}), "4")
