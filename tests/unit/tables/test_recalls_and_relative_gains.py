"""Recalls of single classes, and gains in percent of what is exceeded: vggvox_mtl."""

import math

import numpy as np
import pytest
from sklearn.metrics import recall_score

from retable.errors import ConfigError, DataError
from retable.spec.table import Cell, Gain, PrintedNumber, TextRow
from retable.tables.cells import reproduced_value
from retable.tables.files import write_text_tables
from retable.tables.long_form import read_long_form
from retable.tables.results import ExperimentScores
from retable.tsv import write_tsv
from sample_results import accuracies, matrix_scores, published_file

CLASSES = ("ANG", "FEA", "SAD")
RECALL = Cell(task="emotion", metric="recall", percent=True)
POOLED = RECALL.model_copy(update={"aggregate": "pooled"})


def scores_of(matrices):
    scores, confusion = matrix_scores(matrices, CLASSES, task="emotion")
    return ExperimentScores(scores, confusion, "SC-EMO-A.tsv")


def test_a_recall_is_the_share_of_its_class(tmp_path):
    matrix = np.array([[7, 2, 1], [3, 4, 5], [6, 0, 2]])
    scores = scores_of({(0, 0): matrix})
    target, predicted = (
        np.repeat(np.array(CLASSES), matrix.sum(axis=1)),
        np.repeat(np.tile(CLASSES, 3), matrix.ravel()),
    )
    expected = recall_score(target, predicted, labels=list(CLASSES), average=None)
    for column, share in zip(CLASSES, expected, strict=True):
        value = reproduced_value(RECALL, scores, "paper", "EMO", column)
        assert value.value == pytest.approx(100 * share)
        assert value == reproduced_value(POOLED, scores, "paper", "EMO", column)
    # 4 of the 12 clips of Fear; one run has no deviation.
    fear = reproduced_value(RECALL, scores, "paper", "EMO", "FEA")
    assert fear == (pytest.approx(100 / 3), None, 1, 12, "")
    named = RECALL.model_copy(update={"target": "FEA"})
    assert reproduced_value(named, scores, "paper", "EMO", "Fear") == fear


def test_recalls_are_aggregated_as_accuracies_are():
    # Of Anger 4 of 5 and 6 of 15 clips: mean of 80 and 40 %, pooled 10 of 20.
    first = {(0, 0): [[4, 1, 0], [0, 1, 0], [0, 0, 1]], (0, 1): [[6, 9, 0], [0, 1, 0], [0, 0, 1]]}
    by_fold = reproduced_value(RECALL, scores_of(first), "paper", "EMO", "ANG")
    assert by_fold.value == pytest.approx(60)
    assert by_fold.sd == pytest.approx(100 * math.sqrt(2 * 0.2**2))
    assert (by_fold.n, by_fold.clips) == (2, 20)
    assert reproduced_value(POOLED, scores_of(first), "paper", "", "ANG").value == pytest.approx(50)
    # A second repeat of 5 of 5 and 9 of 15: pooled 14 of 20; the means over folds are 60 and 80.
    both = first | {
        (1, 0): [[5, 0, 0], [0, 1, 0], [0, 0, 1]],
        (1, 1): [[9, 6, 0], [0, 1, 0], [0, 0, 1]],
    }
    pooled = reproduced_value(POOLED, scores_of(both), "paper", "EMO", "ANG")
    assert pooled.value == pytest.approx(60)
    assert pooled.sd == pytest.approx(100 * math.sqrt(2 * 0.1**2))
    assert (pooled.n, pooled.clips) == (4, 40)
    deviation = RECALL.model_copy(update={"statistic": "sd"})
    spread = reproduced_value(deviation, scores_of(both), "paper", "EMO", "ANG")
    assert spread.value == pytest.approx(100 * math.sqrt(2 * 0.1**2))
    second_fold = RECALL.model_copy(update={"fold": 1})
    alone = reproduced_value(second_fold, scores_of(both), "paper", "EMO", "ANG")
    assert (alone.value, alone.note) == (pytest.approx(50), "fold 1 of 2")


def test_the_best_repeat_is_that_of_highest_accuracy_and_not_recall():
    # Anger is best in repeat 0, all three together are in repeat 1.
    scores = scores_of(
        {(0, 0): [[9, 1, 0], [5, 0, 5], [5, 5, 0]], (1, 0): [[7, 3, 0], [0, 9, 1], [0, 1, 9]]}
    )
    best = RECALL.model_copy(update={"repeats": "best_test"})
    value = reproduced_value(best, scores, "paper", "EMO", "ANG")
    assert (value.value, value.sd) == (pytest.approx(70), None)
    assert value.note == "repeat 1 of 2, best by test accuracy"


def test_a_fold_without_clips_of_the_class_has_no_recall():
    matrices = {
        (0, 0): [[3, 1, 0], [0, 2, 0], [0, 0, 0]],
        (0, 1): [[0, 0, 0], [0, 2, 0], [0, 0, 4]],
    }
    anger = reproduced_value(RECALL, scores_of(matrices), "paper", "EMO", "ANG")
    assert anger == (pytest.approx(75), None, 1, 4, "")
    assert reproduced_value(POOLED, scores_of(matrices), "paper", "EMO", "ANG") == anger


def test_a_class_that_is_not_there_is_named():
    scores = scores_of({(0, 0): [[3, 1, 0], [0, 2, 0], [0, 0, 0]]})
    for column in ("Anger", "SAD"):
        with pytest.raises(
            DataError, match=rf"SC-EMO-A\.tsv: no clips of class '{column}' of task emotion in var"
        ) as error:
            reproduced_value(RECALL, scores, "paper", "EMO", column)
        assert str(error.value).endswith("it has paper/emotion/ANG, paper/emotion/FEA")
    without = ExperimentScores(scores.scores, None, "SC-EMO-A.tsv")
    with pytest.raises(DataError, match="a recall cell needs the confusion file beside it, which"):
        reproduced_value(RECALL, without, "paper", "EMO", "ANG")


PAIRS = Cell(task="same_speaker", metric="accuracy", aggregate="pooled")
ALONE = PAIRS.model_copy(update={"experiment": "SC-SAME-SPK-A"})
BOTH = PAIRS.model_copy(update={"experiment": "SC-SAME-MTL-A"})
KEY = ("speaker same/different", "schedule A", "relative improvement")
# Of 10,000 pairs, about as many as the paper has: 52.5 and 52.9 % as it prints them.
RIGHT = {"SC-SAME-SPK-A": (5247,), "SC-SAME-MTL-A": (5294,)}


GAIN = Gain(of=BOTH, over=ALONE, relative=True)


def gain_line(folder, gain=GAIN, right=RIGHT, key=KEY, **more):
    """The line of a published gain, from right decisions of 10,000 in each repeat."""
    scores = {}
    for name, by_repeat in right.items():
        values = {
            (repeat, fold): pairs / 10000
            for repeat, pairs in enumerate(by_repeat)
            for fold in (0, "pooled")
        }
        scores[name] = folder / f"{name}.tsv"
        write_tsv(accuracies(values, task=gain.of.task, n=10000), scores[name])
    names = ("text_tsv", "text_markdown", "settings_tsv", "settings_markdown")
    row, column, metric = key
    write_text_tables(
        [TextRow(row=row, column=column, metric=metric, gain=gain)],
        scores=scores,
        sources={},
        parameters={},
        missing={},
        **{"published": published_file("vggvox_mtl"), "comparability": "comparable", **more},
        **{name: folder / name for name in names},
    )
    return read_long_form(folder / "text_tsv").set_index(["row", "column", "metric"]).loc[key]


def test_a_relative_gain_is_of_unrounded_values(tmp_path):
    # 5294 / 5247 = 1.00896; of 52.9 / 52.5 as printed it would be 0.76, and round to 0.8.
    line = gain_line(tmp_path)
    assert line[["published", "reproduced", "difference", "sd", "n", "verdict"]].tolist() == [
        "0.8", "0.9", "+0.1", "", "1", "as printed",
    ]  # fmt: skip
    assert line["note"] == "52.9 over 52.5; +0.4 points"


def test_the_deviation_of_a_relative_gain_is_that_of_a_ratio(tmp_path):
    # Means 0.5 and 0.6, deviations 0.01 and 0.02 over three repeats.
    right = {"SC-SAME-SPK-A": (4900, 5000, 5100), "SC-SAME-MTL-A": (5800, 6000, 6200)}
    line = gain_line(tmp_path, right=right)
    relative = math.sqrt((0.02 / 0.6) ** 2 + (0.01 / 0.5) ** 2)
    assert line["sd"] == f"{100 * 0.6 / 0.5 * relative:.1f}" == "4.7"
    assert (line["reproduced"], line["n"], line["verdict"]) == ("20.0", "3", "above")
    # As far as the deviation goes for random numbers of these means and deviations.
    generator = np.random.default_rng(1)
    ratios = generator.normal(0.6, 0.02, 10**6) / generator.normal(0.5, 0.01, 10**6)
    assert 100 * ratios.std() == pytest.approx(4.7, abs=0.05)


def test_a_loss_is_a_negative_gain(tmp_path):
    line = gain_line(tmp_path, Gain(of=ALONE, over=BOTH, relative=True))
    # 5247 / 5294 = 0.99112.
    assert (line["reproduced"], line["verdict"]) == ("-0.9", "below")
    assert line["note"] == "52.5 over 52.9; -0.4 points"
    simulated = gain_line(tmp_path, comparability="simulated")
    assert simulated["verdict"] == "not comparable"


def test_a_relative_gain_may_be_over_a_cited_number(tmp_path):
    cited = PrintedNumber(
        table="text", row="Albanie et al.", column="emotion average", metric="accuracy"
    )
    gain = Gain(of=BOTH, over_cited=cited, relative=True)
    line = gain_line(tmp_path, gain, {"SC-SAME-MTL-A": (5000, 5200)})
    # 51 / 44.7 = 1.1409; a cited number has no deviation: 1.4142 / 44.7.
    assert (line["reproduced"], line["sd"], line["n"]) == ("14.1", "3.2", "2")
    assert line["note"] == "51.0 over the cited 44.7; +6.3 points"
    published = tmp_path / "published.csv"
    text = published_file("vggvox_mtl").read_text()
    published.write_text(
        text.replace("emotion average,accuracy,44.7", "emotion average,accuracy,?")
    )
    with pytest.raises(ConfigError, match=r"the published value '\?' is no number"):
        gain_line(tmp_path, gain, published=published)


def test_there_is_no_percentage_of_nothing(tmp_path):
    line = gain_line(tmp_path, right={"SC-SAME-SPK-A": (0,), "SC-SAME-MTL-A": (5000,)})
    assert (line["reproduced"], line["difference"], line["verdict"]) == ("", "", "not reproduced")
    assert line["note"] == "50.0 over 0.0; +50.0 points; there is no percentage of 0"
    assert "| 0.8 % |  | not reproduced |" in (tmp_path / "text_markdown").read_text()


def test_a_relative_gain_of_fractions_tells_no_points(tmp_path):
    def fraction(cell):
        return cell.model_copy(update={"percent": False, "decimals": 4})

    line = gain_line(tmp_path, Gain(of=fraction(BOTH), over=fraction(ALONE), relative=True))
    assert (line["reproduced"], line["note"]) == ("0.9", "0.5294 over 0.5247")


def test_the_abstract_has_the_gain_of_all_emotions(tmp_path):
    alone, both = (
        Cell(experiment=name, task="emotion", metric="accuracy", aggregate="pooled")
        for name in ("SC-EMO-A", "SC-MTL-A")
    )
    right = {"SC-EMO-A": (4450,), "SC-MTL-A": (5150,)}
    key = ("MTL vs EMO", "emotion", "relative improvement")
    line = gain_line(tmp_path, Gain(of=both, over=alone, relative=True), right, key)
    # 51.5 / 44.5 = 1.1573, where 15.6 is printed.
    columns = ["published", "reproduced", "verdict"]
    assert line[columns].tolist() == ["15.6", "15.7", "as printed"]
    assert line["note"] == "abstract; 51.5 over 44.5; +7.0 points"
