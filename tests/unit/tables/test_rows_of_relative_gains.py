"""Rows of relative gains: Table 3 of vggvox_mtl, whose row `+` does not follow from its others."""

import math

import pytest

from emotion_table import (
    EMOTIONS,
    GAIN,
    MEAN,
    OF_PAPER,
    PRINTED,
    RIGHT,
    TABLE_3,
    build,
    of_row,
    write_scores,
)
from retable.checks.results import check_tables_complete
from retable.spec.table import Cell
from retable.tables.gains import Compared, relative_gain
from retable.tables.layout import table_layout
from retable.tables.render import html_table
from retable.tables.verdicts import print_number
from sample_results import published_file

# 72.5 / 64.5 = 1.1240, 43.5 / 37.1 = 1.1725, 42.0 / 32.8 = 1.2805, 45.6 / 43.1 = 1.0580,
# 51.8 / 42.2 = 1.2275, 53.3 / 47.3 = 1.1268, and of all as printed 51.5 / 44.5 = 1.1573.
FOLLOWING = ["12.4", "17.3", "28.0", "5.8", "22.7", "12.7", "15.7"]
# All clips: 3087 / 6 = 514.5 and 2670 / 6 = 445 of a thousand, and 51.45 / 44.5 = 1.1562.
REPRODUCED = [*FOLLOWING[:6], "15.6"]


@pytest.mark.parametrize(
    ("together", "alone", "printed"),
    [
        (73, 65, "12.3"), (43, 37, "16.2"), (42, 33, "27.3"), (46, 43, "7.0"),
        (52, 42, "23.8"), (53, 47, "12.8"), (52, 45, "15.6"),
    ],
)  # fmt: skip
def test_the_printed_gains_follow_from_accuracies_in_whole_per_cent(together, alone, printed):
    of, over = (Compared(value, str(value), None, None) for value in (together, alone))
    gain = relative_gain(of, over, are_percents=True)
    assert print_number(gain.value, 1) == printed
    assert gain.note == f"{together} over {alone}; +{together - alone} points"


def test_gains_follow_from_the_two_rows_that_are_reproduced(tmp_path, scored):
    long_form, _, _ = build(tmp_path, scored)
    gains = of_row(long_form, "+")
    assert gains["published"].tolist() == ["12.3", "16.2", "27.3", "7.0", "23.8", "12.8", "15.6"]
    assert gains["reproduced"].tolist() == REPRODUCED
    assert gains["difference"].tolist() == ["+0.1", "+1.1", "+0.7", "-1.2", "-1.1", "-0.1", "0.0"]
    # One unit of the last printed digit is none.
    assert gains["verdict"].tolist() == [
        "as printed", "above", "above", "below", "below", "as printed", "as printed",
    ]  # fmt: skip
    assert set(gains["kind"]) == {"derived"} and set(gains["n"]) == {"1"}
    # In points, not Fear gains most (9.2) but Neutral.
    assert gains["note"].str.endswith("; 51.8 over 42.2; +9.6 points").tolist()[4]
    assert gains["note"].iloc[0].startswith("DIS/FEA/HAP/NEU do not follow from the two rows")


def test_gains_of_the_printed_accuracies_are_what_should_stand_there(tmp_path):
    alike = write_scores(tmp_path, {name: {0: dict.fromkeys(EMOTIONS, 500)} for name in RIGHT})
    long_form, _, _ = build(tmp_path, alike, comparability="simulated")
    rows = of_row(long_form, PRINTED)
    assert rows["reproduced"].tolist() == FOLLOWING
    assert set(rows["verdict"]) == {"not in the paper"} and set(rows["kind"]) == {"extra"}
    for column in ("published", "difference", "sd", "n"):
        assert set(rows[column]) == {""}
    assert rows["note"].tolist()[1] == "the printed 43.5 over the printed 37.1; +6.4 points"
    assert set(of_row(long_form, "+")["verdict"]) == {"not comparable"}
    assert set(of_row(long_form, "+")["reproduced"]) == {"0.0"}


def test_each_published_number_has_one_line_in_the_published_order(tmp_path, scored):
    long_form, _, _ = build(tmp_path, scored)
    printed = long_form[long_form["kind"] != "extra"]
    assert printed["row"].tolist() == ["EMO"] * 7 + ["MTL"] * 7 + ["+"] * 7


def test_rows_of_ours_stand_after_those_of_the_paper(tmp_path, scored):
    long_form, _, _ = build(tmp_path, scored)
    assert long_form["row"].tolist()[21:] == [MEAN] + [PRINTED] * 7
    # An extra row fills one column only: (645 + 371 + 328 + 431 + 422 + 473) / 60.
    mean = long_form.loc[21]
    assert mean[["column", "reproduced", "verdict"]].tolist() == [
        "TOTAL", "44.5", "not in the paper",
    ]  # fmt: skip


def test_a_table_with_gains_is_complete(tmp_path, scored):
    build(tmp_path, scored)
    published = published_file("vggvox_mtl")
    checks = check_tables_complete(published, {"3": [tmp_path / "table.tsv"]})
    (check,) = [check for check in checks if check.subject == "vggvox_mtl, table 3"]
    assert (check.result, check.detail) == ("passed", "21 printed numbers")


def test_deviations_over_repeats_make_that_of_the_gain(tmp_path):
    # Disgust 371 - 10, 371, 371 + 10 alone and 435 - 20, 435, 435 + 20 with the speaker.
    right = {
        name: {
            repeat: {**OF_PAPER[name][0], "DIS": OF_PAPER[name][0]["DIS"] + (repeat - 1) * spread}
            for repeat in range(3)
        }
        for name, spread in (("SC-EMO-A", 10), ("SC-MTL-A", 20))
    }
    long_form, markdown, _ = build(tmp_path, write_scores(tmp_path, right))
    line = of_row(long_form, "+").set_index("column").loc["DIS"]
    relative = math.sqrt((2.0 / 43.5) ** 2 + (1.0 / 37.1) ** 2)  # of the ratio
    assert line["sd"] == f"{100 * 43.5 / 37.1 * relative:.1f}" == "6.2"
    assert (line["reproduced"], line["n"], line["verdict"]) == ("17.3", "3", "within 1 sd")
    assert "| 16.2 / 17.3 ± 6.2 |" in markdown


def test_gains_stand_beneath_the_accuracies_and_after_the_rows_that_they_compare(tmp_path, scored):
    long_form, markdown, latex = build(tmp_path, scored)
    grid = [line for line in markdown.splitlines() if line.startswith("|")]
    assert grid[0] == "| Learnt | ANG | DIS | FEA | HAP | NEU | SAD | All |"
    assert grid[2].startswith("| Emotion alone | 64.5 / 64.5 | 37.1 / 37.1 |")
    assert grid[4] == (
        "| Gain (%) | 12.3 / 12.4 | 16.2 / 17.3 | 27.3 / 28.0 | 7.0 / 5.8 | 23.8 / 22.7 "
        "| 12.8 / 12.7 | 15.6 / 15.6 |"
    )
    assert grid[5] == f"| Gain of the printed (%) (not in the paper) | {' | '.join(FOLLOWING)} |"
    dashes = " | ".join(["–"] * 6)  # noqa: RUF001
    assert grid[6] == f"| {MEAN} (not in the paper) | {dashes} | 44.5 |"
    assert len(grid) == 7
    assert r"Gain (\%) & 12.3 / 12.4 & 16.2 / 17.3 & 27.3 / 28.0 &" in latex
    assert r"\begin{tabular}{lrrrrrrr}" in latex
    html = html_table(table_layout(TABLE_3, long_form, "3", "comparable"))
    assert html.count("<td>") == 5 * 7
    assert (
        '<td><span class="published">16.2</span><span class="reproduced">17.3</span>'
        '<span class="difference">+1.1</span><span class="verdict departs">above</span></td>'
    ) in html


def test_of_several_metrics_a_gain_stands_beneath_its_own(tmp_path, scored):
    table = TABLE_3.model_copy(
        update={"metrics": {**TABLE_3.metrics, "relative improvement": Cell(metric="uar")}}
    )
    layout = table_layout(table, build(tmp_path, scored)[0], "3", "comparable")
    assert layout.groups[0] == ("ANG", ("",))
    assert layout.rows[2].entries[0].published == "12.3"


def test_clean_gains_are_between_clean_rows(tmp_path):
    # With the other protocol, emotion alone has 500 of a thousand and both tasks 600.
    folders = {variant: tmp_path / variant for variant in ("paper", "clean")}
    clean = {
        name: {0: dict.fromkeys(EMOTIONS, n)} for name, n in zip(RIGHT, (500, 600), strict=True)
    }
    for folder in folders.values():
        folder.mkdir()
    paper = write_scores(folders["paper"])
    other = write_scores(folders["clean"], clean, clean=RIGHT)
    for kind, paths in paper.items():
        for name, path in paths.items():
            lines = other[kind][name].read_text().splitlines(keepends=True)[1:]
            path.write_text(path.read_text() + "".join(lines))
    table = TABLE_3.model_copy(update={"clean": ("MTL", "+")})
    long_form, markdown, _ = build(tmp_path, paper, table)
    gains = of_row(long_form, "+", "clean")
    assert gains["reproduced"].tolist() == ["20.0"] * 7
    assert set(gains["verdict"]) == {"not comparable (other protocol)"}
    assert of_row(long_form, "+")["reproduced"].tolist() == REPRODUCED
    assert of_row(long_form, "MTL", "clean")["reproduced"].tolist() == ["60.0"] * 7
    grid = [line for line in markdown.splitlines() if line.startswith("|")]
    assert grid[6].startswith("| ↳ clean protocol | 20.0 | 20.0 |")


def test_a_row_without_such_a_variant_has_no_clean_gain(tmp_path, scored):
    table = TABLE_3.model_copy(update={"clean": ("+",)})
    long_form, _, _ = build(tmp_path, scored, table)
    assert of_row(long_form, "+", "clean").empty


def test_a_gain_needs_the_data_of_both_rows_and_one_of_printed_numbers_of_none(tmp_path):
    paths = write_scores(tmp_path, {"SC-EMO-A": OF_PAPER["SC-EMO-A"]})
    steps = "ask for the clips"
    long_form, markdown, _ = build(tmp_path, paths, missing={"SC-MTL-A": steps})
    gains = of_row(long_form, "+")
    assert set(gains["verdict"]) == {"data missing"} and set(gains["reproduced"]) == {""}
    assert gains["note"].iloc[0].endswith(f"the two rows above; data missing: {steps}")
    assert of_row(long_form, PRINTED)["reproduced"].tolist() == FOLLOWING
    assert of_row(long_form, "EMO")["reproduced"].iloc[0] == "64.5"
    assert "| Gain (%) | 12.3 / data missing |" in markdown
    assert markdown.count(steps) == 1


@pytest.fixture
def without_fear(tmp_path):
    """Scores with no clip of Fear right alone."""
    right = {**OF_PAPER, "SC-EMO-A": {0: {**OF_PAPER["SC-EMO-A"][0], "FEA": 0}}}
    return write_scores(tmp_path, right)


def test_a_published_gain_over_zero_is_not_reproduced(tmp_path, without_fear):
    long_form, markdown, _ = build(tmp_path, without_fear)
    line = of_row(long_form, "+").set_index("column").loc["FEA"]
    assert (line["reproduced"], line["verdict"], line["sd"]) == ("", "not reproduced", "")
    assert line["note"].endswith("42.0 over 0.0; +42.0 points; there is no percentage of 0")
    assert "| 27.3 / – |" in markdown  # noqa: RUF001


def test_a_gain_of_ours_over_zero_stays_empty(tmp_path, without_fear):
    ours = TABLE_3.model_copy(update={"relative_gains": {**TABLE_3.relative_gains, "our +": GAIN}})
    long_form, markdown, _ = build(tmp_path, without_fear, ours)
    line = of_row(long_form, "our +").set_index("column").loc["FEA"]
    assert (line["reproduced"], line["verdict"]) == ("", "not in the paper")
    (row,) = [line for line in markdown.splitlines() if line.startswith("| our +")]
    assert row.split(" | ")[1:5] == ["12.4", "17.3", "–", "5.8"]  # noqa: RUF001


def test_a_gain_that_the_paper_does_not_print_is_one_of_ours(tmp_path, scored):
    over_mean = GAIN.model_copy(update={"over": MEAN, "printed_as": "relative to the mean"})
    table = TABLE_3.model_copy(update={"relative_gains": {"+": GAIN, "over the mean": over_mean}})
    long_form, markdown, _ = build(tmp_path, scored, table)
    # The mean of classes stands in one column only: 51.45 / 44.5.
    (line,) = of_row(long_form, "over the mean").to_dict("records")
    assert line["reproduced"] == "15.6"
    assert (line["column"], line["metric"], line["unit"], line["kind"], line["verdict"]) == (
        "TOTAL", "relative to the mean", "%", "extra", "not in the paper",
    )  # fmt: skip
    assert markdown.splitlines()[-3].startswith("| over the mean (not in the paper) |")
