import json
import re

import pandas as pd
import pytest

from retable.errors import ConfigError
from retable.evaluation.scoring import CONFUSION_COLUMNS, read_scores
from retable.spec.table import Cell, Reading, Table, TextRow
from retable.tables.files import write_table, write_text_tables
from retable.tables.layout import table_layout
from retable.tables.lines import COLUMNS
from retable.tables.long_form import read_long_form
from retable.tables.render import escape_latex, html_table
from sample_results import TABLE2, TABLE2_EXPERIMENTS, published_file, write_sample_scores


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """Scores and confusions of Table 2's experiments."""
    folder = tmp_path_factory.mktemp("scores")
    pairs = {
        name: write_sample_scores(folder, name, seed)
        for seed, name in enumerate(TABLE2_EXPERIMENTS.values())
    }
    return {n: p[0] for n, p in pairs.items()}, {n: p[1] for n, p in pairs.items()}


def build(folder, scored, table=TABLE2, name="2", comparability="comparable", **more):
    """Long form, Markdown and LaTeX of a table."""
    files = {kind: folder / f"table.{kind}" for kind in ("tsv", "markdown", "latex")}
    write_table(
        table,
        published=published_file("gresnets"),
        table_name=name,
        scores=scored[0],
        confusions=scored[1],
        sources={},
        missing={},
        comparability=comparability,
        **files,
        **more,
    )
    return read_long_form(files["tsv"]), files["markdown"].read_text(), files["latex"].read_text()


def test_each_published_number_has_one_line_and_clean_rows_follow(tmp_path, scored):
    long_form, _, _ = build(tmp_path, scored)
    assert tuple(long_form.columns) == COLUMNS
    paper = long_form[long_form["variant"] == "paper"]
    published = pd.read_csv(published_file("gresnets"), dtype=str, keep_default_na=False)
    printed = published[published["table"] == "2"]
    assert paper["published"].tolist() == printed["value"].tolist()
    assert paper["note"].tolist() == printed["note"].tolist()
    clean = long_form[long_form["variant"] == "clean"]
    assert set(clean["row"]) == {"GResNets+M"} and len(clean) == 4


def test_a_clean_row_has_the_cells_whose_experiment_has_such_a_variant(tmp_path, scored):
    scores = dict(scored[0])
    paper_alone = read_scores(scores["GR-CNN-M"]).query("variant == 'paper'")
    scores["GR-CNN-M"] = tmp_path / "GR-CNN-M.tsv"
    paper_alone.to_csv(scores["GR-CNN-M"], sep="\t", index=False)
    table = TABLE2.model_copy(update={"clean": ("CNNs+M", "GResNets+M")})
    long_form, _, _ = build(tmp_path, (scores, scored[1]), table)
    assert set(long_form.loc[long_form["variant"] == "clean", "row"]) == {"GResNets+M"}


def test_values_are_the_mean_over_folds_printed_like_the_paper(tmp_path, scored):
    long_form, _, _ = build(tmp_path, scored)
    line = long_form.set_index(["row", "column", "metric", "variant"]).loc[
        ("CNNs+M", "emotion", "UAR", "paper")
    ]
    scores = read_scores(scored[0]["GR-CNN-M"])
    folds = scores[
        (scores["variant"] == "paper")
        & (scores["task"] == "emotion")
        & (scores["metric"] == "uar")
        & (scores["fold"] != "pooled")
    ]["value"]
    assert line["published"] == "54.8"  # one decimal, so one is reproduced
    assert line["reproduced"] == f"{100 * folds.mean():.1f}"
    assert line["sd"] == f"{100 * folds.std():.1f}"
    assert float(line["difference"]) == pytest.approx(float(line["reproduced"]) - 54.8)
    assert line["difference"][0] in "+-"
    assert line["n"] == "5"


def test_no_verdict_on_simulated_audio_and_the_title_says_so(tmp_path, scored):
    long_form, markdown, latex = build(tmp_path, scored, comparability="simulated")
    assert set(long_form["verdict"]) == {"not comparable"}
    for rendering in (markdown, latex):
        assert "simulated audio: not comparable with the paper" in rendering
    real, real_markdown, _ = build(tmp_path, scored)
    assert set(real.loc[real["variant"] == "paper", "verdict"]) <= {"within 1 sd", "above", "below"}
    assert "simulated" not in real_markdown


def test_an_analogue_is_never_comparable_and_the_title_says_so(tmp_path, scored):
    long_form, *renderings = build(tmp_path, scored, comparability="analogue")
    assert set(long_form["verdict"]) == {"not comparable (analogue)"}
    for rendering in renderings:
        assert "gated ResNets (analogue, not comparable with the paper)" in rendering


def test_an_analogue_on_simulated_audio_is_both_in_the_title(tmp_path, scored):
    long_form, *renderings = build(tmp_path, scored, comparability="simulated analogue")
    assert set(long_form["verdict"]) == {"not comparable"}
    for rendering in renderings:
        assert "(analogue, not comparable with the paper; simulated audio)" in rendering


def test_markdown_has_the_papers_layout(tmp_path, scored):
    long_form, markdown, latex = build(tmp_path, scored, note="Scale demo. From scratch: 50 %.")
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0] == [
        "Model", "Emotion Acc (%)", "Emotion UAR (%)",
        "Speech and song Acc (%)", "Speech and song UAR (%)",
    ]  # fmt: skip
    assert [row[0] for row in cells[2:]] == [*TABLE2_EXPERIMENTS, "↳ clean protocol"]
    first = long_form.iloc[0]
    assert cells[2][1] == f"54.63 / {first['reproduced']} ± {first['sd']}"
    assert re.fullmatch(r"\d+\.\d\d ± \d+\.\d\d", cells[-1][1])
    assert markdown.rstrip().endswith("standard deviation. Scale demo. From scratch: 50 %.")
    (caption,) = [line for line in latex.splitlines() if line.startswith(r"\caption")]
    assert caption.endswith(r"Scale demo. From scratch: 50 \%.}")


def test_a_row_may_begin_with_a_bracket():
    # Else LaTeX reads it as the argument of the line break before.
    assert escape_latex("[22] & co") == r"{[}22] \& co"


def test_latex_is_escaped_booktabs(tmp_path, scored):
    _, _, latex = build(tmp_path, scored)
    assert r"\multicolumn{2}{c}{Emotion} & \multicolumn{2}{c}{Speech and song} \\" in latex
    assert r"\cmidrule(lr){2-3} \cmidrule(lr){4-5}" in latex
    assert r"Model & Acc (\%) & UAR (\%) & Acc (\%) & UAR (\%) \\" in latex
    rows = [line for line in latex.splitlines() if " / " in line and line.endswith(r"\\")]
    assert len(rows) == 4 and all(row.count(" & ") == 4 for row in rows)
    assert escape_latex("f1_a & 50 % ± {x}") == r"f1\_a \& 50 \% $\pm$ \{x\}"


def test_html_escapes_and_marks_clean_rows(tmp_path, scored):
    table = TABLE2.model_copy(update={"title": "Gates <f1 & f2>"})
    long_form, _, _ = build(tmp_path, scored, table=table)
    html = html_table(table_layout(table, long_form, "2", "comparable"))
    assert "Table 2. Gates &lt;f1 &amp; f2&gt;" in html
    assert html.count("<tr") == 2 + 4 + 1
    assert html.count('<tr class="clean">') == 1
    assert html.count("<td>") == 5 * 4


def test_an_extra_row_of_ours_stands_beside_without_a_published_value(tmp_path, scored):
    # Table 2 has no network that learns one task alone; each column takes its own.
    table = TABLE2.model_copy(
        update={
            "rows": {**TABLE2.rows, "GResNets+S": Cell()},
            "row_titles": {"GResNets+S": "GResNet, one task"},
            "cells": {
                "GResNets+S": {
                    "emotion": Cell(experiment="GR-G-M"),
                    "speech_song": Cell(experiment="GR-RES-M"),
                }
            },
            "extra": ("GResNets+S",),
            "clean": (),
        }
    )
    long_form, markdown, _ = build(tmp_path, scored, table=table)
    extra = long_form[long_form["kind"] == "extra"].set_index(["column", "metric"])
    assert set(extra["verdict"]) == {"not in the paper"}
    assert set(extra["published"]) == set(extra["difference"]) == {""}
    of_row = long_form.set_index(["row", "column", "metric"])["reproduced"]
    for metric in ("Acc", "UAR"):
        assert (
            extra.loc[("emotion", metric), "reproduced"]
            == (of_row[("GResNets+M", "emotion", metric)])
        )
    song = extra.loc[("speech_song", "Acc")]
    assert song["reproduced"] == of_row[("ResNets+M", "speech_song", "Acc")]
    last = markdown.splitlines()[-3]
    assert last.startswith("| GResNet, one task (not in the paper) |")
    assert f"| {song['reproduced']} ± {song['sd']} |" in last


def test_an_extra_row_that_the_paper_prints_is_a_fault(tmp_path, scored):
    table = TABLE2.model_copy(update={"extra": ("CNNs+M",), "clean": ()})
    with pytest.raises(ConfigError, match=r"the published CNNs\+M / emotion / Acc has no cell"):
        build(tmp_path, scored, table=table)


def test_a_cited_row_stays_without_reproduced_value(tmp_path, scored):
    table = Table(
        title="Single task",
        rows={
            "SVM+S": Cell(experiment="GR-SVM-M"),
            "CWT+SVM+S [29]": Cell(),
            "ResNet+S": Cell(experiment="GR-RES-M"),
            "GResNet+S": Cell(experiment="GR-G-M"),
            "GResNet+M": Cell(experiment="GR-G-M"),
        },
        columns={"emotion": Cell(task="emotion")},
        metrics={"Acc": Cell(metric="accuracy"), "UAR": Cell(metric="uar")},
    )
    long_form, markdown, _ = build(tmp_path, scored, table=table, name="1")
    cited = long_form[long_form["verdict"] == "cited"]
    assert cited[["row", "published", "reproduced"]].to_numpy().tolist() == [
        ["CWT+SVM+S [29]", "60.1", ""]
    ]
    # The paper prints a dash for the UAR of the cited row.
    assert "| CWT+SVM+S [29] | 60.1 / – | – |" in markdown  # noqa: RUF001


def test_confusion_matrices_are_tables(tmp_path, scored):
    accents = ("American", "Canadian", "English", "Irish", "Northern Irish", "Scottish")
    counts = pd.DataFrame(
        [
            ("paper", "test", 0, 0, "accent", t, p, 9 if t == p else 1)
            for t in accents
            for p in accents
        ],
        columns=CONFUSION_COLUMNS,
    )
    counts.to_csv(tmp_path / "counts.tsv", sep="\t", index=False)
    table = Table(
        title="Accents",
        rows=dict.fromkeys(accents, Cell()),
        columns=dict.fromkeys(accents, Cell()),
        metrics={"confusion": Cell(experiment="GR-V-ACC", task="accent", metric="confusion")},
        row_title="Accents",
    )
    paths = ({"GR-V-ACC": scored[0]["GR-G-M"]}, {"GR-V-ACC": tmp_path / "counts.tsv"})
    long_form, markdown, latex = build(tmp_path, paths, table=table, name="6")
    assert len(long_form) == 36
    assert "| American | 217 / 9 | 7 / 1 |" in markdown
    assert r"Accents & American & Canadian" in latex  # one heading line: one metric


def test_every_number_needs_its_cell_and_every_cell_its_number(tmp_path, scored):
    rows = {("GResNet+M" if row == "GResNets+M" else row): c for row, c in TABLE2.rows.items()}
    wrong = TABLE2.model_copy(update={"rows": rows, "clean": ()})
    with pytest.raises(ConfigError) as error:
        build(tmp_path, scored, table=wrong)
    message = str(error.value)
    assert (
        "the published GResNets+M / emotion / Acc has no cell "
        "(nearest: GResNet+M / emotion / Acc)" in message
    )
    assert "the cell GResNet+M / speech_song / UAR is not published (nearest: GResNets+M" in message


def test_an_experiment_without_scores_is_named(tmp_path, scored):
    scores = {name: path for name, path in scored[0].items() if name != "GR-SVM-M"}
    with pytest.raises(ConfigError, match="'GR-SVM-M' has no scores; there are GR-CNN-M"):
        build(tmp_path, (scores, {}))


def build_text(folder, scored, rows, **more):
    """Long forms of the text's results and settings."""
    (folder / "split.json").write_text(json.dumps({"folds": 5, "repeats": 1}))
    files = {
        name: folder / name for name in (
            "text_tsv", "text_markdown", "settings_tsv", "settings_markdown",
        )
    }  # fmt: skip
    write_text_tables(
        rows,
        published=published_file("gresnets"),
        scores=scored[0],
        sources={"GR-G-M": {"split": [folder / "split.json"]}},
        parameters={},
        missing={},
        **{"comparability": "comparable", **more},
        **files,
    )
    assert "| protocol | RAVDESS | k folds | 5 |" in files["settings_markdown"].read_text()
    return read_long_form(files["text_tsv"]), read_long_form(files["settings_tsv"])


def test_numbers_of_the_text(tmp_path, scored):
    reading = Reading(source="split", experiment="GR-G-M", key="folds")
    cell = Cell(experiment="GR-G-M", task="speech_song", metric="accuracy")
    text, settings = build_text(
        tmp_path,
        scored,
        [
            TextRow(row="protocol", column="RAVDESS", metric="k folds", setting=reading),
            TextRow(row="GResNet+M", column="speech_song", metric="Acc", cell=cell),
            TextRow(row="CWT+SVM [29]", column="emotion", metric="Acc"),
        ],
    )
    assert (len(text), len(settings)) == (8, 19)
    verdicts = text.set_index(["row", "metric"])["verdict"]
    assert verdicts["CWT+SVM [29]", "Acc"] == "cited"
    assert verdicts["GResNet+M", "Acc"] in {"within 1 sd", "above", "below"}
    assert verdicts["speaker identification", "Acc_after"] == "not reproduced"
    folds = settings.set_index("metric").loc["k folds"]
    assert folds[["published", "reproduced", "verdict"]].tolist() == ["5", "5", "as printed"]


def test_results_in_the_text_have_a_note_and_settings_have_none(tmp_path, scored):
    reading = Reading(source="split", experiment="GR-G-M", key="folds")
    rows = [TextRow(row="protocol", column="RAVDESS", metric="k folds", setting=reading)]
    build_text(tmp_path, scored, rows)
    plain = (tmp_path / "text_markdown").read_text()
    assert plain.endswith("|\n")
    note = "The classes are others. From scratch, without ImageNet weights: densenet161."
    more = {"comparability": "simulated analogue", "note": note}
    _, settings = build_text(tmp_path, scored, rows, **more)
    title, *lines = (tmp_path / "text_markdown").read_text().splitlines()
    assert title == (
        "**Numbers in the text (analogue, not comparable with the paper; simulated audio)**"
    )
    assert lines == [*plain.splitlines()[1:], "", note]
    assert "scratch" not in (tmp_path / "settings_markdown").read_text()
    assert settings.set_index("metric").loc["k folds", "verdict"] == "as printed"


def test_a_text_row_that_is_not_published_is_refused(tmp_path, scored):
    row = TextRow(row="protocol", column="RAVDESS", metric="k fold")
    with pytest.raises(ConfigError, match=r"k fold is not published .nearest: .* k folds"):
        build_text(tmp_path, scored, [row])


def test_equal_inputs_give_equal_bytes(tmp_path, scored):
    for folder in (tmp_path / "a", tmp_path / "b"):
        build(folder, scored)
    for name in ("tsv", "markdown", "latex"):
        first, second = (tmp_path / f / f"table.{name}" for f in "ab")
        assert first.read_bytes() == second.read_bytes()
