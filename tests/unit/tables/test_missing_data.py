"""Numbers whose corpus is not there: `data missing`, and the steps to obtain it."""

import pandas as pd
import pytest

from retable.checks.results import check_tables_complete
from retable.spec.table import Best, Cell, Gain, PrintedNumber, Reading, Table, TextRow
from retable.tables.files import write_table, write_text_tables
from retable.tables.layout import table_layout
from retable.tables.long_form import read_long_form
from retable.tables.render import html_lines, html_table
from retable.tsv import read_tsv, write_tsv
from sample_results import accuracies, published_file

STEPS = "ask for UT-Podcast <podcast@example.org> and put UT-Podcast.tar.gz into 100%_corpora"
TABLE_7 = Table(
    title="The mean of eight runs",
    row_title="Model",
    rows={
        "GatedResNet": Cell(experiment="GRN"),
        "Alexnet": Cell(experiment="ALX"),
        "VGG11_A": Cell(experiment="VGG"),
        "ResNet18": Cell(experiment="R18"),
        "AttentionCNN": Cell(experiment="ATT"),
        "CAB-CNN-30s": Cell(experiment="CAB"),
        "CAB-CNN-90s": Cell(experiment="CAB"),
    },
    columns={"test": Cell(task="accent")},
    metrics={
        "Accuracy": Cell(metric="accuracy"),
        "Recall_unweighted": Cell(metric="accuracy"),
        "F1": Cell(metric="accuracy"),
    },
    extra=("CAB-CNN-90s",),
    clean=("CAB-CNN-30s",),
)
EXPERIMENTS = ("GRN", "ALX", "VGG", "R18", "ATT", "CAB")


def write_scores(folder, names=EXPERIMENTS, task="accent"):
    """Two repeats of 50 and 60 %, whatever the protocol."""
    paper = accuracies({(0, 0): 0.5, (1, 0): 0.6}, task=task)
    table = pd.concat([paper, paper.assign(variant="clean")])
    scores = {name: folder / f"{name}.tsv" for name in names}
    for path in scores.values():
        write_tsv(table, path)
    return scores


def build(folder, missing, table=TABLE_7, name="7", scores=None):
    files = {kind: folder / f"table.{kind}" for kind in ("tsv", "markdown", "latex")}
    with_data = [experiment for experiment in EXPERIMENTS if experiment not in missing]
    write_table(
        table,
        published=published_file("cabcnn"),
        table_name=name,
        scores=write_scores(folder, with_data) if scores is None else scores,
        confusions={},
        sources={},
        missing=missing,
        comparability="comparable",
        **files,
    )
    return read_long_form(files["tsv"]), files["markdown"].read_text(), files["latex"].read_text()


def test_a_number_without_data_keeps_what_is_published_and_tells_the_steps(tmp_path):
    long_form, _, _ = build(tmp_path, {"CAB": STEPS})
    lines = long_form.set_index(["row", "variant", "metric"])
    assert lines.loc[("CAB-CNN-30s", "paper", "Accuracy")].to_dict() == {
        "column": "test", "unit": "fraction", "kind": "result", "published": "0.9370",
        "reproduced": "", "difference": "", "sd": "", "n": "", "verdict": "data missing",
        "note": f"mean of 8 runs; data missing: {STEPS}",
    }  # fmt: skip
    clean = lines.loc[("CAB-CNN-30s", "clean", "F1")]
    assert (clean["verdict"], clean["reproduced"]) == ("data missing", "")
    extra = lines.loc[("CAB-CNN-90s", "paper", "F1")]
    assert (extra["verdict"], extra["published"]) == ("data missing", "")
    assert lines.loc[("VGG11_A", "paper", "Accuracy"), "reproduced"] == "0.5500"


def test_the_renderings_print_it_in_place_of_the_value_and_the_steps_once(tmp_path):
    long_form, markdown, latex = build(tmp_path, {"CAB": STEPS})
    grid = [line for line in markdown.splitlines() if line.startswith("|")]
    cell = "data missing"
    assert grid[7] == f"| CAB-CNN-30s | 0.9370 / {cell} | 0.9163 / {cell} | 0.9282 / {cell} |"
    assert grid[8] == f"| ↳ clean protocol | {cell} | {cell} | {cell} |"
    assert grid[9] == f"| CAB-CNN-90s (not in the paper) | {cell} | {cell} | {cell} |"
    assert markdown.endswith(f"\n\nData missing: {STEPS}\n")
    assert "CAB-CNN-30s & 0.9370 / data missing &" in latex
    assert (
        "\\end{tabular}\n\\par\\smallskip Data missing: ask for UT-Podcast "
        "$<$podcast@example.org$>$ and put UT-Podcast.tar.gz into 100\\%\\_corpora\n\\end{table}"
    ) in latex
    html = html_table(table_layout(TABLE_7, long_form, "7", "comparable"))
    assert (
        '<td><span class="published">0.9370</span><span class="soft">data missing</span></td>'
        in html
    )
    assert html.count('<span class="soft">data missing</span>') == 9
    assert html.endswith(
        '</table>\n<p class="soft note">Data missing: ask for UT-Podcast '
        "&lt;podcast@example.org&gt; and put UT-Podcast.tar.gz into 100%_corpora</p>\n"
    )


def test_steps_that_differ_are_all_told(tmp_path):
    both = {"CAB": STEPS, "VGG": "sign the\n  licence", "ATT": STEPS}
    _, markdown, _ = build(tmp_path, both)
    # In the order of the paper's rows.
    assert markdown.endswith(f"\n\nData missing: sign the licence\n\nData missing: {STEPS}\n")


def test_a_table_with_all_its_data_says_nothing_of_it(tmp_path):
    long_form, markdown, latex = build(tmp_path, {"another": STEPS})
    assert "issing" not in markdown + latex + "".join(long_form["note"])


def test_a_table_that_is_read_needs_data_as_well(tmp_path):
    table = Table(
        title="Clips",
        reading=Reading(source="split", experiment="CAB", key="counts.{row}.{column}"),
        rows=dict.fromkeys(("Training", "Validation", "Test", "Total"), Cell()),
        columns=dict.fromkeys(("US", "UK", "AU", "Total"), Cell()),
        metrics={"samples": Cell()},
    )
    long_form, markdown, _ = build(tmp_path, {"CAB": STEPS}, table, "1", scores={})
    assert set(long_form["verdict"]) == {"data missing"} and set(long_form["reproduced"]) == {""}
    assert markdown.count("data missing") == 16 and markdown.count(STEPS) == 1


def write_text(folder, rows, published, missing, names=(), task="scene", **more):
    names_of_files = ("text_tsv", "text_markdown", "settings_tsv", "settings_markdown")
    files = {name: folder / name for name in names_of_files}
    write_text_tables(
        rows,
        published=published,
        scores=write_scores(folder, names, task),
        sources={},
        missing=missing,
        comparability="comparable",
        **{"parameters": {}, **more},
        **files,
    )
    return read_long_form(files["text_tsv"]), read_long_form(files["settings_tsv"])


ACCURACY = Cell(task="scene", metric="accuracy", percent=True)
MULTITASK = ACCURACY.model_copy(update={"experiment": "MTL"})
BASELINE = ACCURACY.model_copy(update={"experiment": "BASE"})
GAIN = {"row": "MTL vs baseline", "column": "ASC", "metric": "gain"}
CITED = PrintedNumber(table="II", row="[22]", column="ASC", metric="accuracy")


@pytest.mark.parametrize(
    ("row", "lacking", "scored"),
    [
        (TextRow(**GAIN, gain=Gain(of=MULTITASK, over=BASELINE)), "MTL", "BASE"),
        (TextRow(**GAIN, gain=Gain(of=MULTITASK, over=BASELINE)), "BASE", "MTL"),
        (TextRow(**GAIN, gain=Gain(of=MULTITASK, over_cited=CITED)), "MTL", "BASE"),
        (TextRow(**GAIN, cell=MULTITASK), "MTL", "BASE"),
    ],
)
def test_a_result_of_the_text_needs_the_data_of_all_that_it_is_made_of(
    tmp_path, row, lacking, scored
):
    missing = {lacking: STEPS}
    text, settings = write_text(tmp_path, [row], published_file("mixup_mtl"), missing, [scored])
    line = text.set_index(["row", "column", "metric"]).loc[tuple(GAIN.values())]
    assert line[["published", "reproduced", "verdict"]].tolist() == ["2.73", "", "data missing"]
    assert line["note"] == f"data missing: {STEPS}"
    markdown = (tmp_path / "text_markdown").read_text()
    assert "| MTL vs baseline | ASC | gain | 2.73 points | data missing |  |" in markdown
    assert markdown.endswith(f"\n\nData missing: {STEPS}\n")
    assert "issing" not in (tmp_path / "settings_markdown").read_text()
    assert "data missing" not in set(settings["verdict"])


def test_a_best_value_needs_the_data_of_every_experiment_compared(tmp_path):
    best = Best(figure="blocks", cell=Cell(task="emotion", metric="accuracy"))
    row = TextRow(row="figure 11", column="best l", metric="l", best=best)
    parameters = {"blocks": {"L5": 5, "L7": 7}}
    text, _ = write_text(
        tmp_path,
        [row],
        published_file("gresnets"),
        {"L7": STEPS},
        ["L5"],
        "emotion",
        parameters=parameters,
    )
    line = text.set_index("row").loc["figure 11"]
    assert (line["published"], line["reproduced"]) == ("7", "")
    assert line["note"] == f"curve values not in text; data missing: {STEPS}"


def test_a_setting_needs_what_it_is_read_from(tmp_path):
    reading = Reading(source="split", experiment="GR-G-M", key="folds")
    row = TextRow(row="protocol", column="RAVDESS", metric="k folds", setting=reading)
    _, settings = write_text(tmp_path, [row], published_file("gresnets"), {"GR-G-M": STEPS})
    line = settings.set_index("metric").loc["k folds"]
    assert (line["published"], line["reproduced"], line["verdict"]) == ("5", "", "data missing")
    html = html_lines(settings, "Settings")
    assert (
        '<td>k folds</td><td class="number">5</td><td class="number">data missing</td>'
        '<td class="verdict "></td></tr>' in html
    )
    assert html.count("Data missing: ask for UT-Podcast &lt;") == 1


def complete(folder, missing, changes=None):
    """The check of table 7, after its line of VGG11's F1 has been changed."""
    build(folder, missing)
    path = folder / "table.tsv"
    table = read_tsv(path, ())
    for column, value in (changes or {}).items():
        table.loc[(table["row"] == "VGG11_A") & (table["metric"] == "F1"), column] = value
    write_tsv(table, path)
    checks = check_tables_complete(published_file("cabcnn"), {"7": [path]})
    return next(check for check in checks if check.subject == "cabcnn, table 7")


def test_the_check_of_complete_tables_lists_what_is_missing(tmp_path):
    assert complete(tmp_path, {}).result == "passed"
    check = complete(tmp_path, {"VGG": STEPS})
    assert check.result == "allowed"
    assert check.detail == (
        "18 printed numbers; data missing: VGG11_A / test / Accuracy, "
        "VGG11_A / test / Recall_unweighted, VGG11_A / test / F1"
    )


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        (
            {"reproduced": "0.6330"},
            "VGG11_A / test / F1 is data missing, yet has a reproduced value",
        ),
        ({"published": "1.0"}, "VGG11_A / test / F1 is printed as 1.0, not 0.6330"),
        ({"verdict": "below"}, "VGG11_A / test / F1 has no reproduced value"),
    ],
)
def test_a_fault_does_not_pass_for_missing_data(tmp_path, changes, detail):
    check = complete(tmp_path, {"VGG": STEPS, "CAB": STEPS}, changes)
    assert (check.result, check.detail) == ("failed", detail)
