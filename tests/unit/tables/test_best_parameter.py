import pytest
from pydantic import ValidationError

from retable.errors import ConfigError
from retable.spec.table import Best, Cell, Reading, TextRow
from retable.tables.files import write_text_tables
from retable.tables.long_form import read_long_form
from retable.tsv import write_tsv
from sample_results import accuracies, published_file

CELL = Cell(task="emotion", metric="accuracy", aggregate="fold_mean")
BEST = Best(figure="blocks", cell=CELL)
DEPTHS = {"L5": 5, "L7": 7, "L9": 9}


def best_line(folder, by_experiment, depths=DEPTHS, comparability="comparable", best=BEST):
    """The line of figure 11's best number of blocks, from experiment -> accuracy by fold."""
    scores = {}
    for name, values in by_experiment.items():
        by_fold = {(0, fold): value for fold, value in enumerate(values)}
        # Pooled, another experiment would win: the cell asks for the mean over folds.
        by_fold[0, "pooled"] = 1 - values[0]
        scores[name] = folder / f"{name}.tsv"
        write_tsv(accuracies(by_fold), scores[name])
    names = ("text_tsv", "text_markdown", "settings_tsv", "settings_markdown")
    write_text_tables(
        [TextRow(row="figure 11", column="best l", metric="l", best=best)],
        published=published_file("gresnets"),
        scores=scores,
        sources={},
        parameters={"blocks": depths},
        missing={},
        comparability=comparability,
        **{name: folder / name for name in names},
    )
    text = read_long_form(folder / "text_tsv").set_index(["row", "column", "metric"])
    return text.loc[("figure 11", "best l", "l")].to_dict()


SEVEN_WINS = {"L5": [0.50, 0.60], "L7": [0.58, 0.68], "L9": [0.61, 0.61]}
NINE_WINS = {**SEVEN_WINS, "L9": [0.70, 0.58]}


def test_the_value_with_the_highest_mean_stands_in_the_line(tmp_path):
    assert best_line(tmp_path, SEVEN_WINS) == {
        "unit": "", "kind": "derived", "variant": "paper", "published": "7", "reproduced": "7",
        "difference": "", "sd": "", "n": "6", "verdict": "as printed",
        "note": "curve values not in text",
    }  # fmt: skip
    other = best_line(tmp_path, NINE_WINS)
    assert (other["reproduced"], other["verdict"]) == ("9", "differs")


def test_of_equally_good_values_the_smallest_is_printed_and_the_note_names_the_rest(tmp_path):
    # (0.1 + 0.7) / 2 and (0.3 + 0.5) / 2 differ in their last bit.
    tied = {"L9": [0.1, 0.7], "L7": [0.3, 0.5], "L5": [0.2, 0.2]}
    line = best_line(tmp_path, tied)
    assert (line["reproduced"], line["verdict"]) == ("7", "as printed")
    assert line["note"] == "curve values not in text; as high with 9"


def test_there_is_no_verdict_without_the_papers_audio(tmp_path):
    simulated = best_line(tmp_path, NINE_WINS, comparability="simulated")
    assert (simulated["reproduced"], simulated["verdict"]) == ("9", "not comparable")
    partial = best_line(tmp_path, SEVEN_WINS, comparability="partial")
    assert partial["verdict"] == "not comparable (partial corpus)"


def test_values_are_printed_as_short_as_they_are_exact_and_equal_ones_as_published(tmp_path):
    halves = {"L5": 5.0, "L7": 7.0, "L9": 9.5}
    assert best_line(tmp_path, SEVEN_WINS, halves)["reproduced"] == "7"
    assert best_line(tmp_path, NINE_WINS, halves)["reproduced"] == "9.5"


def test_what_is_missing_is_named(tmp_path):
    scored = {name: values for name, values in SEVEN_WINS.items() if name != "L9"}
    with pytest.raises(ConfigError) as error:
        best_line(tmp_path, scored)
    assert error.value.faults == ["experiment 'L9' has no scores"]
    spread = Best(figure="blocks", cell=CELL.model_copy(update={"statistic": "sd"}))
    with pytest.raises(ConfigError, match="a standard deviation, of which the highest is not the"):
        best_line(tmp_path, SEVEN_WINS, best=spread)


def test_a_row_has_one_origin_and_the_best_is_judged_by_one_metric():
    key = {"row": "figure 11", "column": "best l", "metric": "l"}
    reading = Reading(source="split", experiment="L5", key="folds")
    with pytest.raises(ValidationError, match="it has a setting and a best; keep one"):
        TextRow(**key, setting=reading, best=BEST)
    for change in ({"metric": "confusion"}, {"task": None}, {"experiment": "L5"}):
        with pytest.raises(ValidationError, match="needs a task and a metric other than confusion"):
            Best(figure="blocks", cell={**CELL.model_dump(), **change})
