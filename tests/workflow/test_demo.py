"""The demo, as a newcomer builds it: everything, once, and Snakemake's report of it."""

import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from built_tables import built_table, paper_table

CHANCE_MARGIN = {"emotion": 5.0, "speech_song": 12.0}
"""Points by which every system beats the share of the largest class, on the simulated corpus."""

SYSTEMS = ("SVM+M", "CNNs+M", "ResNets+M", "GResNets+M")
FIGURES = {
    "spectrograms-happy-angry", "spectrograms-emotions", "blocks", "confusion-emotion",
    "confusion-speech-song", "learning-curves-structures", "learning-curves-tasks",
    "spectrograms-accents", "spectrograms-speakers", "confusion-accent", "confusion-accent-unseen",
}  # fmt: skip


@pytest.fixture(scope="module")
def table2(results: Path) -> pd.DataFrame:
    return paper_table(results, "gresnets", "table2")


def test_the_network_that_the_paper_lacks_stands_beside_its_own(table2):
    extra = table2[table2["kind"] == "extra"]
    assert set(extra["row"]) == {"GResNets+S"}
    assert len(extra) == 4 and (extra["reproduced"] != "").all()
    assert (extra["published"] == "").all()


def test_the_best_number_of_blocks_is_among_those_of_figure_11(results):
    text = paper_table(results, "gresnets", "text").set_index(["row", "metric"])
    best = text.loc[("figure 11", "l")]
    assert best["published"] == "7" and best["reproduced"] in {*"379"}
    assert best["n"] == str(3 * 2)  # experiments and folds


def test_every_system_beats_chance(table2, results):
    dataset = built_table(results, "datasets/ravdess-dogs.tsv")
    accuracies = table2[(table2["variant"] == "paper") & (table2["metric"] == "Acc")]
    for task, margin in CHANCE_MARGIN.items():
        largest_class = 100 * dataset[task].value_counts(normalize=True).iloc[0]
        of_task = accuracies[accuracies["column"] == task].set_index("row")["reproduced"]
        for system in SYSTEMS:
            assert float(of_task[system]) >= largest_class + margin, (system, task)


def test_clean_rows_stand_beside_their_paper_rows(table2):
    clean = table2[table2["variant"] == "clean"]
    assert set(clean["row"]) == {"SVM+M", "GResNets+M"}
    assert (clean["reproduced"] != "").all()
    keys = ["row", "column", "metric", "published"]
    paper = table2[table2["variant"] == "paper"]
    assert len(clean.merge(paper, on=keys)) == len(clean) == 8


def test_the_text_and_its_settings_are_read_from_what_was_built(results):
    settings = paper_table(results, "gresnets", "settings").set_index(["row", "column", "metric"])
    assert settings.loc[("RAVDESS", "corpus", "actors"), "reproduced"] == "24"
    assert settings.loc[("training", "all", "learning rate"), "verdict"] == "as printed"
    width = settings.loc[("features", "spectrogram", "width")]
    assert (width["published"], width["reproduced"], width["verdict"]) == ("399", "32", "differs")


def test_markdown_and_latex_have_the_papers_layout(results):
    tables = results / "tables" / "gresnets"
    markdown = (tables / "table2.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1].strip() for line in markdown.splitlines() if line.startswith("|")]
    assert [row for row in rows if row in SYSTEMS] == list(SYSTEMS)
    assert "simulated audio: not comparable" in markdown
    latex = (tables / "table2.tex").read_text(encoding="utf-8")
    assert r"\toprule" in latex and "GResNets+M" in latex


def test_all_checks_pass(results):
    checks = built_table(results, "checks.tsv")
    assert set(checks["result"]) <= {"passed", "allowed"}
    assert {"clips as promised", "leakage of speakers", "metrics recomputed"} <= set(
        checks["check"]
    )
    clean = checks[
        checks["subject"].str.contains("actor_folds") & checks["check"].str.contains("speaker")
    ]
    assert list(clean["result"]) == ["passed"]


def test_every_run_says_where_it_comes_from(results):
    runs = json.loads(
        (results / "runs/gresnets/GR-G-M/paper/part0/run.json").read_text(encoding="utf-8")
    )
    assert [run["fold"] for run in runs] == [0, 1]
    for run in runs:
        assert run["device"] == "cpu" and run["seconds"] > 0
        assert run["versions"]["torch"]["version"] == "2.11.0"
        assert [corpus["source"] for corpus in run["corpora"]] == ["simulated"]
        assert run["code"] and run["spec"]["training"]["epochs"] == 24


def test_the_page_holds_everything_and_needs_nothing_else(results):
    page = (results / "index.html").read_text(encoding="utf-8")
    assert "Simulated audio" in page
    for text in ("Table 2", "GResNets+M", "CC BY-NC-SA 4.0", "Livingstone", "leakage of speakers"):
        assert text in page
    figures = list((results / "figures").glob("*/*.svg"))
    assert page.count("data:image/svg+xml") == len(figures) > len(FIGURES)
    assert "<script src" not in page and '<link rel="stylesheet"' not in page


def test_figures_are_drawn_twice(results):
    figures = results / "figures" / "gresnets"
    assert {path.stem for path in figures.glob("*.svg")} == FIGURES
    assert {path.stem for path in figures.glob("*.png")} == FIGURES


def test_snakemake_writes_its_own_report(demo):
    demo.run("--report", "report.zip", "all", config={"compute": {"device": "cpu"}})
    with zipfile.ZipFile(demo.path / "report.zip") as report:
        names = report.namelist()
    assert any(name.endswith("report.html") for name in names)
    assert any("table2.md" in name for name in names)
