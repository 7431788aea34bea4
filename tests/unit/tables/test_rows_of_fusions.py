"""Rows that are fusions: densenet_ser's Table I with its ensemble of four networks beside."""

import numpy as np
import pandas as pd
import pytest

from retable.evaluation.fusion import write_fusion
from retable.evaluation.predictions import Predictions, write_predictions
from retable.evaluation.scoring import score_experiment
from retable.spec.paper import Fusion
from retable.spec.table import Cell, Table
from retable.tables.files import write_table
from retable.tables.long_form import read_long_form

CLASSES = ("calm", "sad")
TARGETS = {"a": "calm", "b": "calm", "c": "sad", "d": "sad"}
# Probability of the true class, by network and clip: 4, 3, 2 and 3 of 4 clips are right, and all
# are by the mean over the networks.
PAPER = [
    (0.75, 0.75, 0.75, 0.75), (1.0, 1.0, 0.25, 0.75), (0.75, 0.25, 0.75, 0.25),
    (0.25, 0.75, 0.75, 0.75),
]  # fmt: skip
# The same with the last clip wrong: 3, 2, 2 and 2, and 3 by the mean.
CLEAN = [(*network[:3], 0.25) for network in PAPER]
TABLE_I = Table(
    title="Accuracy by training data",
    row_title="Data",
    rows={"All data": Cell(experiment="MEMBERS"), "Ensemble": Cell(experiment="ENSEMBLE")},
    columns={"DenseNet": Cell(task="emotion")},
    metrics={"validation accuracy": Cell(metric="accuracy")},
    extra=("Ensemble",),
    clean=("All data", "Ensemble"),
)


def write_networks(path, probabilities):
    """Predictions of so many repeats of one fold."""
    rows = [
        (repeat, clip, TARGETS[clip], [own, 1 - own] if TARGETS[clip] == "calm" else [1 - own, own])
        for repeat, network in enumerate(probabilities)
        for clip, own in zip(TARGETS, network, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["repeat", "clip_id", "target", "scores"])
    table["scores"] = [np.array(scores, dtype=np.float32) for scores in table["scores"]]
    table = table.assign(fold=0, role="test", task="emotion", segment=0, channel="mono")
    write_predictions(path, Predictions(table, {"emotion": CLASSES}))
    return [path]


@pytest.fixture
def scored(tmp_path):
    """Scores of the members and of their ensemble, both in both variants."""
    members = {
        variant: write_networks(tmp_path / f"{variant}.parquet", probabilities)
        for variant, probabilities in (("paper", PAPER), ("clean", CLEAN))
    }
    fused = {}
    for variant, files in members.items():
        ensemble = Fusion(
            paper="densenet_ser", fusion="ENSEMBLE", variant=variant, title="Four networks",
            task="emotion", members=("MEMBERS",), members_variant=variant, folds="apart",
            pooling="mean",
        )  # fmt: skip
        fused[variant] = [tmp_path / f"{variant}-fused.parquet"]
        others = {name: tmp_path / f"{variant}-{name}" for name in ("audit", "sizes", "facts")}
        write_fusion(ensemble, {"MEMBERS": files}, fused[variant][0], **others)
    paths = {}
    for name, predictions in (("MEMBERS", members), ("ENSEMBLE", fused)):
        paths[name] = (tmp_path / f"{name}.tsv", tmp_path / f"{name}-confusion.tsv")
        score_experiment(predictions, dict.fromkeys(predictions, "mean"), *paths[name])
    return paths


def build(folder, scored):
    published = folder / "densenet_ser" / "published.csv"
    published.parent.mkdir(exist_ok=True)
    published.write_text(
        "paper,table,row,column,metric,value,unit,kind,note\n"
        "densenet_ser,I,All data,DenseNet,validation accuracy,75,%,result,\n"
    )
    files = {kind: folder / f"table.{kind}" for kind in ("tsv", "markdown", "latex")}
    write_table(
        TABLE_I,
        published=published,
        table_name="I",
        scores={name: pair[0] for name, pair in scored.items()},
        confusions={name: pair[1] for name, pair in scored.items()},
        sources={},
        missing={},
        comparability="comparable",
        **files,
    )
    return read_long_form(files["tsv"]), files["markdown"].read_text()


def test_an_ensemble_of_all_networks_is_one_result_without_a_deviation(tmp_path, scored):
    long_form, _ = build(tmp_path, scored)
    columns = ["published", "reproduced", "sd", "n", "verdict"]
    lines = long_form.set_index(["row", "variant"])[columns]
    # 100, 75, 50 and 75 %: the squares of 25, 0, 25 and 0 sum to 1250, and 1250 / 3 is 20.4 ^ 2.
    assert lines.loc[("All data", "paper")].tolist() == ["75", "75", "20", "4", "within 1 sd"]
    assert lines.loc[("Ensemble", "paper")].tolist() == ["", "100", "", "1", "not in the paper"]


def test_a_clean_ensemble_is_that_of_the_clean_networks(tmp_path, scored):
    long_form, markdown = build(tmp_path, scored)
    clean = long_form.set_index(["row", "variant"]).loc[("Ensemble", "clean")]
    assert clean[["reproduced", "sd", "n", "verdict"]].tolist() == [
        "75",
        "",
        "1",
        "not in the paper",
    ]
    assert [line for line in markdown.splitlines() if line.startswith("|")][2:] == [
        "| All data | 75 / 75 ± 20 |",
        # 75, 50, 50 and 50 %: 56.25 ± 12.5.
        "| ↳ clean protocol | 56 ± 12 |",
        "| Ensemble (not in the paper) | 100 |",
        "| ↳ clean protocol | 75 |",
    ]
