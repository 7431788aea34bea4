"""Standard deviations as numbers of their own, and gains: Tables I and II of mixup_mtl."""

import pandas as pd
import pytest

import sample_tables
from retable.errors import ConfigError, DataError
from retable.spec.table import Cell, Gain, PrintedNumber, Table
from retable.tables.layout import table_layout
from retable.tables.render import html_table
from retable.tsv import write_tsv
from sample_results import accuracies

MEAN = Cell(metric="accuracy", aggregate="fold_mean", statistic="mean", percent=True)
DEVIATION = MEAN.model_copy(update={"statistic": "sd"})
TASKS = {"ASC": Cell(task="scene"), "AEC": Cell(task="event")}
TABLE_I = Table(
    title="Accuracy by model",
    rows={
        "Baseline model for ASC": Cell(),
        "Baseline model for AEC": Cell(),
        "MTL model": Cell(experiment="MTL"),
        "MTL model with inter-connections": Cell(experiment="INT"),
        "Fine-tuned model for ASC": Cell(),
        "Fine-tuned model for AEC": Cell(),
    },
    cells={
        "Baseline model for ASC": {"ASC": Cell(experiment="BASE-S")},
        "Baseline model for AEC": {"AEC": Cell(experiment="BASE-E")},
        "Fine-tuned model for ASC": {"ASC": Cell(experiment="FT-S")},
        "Fine-tuned model for AEC": {"AEC": Cell(experiment="FT-E")},
    },
    columns=TASKS,
    metrics={"accuracy_mean": MEAN, "accuracy_std": DEVIATION},
    row_title="Model",
    column_titles={"ASC": "Scenes", "AEC": "Events"},
)
# What the paper prints: mean and standard deviation over three trials.
TRIALS = {
    "BASE-S": {"scene": (73.91, 0.74)},
    "BASE-E": {"event": (63.5, 0.39)},
    "MTL": {"scene": (76.64, 0.18), "event": (66.63, 1.02)},
    "INT": {"scene": (77.70, 0.52), "event": (68.50, 0.65)},
    "FT-S": {"scene": (79.44, 0.38)},
    "FT-E": {"event": (70.79, 0.63)},
}


@pytest.fixture
def scores(tmp_path):
    return write_trials(tmp_path / "scores")


def write_trials(folder, trials=(-1, 0, 1)):
    """Scores of trials `mean + trial * sd`, so that three have just the printed mean and deviation.

    The two folds of a trial lie 3 points to either side.
    """
    scores = {}
    for name, by_task in TRIALS.items():
        tables = [
            accuracies(
                {
                    (repeat, fold): (mean + trial * sd + side) / 100
                    for repeat, trial in enumerate(trials)
                    for fold, side in enumerate((-3, 3))
                },
                task=task,
            )
            for task, (mean, sd) in by_task.items()
        ]
        scores[name] = folder / f"{name}.tsv"
        write_tsv(pd.concat(tables), scores[name])
    return scores


def build_table(folder, scores, table=TABLE_I, name="I"):
    """Long form, Markdown and LaTeX."""
    return sample_tables.build_table(folder, table, "mixup_mtl", name, scores=scores)


def test_means_and_deviations_over_trials_are_those_of_table_i(tmp_path, scores):
    long_form, _, _ = build_table(tmp_path, scores)
    assert len(long_form) == 16
    assert long_form["reproduced"].tolist() == long_form["published"].tolist()
    lines = long_form.set_index(["row", "column", "metric"])
    mean = lines.loc[("MTL model", "ASC", "accuracy_mean")]
    assert mean[["reproduced", "sd", "n", "verdict"]].tolist() == [
        "76.64", "0.18", "6", "within 1 sd",
    ]  # fmt: skip
    deviation = lines.loc[("MTL model", "ASC", "accuracy_std")]
    assert deviation[["reproduced", "difference", "sd", "n", "verdict"]].tolist() == [
        "0.18", "0.00", "", "3", "as printed",
    ]  # fmt: skip


def test_a_mean_and_its_deviation_share_a_cell_as_the_paper_prints_them(tmp_path, scores):
    long_form, markdown, latex = build_table(tmp_path, scores)
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    assert lines[0] == "| Model | Scenes | Events |"
    assert lines[2].startswith("| Baseline model for ASC | 73.91 ± 0.74 / 73.91 ± 0.74 |")
    assert lines[4] == ("| MTL model | 76.64 ± 0.18 / 76.64 ± 0.18 | 66.63 ± 1.02 / 66.63 ± 1.02 |")
    assert r"MTL model & 76.64 $\pm$ 0.18 / 76.64 $\pm$ 0.18 &" in latex
    html = html_table(table_layout(TABLE_I, long_form, "I", "comparable"))
    assert '<span class="published">73.91 ± 0.74</span>' in html
    assert html.count('<span class="reproduced">') == 8


def test_a_deviation_stands_alone_where_its_mean_is_not_beside_it(tmp_path, scores):
    apart = {"accuracy_mean": Cell(metric="uar"), "accuracy_std": DEVIATION}
    long_form, _, _ = build_table(tmp_path, scores)
    layout = table_layout(
        TABLE_I.model_copy(update={"metrics": apart}), long_form, "I", "comparable"
    )
    assert [metrics for _, metrics in layout.groups] == [("accuracy_mean", "accuracy_std")] * 2
    assert layout.rows[2].entries[1].published == "0.18"


def test_one_trial_has_no_deviation_over_trials(tmp_path):
    long_form, markdown, _ = build_table(tmp_path, write_trials(tmp_path, trials=(0,)))
    deviations = long_form[long_form["metric"] == "accuracy_std"]
    assert set(deviations["verdict"]) == {"not reproduced"}
    assert set(deviations["reproduced"]) == {""} and set(deviations["n"]) == {"1"}
    assert set(deviations["note"]) == {"std over 3 trials; one repeat has no spread"}
    # Over the two folds there is one, 6 / sqrt(2), but the paper prints that of trials.
    assert set(long_form.loc[long_form["metric"] == "accuracy_mean", "sd"]) == {"4.24", "4.2"}
    assert "| 76.64 ± 0.18 / 76.64 | 66.63 ± 1.02 / 66.63 |" in markdown


TABLE_II = Table(
    title="Beside other work",
    rows={row: Cell() for row in ("[22]", "[16]", "[17]", "[23]", "[18]", "[19]", "Our method")},
    cells={"Our method": {"ASC": Cell(experiment="all-24"), "AEC": Cell(experiment="all-24-E")}},
    columns=TASKS,
    metrics={"accuracy": Cell(metric="accuracy", aggregate="fold_mean", percent=True)},
    row_title="Model",
)


def write_fusions(folder):
    """Scores of fusions of 24 classifiers, of scenes 1369 of 1620 clips as the paper has it."""
    right = {"all-24": ("scene", 1369 / 1620, 1620), "all-24-E": ("event", 310 / 400, 400)}
    for name, (task, accuracy, clips) in right.items():
        write_tsv(accuracies({(0, 0): accuracy}, task=task, n=clips), folder / f"{name}.tsv")
    return {name: folder / f"{name}.tsv" for name in right}


def test_cited_rows_may_be_printed_in_some_columns_only(tmp_path):
    long_form, markdown, _ = build_table(tmp_path, write_fusions(tmp_path), TABLE_II, "II")
    assert long_form["verdict"].tolist() == [*["cited"] * 3, "as printed"] * 2
    assert "| [22] | 83.3 / – | – |" in markdown  # noqa: RUF001
    assert "| [23] | – | 86.5 / – |" in markdown  # noqa: RUF001
    assert "| Our method | 84.5 / 84.5 | 77.5 / 77.5 |" in markdown


def test_a_fusion_without_scores_is_named(tmp_path, scores):
    with pytest.raises(ConfigError, match="or verification 'all-24' has no scores; there are"):
        build_table(tmp_path, scores, TABLE_II, "II")


BASELINE = MEAN.model_copy(update={"experiment": "BASE-S", "task": "scene"})
MULTITASK = MEAN.model_copy(update={"experiment": "MTL", "task": "scene"})
FUSED = MEAN.model_copy(update={"experiment": "all-24", "task": "scene"})
FIRST_OF_DCASE = PrintedNumber(table="II", row="[22]", column="ASC", metric="accuracy")
GAIN_KEY = ("MTL vs baseline", "ASC", "gain")


def gain_line(folder, scores, gain, key=GAIN_KEY, **more):
    """The line of a published gain."""
    return sample_tables.gain_line(folder, "mixup_mtl", key, gain, scores, **more)


def test_a_gain_is_the_difference_of_two_cells(tmp_path, scores):
    # 76.64 - 73.91, and 76.64 / 73.91 = 1.0369; of independent trials, the variances add:
    # 0.74 ** 2 + 0.18 ** 2 = 0.58.
    assert gain_line(tmp_path, scores, Gain(of=MULTITASK, over=BASELINE)).to_dict() == {
        "unit": "points", "kind": "derived", "variant": "paper", "published": "2.73",
        "reproduced": "2.73", "difference": "0.00", "sd": "0.76", "n": "6",
        "verdict": "within 1 sd", "note": "76.64 less 73.91; relative +3.7 %",
    }  # fmt: skip
    assert "| 2.73 points | 2.73 ± 0.76 points |" in (tmp_path / "text_markdown").read_text()


def test_a_loss_where_the_paper_gains_is_below(tmp_path, scores):
    line = gain_line(tmp_path, scores, Gain(of=BASELINE, over=MULTITASK))
    assert (line["reproduced"], line["difference"], line["verdict"]) == ("-2.73", "-5.46", "below")


def test_a_gain_over_a_cited_number_takes_it_as_it_is_printed(tmp_path):
    gain = Gain(of=FUSED, over_cited=FIRST_OF_DCASE)
    key = ("ensemble vs [22]", "ASC", "gain")
    line = gain_line(tmp_path, write_fusions(tmp_path), gain, key)
    # 84.5 - 83.3; a single fusion has no deviation.
    assert (line["reproduced"], line["sd"], line["n"]) == ("1.2", "", "1")
    assert line["verdict"] == "as printed"
    assert line["note"] == "84.5 less the cited 83.3; relative +1.4 %"
    simulated = gain_line(tmp_path, write_fusions(tmp_path), gain, key, comparability="simulated")
    assert simulated["verdict"] == "not comparable"


def test_only_what_the_paper_cites_is_taken_from_it(tmp_path, scores):
    own = FIRST_OF_DCASE.model_copy(update={"row": "Our method"})
    with pytest.raises(ConfigError, match="Our method / ASC, which the paper does not cite but"):
        gain_line(tmp_path, scores, Gain(of=MULTITASK, over_cited=own))
    absent = FIRST_OF_DCASE.model_copy(update={"column": "AEC"})
    with pytest.raises(
        DataError, match=r"no number II / \[22\] / AEC / accuracy; rows of its table II: "
    ):
        gain_line(tmp_path, scores, Gain(of=MULTITASK, over_cited=absent))


def test_a_gain_is_between_values(tmp_path, scores):
    spread = MULTITASK.model_copy(update={"statistic": "sd"})
    with pytest.raises(ConfigError, match="between values, not between standard deviations"):
        gain_line(tmp_path, scores, Gain(of=spread, over=BASELINE))
    with pytest.raises(ConfigError, match="'none' has no scores"):
        unknown = MULTITASK.model_copy(update={"experiment": "none"})
        gain_line(tmp_path, scores, Gain(of=unknown, over=BASELINE))


ACCENT = Cell(task="accent", metric="accuracy", aggregate="pooled", repeats="best_test", decimals=2)
CLAIM = Gain(
    of=ACCENT.model_copy(update={"experiment": "CAB"}),
    over=ACCENT.model_copy(update={"experiment": "VGG"}),
)
CLAIM_KEY = ("CAB-CNN vs state of the art", "all scores", "improvement claim")


def write_accents(folder):
    """Accuracies of two repeats over 524 clips; the better are those of cabcnn's Table 3."""
    right = {"CAB": (471, 503), "VGG": (453, 342)}
    for name, by_repeat in right.items():
        values = {
            (repeat, fold): clips / 524
            for repeat, clips in enumerate(by_repeat)
            for fold in (0, "pooled")
        }
        write_tsv(accuracies(values, task="accent", n=524), folder / f"{name}.tsv")
    return {name: folder / f"{name}.tsv" for name in right}


def test_a_gain_in_points_says_what_it_is_relative_to_the_lower_number(tmp_path):
    # "More than 10 %": 503 of 524 clips are 95.99 %, 453 are 86.45 %; 95.99 / 86.45 = 1.1104.
    scores = write_accents(tmp_path)
    line = sample_tables.gain_line(tmp_path, "cabcnn", CLAIM_KEY, CLAIM, scores)
    assert line["note"].endswith(
        "recall 11.80, F1 11.92; 95.99 less 86.45; relative +11.0 %; "
        "repeat 1 of 2, best by test accuracy, less repeat 0 of 2, best by test accuracy"
    )
    # As fine as the numbers are printed that are subtracted: 10 would hide that it is less.
    columns = ["published", "reproduced", "difference", "sd", "n", "verdict"]
    assert line[columns].tolist() == ["10", "9.54", "-0.46", "", "2", "as printed"]


def test_only_of_numbers_in_percent_there_is_a_relative_gain(tmp_path):
    def fraction(cell):
        return cell.model_copy(update={"percent": False, "decimals": 4})

    gain = Gain(of=fraction(CLAIM.of), over=fraction(CLAIM.over))
    line = sample_tables.gain_line(tmp_path, "cabcnn", CLAIM_KEY, gain, write_accents(tmp_path))
    assert "; 0.9599 less 0.8645; repeat 1 of 2" in line["note"]
