"""Tables of settings and counts, read from what was built: cabcnn's Tables 1 and 2."""

import json

import pytest

from retable.errors import ConfigError, DataError
from retable.spec.table import Cell, Reading, Table
from retable.tables.files import write_table
from retable.tables.layout import table_layout
from retable.tables.long_form import read_long_form
from retable.tables.render import html_table
from sample_results import published_file

TABLE_1 = Table(
    title="Clips by role and accent",
    row_title="Role",
    reading=Reading(source="split", experiment="CAB", key="counts.{row}.{column}"),
    rows={
        "Training": Cell(key="train"),
        "Validation": Cell(key="validation"),
        "Test": Cell(key="test"),
        "Total": Cell(key="all"),
    },
    columns={"US": Cell(), "UK": Cell(), "AU": Cell(), "Total": Cell(key="all")},
    metrics={"samples": Cell()},
)
# 60, 10 and 30 % of what the corpus holds: 335 British clips, not the 579 that the paper prints.
COUNTS = {
    "train": {"US": 387, "UK": 201, "AU": 458, "all": 1046},
    "validation": {"US": 65, "UK": 34, "AU": 76, "all": 175},
    "test": {"US": 194, "UK": 100, "AU": 230, "all": 524},
    "all": {"US": 646, "UK": 335, "AU": 764, "all": 1745},
}
LAYERS = {
    "Conv1D_1": "convolution1", "MaxPool_1": "pooling1", "Conv1D_2": "convolution2",
    "MaxPool_2": "pooling2", "Conv1D_3": "convolution3", "MaxPool_3": "pooling3",
    "Conv1D_4": "convolution4", "MaxPool_4": "pooling4", "ACB": "attention_block",
}  # fmt: skip
TABLE_2 = Table(
    title="Layers",
    row_title="Layer",
    reading=Reading(source="model", experiment="CAB", key="structure.layers.{row}.{column}"),
    rows={row: Cell(key=key) for row, key in LAYERS.items()},
    columns=dict.fromkeys(("filters", "size", "stride", "dropout", "classifiers"), Cell()),
    metrics={"architecture": Cell()},
)
STRUCTURE = {
    "convolution1": {"filters": 16, "size": "4x1"},
    "pooling1": {"size": "4x1", "stride": "2x1", "dropout": 0.15},
    "convolution2": {"filters": 32, "size": "4x1"},
    "pooling2": {"size": "4x1", "stride": "2x1", "dropout": 0.15},
    "convolution3": {"filters": 32, "size": "10x1"},
    "pooling3": {"size": "10x1", "stride": "5x1", "dropout": 0.1},
    "convolution4": {"filters": 64, "size": "8x1"},  # the paper: 128 filters of 10x1
    "pooling4": {"size": "10x1", "stride": "5x1"},
    "attention_block": {"classifiers": 40},
}


def build(folder, table, name, *, comparability="comparable", structure=STRUCTURE, **more):
    """Long form, Markdown and LaTeX of a table that is read from a split and a model."""
    contents = {"split": {"counts": COUNTS}, "model": {"structure": {"layers": structure}}}
    paths = {source: folder / f"{source}.json" for source in contents}
    for source, content in contents.items():
        paths[source].write_text(json.dumps(content))
    files = {kind: folder / f"table.{kind}" for kind in ("tsv", "markdown", "latex")}
    write_table(
        table,
        table_name=name,
        scores={},
        confusions={},
        sources={"CAB": {source: [path] for source, path in paths.items()}},
        missing={},
        comparability=comparability,
        **{"published": published_file("cabcnn"), **more},
        **files,
    )
    return read_long_form(files["tsv"]), files["markdown"].read_text(), files["latex"].read_text()


def test_counts_stand_beside_the_printed_ones(tmp_path):
    long_form, markdown, _ = build(tmp_path, TABLE_1, "1")
    assert len(long_form) == 16
    lines = long_form.set_index(["row", "column"])
    columns = ["published", "reproduced", "difference", "sd", "n", "verdict"]
    assert lines.loc[("Training", "US"), columns].tolist() == [
        "387", "387", "0", "", "", "as printed",
    ]  # fmt: skip
    assert lines.loc[("Total", "Total"), columns].tolist() == [
        "1989", "1745", "-244", "", "", "differs",
    ]  # fmt: skip
    assert set(long_form["variant"]) == {"paper"} and set(long_form["kind"]) == {"count"}
    grid = [line for line in markdown.splitlines() if line.startswith("|")]
    assert grid[0] == "| Role | US | UK | AU | Total |"
    assert grid[4] == "| Test | 194 / 194 | 174 / 100 | 230 / 230 | 598 / 524 |"
    assert "Cells: published / reproduced.\n" in markdown


def test_counts_of_simulated_audio_are_not_comparable(tmp_path):
    long_form, markdown, _ = build(tmp_path, TABLE_1, "1", comparability="simulated")
    assert set(long_form["verdict"]) == {"not comparable"}
    assert "(simulated audio: not comparable with the paper)" in markdown


def test_settings_have_a_verdict_whatever_the_audio(tmp_path):
    long_form, markdown, latex = build(tmp_path, TABLE_2, "2", comparability="simulated")
    assert len(long_form) == 20
    lines = long_form.set_index(["row", "column"])
    columns = ["published", "reproduced", "difference", "verdict"]
    pool = lines.loc[("MaxPool_1", "dropout"), columns]
    assert pool.tolist() == ["0.15", "0.15", "", "as printed"]
    assert lines.loc[("MaxPool_3", "dropout"), "reproduced"] == "0.1"
    wider = lines.loc[("Conv1D_4", "filters"), columns]
    assert wider.tolist() == ["128", "64", "", "differs"]
    assert lines.loc[("Conv1D_4", "size"), columns].tolist() == ["10x1", "8x1", "", "differs"]
    assert (long_form["verdict"] == "as printed").sum() == 18
    assert "simulated" not in markdown + latex
    _, markdown, _ = build(tmp_path, TABLE_2, "2", comparability="simulated analogue")
    assert "comparable" not in markdown


def test_only_what_is_printed_of_a_layer_has_a_place(tmp_path):
    long_form, markdown, latex = build(tmp_path, TABLE_2, "2")
    grid = [line for line in markdown.splitlines() if line.startswith("|")]
    assert grid[0] == "| Layer | filters | size | stride | dropout | classifiers |"
    assert grid[2] == "| Conv1D_1 | 16 / 16 | 4x1 / 4x1 | – | – | – |"  # noqa: RUF001
    assert grid[10] == "| ACB | – | – | – | – | 40 / 40 |"  # noqa: RUF001
    assert r"MaxPool\_4 & – & 10x1 / 10x1 & 5x1 / 5x1 & – & – \\" in latex  # noqa: RUF001
    html = html_table(table_layout(TABLE_2, long_form, "2", "comparable"))
    assert html.count("<td>") == 9 * 5
    assert html.count("<td>–</td>") == 25  # noqa: RUF001
    assert (
        '<td><span class="published">4x1</span><span class="reproduced">4x1</span>'
        '<span class="verdict agrees">as printed</span></td>' in html
    )


def test_a_key_that_leads_nowhere_is_named_with_its_file(tmp_path):
    rows = {**TABLE_2.rows, "ACB": Cell(key="attention")}
    with pytest.raises(
        DataError,
        match=r"model\.json: structure\.layers\.attention\.classifiers leads nowhere: no "
        "'attention' among convolution1",
    ):
        build(tmp_path, TABLE_2.model_copy(update={"rows": rows}), "2")
    unknown = TABLE_2.reading.model_copy(update={"key": "structure.layers.{layer}.{column}"})
    with pytest.raises(DataError, match=r"no '\{layer\}' among convolution1"):
        build(tmp_path, TABLE_2.model_copy(update={"reading": unknown}), "2")


def test_a_layer_without_what_the_paper_prints_of_it_is_named(tmp_path):
    without = {**STRUCTURE, "pooling1": {"size": "4x1", "stride": "2x1"}}
    with pytest.raises(DataError, match=r"pooling1\.dropout leads nowhere: no 'dropout' among si"):
        build(tmp_path, TABLE_2, "2", structure=without)


def test_the_metric_may_be_part_of_the_key(tmp_path):
    reading = Reading(source="split", experiment="CAB", key="{metric}.{row}.{column}")
    table = TABLE_1.model_copy(
        update={"reading": reading, "metrics": {"samples": Cell(key="counts")}}
    )
    long_form, _, _ = build(tmp_path, table, "1")
    assert long_form["reproduced"].tolist()[:4] == ["387", "201", "458", "1046"]


def test_every_printed_setting_needs_its_place(tmp_path):
    rows = {row: cell for row, cell in TABLE_2.rows.items() if row != "ACB"}
    with pytest.raises(ConfigError) as error:
        build(tmp_path, TABLE_2.model_copy(update={"rows": rows}), "2")
    assert error.value.faults[0].startswith("the published ACB / classifiers / arch")
    columns = {**TABLE_2.columns, "padding": Cell()}
    with pytest.raises(ConfigError, match="the column 'padding' is not published"):
        build(tmp_path, TABLE_2.model_copy(update={"columns": columns}), "2")


DURATIONS = Table(
    title="Length of clips",
    reading=Reading(
        source="dataset",
        experiment="CAB",
        key="{column}",
        reduce="mean",
        decimals=2,
    ),
    rows={"all": Cell()},
    columns={"length": Cell(key="duration_s")},
    metrics={"mean": Cell()},
)


def build_durations(folder, kind, comparability):
    """Long form and Markdown of a table with the mean length of clips of 2, 2 and 3.25 s."""
    published = folder / "densenet_ser" / "published.csv"
    published.parent.mkdir(exist_ok=True)
    published.write_text(
        "paper,table,row,column,metric,value,unit,kind,note\n"
        f"densenet_ser,II,all,length,mean,3,s,{kind},\n"
    )
    clips = folder / "tess.tsv"
    clips.write_text("clip_id\tduration_s\na\t2.0\nb\t2.0\nc\t3.25\n")
    files = {name: folder / f"table.{name}" for name in ("tsv", "markdown", "latex")}
    write_table(
        DURATIONS,
        published=published,
        table_name="II",
        scores={},
        confusions={},
        sources={"CAB": {"dataset": [clips]}},
        missing={},
        comparability=comparability,
        **files,
    )
    (line,) = read_long_form(files["tsv"]).to_dict("records")
    return line, files["markdown"].read_text()


@pytest.mark.parametrize(
    ("kind", "difference"), [("setting", ""), ("count", "-0.58")], ids=["setting", "count"]
)
def test_a_mean_over_clips_is_compared_where_the_audio_is_the_papers(tmp_path, kind, difference):
    line, markdown = build_durations(tmp_path, kind, "comparable")
    assert (line["reproduced"], line["difference"]) == ("2.42", difference)
    assert line["verdict"] == "differs"
    assert "comparable" not in markdown
    for comparability, verdict in (
        ("simulated", "not comparable"),
        ("partial", "not comparable (partial corpus)"),
    ):
        line, markdown = build_durations(tmp_path, kind, comparability)
        assert line["verdict"] == verdict
        # Here a table of settings depends on the audio, and its title says of what kind that is.
        assert "not comparable with the paper" in markdown


def test_a_mean_over_clips_is_compared_in_an_analogue_too(tmp_path):
    line, _ = build_durations(tmp_path, "setting", "analogue")
    assert line["verdict"] == "differs"


def test_cells_that_are_read_have_a_key_alone(tmp_path):
    metrics = {"samples": Cell(metric="accuracy", percent=True)}
    with pytest.raises(ConfigError, match="the metric 'samples' sets metric, percent; with a read"):
        build(tmp_path, TABLE_1.model_copy(update={"metrics": metrics}), "1")
    single = {"Total": {"US": Cell(key="counts")}}
    with pytest.raises(ConfigError, match="single cells are not read; drop `cells`"):
        build(tmp_path, TABLE_1.model_copy(update={"cells": single}), "1")


def test_results_are_scored_and_never_read(tmp_path):
    table = Table(
        title="Accents",
        reading=TABLE_1.reading,
        rows={"Speaker identification": Cell(), "Accent recognition": Cell()},
        columns={"GResNets+S": Cell(), "GResNets+M": Cell()},
        metrics={"Acc": Cell(), "UAR": Cell()},
    )
    with pytest.raises(
        ConfigError, match=r"table 5, Speaker .*\n.*gives settings and counts, but this is a result"
    ):
        build(tmp_path, table, "5", published=published_file("gresnets"))
